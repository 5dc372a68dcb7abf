#![allow(unused)]
use chainer::prelude::*;

#[fallible]
fn f(x: &Variable) -> usize { //~ `usize` cannot carry an error
    let [n] = x.dims()?;
    n
}

fn main() {}
