#![allow(unused)]
use chainer::prelude::*;

#[function]
impl Scale {
    fn forward(&self, x: &Array) -> Array {
        x * 2.0
    }
    fn backward(&self, x: &Variable) -> Variable { //~ `backward` takes no gradient: add an argument named `g` + output, such as `gy: &Variable`
        x.clone()
    }
}

fn main() {}
