#![allow(unused)]
use chainer::prelude::*;

#[function]
impl Scale {
    fn forward_cpu(&self, x: &Array) -> Array { //~ write both `forward_cpu` and `forward_cuda`, or one `forward` for all devices
        x * 2.0
    }
}

fn main() {}
