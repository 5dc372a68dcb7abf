//! What the code that macros generate refers to, as `chainer::__private`. Not for users: it may change at any time.

use std::ops::Range;

pub use crate::compile::static_forward;
pub use crate::elementwise::Operand;
pub use crate::expression::{ElementType, Elementwise, Expr, ScalarMath};
pub use crate::link::{Link, LinkField, PersistentValue, SharedField, Visitor, write_tree};
pub use crate::{
    Args, Array, AsOptVariable, AsVariable, AsVariables, BackwardContext, Device, Dtype, Error, Function, Gradients,
    Mismatch, Outputs, Result, Retain, Variable, Variables, apply, type_check,
};

/// Where the arrays of each input lie, given how many each input has.
pub fn places<const N: usize>(counts: [usize; N]) -> [Range<usize>; N] {
    let mut end = 0;
    counts.map(|count| {
        let start = end;
        end += count;
        start..end
    })
}

/// Where the arrays of each input lie, if only input `varying` can have another number than one, and there are `total`.
pub fn places_around<const N: usize>(varying: usize, total: usize) -> [Range<usize>; N] {
    places(std::array::from_fn(|i| if i == varying { (total + 1).saturating_sub(N) } else { 1 }))
}

/// What a `backward` may return as the gradient of an input.
#[diagnostic::on_unimplemented(
    message = "`backward` cannot return `{Self}` as a gradient",
    label = "expected Variable, Option<Variable>, Vec<Variable>, or the same with Array (first derivatives only)"
)]
pub trait IntoGradient: Sized {
    /// Adds the gradients of the arrays at `place` among all inputs.
    fn __push(self, place: Range<usize>, context: &BackwardContext<'_>, gradients: &mut Gradients);
}

impl IntoGradient for Option<Variable> {
    fn __push(self, place: Range<usize>, _: &BackwardContext<'_>, gradients: &mut Gradients) {
        // An optional input that is absent has no place for a gradient.
        if !place.is_empty() {
            gradients.0.push(self);
        }
    }
}
impl IntoGradient for Variable {
    fn __push(self, place: Range<usize>, context: &BackwardContext<'_>, gradients: &mut Gradients) {
        Some(self).__push(place, context, gradients);
    }
}
impl IntoGradient for Result<Variable> {
    fn __push(self, place: Range<usize>, context: &BackwardContext<'_>, gradients: &mut Gradients) {
        Variable::from(self).__push(place, context, gradients);
    }
}
impl IntoGradient for Option<Array> {
    fn __push(self, place: Range<usize>, context: &BackwardContext<'_>, gradients: &mut Gradients) {
        self.map(|array| first_order_only(array, context)).__push(place, context, gradients);
    }
}
impl IntoGradient for Array {
    fn __push(self, place: Range<usize>, context: &BackwardContext<'_>, gradients: &mut Gradients) {
        Some(self).__push(place, context, gradients);
    }
}
impl IntoGradient for Result<Array> {
    fn __push(self, place: Range<usize>, context: &BackwardContext<'_>, gradients: &mut Gradients) {
        self.unwrap_or_else(Array::failed).__push(place, context, gradients);
    }
}
impl IntoGradient for Vec<Option<Variable>> {
    fn __push(self, place: Range<usize>, context: &BackwardContext<'_>, gradients: &mut Gradients) {
        if self.len() == place.len() {
            gradients.0.extend(self);
        } else {
            let expect = format!("number of gradients == {}", place.len());
            let error = Error::mismatch(context.name(), expect, format!("{} != {}", self.len(), place.len()))
                .at(context.location());
            gradients.0.extend(place.map(|_| Some(Variable::failed(error.clone()))));
        }
    }
}
impl IntoGradient for Vec<Variable> {
    fn __push(self, place: Range<usize>, context: &BackwardContext<'_>, gradients: &mut Gradients) {
        let list: Vec<Option<Variable>> = self.into_iter().map(Some).collect();
        list.__push(place, context, gradients);
    }
}
impl IntoGradient for Vec<Array> {
    fn __push(self, place: Range<usize>, context: &BackwardContext<'_>, gradients: &mut Gradients) {
        let list: Vec<Option<Variable>> =
            self.into_iter().map(|array| Some(first_order_only(array, context))).collect();
        list.__push(place, context, gradients);
    }
}

/// A gradient that was computed over arrays: differentiating it is an error that names the forward call.
fn first_order_only(array: Array, context: &BackwardContext<'_>) -> Variable {
    Variable::first_order_only(array, context.name(), context.location())
}

/// The gradients of a `backward` that failed.
pub fn failed_gradients(context: &BackwardContext<'_>, error: Error) -> Gradients {
    let failed = Variable::failed(error.at(context.location()));
    (0..context.input_count()).map(|_| Some(failed.clone())).collect()
}

/// What `#[fallible]` functions may return: values that can carry an error.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot carry an error",
    label = "`#[fallible]` goes above functions that return a Variable, an Array, or a tuple or list of them",
    note = "a function that returns something else returns `chainer::Result<{Self}>` and takes `?` without `#[fallible]`"
)]
pub trait CarriesError: Sized {
    /// The value that carries `error`.
    fn carry(error: Error) -> Self;
}
impl CarriesError for Variable {
    fn carry(error: Error) -> Self {
        Variable::failed(error)
    }
}
impl CarriesError for Array {
    fn carry(error: Error) -> Self {
        Array::failed(error)
    }
}
impl CarriesError for Outputs {
    fn carry(error: Error) -> Self {
        error.into()
    }
}
impl<T: CarriesError> CarriesError for Vec<T> {
    fn carry(error: Error) -> Self {
        vec![T::carry(error)]
    }
}
impl<T: CarriesError, const N: usize> CarriesError for [T; N] {
    fn carry(error: Error) -> Self {
        std::array::from_fn(|_| T::carry(error.clone()))
    }
}
impl<A: CarriesError, B: CarriesError> CarriesError for (A, B) {
    fn carry(error: Error) -> Self {
        (A::carry(error.clone()), B::carry(error))
    }
}
impl<A: CarriesError, B: CarriesError, C: CarriesError> CarriesError for (A, B, C) {
    fn carry(error: Error) -> Self {
        (A::carry(error.clone()), B::carry(error.clone()), C::carry(error))
    }
}

/// Numbers in type checks, whose arithmetic must not panic.
pub trait Size: Copy {
    /// Whether something can be divided by it.
    fn divides(self) -> bool;
    /// Whether `other` can be subtracted from it.
    fn covers(self, other: Self) -> bool;
}
macro_rules! sizes {
    ($($ty:ty: $divides:expr, $covers:expr;)*) => {$(
        impl Size for $ty {
            fn divides(self) -> bool {
                let divides: fn($ty) -> bool = $divides;
                divides(self)
            }
            fn covers(self, other: Self) -> bool {
                let covers: fn($ty, $ty) -> bool = $covers;
                covers(self, other)
            }
        }
    )*};
}
sizes! {
    usize: |x| x != 0, |x, y| x >= y;
    u64: |x| x != 0, |x, y| x >= y;
    u32: |x| x != 0, |x, y| x >= y;
    u8: |x| x != 0, |x, y| x >= y;
    isize: |x| x != 0, |x, y| x.checked_sub(y).is_some();
    i64: |x| x != 0, |x, y| x.checked_sub(y).is_some();
    i32: |x| x != 0, |x, y| x.checked_sub(y).is_some();
    f32: |_| true, |_, _| true;
    f64: |_| true, |_, _| true;
}
