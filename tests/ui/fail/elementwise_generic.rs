#![allow(unused)]
use chainer::prelude::*;

#[elementwise]
fn f<T>(x: T) -> T { //~ an elementwise function is generic by itself: write f32
    x
}

fn main() {}
