//! What layer, group and instance normalization have in common: mean 0 and variance 1 over some axes.

use chainer_kernels::{ArrayOps, Axes};

use crate::{Array, BackwardContext, Function, Gradients, Outputs, Retain, Variable, apply};

/// x → `(x - mean) / sqrt(variance + eps)`, and mean and variance over the axes, which they keep with size 1.
struct Standardize {
    axes: Axes,
    eps: f64,
}

impl Function for Standardize {
    fn name(&self) -> &'static str {
        "standardize"
    }
    fn forward(&self, inputs: &[Array]) -> Outputs {
        let x = &inputs[0];
        let mean = x.mean(self.axes.clone(), true);
        let centred = x - &mean;
        let variance = (&centred).square().mean(self.axes.clone(), true);
        let y = centred * ((&variance) + self.eps).rsqrt();
        (y, mean, variance).into()
    }
    fn retain(&self) -> Retain {
        // The result is computed again from x and two small arrays rather than kept.
        Retain::none().input(0).output(1).output(2)
    }
    fn backward(&self, c: &BackwardContext<'_>) -> Gradients {
        let count = (c.input_shape(0).size() / c.output_shape(1).size().max(1)) as f64;
        let centred = c.input(0) - c.output(1);
        let inverse = (c.output(2) + self.eps).rsqrt();
        let y = &centred * &inverse;
        let mean = |x: &Variable| x.sum_axes(self.axes.clone(), true) / count;
        let through_y = c.grad_output(0).map(|gy| inverse * (gy - (&y * mean(&(gy * &y)) + mean(gy))));
        // Nobody but the second derivative reads mean and variance.
        let through_mean = c.grad_output(1).map(|gmean| gmean / count);
        let through_variance = c.grad_output(2).map(|gvariance| centred * (gvariance * (2.0 / count)));
        [through_y, through_mean, through_variance].into_iter().flatten().reduce(|sum, part| sum + part).into()
    }
}

/// x with mean 0 and variance 1 over `axes`.
#[track_caller]
pub(super) fn standardize(x: Variable, axes: impl Into<Axes>, eps: f64) -> Variable {
    let [y, _, _] = apply(Standardize { axes: axes.into(), eps }, [x]).many();
    y
}
