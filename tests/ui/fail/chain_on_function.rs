#![allow(unused)]
use chainer::prelude::*;

#[chain]
fn net() {} //~ `#[chain]` goes above a struct or an enum whose fields are the links and parameters

fn main() {}
