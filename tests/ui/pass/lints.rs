//! What the macros write is free of warnings, also where everything is public and has to be documented.
#![deny(warnings, missing_docs, unused, unreachable_pub)]

use chainer::prelude::*;

/// A link.
#[chain]
pub struct Scale {
    #[chain(name = "W")]
    w: Parameter,
    #[persistent]
    calls: State<usize>,
    #[plain]
    kind: Kind,
}

/// A choice.
#[derive(Clone, Copy)]
pub enum Kind {
    /// The only one.
    Only,
}

impl Scale {
    /// Makes one.
    pub fn new(w: Parameter) -> Self {
        Scale { w, calls: State::new(0), kind: Kind::Only }
    }
}

impl Forward for Scale {
    #[fallible]
    fn forward(&self, x: &Variable) -> Variable {
        let [_] = x.dims()?;
        let Kind::Only = self.kind;
        self.calls.update(|calls| *calls += 1);
        swish(x * &self.w, 2.0)
    }
}

/// An enum of links.
#[chain]
pub enum Head {
    /// A link.
    One(Scale),
    /// None.
    Nothing,
}

/// A function.
#[function(groups: usize, stride: (usize, usize) = (1, 1))]
impl Convolve {
    #[type_check(x: Float[n, c, ..], w: x.dtype[o, c / self.groups]; c % self.groups == 0)]
    pub fn forward(&self, x: &Array, w: &Array) -> Array {
        x * w * self.stride.0 as f64
    }
    fn backward(&self, gy: &Variable) -> (Variable, Variable) {
        (gy.clone(), gy.clone())
    }
}

/// An elementwise function.
#[elementwise]
pub fn swish(x: f32, beta: f32) -> f32 {
    x / (1.0 + (-beta * x).exp())
}

/// With a function that the standard library lacks.
#[elementwise]
pub fn gelu(x: f64) -> f64 {
    0.5 * x * (1.0 + (x * std::f64::consts::FRAC_1_SQRT_2).erf())
}

fn main() {
    let _ = gelu::scalar(1.0);
    let array = || Array::from_slice(&[1.0f32], 1);
    let scale = Scale::new(Parameter::new(array()));
    let y = scale.forward(&Variable::new(array()));
    let y = convolve(y, array(), 1) + Head::One(scale).count_params() + Head::Nothing.count_params();
    let _ = (y, swish::scalar(1.0, 2.0), Convolve::new(1).stride((1, 1)));
}
