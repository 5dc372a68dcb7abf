//! [`Parameter`].

use crate::{Array, Variable, chain};

/// A link that is nothing but a parameter, `W`: for lists of links, where a [`chainer::Parameter`](crate::Parameter) by itself cannot
/// stand.
///
/// ```
/// use chainer::prelude::*;
/// use chainer::{Array, links as L};
///
/// let link = L::Parameter::new(Array::from([1.0f32, 2.0]));
/// (link.forward() * 3.0).sum().backward()?;
/// assert_eq!(link.w().grad().unwrap().to_vec::<f32>()?, [3.0, 3.0]);
/// assert_eq!(link.named_params()[0].0, "/W");
/// # Ok::<(), chainer::Error>(())
/// ```
#[chain]
pub struct Parameter {
    #[chain(name = "W")]
    w: crate::Parameter,
}

impl Parameter {
    /// A link with the parameter of this value.
    pub fn new(array: impl Into<Array>) -> Self {
        Parameter { w: crate::Parameter::new(array).with_name("W") }
    }

    /// The parameter as a variable.
    #[track_caller]
    pub fn forward(&self) -> Variable {
        self.w.var()
    }

    /// The parameter.
    pub fn w(&self) -> &crate::Parameter {
        &self.w
    }
}
