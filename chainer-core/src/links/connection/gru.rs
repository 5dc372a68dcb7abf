//! [`GRU`], and what it shares with [`StatefulGRU`](super::StatefulGRU).

use std::panic::Location;
use std::sync::Arc;

use chainer_kernels::Position;

use super::Linear;
use crate::initializers::Initializer;
use crate::{Error, Forward, Result, Variable, attempt, chain};

/// The initializers of the weights of the input and of the state, and of all biases.
#[derive(Clone, Default)]
pub(super) struct FirstValues {
    pub(super) init: Option<Arc<dyn Initializer>>,
    pub(super) inner_init: Option<Arc<dyn Initializer>>,
    pub(super) bias_init: Option<Arc<dyn Initializer>>,
}

impl FirstValues {
    /// `W_r`, `U_r`, `W_z`, `U_z`, `W`, `U`.
    #[track_caller]
    pub(super) fn connections(&self, in_size: Option<usize>, units: usize) -> [Linear; 6] {
        let with = |mut linear: Linear, weight: &Option<Arc<dyn Initializer>>| {
            if let Some(weight) = weight {
                linear = linear.initial_w(weight.clone());
            }
            match &self.bias_init {
                Some(bias) => linear.initial_bias(bias.clone()),
                None => linear,
            }
        };
        let input = || with(Linear::new(in_size, units), &self.init);
        let inner = || with(Linear::new(units, units), &self.inner_init);
        [input(), inner(), input(), inner(), input(), inner()]
    }
}

/// The fields and the builder of a layer of gated recurrent units; fields `units` and `in_size`.
macro_rules! gru_methods {
    ($link:ident) => {
        impl $link {
            /// The first values of the input's weights (default: normal numbers of deviation `sqrt(1 / in)`). All parameters start
            /// anew, here and below.
            #[track_caller]
            pub fn init(mut self, initializer: impl $crate::initializers::Initializer) -> Self {
                self.first.init = Some(std::sync::Arc::new(initializer));
                self.with_new_parameters()
            }

            /// The first values of the state's weights (default: normal numbers of deviation `sqrt(1 / units)`).
            #[track_caller]
            pub fn inner_init(mut self, initializer: impl $crate::initializers::Initializer) -> Self {
                self.first.inner_init = Some(std::sync::Arc::new(initializer));
                self.with_new_parameters()
            }

            /// The first value of all biases (default 0).
            #[track_caller]
            pub fn bias_init(mut self, initializer: impl $crate::initializers::Initializer) -> Self {
                self.first.bias_init = Some(std::sync::Arc::new(initializer));
                self.with_new_parameters()
            }

            #[track_caller]
            fn with_new_parameters(mut self) -> Self {
                [self.w_r, self.u_r, self.w_z, self.u_z, self.w, self.u] =
                    self.first.connections(self.in_size, self.units);
                self
            }

            /// A step from the state h; without one its products do not take part.
            #[track_caller]
            fn step(&self, h: Option<&Variable>, x: &Variable) -> $crate::Result<Variable> {
                let $link { w_r, u_r, w_z, u_z, w, u, .. } = self;
                $crate::links::connection::gru::step(stringify!($link), [w_r, u_r, w_z, u_z, w, u], h, x)
            }
        }
    };
}
pub(super) use gru_methods;

/// See [`gru_methods`].
#[track_caller]
pub(super) fn step(
    name: &'static str,
    [w_r, u_r, w_z, u_z, w, u]: [&Linear; 6],
    h: Option<&Variable>,
    x: &Variable,
) -> Result<Variable> {
    x.check()?;
    let Some(h) = h else { return Ok(w_z.forward(x).sigmoid() * w.forward(x).tanh()) };
    h.check()?;
    if h.ndim() != 2 || h.len() != x.len() {
        let actual = format!("{:?}, x.shape[0] = {}", h.shape(), x.len());
        return Err(Error::mismatch(name, "h.shape == (x.shape[0], units)", actual));
    }
    let r = (w_r.forward(x) + u_r.forward(h)).sigmoid();
    let z = (w_z.forward(x) + u_z.forward(h)).sigmoid();
    let new = (w.forward(x) + u.forward(&(r * h))).tanh();
    Ok((1.0 - &z) * h + z * new)
}

/// A layer of gated recurrent units whose state the caller keeps.
///
/// Called with the state h (B, units) and the input x (B, inputs) it gives the next state:
/// `r = sigmoid(W_r x + U_r h)`, `z = sigmoid(W_z x + U_z h)`, `h' = (1 - z) h + z tanh(W x + U (r h))`, each product with a bias (Cho et
/// al., arXiv:1409.1259; Chung et al., arXiv:1412.3555). [`StatefulGRU`](super::StatefulGRU) keeps the state itself.
///
/// ```
/// use chainer::prelude::*;
/// use chainer::{Array, Dtype, links as L};
///
/// let layer = L::GRU::new(2, 3);
/// let (h, x) = (Array::zeros([4, 2], Dtype::F32), Array::ones([4, 3], Dtype::F32));
/// let (h, x) = (Variable::new(h), Variable::new(x));
/// let h = layer.forward((&h, &x));
/// assert_eq!(layer.forward((&h, &x)).shape(), &[4, 2].into());
/// ```
#[chain]
pub struct GRU {
    #[chain(name = "W_r")]
    w_r: Linear,
    #[chain(name = "U_r")]
    u_r: Linear,
    #[chain(name = "W_z")]
    w_z: Linear,
    #[chain(name = "U_z")]
    u_z: Linear,
    #[chain(name = "W")]
    w: Linear,
    #[chain(name = "U")]
    u: Linear,
    units: usize,
    in_size: Option<usize>,
    #[plain]
    first: FirstValues,
}

impl GRU {
    /// A layer of `n_units` units for inputs of `n_inputs` numbers (`None`: as many as there are units).
    #[track_caller]
    pub fn new(n_units: usize, n_inputs: impl Into<Option<usize>>) -> Self {
        let (in_size, first) = (Some(n_inputs.into().unwrap_or(n_units)), FirstValues::default());
        let [w_r, u_r, w_z, u_z, w, u] = first.connections(in_size, n_units);
        GRU { w_r, u_r, w_z, u_z, w, u, units: n_units, in_size, first }
    }
}

gru_methods!(GRU);

impl Forward<(Variable, Variable)> for GRU {
    #[track_caller]
    fn forward(&self, (h, x): (&Variable, &Variable)) -> Variable {
        let at = Location::caller();
        let _position = Position::enter(at);
        attempt(|| self.step(Some(h), x).map_err(|error| error.at(at)))
    }
}
