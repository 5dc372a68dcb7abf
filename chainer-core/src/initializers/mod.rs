//! First values of parameters.
//!
//! An [`Initializer`] makes an array of a shape and dtype. Links take one wherever they have a parameter: a value of this module, a
//! number, an array, or a closure over the shape and the dtype. Random ones draw from the process's generator
//! ([`chainer_kernels::random`]), so one seed fixes all first values.

mod constant;
mod normal;
mod orthogonal;
mod uniform;

use std::sync::Arc;

use chainer_kernels::ArrayOps;
use chainer_kernels::random::{Generator, default_generator};

pub use constant::{Constant, Identity, One, Zero};
pub use normal::{GlorotNormal, HeNormal, Normal};
pub use orthogonal::Orthogonal;
pub use uniform::{GlorotUniform, HeUniform, LeCunUniform, Uniform};

use crate::{Array, Dtype, Error, Result, Shape, config};

/// Makes the first value of a parameter.
///
/// Implemented by the types of this module; by numbers (all elements are that number) and arrays (which are stretched to the shape);
/// and by closures:
///
/// ```
/// use chainer::initializers::{HeNormal, Initializer};
/// use chainer::{Array, Dtype, Shape};
///
/// let countdown = |shape: &Shape, dtype: Dtype| Array::full(shape, shape.size() as f64, dtype);
/// assert_eq!(countdown.generate(&[2].into(), Dtype::F32).to_vec::<f32>()?, [2.0, 2.0]);
/// assert_eq!(0.5.generate(&[2].into(), Dtype::F64).to_vec::<f64>()?, [0.5, 0.5]);
/// assert_eq!(HeNormal::default().generate(&[3, 4].into(), Dtype::F32).shape(), &[3, 4].into());
/// # Ok::<(), chainer::Error>(())
/// ```
pub trait Initializer: Send + Sync + 'static {
    /// The array of this shape. A shape that the initializer cannot fill gives a failed array.
    fn generate(&self, shape: &Shape, dtype: Dtype) -> Array;

    /// The dtype that the initializer was made for; `None` where the parameter's decides.
    fn dtype(&self) -> Option<Dtype> {
        None
    }
}

impl Initializer for f64 {
    fn generate(&self, shape: &Shape, dtype: Dtype) -> Array {
        Array::full(shape, *self, dtype)
    }
}

impl Initializer for f32 {
    fn generate(&self, shape: &Shape, dtype: Dtype) -> Array {
        Array::full(shape, *self, dtype)
    }
}

impl Initializer for i32 {
    fn generate(&self, shape: &Shape, dtype: Dtype) -> Array {
        Array::full(shape, *self, dtype)
    }
}

impl Initializer for Array {
    fn generate(&self, shape: &Shape, dtype: Dtype) -> Array {
        self.astype(dtype).broadcast_to(shape)
    }
}

impl Initializer for Arc<dyn Initializer> {
    fn generate(&self, shape: &Shape, dtype: Dtype) -> Array {
        (**self).generate(shape, dtype)
    }
    fn dtype(&self) -> Option<Dtype> {
        (**self).dtype()
    }
}

impl<F: Fn(&Shape, Dtype) -> Array + Send + Sync + 'static> Initializer for F {
    fn generate(&self, shape: &Shape, dtype: Dtype) -> Array {
        self(shape, dtype)
    }
}

/// The numbers of input and output units of a weight: `(shape[1] * shape[2] * …, shape[0])`.
///
/// # Errors
/// Fewer than two axes.
///
/// ```
/// use chainer::initializers::get_fans;
/// assert_eq!(get_fans(&[2, 3, 5, 5].into())?, (75, 2));
/// assert!(get_fans(&[4].into()).is_err());
/// # Ok::<(), chainer::Error>(())
/// ```
pub fn get_fans(shape: &Shape) -> Result<(usize, usize)> {
    if shape.ndim() < 2 {
        let actual = format!("{} (shape {shape:?})", shape.ndim());
        return Err(Error::mismatch("get_fans", "shape.ndim >= 2", actual));
    }
    Ok((shape[1..].iter().product(), shape[0]))
}

/// The first value of a weight: `initializer` scaled by `scale`. `None` stands for [`HeNormal`] with scale `sqrt(1/2)`, that is
/// normal numbers of deviation `sqrt(1 / fan_in)`, which is what links use where nothing is given. The dtype is the initializer's,
/// or else the configured one ([`Config::dtype`](crate::Config)).
///
/// ```
/// use chainer::initializers::{Constant, init_weight};
/// let w = init_weight([2, 2], Some(&Constant::new(1.5)), 2.0);
/// assert_eq!(w.to_vec::<f32>()?, [3.0; 4]);
/// # Ok::<(), chainer::Error>(())
/// ```
pub fn init_weight(shape: impl Into<Shape>, initializer: Option<&dyn Initializer>, scale: f64) -> Array {
    let shape = shape.into();
    match initializer {
        None => HeNormal::new(scale * std::f64::consts::FRAC_1_SQRT_2).generate(&shape, config().dtype),
        Some(initializer) => {
            let array = initializer.generate(&shape, initializer.dtype().unwrap_or(config().dtype));
            if scale == 1.0 { array } else { array * scale }
        }
    }
}

/// Where a random initializer draws from: the process's generator, or one of its own.
#[derive(Clone, Debug, Default)]
struct Source(Option<Arc<Generator>>);

impl Source {
    fn seeded(seed: u64) -> Self {
        Source(Some(Arc::new(Generator::new(seed))))
    }

    fn generator(&self) -> &Generator {
        self.0.as_deref().unwrap_or_else(|| default_generator())
    }
}

/// Random initializers of one family: a scale, a dtype, and a spread that follows from the fans.
macro_rules! scaled {
    ($(
        $(#[$doc:meta])*
        $name:ident, $default:literal, $draw:ident, |$scale:ident, $shape:ident| $spread:expr;
    )*) => {$(
        $(#[$doc])*
        #[derive(Clone, Debug)]
        pub struct $name {
            /// The factor of the spread.
            pub scale: f64,
            dtype: Option<Dtype>,
            source: super::Source,
        }

        impl $name {
            /// The initializer of a scale.
            pub fn new(scale: f64) -> Self {
                $name { scale, dtype: None, source: super::Source::default() }
            }

            /// The same initializer for one dtype, whatever the parameter's default.
            pub fn with_dtype(mut self, dtype: Dtype) -> Self {
                self.dtype = Some(dtype);
                self
            }

            /// The same initializer drawing from a generator of its own, which starts at `seed`.
            pub fn with_seed(mut self, seed: u64) -> Self {
                self.source = super::Source::seeded(seed);
                self
            }
        }

        impl Default for $name {
            #[doc = concat!("Scale ", stringify!($default), ".")]
            fn default() -> Self {
                $name::new($default)
            }
        }

        impl super::Initializer for $name {
            fn generate(&self, $shape: &Shape, dtype: Dtype) -> Array {
                let $scale = self.scale;
                let spread: Result<f64> = $spread;
                match spread {
                    Ok(spread) => $draw(self.source.generator(), $shape, spread, dtype),
                    Err(error) => Array::failed(error),
                }
            }
            fn dtype(&self) -> Option<Dtype> {
                self.dtype
            }
        }
    )*};
}
use scaled;

#[cfg(test)]
mod tests;
