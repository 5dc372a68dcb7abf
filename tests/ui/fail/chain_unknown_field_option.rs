#![allow(unused)]
use chainer::prelude::*;

#[chain]
struct Net {
    #[chain(skipp)] //~ unknown option of a field: write `#[chain(skip)]` or `#[chain(name = "W")]`
    w: Parameter,
}

fn main() {}
