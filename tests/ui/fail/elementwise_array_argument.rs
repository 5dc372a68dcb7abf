#![allow(unused)]
use chainer::prelude::*;

#[elementwise]
fn f(x: &Array) -> f32 { //~ an elementwise function sees one element at a time: write `x: f32`, not a reference or an array
    1.0
}

fn main() {}
