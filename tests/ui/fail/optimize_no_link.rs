#![allow(unused)]
use chainer::prelude::*;

struct Net;
fn count(link: &impl Link) -> usize {
    link.count_params()
}
fn show() {
    count(&Net); //~ `Net` is not a link
}

fn main() {}
