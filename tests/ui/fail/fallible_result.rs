#![allow(unused)]
use chainer::prelude::*;

#[fallible]
fn f(x: &Variable) -> chainer::Result<Variable> { //~ takes `?` as it is: remove `#[fallible]`, or return `Variable`
    x.check()?;
    Ok(x.clone())
}

fn main() {}
