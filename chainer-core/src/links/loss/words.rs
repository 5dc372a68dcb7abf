//! What the losses that sample words draw from.

use std::panic::Location;
use std::sync::Arc;

use crate::links::first_value::FirstValue;
use crate::utils::{Sampler, WalkerAlias};
use crate::{Array, Error, Parameter, Shape};

/// How often each word occurs, and to what power that counts.
#[derive(Clone)]
pub(super) struct Words {
    pub(super) counts: Vec<usize>,
    pub(super) power: f64,
}

impl Words {
    /// A sampler of the words. Where the counts give no distribution, what it samples is an error: a constructor has no other way to
    /// tell.
    #[track_caller]
    pub(super) fn sampler(&self, operation: &'static str) -> Arc<dyn Sampler> {
        match WalkerAlias::new(self.counts.iter().map(|&count| (count as f64).powf(self.power))) {
            Ok(walker) => Arc::new(walker),
            Err(error) => {
                let error = Error::new(error.kind(), operation, error.message()).at(Location::caller());
                Arc::new(move |_: &Shape| Array::failed(error.clone()))
            }
        }
    }

    /// W (words, in_size).
    #[track_caller]
    pub(super) fn parameter(&self, first: &FirstValue, in_size: usize) -> Parameter {
        first.parameter("W", Some([self.counts.len(), in_size].into()))
    }
}
