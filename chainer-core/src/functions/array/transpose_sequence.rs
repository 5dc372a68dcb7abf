//! [`transpose_sequence`].

use std::panic::Location;

use chainer_kernels::{Scalar, ops};

use super::pad_sequence::{check_sequences, filled_up, shown_everywhere};
use crate::functions::checked;
use crate::type_check;
use crate::{
    Array, AsVariables, BackwardContext, Error, Function, Gradients, Outputs, Result, Retain, Variable, apply,
};

const NAME: &str = "transpose_sequence";

/// Sequences of falling length, the first of which is not empty.
struct TransposeSequence;

impl Function for TransposeSequence {
    fn name(&self) -> &'static str {
        NAME
    }
    fn forward(&self, inputs: &[Array]) -> Outputs {
        let longest = inputs[0].shape()[0];
        // All sequences as one array, filled up with anything; the results are views of it.
        let filling = match shown_everywhere(Scalar::Int(0), inputs[0].dtype()) {
            Ok(filling) => filling,
            Err(error) => return error.into(),
        };
        let parts = filled_up(inputs.iter().cloned(), longest, Array::shape, |missing| filling.broadcast_to(missing));
        let mut shape = inputs[0].shape().to_vec();
        shape.insert(0, inputs.len());
        let together = ops::concatenate(&parts.iter().collect::<Vec<_>>(), 0).reshape(shape).swap_axes(0, 1);
        let reach = |time: usize| inputs.iter().take_while(|x| x.shape()[0] > time).count();
        (0..longest).map(|time| together.slice((time as isize, ..reach(time) as isize))).collect()
    }
    fn retain(&self) -> Retain {
        Retain::none()
    }
    fn backward(&self, c: &BackwardContext<'_>) -> Gradients {
        let gys: Vec<Variable> = (0..c.output_count()).map(|i| c.gy(i).clone()).collect();
        // The sequences without an element are not in it.
        let present = (0..c.input_count()).filter(|&i| c.input_shape(i)[0] > 0).count();
        let mut gradients: Vec<Option<Variable>> =
            apply(TransposeSequence, gys).list(present).into_iter().map(Some).collect();
        let empty = (present..c.input_count()).map(|i| Array::zeros(c.input_shape(i), c.input_dtype(i)));
        gradients.extend(empty.map(|gx| Some(Variable::constant(gx))));
        gradients.into()
    }
}

/// A list of sequences (length, …), sorted by falling length, as a list over time: element `t` of the result has what the sequences that
/// are long enough have at `t`, (sequences, …). Transposing twice gives back the sequences that have elements.
///
/// # Errors
/// If the sequences have no axis, different dtypes, different sizes on other axes than the first, or are not sorted, the result is a
/// single failed variable.
///
/// ```
/// use chainer::{functions as F, Array};
/// let xs = [Array::from([0.0f32, 1.0, 2.0, 3.0]), Array::from([4.0f32, 5.0]), Array::from([6.0f32])];
/// let ys = F::transpose_sequence(&xs[..]);
/// assert_eq!(ys.len(), 4);
/// assert_eq!(ys[0].to_vec::<f32>()?, [0.0, 4.0, 6.0]);
/// assert_eq!(ys[1].to_vec::<f32>()?, [1.0, 5.0]);
/// assert_eq!(ys[3].to_vec::<f32>()?, [3.0]);
/// # Ok::<(), chainer::Error>(())
/// ```
#[track_caller]
pub fn transpose_sequence(xs: impl AsVariables) -> Vec<Variable> {
    let (xs, at) = (xs.as_variables(), Location::caller());
    if xs.is_empty() {
        return Vec::new();
    }
    if let Err(error) = check(&xs) {
        return vec![Variable::failed(error.at(at))];
    }
    match xs[0].len() {
        0 => Vec::new(),
        longest => apply(TransposeSequence, xs).list(longest),
    }
}

fn check(xs: &[Variable]) -> Result<(), Error> {
    xs.iter().try_for_each(Variable::check)?;
    checked(NAME, || {
        check_sequences(xs)?;
        for (i, pair) in xs.windows(2).enumerate() {
            let (first, second) = (pair[0].len(), pair[1].len());
            let expect = format_args!("len(xs[{i}]) >= len(xs[{}])", i + 1);
            type_check::expect(first >= second, expect, format_args!("{first} < {second}"))?;
        }
        Ok(())
    })
}
