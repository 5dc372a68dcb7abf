#![allow(unused)]
use chainer::prelude::*;

#[function]
impl Scale {
    fn forward(&self, x: &Variable) -> Array { //~ `forward` computes on arrays: write `x: &Array`
        x.data() * 2.0
    }
}

fn main() {}
