#![allow(unused)]
use chainer::prelude::*;

#[chain(static_graph)]
struct Net { //~ `static_graph` goes above `impl Forward for ..`
    w: Parameter,
}

fn main() {}
