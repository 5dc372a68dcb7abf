#![allow(unused)]
use chainer::prelude::*;

#[function]
impl Scale {
    fn forward(&self, x: &Array) -> Array {
        x * 2.0
    }
    fn backward(&self, gy: &Variable) -> Vec<Variable> { //~ the gradient of `x` is `Variable`
        vec![gy * 2.0]
    }
}

fn main() {}
