#![allow(unused)]
use chainer::prelude::*;

#[chain]
struct Net {
    w: Parameter,
}
fn boxed(net: Net) -> Box<dyn Forward> {
    Box::new(net) //~ `Net` has no `forward` over these arguments
}

fn main() {}
