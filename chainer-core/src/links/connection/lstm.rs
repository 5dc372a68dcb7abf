//! [`LSTM`].

use std::panic::Location;
use std::sync::Arc;

use chainer_kernels::{Position, ops};

use super::Linear;
use crate::functions::lstm_of_sum;
use crate::initializers::{Initializer, init_weight};
use crate::{
    Array, AsOptVariable, Dtype, Error, Forward, Parameter, Result, Shape, State, Variable, Variables, attempt, chain,
    functions as F, using_config,
};

/// A fully connected layer of long short-term memory units that keeps its state from call to call
/// ([`F::lstm`](crate::functions::lstm)).
///
/// Each call takes the next element x (B, in) of a batch of sequences and gives the output h (B, out). Sequences of different lengths are
/// sorted by falling length: a later batch may be smaller, and then only the first rows of the state change.
///
/// ```
/// use chainer::prelude::*;
/// use chainer::{Array, Dtype, links as L};
///
/// let layer = L::LSTM::new(3, 2);
/// let x = Variable::new(Array::ones([4, 3], Dtype::F32));
/// let first = layer.forward(&x);
/// let second = layer.forward(&x);
/// assert_eq!(second.shape(), &[4, 2].into());
/// assert!(layer.c().is_some());
/// layer.reset_state();
/// assert_eq!(layer.forward(&x).to_vec::<f32>()?, first.to_vec::<f32>()?);
/// # Ok::<(), chainer::Error>(())
/// ```
#[chain]
pub struct LSTM {
    upward: Linear,
    lateral: Linear,
    out_size: usize,
    #[plain]
    first: FirstValues,
    in_size: Option<usize>,
    state: State<Option<(Variable, Variable)>>,
}

/// The initializers of the weights that belong to one gate, and of the biases.
#[derive(Clone, Default)]
struct FirstValues {
    lateral: Option<Arc<dyn Initializer>>,
    upward: Option<Arc<dyn Initializer>>,
    bias: Option<Arc<dyn Initializer>>,
    forget_bias: Option<Arc<dyn Initializer>>,
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

impl LSTM {
    /// A layer from `in_size` (or `None`: as the first input says) to `out_size` units.
    #[track_caller]
    pub fn new(in_size: impl Into<Option<usize>>, out_size: usize) -> Self {
        let (in_size, first) = (in_size.into(), FirstValues::default());
        let (upward, lateral) = connections(in_size, out_size, &first);
        LSTM { upward, lateral, out_size, first, in_size, state: State::new(None) }
    }

    /// The first values of each gate's weights of the previous output (default: normal numbers of deviation `sqrt(1 / out)`). All
    /// parameters start anew, here and below.
    #[track_caller]
    pub fn lateral_init(mut self, initializer: impl Initializer) -> Self {
        self.first.lateral = Some(Arc::new(initializer));
        self.with_new_parameters()
    }

    /// The first values of each gate's weights of the input (default: normal numbers of deviation `sqrt(1 / in)`).
    #[track_caller]
    pub fn upward_init(mut self, initializer: impl Initializer) -> Self {
        self.first.upward = Some(Arc::new(initializer));
        self.with_new_parameters()
    }

    /// The first values of the biases of cell input, input gate and output gate (default 0).
    #[track_caller]
    pub fn bias_init(mut self, initializer: impl Initializer) -> Self {
        self.first.bias = Some(Arc::new(initializer));
        self.with_new_parameters()
    }

    /// The first values of the biases of the forget gate (default 0).
    #[track_caller]
    pub fn forget_bias_init(mut self, initializer: impl Initializer) -> Self {
        self.first.forget_bias = Some(Arc::new(initializer));
        self.with_new_parameters()
    }

    #[track_caller]
    fn with_new_parameters(mut self) -> Self {
        (self.upward, self.lateral) = connections(self.in_size, self.out_size, &self.first);
        self
    }

    /// The connections from the input.
    pub fn upward(&self) -> &Linear {
        &self.upward
    }

    /// The connections from the previous output.
    pub fn lateral(&self) -> &Linear {
        &self.lateral
    }

