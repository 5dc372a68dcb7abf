#![allow(unused)]
use chainer::prelude::*;

#[elementwise]
fn f(x: f32) -> f32 {
    x.powf() //~ `powf` takes 1 argument, not 0
}

fn main() {}
