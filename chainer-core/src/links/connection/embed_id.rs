//! [`EmbedID`].

use std::panic::Location;

use chainer_kernels::Position;

use crate::initializers::{Initializer, Normal};
use crate::links::first_value::FirstValue;
use crate::{Forward, Parameter, Variable, chain, functions as F};

/// A vector for each ID, such as a word ([`F::embed_id`](crate::functions::embed_id)).
///
/// W (number of IDs, size) starts as standard normal numbers.
///
/// ```
/// use chainer::prelude::*;
/// use chainer::{Array, links as L};
///
/// let embed = L::EmbedID::new(10, 3).ignore_label(-1);
/// let words = Variable::constant(Array::from([[4i32, 9], [0, -1]]));
/// let y = embed.forward(&words);
/// assert_eq!(y.shape(), &[2, 2, 3].into());
/// assert_eq!(y.to_vec::<f32>()?[9..], [0.0; 3]);
/// # Ok::<(), chainer::Error>(())
/// ```
#[chain]
pub struct EmbedID {
    #[chain(name = "W")]
    w: Parameter,
    in_size: usize,
    out_size: usize,
    ignore_label: Option<i64>,
}

impl EmbedID {
    /// Vectors of `out_size` numbers for the IDs `0..in_size`.
    #[track_caller]
    pub fn new(in_size: usize, out_size: usize) -> Self {
        let w = FirstValue::of(Normal::new(1.0)).parameter("W", Some([in_size, out_size].into()));
        EmbedID { w, in_size, out_size, ignore_label: None }
    }

    /// The first value of W: an initializer, an array, a number or a closure. W starts anew.
    #[track_caller]
    pub fn initial_w(mut self, initializer: impl Initializer) -> Self {
        self.w = FirstValue::of(initializer).parameter("W", Some([self.in_size, self.out_size].into()));
        self
    }

    /// The ID whose vector is zero and does not learn (default: none).
    pub fn ignore_label(mut self, label: impl Into<Option<i64>>) -> Self {
        self.ignore_label = label.into();
        self
    }

    /// The vectors.
    pub fn w(&self) -> &Parameter {
        &self.w
    }
}

impl Forward for EmbedID {
    #[track_caller]
    fn forward(&self, x: &Variable) -> Variable {
        let _position = Position::enter(Location::caller());
        F::EmbedId::new().ignore_label(self.ignore_label).call(x, &self.w)
    }
}
