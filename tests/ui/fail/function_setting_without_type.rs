#![allow(unused)]
use chainer::prelude::*;

#[function(slope = 0.2)] //~ a setting has a type: write `slope: f64 = ..`
impl Scale {
    fn forward(&self, x: &Array) -> Array {
        x * self.slope
    }
}

fn main() {}
