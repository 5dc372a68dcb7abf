//! How links make the first values of their parameters.

use std::sync::Arc;

use crate::initializers::{Initializer, Normal, init_weight};
use crate::{Array, Dtype, Parameter, Shape, config, using_config};

/// The first value of one parameter: an initializer, a scale, and the dtype that was configured when the link was made.
#[derive(Clone)]
pub(super) struct FirstValue {
    initializer: Option<Arc<dyn Initializer>>,
    scale: f64,
    dtype: Dtype,
}

impl FirstValue {
    /// Normal numbers of deviation `sqrt(1 / fan_in)`.
    pub(super) fn weight() -> Self {
        FirstValue { initializer: None, scale: 1.0, dtype: config().dtype }
    }

    /// Normal numbers of a deviation that follows from the shape.
    pub(super) fn normal(deviation: fn(&Shape) -> f64) -> Self {
        FirstValue::of(move |shape: &Shape, dtype: Dtype| Normal::new(deviation(shape)).generate(shape, dtype))
    }

    /// What an initializer makes.
    pub(super) fn of(initializer: impl Initializer) -> Self {
        FirstValue { initializer: Some(Arc::new(initializer)), ..FirstValue::weight() }
    }

    /// The same scale and dtype with another initializer.
    pub(super) fn set(&mut self, initializer: impl Initializer) {
        self.initializer = Some(Arc::new(initializer));
    }

    pub(super) fn scale(&mut self, scale: f64) {
        self.scale = scale;
    }

    pub(super) fn set_dtype(&mut self, dtype: Dtype) {
        self.dtype = dtype;
    }

    /// The array of a shape.
    pub(super) fn make(&self, shape: &Shape) -> Array {
        let _dtype = using_config(|c| c.dtype = self.dtype);
        init_weight(shape, self.initializer.as_deref(), self.scale)
    }

    /// The parameter, with its value if the shape is known.
    #[track_caller]
    pub(super) fn parameter(&self, name: &str, shape: Option<Shape>) -> Parameter {
        let first = self.clone();
        let parameter = Parameter::uninitialized(move |shape| first.make(shape)).with_name(name);
        match shape.map_or(Ok(()), |shape| parameter.initialize(shape)) {
            Ok(()) => parameter,
            // A constructor has no other way to tell: the parameter carries the error to where the link is used.
            Err(error) => Parameter::new(Array::failed(error)).with_name(name),
        }
    }
}

/// The builder's methods about the weight of a link: fields `w` and `first_w`, and a method `w_shape`, which gives `None` while the size of
/// the input is not known.
macro_rules! weight_methods {
    ($link:ident) => {
        impl $link {
            /// The first value of W: an initializer, an array, a number or a closure. W starts anew.
            #[track_caller]
            pub fn initial_w(mut self, initializer: impl $crate::initializers::Initializer) -> Self {
                self.first_w.set(initializer);
                self.with_new_w()
            }

            #[track_caller]
            fn with_new_w(mut self) -> Self {
                self.w = self.first_w.parameter("W", self.w_shape());
                self
            }

            /// The weights.
            pub fn w(&self) -> &$crate::Parameter {
                &self.w
            }
        }
    };
}

/// The builder's method about the scale of a weight; see [`weight_methods`].
macro_rules! wscale_method {
    ($link:ident) => {
        impl $link {
            /// The factor of W's variance (default 1). W starts anew.
            #[track_caller]
            pub fn wscale(mut self, wscale: f64) -> Self {
                self.first_w.scale(wscale.sqrt());
                self.with_new_w()
            }
        }
    };
}

/// The builder's methods about the bias of a link: fields `b` and `first_b`, and a method `b_shape`, which gives `None` while the size of
/// the input is not known.
macro_rules! bias_methods {
    ($link:ident) => {
        impl $link {
            /// The first value of b: an initializer, an array, a number (default 0) or a closure. b starts anew.
            #[track_caller]
            pub fn initial_bias(mut self, initializer: impl $crate::initializers::Initializer) -> Self {
                self.first_b.set(initializer);
                let nobias = self.b.is_none();
                self.nobias(nobias)
            }

            /// Whether to go without b (default false).
            #[track_caller]
            pub fn nobias(mut self, nobias: bool) -> Self {
                self.b = (!nobias).then(|| self.first_b.parameter("b", self.b_shape()));
                self
            }

            /// The bias, if there is one.
            pub fn b(&self) -> Option<&$crate::Parameter> {
                self.b.as_ref()
            }
        }
    };
}

/// The older name of a bias's first value; see [`bias_methods`].
macro_rules! bias_method {
    ($link:ident) => {
        impl $link {
            /// The first value of b, a number (default 0). b starts anew.
            #[track_caller]
            pub fn bias(self, bias: f64) -> Self {
                self.initial_bias(bias)
            }
        }
    };
}
pub(super) use {bias_method, bias_methods, weight_methods, wscale_method};
