#![allow(unused)]
use chainer::prelude::*;

#[fallible]
fn f(x: &Variable) { //~ `#[fallible]` returns errors inside the value: the function has to return a `Variable`
    x.check()?;
}

fn main() {}
