#![allow(unused)]
use chainer::prelude::*;

#[function]
impl Scale {
    fn forward(&self, x: &Array) -> Array {
        x * 2.0
    }
    fn backward(&self, gy: &Variable) -> f32 { //~ `backward` cannot return `f32` as a gradient
        let _ = gy;
        1.0
    }
}

fn main() {}
