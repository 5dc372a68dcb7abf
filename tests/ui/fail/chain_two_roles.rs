#![allow(unused)]
use chainer::prelude::*;

#[chain]
struct Net {
    #[plain]
    #[persistent] //~ a field has one role: keep one of `#[plain]`, `#[persistent]` and `#[chain(skip)]`
    count: State<usize>,
}

fn main() {}
