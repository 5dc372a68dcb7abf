#![allow(unused)]
use chainer::prelude::*;

#[elementwise]
fn f(x: f32) -> f32 {
    x.exp(); //~ remove this `;`: the last expression is the function's value
}

fn main() {}
