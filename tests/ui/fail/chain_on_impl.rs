#![allow(unused)]
use chainer::prelude::*;

struct Net;
#[chain]
impl Net {} //~ `#[chain]` goes above the struct or enum

fn main() {}
