#![allow(unused)]
use chainer::prelude::*;

#[function]
impl Scale {
    fn forward(&self, x: Array) -> Array { //~ `forward` borrows its inputs: write `x: &Array`
        x * 2.0
    }
}

fn main() {}
