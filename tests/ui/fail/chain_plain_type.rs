#![allow(unused)]
use chainer::prelude::*;

#[derive(Clone, Copy)]
enum Activation {
    Relu,
}
#[chain]
struct Net {
    layers: Vec<Activation>, //~ plain data (a size, a choice, a cache): put `#[plain]` above this field
}

fn main() {}
