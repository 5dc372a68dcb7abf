#![allow(unused)]
use chainer::prelude::*;

#[function]
impl Product {
    fn forward(&self, x: &Array, y: &Array) -> Array {
        x * y
    }
    fn backward(&self, xs: &Variable, y: &Variable, gw: &Variable) -> (Variable, Variable) { //~ `xs` is neither an input of `forward` (`x`, `y`), nor an output (`w`), nor a gradient (`gw`); did you mean `x`?
        (gw * y, gw * xs)
    }
}

fn main() {}
