//! [`cosine_similarity`].

use chainer_kernels::ArrayOps;

use super::{check_alike, positioned};
use crate::functions::settings;
use crate::{AsVariable, Error, Result, Variable};

settings! {
    /// [`cosine_similarity`] with settings.
    CosineSimilarity() {
        /// The axis that the vectors lie along (default 1).
        axis: isize = 1,
        /// The length that shorter vectors are taken to have (default 1e-8), so that the similarity of zeros is 0.
        eps: f64 = 1e-8,
    }
}

impl CosineSimilarity {
    /// Applies the function.
    #[track_caller]
    pub fn call(self, x0: impl AsVariable, x1: impl AsVariable) -> Variable {
        positioned(|| self.named("cosine_similarity", x0.as_variable(), x1.as_variable()))
    }

    /// The similarities, with the errors of the function `operation`.
    pub(super) fn named(self, operation: &'static str, x0: Variable, x1: Variable) -> Result<Variable> {
        check_alike(operation, &[("x0", &x0), ("x1", &x1)])?;
        let ndim = x0.ndim() as isize;
        if !(-ndim..ndim).contains(&self.axis) {
            let actual = format!("axis = {}, x0.ndim = {ndim}", self.axis);
            return Err(Error::mismatch(operation, "-x0.ndim <= axis < x0.ndim", actual));
        }
        if self.eps.is_nan() || self.eps < 0.0 {
            return Err(Error::value(operation, "eps >= 0", format_args!("eps = {}", self.eps)));
        }
        Ok((self.unit(x0) * self.unit(x1)).sum_axes(self.axis, false))
    }

    /// The vectors with length 1 (less if they are shorter than eps).
    fn unit(&self, x: Variable) -> Variable {
        if x.size() == 0 {
            return x;
        }
        // Scaled by the largest element, so that no square overflows or vanishes. The result does not depend on the scale, which therefore
        // has no gradient.
        let largest = Variable::constant(x.data().abs().max(self.axis, true));
        let zero = largest.equal(0.0);
        let scale = zero.select(1.0, largest);
        let scaled = x / &scale;
        // Zeros have no direction, and the root no gradient at 0.
        let length = zero.select(1.0, scaled.square().sum_axes(self.axis, true)).sqrt();
        scaled / length.maximum(self.eps / scale)
    }
}

/// The cosine of the angle between vectors along the second axis: `sum(x0 * x1) / (|x0| |x1|)`; that axis vanishes. The similarity of
/// zeros is 0. Elements may be large: no square overflows. [`CosineSimilarity`] takes another axis.
///
/// # Errors
/// The result fails unless x0 and x1 have the same shape and float dtype, and the axis exists.
///
/// ```
/// use chainer::{functions as F, Array, Variable};
/// let x0 = Variable::new(Array::from([[3.0f32, 4.0], [0.0, 0.0]]));
/// let x1 = Variable::new(Array::from([[6.0f32, 8.0], [1.0, 0.0]]));
/// let y = F::cosine_similarity(&x0, &x1).to_vec::<f32>()?;
/// assert!((y[0] - 1.0).abs() < 1e-6 && y[1] == 0.0);
/// # Ok::<(), chainer::Error>(())
/// ```
#[track_caller]
pub fn cosine_similarity(x0: impl AsVariable, x1: impl AsVariable) -> Variable {
    CosineSimilarity::new().call(x0, x1)
}
