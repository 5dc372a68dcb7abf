#![allow(unused)]
use chainer::prelude::*;

#[elementwise]
fn f(x: f32) -> f32 {
    if x > 0.0 { x } //~ every element needs a value: add `else { .. }`
}

fn main() {}
