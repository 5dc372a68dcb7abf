#![allow(unused)]
use chainer::prelude::*;

struct S;
impl S {
    #[elementwise]
    fn f(&self, x: f32) -> f32 { //~ an elementwise function has no `self`: pass what it needs as arguments
        x
    }
}

fn main() {}
