#![allow(unused)]
use chainer::prelude::*;

struct Block {
    w: Parameter,
}
#[chain]
struct Net {
    block: Block, //~ field of type `Block` in a `#[chain]`: is it a link or plain data?
}

fn main() {}
