//! [`simplified_dropconnect`].

use std::panic::Location;

use chainer_kernels::ArrayOps;
use chainer_kernels::random::{Draws, default_generator, record_draws, repeat_draws};

use super::check_ratio;
use crate::functions::{checked, composed, linear, reshape, settings, sum};
use crate::type_check::{self, Checked};
use crate::{
    Array, AsOptVariable, AsVariable, BackwardContext, Dtype, Function, Gradients, Outputs, Result, Shape, Variable,
    apply, config,
};

settings! {
    /// [`simplified_dropconnect`] with settings.
    SimplifiedDropconnect() {
        /// The share of weights that are dropped (default 0.5).
        ratio: f64 = 0.5,
        /// Whether weights are dropped (`true`) or not; `None`, the default, is what the configuration says
        /// ([`Config::train`](crate::Config)). If not, the ratio counts as 0.
        train: into Option<bool> = None,
        /// Which weights stay, of shape (B, M, N) and mostly bool, instead of a random draw. Others are multiplied by it.
        mask: into Option<Array> = None,
    }
}

const NAME: &str = "simplified_dropconnect";

impl SimplifiedDropconnect {
    /// Applies the function.
    #[track_caller]
    pub fn call(self, x: impl AsVariable, w: impl AsVariable, b: impl AsOptVariable) -> Variable {
        let (x, w, b) = (x.as_variable(), w.as_variable(), b.as_opt_variable());
        composed(Location::caller(), || self.connected(x, w, b))
    }

    fn connected(self, x: Variable, w: Variable, b: Option<Variable>) -> Result<Variable> {
        [Some(&x), Some(&w), b.as_ref()].into_iter().flatten().try_for_each(Variable::check)?;
        self.mask.as_ref().map_or(Ok(()), Array::check)?;
        check_ratio(NAME, self.ratio)?;
        checked(NAME, || check(x.data(), w.data(), b.as_ref().map(Variable::data), self.mask.as_ref()))?;
        let ratio = if self.train.unwrap_or(config().train) { self.ratio } else { 0.0 };
        let mask = match self.mask {
            Some(mask) if mask.dtype() == Dtype::Bool => Mask::Given(mask),
            Some(mask) => Mask::Given(mask.astype(x.dtype())),
            None if ratio == 0.0 => return Ok(linear(x, w, &b)),
            None => Mask::drawn([x.len(), w.shape()[0], w.shape()[1]].into(), ratio),
        };
        let x = reshape(&x, [x.len(), 1, w.shape()[1]]);
        let y = apply(Masked { mask }, [x, w]).one() * (1.0 / (1.0 - ratio));
        Ok(match b {
            Some(b) => y + b,
            None => y,
        })
    }
}

/// Which weights stay: bools, or floats that the others are multiplied by.
enum Mask {
    Given(Array),
    /// What was drawn once is drawn again wherever it is needed: an array that several kernels read would be written.
    Drawn {
        draws: Draws,
        shape: Shape,
        ratio: f64,
    },
}

impl Mask {
    fn drawn(shape: Shape, ratio: f64) -> Mask {
        let (_, draws) = record_draws(|| Mask::draw(&shape, ratio));
        Mask::Drawn { draws, shape, ratio }
    }

    fn draw(shape: &Shape, ratio: f64) -> Array {
        default_generator().uniform(shape, 0.0, 1.0, Dtype::F32).greater_equal(ratio)
    }

    /// Values (B, M, N) where they stay.
    fn of<V: Maskable>(&self, values: V) -> V {
        let mask = match self {
            Mask::Given(mask) => mask.clone(),
            Mask::Drawn { draws, shape, ratio } => repeat_draws(draws, || Mask::draw(shape, *ratio)),
        };
        values.masked(mask)
    }
}

/// Arrays and variables.
trait Maskable {
    fn masked(self, mask: Array) -> Self;
}

impl Maskable for Array {
    fn masked(self, mask: Array) -> Self {
        if mask.dtype() == Dtype::Bool { mask.select(self, 0.0) } else { self * mask }
    }
}

