//! What the layers of long short-term memory units share: connections to four gates, their first values, and a step.

use std::panic::Location;
use std::sync::Arc;

use chainer_kernels::ops;

use super::Linear;
use crate::functions::lstm_of_sum;
use crate::initializers::{Initializer, init_weight};
use crate::{Array, Dtype, Error, Parameter, Result, Shape, Variable, Variables, using_config};

/// The initializers of the weights that belong to one gate, and of the biases.
#[derive(Clone, Default)]
pub(super) struct FirstValues {
    pub(super) lateral: Option<Arc<dyn Initializer>>,
    pub(super) upward: Option<Arc<dyn Initializer>>,
    pub(super) bias: Option<Arc<dyn Initializer>>,
    pub(super) forget_bias: Option<Arc<dyn Initializer>>,
}

impl FirstValues {
    /// The connections from the input and from the previous output.
    #[track_caller]
    pub(super) fn connections(&self, in_size: Option<usize>, out_size: usize) -> (Linear, Linear) {
        let upward = Linear::new(in_size, 4 * out_size)
            .initial_w(gate_weights(self.upward.clone()))
            .initial_bias(gate_biases(self.bias.clone(), self.forget_bias.clone()));
        let lateral = Linear::new(out_size, 4 * out_size).nobias(true).initial_w(gate_weights(self.lateral.clone()));
        (upward, lateral)
    }
}

/// The weights of the four gates, each of `units` rows, made one after the other.
fn gate_weights(initializer: Option<Arc<dyn Initializer>>) -> impl Initializer {
    move |shape: &Shape, dtype: Dtype| {
        let _dtype = using_config(|c| c.dtype = dtype);
        let block: Shape = std::iter::once(shape[0] / 4).chain(shape[1..].iter().copied()).collect();
        let blocks: [Array; 4] = std::array::from_fn(|_| init_weight(&block, initializer.as_deref(), 1.0));
        ops::concatenate(&blocks.each_ref(), 0)
    }
}

/// The biases of cell input, input gate, forget gate and output gate of one unit after the other.
fn gate_biases(bias: Option<Arc<dyn Initializer>>, forget: Option<Arc<dyn Initializer>>) -> impl Initializer {
    move |shape: &Shape, dtype: Dtype| {
        let units = Shape::new(&[shape[0] / 4]);
        let make = |initializer: &Option<Arc<dyn Initializer>>| match initializer {
            Some(initializer) => initializer.generate(&units, initializer.dtype().unwrap_or(dtype)),
            None => Array::zeros(&units, dtype),
        };
        let gates = [make(&bias), make(&bias), make(&forget), make(&bias)];
        ops::stack(&gates.each_ref(), 1).reshape(shape)
    }
}

/// The builder's methods about first values; fields `upward`, `lateral`, `first`, `in_size` and `out_size`.
macro_rules! gate_methods {
    ($link:ident) => {
        impl $link {
            /// The first values of each gate's weights of the previous output (default: normal numbers of deviation `sqrt(1 / out)`).
            /// All parameters start anew, here and below.
            #[track_caller]
            pub fn lateral_init(mut self, initializer: impl $crate::initializers::Initializer) -> Self {
                self.first.lateral = Some(std::sync::Arc::new(initializer));
                self.with_new_parameters()
            }

            /// The first values of each gate's weights of the input (default: normal numbers of deviation `sqrt(1 / in)`).
            #[track_caller]
            pub fn upward_init(mut self, initializer: impl $crate::initializers::Initializer) -> Self {
                self.first.upward = Some(std::sync::Arc::new(initializer));
                self.with_new_parameters()
            }

            /// The first values of the biases of cell input, input gate and output gate (default 0).
            #[track_caller]
            pub fn bias_init(mut self, initializer: impl $crate::initializers::Initializer) -> Self {
                self.first.bias = Some(std::sync::Arc::new(initializer));
                self.with_new_parameters()
            }

            /// The first values of the biases of the forget gate (default 0).
            #[track_caller]
            pub fn forget_bias_init(mut self, initializer: impl $crate::initializers::Initializer) -> Self {
                self.first.forget_bias = Some(std::sync::Arc::new(initializer));
                self.with_new_parameters()
            }

            #[track_caller]
            fn with_new_parameters(mut self) -> Self {
                (self.upward, self.lateral) = self.first.connections(self.in_size, self.out_size);
                self
            }
        }
        $crate::links::connection::lstm_gates::connection_methods!($link);
    };
}

/// The connections of a link with the fields `upward` and `lateral`.
macro_rules! connection_methods {
    ($link:ident) => {
        impl $link {
            /// The connections from the input.
            pub fn upward(&self) -> &$crate::links::Linear {
                &self.upward
            }

            /// The connections from the previous output.
            pub fn lateral(&self) -> &$crate::links::Linear {
                &self.lateral
            }
        }
    };
}
pub(super) use {connection_methods, gate_methods};

/// What the gates add up: the products of x and h, and the bias. They go to the cell one by one: their sum is taken gate by gate, in the
/// kernel of the cell.
#[track_caller]
pub(super) fn sources(upward: &Linear, lateral: &Linear, h: Option<&Variable>, x: &Variable) -> Variables {
    let mut sources: Variables = [upward.product(x)].into_iter().collect();
    sources.extend(upward.b().map(Parameter::var));
    sources.extend(h.map(|h| lateral.product(h)));
    sources
}

/// A step from the state c, h (zeros where there is none): the new c and h.
#[track_caller]
pub(super) fn step(
    upward: &Linear,
    lateral: &Linear,
    c: Option<Variable>,
    h: Option<&Variable>,
    x: &Variable,
) -> (Variable, Variable) {
    let sources = sources(upward, lateral, h, x);
    if let Some(error) = sources.iter().find_map(Variable::error) {
        return (Variable::failed(error.clone()), Variable::failed(error.clone()));
    }
    let c =
        c.unwrap_or_else(|| Variable::constant(Array::zeros([x.len(), lateral.out_size() / 4], sources[0].dtype())));
    lstm_of_sum(c, sources)
}

/// The state that a user sets: both c and h of shape (B, `out_size`), or neither.
#[track_caller]
pub(super) fn given_state(
    c: Option<Variable>,
    h: Option<Variable>,
    out_size: usize,
) -> Result<Option<(Variable, Variable)>> {
    let at = Location::caller();
    let (c, h) = match (c, h) {
        (Some(c), Some(h)) => (c, h),
        (None, None) => return Ok(None),
        _ => return Err(Error::value("set_state", "both c and h, or neither", "one of them").at(at)),
    };
    for (name, state) in [("c", &c), ("h", &h)] {
        let [_, units] = state.dims()?;
        if units != out_size {
            let expect = format!("{name}.shape[1] == {out_size}");
            return Err(Error::mismatch("set_state", expect, format_args!("{units} != {out_size}")).at(at));
        }
    }
    if c.shape() != h.shape() {
        let actual = format!("{:?} != {:?}", c.shape(), h.shape());
        return Err(Error::mismatch("set_state", "c.shape == h.shape", actual).at(at));
    }
    Ok(Some((c, h)))
}

/// That a batch is as large as the state it continues.
pub(super) fn same_batch(name: &'static str, x: &Variable, state: &Variable) -> Result<()> {
    if x.len() == state.len() {
        return Ok(());
    }
    let expect = "a batch as large as the last one (or reset_state between them)";
    Err(Error::mismatch(name, expect, format_args!("{} != {}", x.len(), state.len())))
}
