#![allow(unused)]
use chainer::prelude::*;

#[chain]
struct Net<'a> { //~ a chain is shared as `Arc<Model>` and cannot borrow
    w: &'a Parameter,
}

fn main() {}
