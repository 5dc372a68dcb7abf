#![allow(unused)]
use chainer::prelude::*;

#[function]
impl Scale { //~ `#[function]` needs `fn forward(&self, x: &Array) -> Array`; is `foward` meant?
    fn foward(&self, x: &Array) -> Array {
        x * 2.0
    }
}

fn main() {}
