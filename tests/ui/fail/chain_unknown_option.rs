#![allow(unused)]
use chainer::prelude::*;

#[chain(foo)] //~ unknown option: write `#[chain]`, `#[chain(static_graph)]` or
struct Net {
    w: Parameter,
}

fn main() {}
