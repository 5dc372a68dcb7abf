#![allow(unused)]
use chainer::prelude::*;

#[elementwise]
fn f(x: f32) -> f32 {
    let mut sum = 0.0; //~ values do not change here: write a new `let sum = ..` (shadowing works) instead of `mut`
    sum
}

fn main() {}
