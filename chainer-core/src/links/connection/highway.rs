//! [`Highway`].

use std::panic::Location;
use std::sync::Arc;

use chainer_kernels::Position;

use super::Linear;
use crate::initializers::Initializer;
use crate::{Forward, Variable, chain, functions as F};

/// A fully connected layer that can carry its input through: `activate(plain(x)) t + x (1 - t)` with the gate
/// `t = sigmoid(transform(x))` (Srivastava et al., arXiv:1505.00387).
///
/// plain and transform are [`Linear`] layers from `in_out_size` to as many units. The bias of transform starts at -1, so that at first most
/// of the input is carried through.
///
/// ```
/// use chainer::prelude::*;
/// use chainer::{Array, Dtype, functions as F, links as L};
///
/// let layer = L::Highway::new(3).activate(F::tanh).init_bt(-1e9);
/// let x = Variable::new(Array::ones([2, 3], Dtype::F32));
/// assert_eq!(layer.forward(&x).to_vec::<f32>()?, [1.0; 6]);
/// # Ok::<(), chainer::Error>(())
/// ```
#[chain]
pub struct Highway {
    plain: Linear,
    transform: Linear,
    #[plain]
    activate: Arc<dyn Fn(Variable) -> Variable + Send + Sync>,
}

impl Highway {
    /// A layer for vectors of `in_out_size` numbers.
    #[track_caller]
    pub fn new(in_out_size: usize) -> Self {
        let layer = || Linear::new(in_out_size, in_out_size);
        Highway { plain: layer(), transform: layer().bias(-1.0), activate: Arc::new(F::relu) }
    }

    /// The activation of the plain part (default: relu).
    pub fn activate(mut self, activate: impl Fn(Variable) -> Variable + Send + Sync + 'static) -> Self {
        self.activate = Arc::new(activate);
        self
    }

    /// Whether to go without biases (default false).
    #[track_caller]
    pub fn nobias(mut self, nobias: bool) -> Self {
        self.plain = self.plain.nobias(nobias);
        self.transform = self.transform.nobias(nobias);
        self
    }

    /// The first value of the plain part's weights. They start anew, as in the methods below.
    #[track_caller]
    pub fn init_wh(mut self, initializer: impl Initializer) -> Self {
        self.plain = self.plain.initial_w(initializer);
        self
    }

    /// The first value of the gate's weights.
    #[track_caller]
    pub fn init_wt(mut self, initializer: impl Initializer) -> Self {
        self.transform = self.transform.initial_w(initializer);
        self
    }

    /// The first value of the plain part's bias (default 0).
    #[track_caller]
    pub fn init_bh(mut self, initializer: impl Initializer) -> Self {
        self.plain = self.plain.initial_bias(initializer);
        self
    }

    /// The first value of the gate's bias (default -1).
    #[track_caller]
    pub fn init_bt(mut self, initializer: impl Initializer) -> Self {
        self.transform = self.transform.initial_bias(initializer);
        self
    }
}

impl Forward for Highway {
    #[track_caller]
    fn forward(&self, x: &Variable) -> Variable {
        let _position = Position::enter(Location::caller());
        let plain = (self.activate)(self.plain.forward(x));
        let t = self.transform.forward(x).sigmoid();
        plain * &t + x * (1.0 - t)
    }
}
