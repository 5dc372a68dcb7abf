#![allow(unused)]
use chainer::prelude::*;

#[elementwise]
fn f(x: f32) -> f32 {
    x.expp() //~ no elementwise operation `expp`; did you mean `exp`?
}

fn main() {}
