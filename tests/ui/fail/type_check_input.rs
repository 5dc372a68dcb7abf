#![allow(unused)]
use chainer::prelude::*;

#[function]
impl Scale {
    #[type_check(x: Float[n], w: Float[n])] //~ `w` is no input of `forward` (`x`)
    fn forward(&self, x: &Array) -> Array {
        x * 2.0
    }
}

fn main() {}
