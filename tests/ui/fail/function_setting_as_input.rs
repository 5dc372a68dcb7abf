#![allow(unused)]
use chainer::prelude::*;

#[function]
impl Scale {
    fn forward(&self, x: &Array, k: f64) -> Array { //~ belongs into the attribute: `#[function(k: f64)]`, and is read as `self.k`
        x * k
    }
}

fn main() {}
