#![allow(unused)]
use chainer::prelude::*;

#[fallible]
fn f(x: &Variable) -> Variable {
    if x.dims::<1>()? == [0] {
        return 3; //~ expected `Variable`, found integer
    }
    x.clone()
}

fn main() {}
