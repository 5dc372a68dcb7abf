#![allow(unused)]
use chainer::prelude::*;

#[elementwise]
fn f(x: f32) -> f32 {
    x.exp(); //~ this expression has no effect here: bind it with `let`
    x
}

fn main() {}
