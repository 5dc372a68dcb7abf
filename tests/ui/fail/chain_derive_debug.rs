#![allow(unused)]
use chainer::prelude::*;

#[chain]
#[derive(Debug)] //~ `#[chain]` writes `Debug` itself (the tree of links with shapes): remove `Debug` from this derive
struct Net {
    w: Parameter,
}

fn main() {}
