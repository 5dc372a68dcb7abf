//! [`einsum`]: `subscripts` reads the string, `contraction` computes.

mod contraction;
mod diagonal;
mod subscripts;

use std::panic::Location;

use chainer_kernels::Position;

use crate::functions::{cast, checked};
use crate::type_check;
use crate::{AsVariables, Error, Result, Variable, Variables};

const NAME: &str = "einsum";

/// Einstein's summation: the products of the operands' elements, summed over all subscripts that the output does not name. The
/// subscripts are NumPy's:
///
/// - one letter for each axis, the operands separated by commas, then `->` and the axes of the output: `"ij,jk->ik"` is the matrix
///   product, `"bij->bji"` transposes, `"ij->"` sums all elements;
/// - a letter twice in one operand takes the diagonal: `"ii->"` is the trace, `"ii->i"` the diagonal;
/// - without `->` the output has the letters that occur once, in alphabetical order;
/// - `...` stands for any number of axes, which broadcast.
///
/// Axes of size 1 broadcast. Operands are contracted two at a time, the pair with the smallest result first, by products of matrices.
///
/// # Errors
/// The result fails unless all operands have float dtypes, the subscripts have as many terms as there are operands and name each axis,
/// and axes with one subscript have one size (or 1).
///
/// ```
/// use chainer::{functions as F, Array, Variable};
/// let a = Variable::new(Array::from([[1.0f32, 2.0], [3.0, 4.0]]));
/// let x = Variable::new(Array::from([1.0f32, -1.0]));
/// assert_eq!(F::einsum("ij,j->i", [&a, &x]).to_vec::<f32>()?, [-1.0, -1.0]);
/// assert_eq!(F::einsum("ii", [&a]).item::<f32>()?, 5.0);
/// assert_eq!(F::einsum("i,ij,j", [&x, &a, &x]).item::<f32>()?, 0.0);
/// # Ok::<(), chainer::Error>(())
/// ```
#[track_caller]
pub fn einsum(subscripts: &str, operands: impl AsVariables) -> Variable {
    let at = Location::caller();
    let _position = Position::enter(at);
    contracted(subscripts, operands.as_variables()).map_err(|error| error.at(at)).into()
}

fn contracted(subscripts: &str, operands: Variables) -> Result<Variable> {
    operands.iter().try_for_each(Variable::check)?;
    if operands.is_empty() {
        return Err(Error::value(NAME, "at least one operand", "none"));
    }
    checked(NAME, || {
        let mut operands = operands.iter().enumerate();
        operands.try_for_each(|(i, x)| type_check::float(&format!("operands[{i}]"), x.data()))
    })?;
    let ndims: Vec<usize> = operands.iter().map(Variable::ndim).collect();
    let subscripts = subscripts::parse(subscripts, &ndims)?;
    let dtype = operands.iter().fold(operands[0].dtype(), |dtype, x| dtype.promote(x.dtype()));
    let operands = operands.iter().map(|x| cast(x, dtype));
    contraction::contract(operands.collect(), subscripts)
}
