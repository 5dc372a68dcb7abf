#![allow(unused)]
use chainer::prelude::*;

#[elementwise]
fn f(x: f32) -> f32 {
    x[0] //~ an element does not see its neighbours
}

fn main() {}
