#![allow(unused)]
use chainer::prelude::*;

#[function]
impl Shift {
    #[type_check(x: Float[n], b: x.dtype[m])] //~ `m` is new here, and `b` may be absent
    fn forward(&self, x: &Array, b: Option<&Array>) -> Array {
        b.map_or(x.clone(), |b| x + b)
    }
}

fn main() {}
