#![allow(unused)]
use chainer::prelude::*;

#[function]
impl Scale {
    fn forward(&self, x: &Array) -> Array {
        x * 2.0
    }
    fn backward(&self, gy: Variable) -> Variable { //~ `backward` borrows what was saved: write `gy: &Variable`
        gy * 2.0
    }
}

fn main() {}
