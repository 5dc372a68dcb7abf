//! [`dropout`].

use std::panic::Location;

use chainer_kernels::ArrayOps;
use chainer_kernels::random::default_generator;

use super::check_ratio;
use crate::functions::settings;
use crate::{Array, AsVariable, Dtype, Error, Result, Variable, config};

settings! {
    /// [`dropout`] with settings.
    Dropout(ratio: f64) {
        /// Whether elements are dropped (`true`) or not; `None`, the default, is what the configuration says
        /// ([`Config::train`](crate::Config)).
        train: into Option<bool> = None,
        /// What x is multiplied by, instead of a random draw: 0 where an element is dropped, `1 / (1 - ratio)` elsewhere.
        mask: into Option<Array> = None,
    }
}

impl Dropout {
    /// Applies the function.
    #[track_caller]
    pub fn call(self, x: impl AsVariable) -> Variable {
        let at = Location::caller();
        self.dropped(x.as_variable()).map_err(|error| error.at(at)).into()
    }

    #[track_caller]
    fn dropped(self, x: Variable) -> Result<Variable> {
        x.check()?;
        check_ratio("dropout", self.ratio)?;
        if !x.dtype().is_float() {
            return Err(Error::mismatch("dropout", "x.dtype.kind == f", format_args!("{} != f", x.dtype().kind())));
        }
        if !self.train.unwrap_or(config().train) {
            return Ok(x);
        }
        if let Some(mask) = self.mask {
            mask.check()?;
            if mask.shape() != x.shape() {
                let actual = format!("{:?} != {:?}", mask.shape(), x.shape());
                return Err(Error::mismatch("dropout", "mask.shape == x.shape", actual));
            }
            return Ok(x * mask);
        }
        if self.ratio == 0.0 {
            return Ok(x);
        }
        // The numbers are a function of their places: they are drawn again in backward rather than kept.
        let drawn = default_generator().uniform(x.shape(), 0.0, 1.0, Dtype::F32);
        let kept = Variable::constant(drawn.greater_equal(self.ratio));
        Ok(kept.select(x * (1.0 / (1.0 - self.ratio)), 0.0))
    }
}

/// Sets each element to zero with probability `ratio` and scales the others by `1 / (1 - ratio)`; outside training
/// ([`Config::train`](crate::Config)) it returns x (Hinton et al., arXiv:1207.0580).
///
/// # Errors
/// The result fails unless `0 <= ratio < 1` and x has a float dtype.
///
/// ```
/// use chainer::{functions as F, Array, Dtype, Variable, using_config};
/// let x = Variable::new(Array::ones(1000, Dtype::F32));
/// let y = F::dropout(&x, 0.75).to_vec::<f32>()?;
/// assert!(y.iter().all(|&y| y == 0.0 || y == 4.0));
/// let _test = using_config(|c| c.train = false);
/// assert_eq!(F::dropout(&x, 0.75).to_vec::<f32>()?, [1.0; 1000]);
/// # Ok::<(), chainer::Error>(())
/// ```
#[track_caller]
pub fn dropout(x: impl AsVariable, ratio: f64) -> Variable {
    Dropout::new(ratio).call(x)
}
