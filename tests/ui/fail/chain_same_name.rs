#![allow(unused)]
use chainer::prelude::*;

#[chain]
struct Net {
    w: Parameter,
    #[chain(name = "w")] //~ another field is called `w` already
    v: Parameter,
}

fn main() {}
