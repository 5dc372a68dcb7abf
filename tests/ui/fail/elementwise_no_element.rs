#![allow(unused)]
use chainer::prelude::*;

struct Complex;
#[elementwise]
fn f(x: Complex) -> f32 { //~ `Complex` cannot be an element of an array
    1.0
}

fn main() {}
