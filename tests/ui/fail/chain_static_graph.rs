#![allow(unused)]
use chainer::prelude::*;

#[chain(static_graph)] //~ static graphs are not built yet
struct Net {
    w: Parameter,
}

fn main() {}
