#![allow(unused)]
use chainer::prelude::*;

#[function]
impl Scale {
    fn forward(&mut self, x: &Array) -> Array { //~ write `&self`: `forward` may run on many threads
        x * 2.0
    }
}

fn main() {}
