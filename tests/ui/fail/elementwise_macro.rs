#![allow(unused)]
use chainer::prelude::*;

#[elementwise]
fn f(x: f32) -> f32 {
    assert!(x > 0.0); //~ a macro cannot be recorded: write out the expression
    x
}

fn main() {}
