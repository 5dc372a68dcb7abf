#![allow(unused)]
use chainer::prelude::*;

#[chain]
#[derive(Default, Clone)] //~ a derived `Clone` would share the parameters
struct Net {
    size: usize,
}

fn main() {}
