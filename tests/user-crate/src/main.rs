//! Every macro in a crate that calls the library `nn`: generic structs, aliases, enums, functions of all kinds.

#![deny(warnings)]

use nn::prelude::*;
use nn::{Dtype, Shape};

/// A layer.
#[chain]
pub struct Scale {
    #[chain(name = "W")]
    w: Parameter,
}

impl Scale {
    fn new(by: f64) -> Self {
        Scale { w: Parameter::new(Array::full(2, by, Dtype::F64)) }
    }
}

impl Forward for Scale {
    fn forward(&self, x: &Variable) -> Variable {
        x * &self.w
    }
}

type Layer = Scale;

/// A generic chain, with an alias among its fields.
#[chain]
struct Net<P> {
    first: P,
    others: Vec<P>,
    last: Layer,
    head: Head,
}

/// A choice of links.
#[chain]
enum Head {
    Scaled(Layer),
    Nothing,
}

impl<P: Forward + LinkField> Forward for Net<P> {
    #[fallible]
    fn forward(&self, x: &Variable) -> Variable {
        let [_] = x.dims()?;
        let mut h = swish(self.first.forward(x), 0.0);
        for layer in &self.others {
            h = layer.forward(&h);
        }
        let h = mul_add(self.last.forward(&h), Array::full(2, 2, Dtype::F64), 1.0f64.into_array());
        match &self.head {
            Head::Scaled(layer) => layer.forward(&h),
            Head::Nothing => h,
        }
    }
}

use nn::LinkField;

trait IntoArray {
    fn into_array(self) -> Array;
}
impl IntoArray for f64 {
    fn into_array(self) -> Array {
        Array::full(2, self, Dtype::F64)
    }
}

/// x * y + z
#[function]
impl MulAdd {
    #[type_check(x: Float[n], y: x.dtype[n], z: x.dtype[n])]
    fn forward(&self, x: &Array, y: &Array, z: &Array) -> Array {
        x * y + z
    }
    fn backward(&self, x: &Variable, y: &Variable, gw: &Variable) -> (Variable, Variable, Variable) {
        (gw * y, gw * x, gw.clone())
    }
}

/// Swish.
#[elementwise]
fn swish(x: f32, beta: f32) -> f32 {
    x / (1.0 + (-beta * x).exp())
}

/// The library under a path of one's own, as a crate that re-exports it has to say.
mod reexport {
    pub mod deep {
        pub use nn as chainer;
    }
}
#[elementwise(crate = crate::reexport::deep::chainer)]
fn twice(x: f32) -> f32 {
    x + x
}
#[chain(crate = crate::reexport::deep::chainer)]
struct Other {
    #[chain(skip)]
    scale: Scale,
}
#[function(crate = crate::reexport::deep::chainer)]
impl Negate {
    fn forward(&self, x: &Array) -> Array {
        -x
    }
    fn backward(&self, gy: &Variable) -> Variable {
        -gy
    }
}

fn main() -> nn::Result<()> {
    let net = Net { first: Scale::new(2.0), others: vec![Scale::new(3.0)], last: Scale::new(1.0), head: Head::Scaled(Scale::new(10.0)) };
    let names: Vec<String> = net.named_params().into_iter().map(|(name, _)| name).collect();
    assert_eq!(names, ["/first/W", "/others/0/W", "/last/W", "/head/W"]);

    let x = Variable::new(Array::from_slice(&[1.0, 2.0], 2));
    let y = net.forward(&x);
    // swish with beta 0 halves: ((x * 2 / 2) * 3 * 2 + 1) * 10
    assert_eq!(y.to_vec::<f64>()?, [70.0, 130.0]);
    y.sum().backward()?;
    assert_eq!(x.grad().map(|grad| grad.to_vec::<f64>()).transpose()?, Some(vec![60.0, 60.0]));

    let model = seq![Scale::new(2.0), twice, negate];
    assert_eq!(model.forward(&x).to_vec::<f64>()?, [-4.0, -8.0]);
    assert_eq!(Other { scale: Scale::new(1.0) }.scale.count_params(), 2);
    assert_eq!(Net { head: Head::Nothing, ..net }.forward(&x).shape(), &Shape::from([2]));
    println!("the user's crate works");
    Ok(())
}
