//! Uniform numbers around zero.

use chainer_kernels::random::Generator;

use super::{get_fans, scaled};
use crate::{Array, Dtype, Result, Shape};

fn uniform(generator: &Generator, shape: &Shape, bound: f64, dtype: Dtype) -> Array {
    generator.uniform(shape, -bound, bound, dtype)
}

scaled! {
    /// Uniform numbers in `[-scale, scale]` (0.05 by default).
    ///
    /// ```
    /// use chainer::initializers::{Initializer, Uniform};
    /// use chainer::Dtype;
    /// let w = Uniform::new(0.3).generate(&[10, 10].into(), Dtype::F32).to_vec::<f32>()?;
    /// assert!(w.iter().all(|x| x.abs() <= 0.3));
    /// # Ok::<(), chainer::Error>(())
    /// ```
    Uniform, 0.05, uniform, |scale, _shape| Ok(scale);

    /// Uniform numbers in `[-s, s]` with `s = scale * sqrt(3 / fan_in)` (LeCun et al., *Efficient BackProp*, 1998). The shape has at
    /// least two axes.
    LeCunUniform, 1.0, uniform, |scale, shape| get_fans(shape).map(|(i, _)| scale * (3.0 / i as f64).sqrt());

    /// Uniform numbers in `[-s, s]` with `s = scale * sqrt(6 / (fan_in + fan_out))` (Glorot and Bengio, AISTATS 2010). The shape has
    /// at least two axes.
    GlorotUniform, 1.0, uniform, |scale, shape| get_fans(shape).map(|(i, o)| scale * (6.0 / (i + o) as f64).sqrt());

    /// Uniform numbers in `[-s, s]` with `s = scale * sqrt(6 / fan_in)` (He et al., arXiv:1502.01852). The shape has at least two
    /// axes.
    HeUniform, 1.0, uniform, |scale, shape| get_fans(shape).map(|(i, _)| scale * (6.0 / i as f64).sqrt());
}
