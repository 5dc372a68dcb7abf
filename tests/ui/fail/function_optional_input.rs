#![allow(unused)]
use chainer::prelude::*;

#[function]
impl Shift {
    fn forward(&self, x: &Array, b: Option<&Array>) -> Array {
        b.map_or(x.clone(), |b| x + b)
    }
    fn backward(&self, b: &Variable, gy: &Variable) -> (Variable, Option<Variable>) { //~ `b` may be absent: write `b: Option<&Variable>`
        (gy.clone(), Some(gy + b))
    }
}

fn main() {}
