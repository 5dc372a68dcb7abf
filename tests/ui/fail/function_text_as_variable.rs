#![allow(unused)]
use chainer::prelude::*;

#[function]
impl Scale {
    fn forward(&self, x: &Array) -> Array {
        x * 2.0
    }
}
fn apply() {
    let _ = scale("x"); //~ `&str` cannot be used as a Variable
}

fn main() {}
