#![allow(unused)]
use chainer::prelude::*;

#[elementwise]
struct S; //~ `#[elementwise]` goes above a function of scalars

fn main() {}
