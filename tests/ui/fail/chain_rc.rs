#![allow(unused)]
use chainer::prelude::*;

#[chain]
struct Net {
    name: Option<std::rc::Rc<str>>, //~ `Rc` allows one thread only: write `Arc<..>`
}

fn main() {}
