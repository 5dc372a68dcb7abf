#![allow(unused)]
use chainer::prelude::*;

struct Scale {
    k: f64,
}
#[function(k: f64)] //~ the struct is your own (the block has `fn new`)
impl Scale {
    fn new(k: f64) -> Self {
        Scale { k }
    }
    fn forward(&self, x: &Array) -> Array {
        x * self.k
    }
}

fn main() {}
