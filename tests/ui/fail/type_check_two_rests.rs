#![allow(unused)]
use chainer::prelude::*;

#[function]
impl Scale {
    #[type_check(x: Float[.., n, ..])] //~ `..` stands for any number of axes and can stand in a shape once
    fn forward(&self, x: &Array) -> Array {
        x * 2.0
    }
}

fn main() {}
