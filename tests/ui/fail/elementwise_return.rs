#![allow(unused)]
use chainer::prelude::*;

#[elementwise]
fn f(x: f32) -> f32 {
    return x; //~ `return` cannot be recorded: make the value the last expression
}

fn main() {}
