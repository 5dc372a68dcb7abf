#![allow(unused)]
use chainer::prelude::*;

#[function]
impl<T> Scale<T> { //~ a function cannot be generic
    fn forward(&self, x: &Array) -> Array {
        x * 2.0
    }
}

fn main() {}
