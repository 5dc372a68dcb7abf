#![allow(unused)]
use chainer::prelude::*;

#[chain]
struct Net {
    #[persistent]
    count: usize, //~ write `State<usize>`: threads share a model, so what changes in it is a cell
}

fn main() {}
