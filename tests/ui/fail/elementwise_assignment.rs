#![allow(unused)]
use chainer::prelude::*;

#[elementwise]
fn f(x: f32) -> f32 {
    x += 1.0; //~ values do not change here: write a new `let` (shadowing works) instead of an assignment
    x
}

fn main() {}
