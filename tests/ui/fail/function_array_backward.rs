#![allow(unused)]
use chainer::prelude::*;

#[function]
impl Square {
    fn forward(&self, x: &Array) -> Array {
        x * x
    }
    fn backward(&self, x: &Array, gy: &Array) -> Variable { //~ `backward` reads arrays, so its gradients are arrays: write `Array`
        Variable::constant(gy * x * 2.0)
    }
}

fn main() {}
