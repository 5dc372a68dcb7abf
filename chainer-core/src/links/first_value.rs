//! How links make the first values of their parameters.

use std::sync::Arc;

use crate::initializers::{Initializer, init_weight};
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
