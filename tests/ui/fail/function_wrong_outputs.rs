#![allow(unused)]
use chainer::prelude::*;

#[function]
impl Twice {
    #[outputs(c)] //~ `forward` returns 2 outputs: name each once
    fn forward(&self, x: &Array) -> (Array, Array) {
        (x.clone(), x.clone())
    }
}

fn main() {}
