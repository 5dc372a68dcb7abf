#![allow(unused)]
use chainer::prelude::*;

fn helper(x: f32) -> f32 {
    x
}
#[elementwise]
fn f(x: f32) -> f32 {
    helper(x) //~ helper
}

fn main() {}
