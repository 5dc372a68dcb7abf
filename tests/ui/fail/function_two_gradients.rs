#![allow(unused)]
use chainer::prelude::*;

#[function]
impl Normalize {
    fn forward(&self, x: &Array, gamma: &Array) -> Array {
        x * gamma
    }
    fn backward(&self, gama: &Variable, x: &Variable, gy: &Variable) -> (Variable, Variable) { //~ both read as the gradient of the one output; a saved input is named as in `forward` (`x`, `gamma`)
        (gy * gama, gy * x)
    }
}

fn main() {}
