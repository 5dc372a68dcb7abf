#![allow(unused)]
use chainer::prelude::*;

#[elementwise]
fn f(x: f32) -> f32 {
    match x { //~ `match` cannot be recorded: write `if .. { .. } else { .. }`
        _ => 1.0,
    }
}

fn main() {}
