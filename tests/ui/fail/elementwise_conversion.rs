#![allow(unused)]
use chainer::prelude::*;

#[elementwise]
fn f(x: f32, n: u8) -> f32 {
    x + f32::from(n) //~ a conversion is a cast here: write `n as f32`
}

fn main() {}
