#![allow(unused)]
use chainer::prelude::*;

#[function]
impl Product {
    fn forward(&self, x: &Array, y: &Array) -> Array {
        x * y
    }
    fn backward(&self, gy: &Variable) -> Variable { //~ is an input already: give the output another name
        gy.clone()
    }
}
#[function]
impl Sum {
    fn forward(&self, a: &Array, b: &Array) -> Array {
        a + b
    }
    fn backward(&self, gy: &Variable) -> Variable { //~ `backward` returns 1 gradient, and `forward` has 2 inputs (`a`, `b`)
        gy.clone()
    }
}

fn main() {}
