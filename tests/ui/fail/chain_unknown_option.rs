#![allow(unused)]
use chainer::prelude::*;

#[chain(foo)] //~ unknown option: write `#[chain]` or `#[chain(crate = path)]`
struct Net {
    w: Parameter,
}

fn main() {}
