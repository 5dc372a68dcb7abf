//! [`normalize`].

use std::panic::Location;

use chainer_kernels::{ArrayOps, Axes};

use crate::functions::{at_least_f32, checked, composed, settings};
use crate::type_check;
use crate::{
    Array, AsVariable, BackwardContext, Dtype, Error, Function, Gradients, Outputs, Result, Retain, Variable, apply,
};

settings! {
    /// [`normalize`] with settings.
    Normalize() {
        /// What is added to the norm (default 1e-5).
        eps: f64 = 1e-5,
        /// The axis or axes of the vectors (default 1).
        axis: into Axes = Axes::from(1),
    }
}

impl Normalize {
    /// Applies the function.
    #[track_caller]
    pub fn call(self, x: impl AsVariable) -> Variable {
        composed(Location::caller(), || self.normalized(x.as_variable()))
    }

    fn normalized(self, x: Variable) -> Result<Variable> {
        const NAME: &str = "normalize";
        x.check()?;
        checked(NAME, || type_check::float("x", x.data()))?;
        if let Err(error) = self.axis.resolve(x.shape(), NAME) {
            return Err(Error::mismatch(NAME, "axes of x, each once", error.message()));
        }
        if x.size() == 0 {
            return Ok(x);
        }
        let norm = apply(Norm { axes: self.axis }, [&x]).one();
        Ok(x / (norm + self.eps))
    }
}

/// x, which is not empty → its Euclidean norm over the axes, which stay with size 1.
struct Norm {
    axes: Axes,
}

impl Function for Norm {
    fn name(&self) -> &'static str {
        "normalize"
    }
    fn forward(&self, inputs: &[Array]) -> Outputs {
        let (dtype, axes) = (inputs[0].dtype(), self.axes.clone());
        let wide = at_least_f32(dtype);
        let x = (&inputs[0]).astype(wide);
        // Relative to the largest element, so that no square leaves the range of the dtype. Any factor near its inverse will do: zeros
        // and infinities get a finite one.
        let limit = if wide == Dtype::F32 { 2f64.powi(126) } else { 2f64.powi(1022) };
        // (The extremes of x itself are found faster than those of a computed value.)
        let largest = (&x).max(axes.clone(), true).maximum(-(&x).min(axes.clone(), true));
        let scale = largest.reciprocal().clip(1.0 / limit, limit);
        let squares = (x * &scale).square().sum(axes, true);
        (squares.sqrt() / scale).astype(dtype).into()
    }
    fn retain(&self) -> Retain {
        Retain::inputs().output(0)
    }
    fn backward(&self, c: &BackwardContext<'_>) -> Gradients {
        let (x, norm) = (c.input(0), c.output(0));
        // Where the norm is 0 it has no direction to grow in.
        let zero = norm.equal(0.0);
        let direction = zero.select(0.0, x / zero.select(1.0, norm));
        (direction * c.gy(0)).into()
    }
}

/// Each vector divided by its Euclidean norm: `x / (|x| + eps)`, with eps 1e-5 and vectors along the second axis ([`Normalize`] has others,
/// also vectors over several axes). A vector of zeros stays one. Squares neither overflow nor vanish.
///
/// # Errors
/// The result fails unless x has a float dtype and the axis exists.
///
/// ```
/// use chainer::{functions as F, Array, Variable};
/// let x = Variable::new(Array::from([[3.0f32, 4.0], [0.0, 0.0], [3e30, 4e30]]));
/// let y = F::normalize(&x).to_vec::<f32>()?;
/// assert!(y.iter().zip([0.6, 0.8, 0.0, 0.0, 0.6, 0.8]).all(|(y, want)| (y - want).abs() < 1e-5));
/// let y = F::Normalize::new().eps(1.0).axis(0).call(Array::from([3.0f32, 1.0, 1.0, 5.0])).to_vec::<f32>()?;
/// assert!((y[3] - 5.0 / 7.0).abs() < 1e-6);
/// # Ok::<(), chainer::Error>(())
/// ```
#[track_caller]
pub fn normalize(x: impl AsVariable) -> Variable {
    Normalize::new().call(x)
}
