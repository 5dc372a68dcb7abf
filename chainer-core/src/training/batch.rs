//! From a batch of arrays to the arguments of a model.

use std::panic::Location;

use chainer_kernels::{Array, Position};

use crate::{Args, Forward, Variable};

/// A batch that a model can be called with: an array for `Forward`, a pair of arrays for `Forward<(Variable, Variable)>`, and so on.
/// The variables made of it need no gradients.
#[diagnostic::on_unimplemented(
    message = "a model cannot be called with a batch of type `{Self}`",
    note = "compute the loss yourself: `StandardUpdater::with_loss(iterator, optimizer, &model, |examples| ..)`"
)]
pub trait ModelBatch {
    /// What the model takes.
    type Args: Args + ?Sized;

    /// Calls the model with the batch.
    fn call<M: Forward<Self::Args> + ?Sized>(self, model: &M) -> Variable;

    /// The arrays of the batch.
    fn into_arrays(self) -> Vec<Array>;

    /// The batch of these arrays, as many as [`into_arrays`](Self::into_arrays) gives; `None` if they are fewer.
    fn from_arrays(arrays: Vec<Array>) -> Option<Self>
    where
        Self: Sized;
}

impl ModelBatch for Array {
    type Args = Variable;

    #[track_caller]
    fn call<M: Forward<Variable> + ?Sized>(self, model: &M) -> Variable {
        let _position = Position::enter(Location::caller());
        model.forward(&Variable::constant(self))
    }

    fn into_arrays(self) -> Vec<Array> {
        vec![self]
    }

    fn from_arrays(arrays: Vec<Array>) -> Option<Self> {
        arrays.into_iter().next()
    }
}

impl ModelBatch for (Array,) {
    type Args = Variable;

    #[track_caller]
    fn call<M: Forward<Variable> + ?Sized>(self, model: &M) -> Variable {
        self.0.call(model)
    }

    fn into_arrays(self) -> Vec<Array> {
        vec![self.0]
    }

    fn from_arrays(arrays: Vec<Array>) -> Option<Self> {
        Array::from_arrays(arrays).map(|array| (array,))
    }
}

/// The type that each element of a tuple turns into.
macro_rules! replaced {
    ($name:ident, $with:ty) => {
        $with
    };
}

macro_rules! tuples {
    ($($($name:ident),+;)*) => {$(
        impl ModelBatch for ($(replaced!($name, Array),)+) {
            type Args = ($(replaced!($name, Variable),)+);

            #[track_caller]
            fn call<M: Forward<Self::Args> + ?Sized>(self, model: &M) -> Variable {
                let _position = Position::enter(Location::caller());
                let ($($name,)+) = self;
                $(let $name = Variable::constant($name);)+
                model.forward(($(&$name,)+))
            }

            fn into_arrays(self) -> Vec<Array> {
                let ($($name,)+) = self;
                vec![$($name),+]
            }

            fn from_arrays(arrays: Vec<Array>) -> Option<Self> {
                let mut arrays = arrays.into_iter();
                $(let $name = arrays.next()?;)+
                Some(($($name,)+))
            }
        }
    )*};
}
tuples! {
    a, b;
    a, b, c;
    a, b, c, d;
    a, b, c, d, e;
}
