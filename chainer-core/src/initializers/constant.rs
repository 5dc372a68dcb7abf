//! Values that no chance has a part in.

use super::Initializer;
use crate::{Array, Dtype, Error, Shape};

/// All elements are one number, or an array is stretched to the shape (NumPy's broadcasting).
///
/// ```
/// use chainer::initializers::{Constant, Initializer};
/// use chainer::{Array, Dtype};
/// let x = Constant::new(1.5).generate(&[2].into(), Dtype::F32);
/// assert_eq!(x.to_vec::<f32>()?, [1.5, 1.5]);
/// let rows = Constant::new(Array::from([1.0f32, 2.0])).generate(&[2, 2].into(), Dtype::F32);
/// assert_eq!(rows.to_vec::<f32>()?, [1.0, 2.0, 1.0, 2.0]);
/// # Ok::<(), chainer::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct Constant {
    value: Array,
    dtype: Option<Dtype>,
}

impl Constant {
    /// The initializer of a number or array.
    pub fn new(value: impl Into<Array>) -> Self {
        Constant { value: value.into(), dtype: None }
    }

    /// The same initializer for one dtype, whatever the parameter's default.
    pub fn with_dtype(mut self, dtype: Dtype) -> Self {
        self.dtype = Some(dtype);
        self
    }
}

impl Initializer for Constant {
    fn generate(&self, shape: &Shape, dtype: Dtype) -> Array {
        self.value.generate(shape, dtype)
    }
    fn dtype(&self) -> Option<Dtype> {
        self.dtype
    }
}

/// All elements are 0.
#[derive(Clone, Copy, Debug, Default)]
pub struct Zero;

impl Initializer for Zero {
    fn generate(&self, shape: &Shape, dtype: Dtype) -> Array {
        Array::zeros(shape, dtype)
    }
}

/// All elements are 1.
#[derive(Clone, Copy, Debug, Default)]
pub struct One;

impl Initializer for One {
    fn generate(&self, shape: &Shape, dtype: Dtype) -> Array {
        Array::ones(shape, dtype)
    }
}

/// The identity matrix times `scale` (1 by default). The shape is that of a square matrix.
///
/// ```
/// use chainer::initializers::{Identity, Initializer};
/// use chainer::Dtype;
/// let eye = Identity::new(2.0).generate(&[2, 2].into(), Dtype::F32);
/// assert_eq!(eye.to_vec::<f32>()?, [2.0, 0.0, 0.0, 2.0]);
/// assert!(Identity::default().generate(&[2, 3].into(), Dtype::F32).is_failed());
/// # Ok::<(), chainer::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct Identity {
    /// What stands on the diagonal.
    pub scale: f64,
    dtype: Option<Dtype>,
}

impl Identity {
    /// The initializer of a scale.
    pub fn new(scale: f64) -> Self {
        Identity { scale, dtype: None }
    }

    /// The same initializer for one dtype, whatever the parameter's default.
    pub fn with_dtype(mut self, dtype: Dtype) -> Self {
        self.dtype = Some(dtype);
        self
    }
}

impl Default for Identity {
    /// Scale 1.
    fn default() -> Self {
        Identity::new(1.0)
    }
}

impl Initializer for Identity {
    fn generate(&self, shape: &Shape, dtype: Dtype) -> Array {
        if shape.ndim() != 2 || shape[0] != shape[1] {
            return Array::failed(Error::mismatch(
                "Identity",
                "the shape of a square matrix",
                format_args!("{shape:?}"),
            ));
        }
        let n = shape[0];
        let mut values = vec![0.0f64; n * n];
        values.iter_mut().step_by(n + 1).for_each(|x| *x = self.scale);
        Array::from_vec(values, shape).generate(shape, dtype)
    }
    fn dtype(&self) -> Option<Dtype> {
        self.dtype
    }
}
