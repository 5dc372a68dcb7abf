#![allow(unused)]
use chainer::prelude::*;

#[elementwise]
fn f(x: f32) -> f32 {
    for i in 0..3 { //~ a loop cannot be recorded: write out its steps with `let`
        g(i);
    }
    x
}

fn main() {}
