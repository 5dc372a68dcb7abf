//! [`pad_sequence`].

use std::panic::Location;

use chainer_kernels::{ArrayOps, Scalar};

use super::{Concat, reshape, result_shape};
use crate::functions::{checked, composed, settings};
use crate::type_check::{self, Checked};
use crate::{Array, AsVariables, Dtype, Result, Shape, Variable};

settings! {
    /// [`pad_sequence`] with settings.
    PadSequence() {
        /// The length of the result (default: that of the longest sequence).
        length: into Option<usize> = None,
        /// What follows shorter sequences (default 0).
        padding: into Scalar = Scalar::Int(0),
    }
}

/// Sequences (length, …) of one dtype, with the same sizes on all axes but the first.
pub(super) fn check_sequences(xs: &[Variable]) -> Checked {
    type_check::expect(!xs.is_empty(), "at least one input", "none")?;
    let first = xs[0].data();
    for (i, x) in xs.iter().enumerate() {
        let (name, x) = (format!("xs[{i}]"), x.data());
        type_check::min_ndim(&name, x, 1)?;
        type_check::same_dtype("xs[0]", first, &name, x)?;
        type_check::equal("xs[0].ndim", first.ndim(), format_args!("{name}.ndim"), x.ndim())?;
        (1..x.ndim()).try_for_each(|axis| type_check::same_size("xs[0]", first, axis, &name, x, axis))?;
    }
    Ok(())
}

impl PadSequence {
    /// Applies the function.
    #[track_caller]
    pub fn call(self, xs: impl AsVariables) -> Variable {
        let xs = xs.as_variables();
        composed(Location::caller(), || {
            xs.iter().try_for_each(Variable::check)?;
            let (mut longest, mut shape) = (0, Shape::default());
            checked("pad_sequence", || {
                check_sequences(&xs)?;
                longest = xs.iter().map(Variable::len).max().unwrap_or(0);
                if let Some(length) = self.length {
                    let actual = format_args!("length = {length}, the longest sequence has {longest}");
                    type_check::expect(longest <= length, "len(xs[i]) <= length", actual)?;
                    longest = length;
                }
                let sizes = [xs.len(), longest].into_iter().chain(xs[0].shape()[1..].iter().copied());
                shape = result_shape(sizes.map(Some))?;
                Ok(())
            })?;
            let padding = shown_everywhere(self.padding, xs[0].dtype())?;
            let filling = |missing| Variable::constant(padding.broadcast_to(missing));
            let parts = filled_up(xs, longest, Variable::shape, filling);
            Ok(reshape(Concat::new().axis(0).call(parts), shape))
        })
    }
}

/// A number in memory, of which arrays of any shape can be views.
pub(super) fn shown_everywhere(value: Scalar, dtype: Dtype) -> Result<Array> {
    // A copy, because an array that is known to be all one number would be written anew in each shape.
    let number = Array::full((), value, dtype).copy();
    number.force()?;
    Ok(number)
}

/// The sequences, each followed by what it lacks to be as long as the longest: joined along their first axis they are one array.
pub(super) fn filled_up<T>(
    xs: impl IntoIterator<Item = T>,
    longest: usize,
    shape: impl Fn(&T) -> &Shape,
    filling: impl Fn(Shape) -> T,
) -> Vec<T> {
    let mut parts = Vec::new();
    for x in xs {
        let mut missing = shape(&x).to_vec();
        missing[0] = longest - missing[0];
        parts.push(x);
        if missing[0] > 0 {
            parts.push(filling(missing.into()));
        }
    }
    parts
}

/// Sequences (length, …) of different lengths in one array (N, longest length, …), with zeros behind the shorter ones ([`PadSequence`] has
/// another length and padding).
///
/// # Errors
/// The result fails if there is no sequence, if they have no axis, different dtypes or different sizes on other axes than the first, or
/// if one is longer than the length asked for.
///
/// ```
/// use chainer::{functions as F, Array, Variable};
/// let x = Variable::new(Array::from([1.0f32, 2.0, 3.0]));
/// let y = Variable::new(Array::from([4.0f32]));
/// assert_eq!(F::pad_sequence([&x, &y]).to_vec::<f32>()?, [1.0, 2.0, 3.0, 4.0, 0.0, 0.0]);
/// let z = F::PadSequence::new().length(4).padding(-1).call([&x, &y]);
/// assert_eq!(z.to_vec::<f32>()?, [1.0, 2.0, 3.0, -1.0, 4.0, -1.0, -1.0, -1.0]);
/// # Ok::<(), chainer::Error>(())
/// ```
#[track_caller]
pub fn pad_sequence(xs: impl AsVariables) -> Variable {
    PadSequence::new().call(xs)
}
