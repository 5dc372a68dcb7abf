#![allow(unused)]
use chainer::prelude::*;

struct Scale;
trait Apply {
    fn forward(&self, x: &Array) -> Array;
}
#[function]
impl Apply for Scale { //~ `#[function]` writes the trait's implementation itself
    fn forward(&self, x: &Array) -> Array {
        x * 2.0
    }
}

fn main() {}
