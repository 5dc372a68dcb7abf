#![allow(unused)]
use chainer::prelude::*;

#[elementwise]
fn f(x: f32) -> f32 {
    x + 1 //~ cannot add an integer to a `f32`
}

fn main() {}
