#![allow(unused)]
use chainer::prelude::*;

#[elementwise]
fn f(x: f32) -> (f32, f32) { //~ an elementwise function returns one element: write one function for each result
    (x, x)
}

fn main() {}
