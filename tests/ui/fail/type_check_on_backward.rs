#![allow(unused)]
use chainer::prelude::*;

#[function]
impl Scale {
    fn forward(&self, x: &Array) -> Array {
        x * 2.0
    }
    #[type_check(gy: Float[n])] //~ `#[type_check(..)]` belongs above `forward`
    fn backward(&self, gy: &Variable) -> Variable {
        gy * 2.0
    }
}

fn main() {}