impl Maskable for Variable {
    fn masked(self, mask: Array) -> Self {
        if mask.dtype() == Dtype::Bool { Variable::constant(mask).select(self, 0.0) } else { self * mask }
    }
}

/// x (B, 1, N), W (M, N) → (B, M): the product of each sample with weights of its own, which exist only while they are summed.
struct Masked {
    mask: Mask,
}

impl Function for Masked {
    fn name(&self) -> &'static str {
        NAME
    }
    fn forward(&self, inputs: &[Array]) -> Outputs {
        let (x, w) = (&inputs[0], &inputs[1]);
        self.mask.of(x * w).sum(-1, false).into()
    }
    fn backward(&self, c: &BackwardContext<'_>) -> Gradients {
        let (x, w, gy) = (c.input(0), c.input(1), c.gy(0));
        let [batch, outputs] = [gy.shape()[0], gy.shape()[1]];
        let gy = reshape(gy, [batch, outputs, 1]);
        let gx = c.wants(0).then(|| sum(self.mask.of(&gy * w), 1, true));
        let gw = c.wants(1).then(|| sum(self.mask.of(&gy * x), 0, false));
        [gx, gw].into()
    }
}

fn check(x: &Array, w: &Array, b: Option<&Array>, mask: Option<&Array>) -> Checked {
    type_check::float("x", x)?;
    type_check::min_ndim("x", x, 2)?;
    type_check::same_dtype("x", x, "W", w)?;
    type_check::ndim("W", w, 2)?;
    type_check::equal("prod(x.shape[1:])", x.shape()[1..].iter().product(), "W.shape[1]", w.shape()[1])?;
    if let Some(b) = b {
        type_check::same_dtype("x", x, "b", b)?;
        type_check::ndim("b", b, 1)?;
        type_check::same_size("b", b, 0, "W", w, 0)?;
    }
    if let Some(mask) = mask {
        type_check::ndim("mask", mask, 3)?;
        type_check::same_size("mask", mask, 0, "x", x, 0)?;
        type_check::same_size("mask", mask, 1, "W", w, 0)?;
        type_check::same_size("mask", mask, 2, "W", w, 1)?;
    }
    Ok(())
}

/// [`linear`] with weights that are dropped at random, for each sample others, and scaled by `1 / (1 - ratio)` where they stay: x (B, …)
/// whose axes after the first count as one of size N, W (M, N), and optionally b (M,) give (B, M). Half of them are dropped
/// ([`SimplifiedDropconnect`] has another ratio); outside training ([`Config::train`](crate::Config)) none is (Wan et al.,
/// *Regularization of neural networks using DropConnect*, 2013, which samples after the product; this drops before it).
///
/// # Errors
/// The result fails if ranks, sizes or dtypes do not fit, or unless `0 <= ratio < 1`; all have the same float dtype.
///
/// ```
/// use chainer::{functions as F, Array, Dtype, Variable};
/// let x = Variable::new(Array::ones([2, 3], Dtype::F32));
/// let w = Variable::new(Array::from([[1.0f32, 2.0, 4.0]]));
/// let mask = Array::from([[[true, false, true]], [[false, true, false]]]);
/// let y = F::SimplifiedDropconnect::new().mask(mask).call(&x, &w, None);
/// assert_eq!(y.to_vec::<f32>()?, [10.0, 4.0]);
/// let sums = [0.0, 2.0, 4.0, 6.0, 8.0, 10.0, 12.0, 14.0];
/// let y = F::simplified_dropconnect(&x, &w, None).to_vec::<f32>()?;
/// assert!(y.iter().all(|y| sums.contains(y)));
/// # Ok::<(), chainer::Error>(())
/// ```
#[track_caller]
pub fn simplified_dropconnect(x: impl AsVariable, w: impl AsVariable, b: impl AsOptVariable) -> Variable {
    SimplifiedDropconnect::new().call(x, w, b)
}
