#![allow(unused)]
use chainer::prelude::*;

type Cache = std::cell::OnceCell<usize>;
#[chain]
struct Net {
    #[plain]
    cache: Cache, //~ cannot be a field of a `#[chain]`: threads share a model
}

fn main() {}