    /// Forgets the state.
    pub fn reset_state(&self) {
        self.state.set(None);
    }

    /// Sets the cell state and the previous output, both (B, out).
    ///
    /// # Errors
    /// One has failed, or their shapes are not (B, out) for the same B.
    #[track_caller]
    pub fn set_state(&self, c: impl AsOptVariable, h: impl AsOptVariable) -> Result<()> {
        let at = Location::caller();
        let (c, h) = match (c.as_opt_variable(), h.as_opt_variable()) {
            (Some(c), Some(h)) => (c, h),
            (None, None) => {
                self.reset_state();
                return Ok(());
            }
            _ => return Err(Error::value("set_state", "both c and h, or neither", "one of them").at(at)),
        };
        for (name, state) in [("c", &c), ("h", &h)] {
            let [_, units] = state.dims()?;
            if units != self.out_size {
                let expect = format!("{name}.shape[1] == {}", self.out_size);
                return Err(Error::mismatch("set_state", expect, format_args!("{units} != {}", self.out_size)).at(at));
            }
        }
        if c.shape() != h.shape() {
            let actual = format!("{:?} != {:?}", c.shape(), h.shape());
            return Err(Error::mismatch("set_state", "c.shape == h.shape", actual).at(at));
        }
        self.state.set(Some((c, h)));
        Ok(())
    }

    /// The cell state; `None` before the first call.
    pub fn c(&self) -> Option<Variable> {
        self.state.read(|state| state.as_ref().map(|(c, _)| c.clone()))
    }

    /// The output of the last call, with the rows of sequences that ended earlier; `None` before the first call.
    pub fn h(&self) -> Option<Variable> {
        self.state.read(|state| state.as_ref().map(|(_, h)| h.clone()))
    }

    /// A step from the state c, h: the new state, and the output.
    fn step(&self, x: &Variable, state: Option<(Variable, Variable)>) -> Result<((Variable, Variable), Variable)> {
        // Products and bias go to the cell one by one: their sum is taken gate by gate, in the kernel of the cell.
        let mut sources: Variables = [self.upward.product(x)].into_iter().collect();
        sources[0].check()?;
        sources.extend(self.upward.b().map(Parameter::var));
        let batch = x.len();
        let Some((c, h)) = state else {
            let c = Variable::constant(Array::zeros([batch, self.out_size], sources[0].dtype()));
            let (c, h) = lstm_of_sum(c, sources);
            return Ok(((c, h.clone()), h));
        };
        let rows = h.len();
        if rows < batch {
            let expect = "a batch that is not larger than the last one (or reset_state between them)";
            return Err(Error::mismatch("LSTM", expect, format_args!("{batch} > {rows}")));
        }
        if rows == batch {
            sources.push(self.lateral.product(&h));
            let (c, h) = lstm_of_sum(c, sources);
            return Ok(((c, h.clone()), h));
        }
        let (going, ended) = (F::get_item(&h, (..batch as isize,)), F::get_item(h, (batch as isize..,)));
        sources.push(self.lateral.product(&going));
        let (c, h) = lstm_of_sum(c, sources);
        Ok(((c, F::Concat::new().axis(0).call([&h, &ended])), h))
    }
}

#[track_caller]
fn connections(in_size: Option<usize>, out_size: usize, first: &FirstValues) -> (Linear, Linear) {
    let upward = Linear::new(in_size, 4 * out_size)
        .initial_w(gate_weights(first.upward.clone()))
        .initial_bias(gate_biases(first.bias.clone(), first.forget_bias.clone()));
    let lateral = Linear::new(out_size, 4 * out_size).nobias(true).initial_w(gate_weights(first.lateral.clone()));
    (upward, lateral)
}

impl Forward for LSTM {
    #[track_caller]
    fn forward(&self, x: &Variable) -> Variable {
        let at = Location::caller();
        let _position = Position::enter(at);
        attempt(|| {
            x.check()?;
            let (state, h) = self.step(x, self.state.get()).map_err(|error| error.at(at))?;
            h.check()?;
            self.state.set(Some(state));
            Ok(h)
        })
    }
}
