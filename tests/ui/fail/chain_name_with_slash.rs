#![allow(unused)]
use chainer::prelude::*;

#[chain]
struct Net {
    #[chain(name = "a/b")] //~ it is not empty and holds no `/`
    w: Parameter,
}

fn main() {}
