//! [`zoneout`].

use std::panic::Location;

use chainer_kernels::ArrayOps;
use chainer_kernels::random::default_generator;

use super::check_ratio;
use crate::functions::{checked, composed, settings};
use crate::type_check;
use crate::{Array, AsVariable, Dtype, Result, Variable, config};

settings! {
    /// [`zoneout`] with settings.
    Zoneout(ratio: f64) {
        /// Whether elements are kept back (`true`) or not; `None`, the default, is what the configuration says
        /// ([`Config::train`](crate::Config)).
        train: into Option<bool> = None,
        /// Where x is taken, as bools of its shape, instead of a random draw.
        flag_x: into Option<Array> = None,
    }
}

impl Zoneout {
    /// Applies the function.
    #[track_caller]
    pub fn call(self, h: impl AsVariable, x: impl AsVariable) -> Variable {
        composed(Location::caller(), || self.chosen(h.as_variable(), x.as_variable()))
    }

    fn chosen(self, h: Variable, x: Variable) -> Result<Variable> {
        const NAME: &str = "zoneout";
        h.check()?;
        x.check()?;
        self.flag_x.as_ref().map_or(Ok(()), Array::check)?;
        check_ratio(NAME, self.ratio)?;
        checked(NAME, || {
            type_check::float("h", h.data())?;
            type_check::same_dtype("h", h.data(), "x", x.data())?;
            type_check::same_shape("h", h.data(), "x", x.data())?;
            let Some(flag_x) = &self.flag_x else { return Ok(()) };
            type_check::dtype("flag_x", flag_x, Dtype::Bool)?;
            type_check::same_shape("flag_x", flag_x, "x", x.data())
        })?;
        if !self.train.unwrap_or(config().train) {
            return Ok(x);
        }
        let flag_x = match self.flag_x {
            Some(flag_x) => flag_x,
            None if self.ratio == 0.0 => return Ok(x),
            // The numbers are a function of their places: they are drawn again in backward rather than kept.
            None => default_generator().uniform(x.shape(), 0.0, 1.0, Dtype::F32).greater_equal(self.ratio),
        };
        Ok(Variable::constant(flag_x).select(x, h))
    }
}

/// Takes each element from the old state h with probability `ratio` and from the new one x otherwise; outside training
/// ([`Config::train`](crate::Config)) it returns x (Krueger et al., arXiv:1606.01305).
///
/// # Errors
/// The result fails unless `0 <= ratio < 1` and both have the same float dtype and shape.
///
/// ```
/// use chainer::{functions as F, Array, Dtype, Variable};
/// let h = Variable::new(Array::zeros(1000, Dtype::F32));
/// let x = Variable::new(Array::ones(1000, Dtype::F32));
/// let y = F::zoneout(&h, &x, 0.25).to_vec::<f32>()?;
/// let taken = y.iter().filter(|&&y| y == 1.0).count();
/// assert!((650..850).contains(&taken) && y.iter().all(|&y| y == 0.0 || y == 1.0));
/// assert_eq!(F::Zoneout::new(0.25).train(false).call(&h, &x).to_vec::<f32>()?, [1.0; 1000]);
/// # Ok::<(), chainer::Error>(())
/// ```
#[track_caller]
pub fn zoneout(h: impl AsVariable, x: impl AsVariable, ratio: f64) -> Variable {
    Zoneout::new(ratio).call(h, x)
}
