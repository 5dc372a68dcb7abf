#![allow(unused)]
use chainer::prelude::*;

#[function]
impl Scale {
    fn forward(x: &Array) -> Array { //~ `forward` needs `&self` as its first argument
        x * 2.0
    }
}

fn main() {}
