#![allow(unused)]
use chainer::prelude::*;

#[chain]
struct Net {
    #[plain]
    calls: std::cell::Cell<usize>, //~ threads share a model, and `Cell` allows one thread only: write `State<..>`
}

fn main() {}
