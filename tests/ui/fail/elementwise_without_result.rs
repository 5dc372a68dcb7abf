#![allow(unused)]
use chainer::prelude::*;

#[elementwise]
fn f(x: f32) { //~ an elementwise function returns one element: add `-> f32`
    x;
}

fn main() {}
