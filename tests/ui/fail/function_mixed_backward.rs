#![allow(unused)]
use chainer::prelude::*;

#[function]
impl Product {
    fn forward(&self, x: &Array, y: &Array) -> Array {
        x * y
    }
    fn backward(&self, x: &Array, y: &Variable, gz: &Variable) -> (Variable, Variable) { //~ `y` is read as a variable: read `x` as one too
        (gz * y, gz * x)
    }
}

fn main() {}
