#![allow(unused)]
use chainer::prelude::*;

#[function]
impl Scale {
    #[type_check(x: Float[n]; k % 2 == 0)] //~ cannot find value `k`
    fn forward(&self, x: &Array) -> Array {
        x * 2.0
    }
}

fn main() {}
