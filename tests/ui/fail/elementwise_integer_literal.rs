#![allow(unused)]
use chainer::prelude::*;

#[elementwise]
fn f(x: f32) -> f32 {
    x + 1 //~ consider using a floating-point literal
}

fn main() {}
