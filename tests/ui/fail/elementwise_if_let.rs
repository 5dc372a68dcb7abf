#![allow(unused)]
use chainer::prelude::*;

#[elementwise]
fn f(x: f32) -> f32 {
    if let 0.0 = x { x } else { 1.0 } //~ `if let` has no meaning for elements: compare with `<`, `==` or `is_nan()`
}

fn main() {}
