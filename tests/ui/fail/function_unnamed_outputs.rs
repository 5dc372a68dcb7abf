#![allow(unused)]
use chainer::prelude::*;

#[function]
impl Twice {
    fn forward(&self, x: &Array) -> (Array, Array) { //~ name the 2 outputs above `forward`: `#[outputs(c, h)]`
        (x.clone(), x.clone())
    }
    fn backward(&self, gc: &Variable) -> Variable {
        gc.clone()
    }
}

fn main() {}
