//! Normal numbers around zero.

use chainer_kernels::random::Generator;

use super::{get_fans, scaled};
use crate::{Array, Dtype, Result, Shape};

fn normal(generator: &Generator, shape: &Shape, deviation: f64, dtype: Dtype) -> Array {
    generator.normal(shape, 0.0, deviation, dtype)
}

scaled! {
    /// Normal numbers of standard deviation `scale` (0.05 by default).
    ///
    /// ```
    /// use chainer::initializers::{Initializer, Normal};
    /// use chainer::Dtype;
    /// let w = Normal::new(0.1).with_seed(1).generate(&[400, 100].into(), Dtype::F64).to_vec::<f64>()?;
    /// let deviation = (w.iter().map(|x| x * x).sum::<f64>() / w.len() as f64).sqrt();
    /// assert!((deviation - 0.1).abs() < 0.005);
    /// # Ok::<(), chainer::Error>(())
    /// ```
    Normal, 0.05, normal, |scale, _shape| Ok(scale);

    /// Normal numbers of standard deviation `scale * sqrt(2 / (fan_in + fan_out))` (Glorot and Bengio, *Understanding the difficulty
    /// of training deep feedforward neural networks*, AISTATS 2010). The shape has at least two axes.
    GlorotNormal, 1.0, normal, |scale, shape| get_fans(shape).map(|(i, o)| scale * (2.0 / (i + o) as f64).sqrt());

    /// Normal numbers of standard deviation `scale * sqrt(2 / fan_in)` (He et al., *Delving deep into rectifiers*, arXiv:1502.01852).
    /// The shape has at least two axes.
    HeNormal, 1.0, normal, |scale, shape| get_fans(shape).map(|(i, _)| scale * (2.0 / i as f64).sqrt());
}
