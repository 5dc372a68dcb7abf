#![allow(unused)]
use chainer::prelude::*;

fn model() {
    let _ = seq![|h: Variable| h, "relu"]; //~ cannot be a layer of a `Sequential`
}

fn main() {}
