#![allow(unused)]
use chainer::prelude::*;

#[function]
impl Scale {
    fn forward(&self, x: &Array) -> Variable { //~ `forward` returns `Array`, a tuple of them or `Vec<Array>`
        Variable::constant(x * 2.0)
    }
}

fn main() {}
