#![allow(unused)]
use chainer::prelude::*;

#[fallible]
struct S; //~ `#[fallible]` goes above a function that returns a `Variable`

fn main() {}
