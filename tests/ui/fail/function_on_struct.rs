#![allow(unused)]
use chainer::prelude::*;

#[function]
struct Scale; //~ `#[function]` goes above `impl Name

fn main() {}
