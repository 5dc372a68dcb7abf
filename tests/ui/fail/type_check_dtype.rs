#![allow(unused)]
use chainer::prelude::*;

#[function]
impl Scale {
    #[type_check(x: Flaot[n])] //~ `Flaot` is no dtype: write Float, Int, Bool, Any, one such as f32, or `x.dtype`; did you mean `Float`?
    fn forward(&self, x: &Array) -> Array {
        x * 2.0
    }
}

fn main() {}
