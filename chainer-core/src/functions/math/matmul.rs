//! [`matmul`].

use smallvec::SmallVec;

use crate::functions::swap_axes;
use crate::{Array, AsVariable, BackwardContext, Function, Gradients, Outputs, Retain, Variable, apply};

/// The product of operands of at least two axes.
struct MatMul;

impl Function for MatMul {
    fn name(&self) -> &'static str {
        "matmul"
    }
    fn forward(&self, inputs: &[Array]) -> Outputs {
        chainer_kernels::ops::matmul(&inputs[0], &inputs[1]).into()
    }
    fn retain(&self) -> Retain {
        Retain::inputs()
    }
    fn backward(&self, c: &BackwardContext<'_>) -> Gradients {
        // Where leading axes were broadcast the walk sums the gradients over them.
        let ga = c.wants(0).then(|| apply(MatMul, [c.gy(0), &swap_axes(c.input(1), -1, -2)]).one());
        let gb = c.wants(1).then(|| apply(MatMul, [&swap_axes(c.input(0), -1, -2), c.gy(0)]).one());
        (ga, gb).into()
    }
}

/// The matrix product, by NumPy's rule: (…, m, k) by (…, k, n) gives (…, m, n), leading axes broadcast; a 1-d operand is a row on the
/// left, a column on the right, and its axis is gone from the result. Transposed operands cost nothing.
///
/// # Errors
/// The result fails if sizes do not fit or an operand has no axes.
///
/// ```
/// use chainer::{functions as F, Array, Variable};
/// let a = Variable::new(Array::from([[1.0f32, 2.0], [3.0, 4.0]]));
/// let x = Variable::new(Array::from([1.0f32, -1.0]));
/// let y = F::matmul(&a, &x);
/// assert_eq!(y.to_vec::<f32>()?, [-1.0, -1.0]);
/// y.sum().backward()?;
/// assert_eq!(x.grad().unwrap().to_vec::<f32>()?, [4.0, 6.0]);
/// # Ok::<(), chainer::Error>(())
/// ```
#[track_caller]
pub fn matmul(a: impl AsVariable, b: impl AsVariable) -> Variable {
    let (a, b) = (a.as_variable(), b.as_variable());
    let fits = a.error().is_none() && b.error().is_none() && a.ndim() > 0 && b.ndim() > 0;
    let (row, column) = (fits && a.ndim() == 1, fits && b.ndim() == 1);
    // Vectors become matrices only where the sizes fit: a message then shows the shapes that the user passed.
    if !(row || column) || a.shape().last() != b.shape().get(b.ndim().saturating_sub(2)) {
        return apply(MatMul, [a, b]).one();
    }
    let a = if row { a.reshape([1, a.size()]) } else { a };
    let b = if column { b.reshape([b.size(), 1]) } else { b };
    let y = apply(MatMul, [a, b]).one();
    if y.error().is_some() {
        return y;
    }
    let mut sizes: SmallVec<[usize; 4]> = SmallVec::from_slice(y.shape());
    if column {
        sizes.pop();
    }
    if row {
        sizes.remove(sizes.len() - if column { 1 } else { 2 });
    }
    y.reshape(&sizes[..])
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::gradient_check::{CheckOptions, check_backward, check_double_backward};

    fn filled(shape: &[usize]) -> Array {
        let n: usize = shape.iter().product();
        Array::from_vec((0..n).map(|i| ((i * 7 + 3) % 11) as f64 * 0.2 - 1.0).collect(), shape)
    }

    #[test]
    fn gradients_of_all_ranks() {
        let cases: [(&[usize], &[usize], &[usize]); 8] = [
            (&[2, 3], &[3, 4], &[2, 4]),
            (&[3], &[3, 4], &[4]),
            (&[2, 3], &[3], &[2]),
            (&[3], &[3], &[]),
            (&[5, 2, 3], &[3, 2], &[5, 2, 2]),
            (&[2, 1, 2, 3], &[4, 3, 1], &[2, 4, 2, 1]),
            (&[3], &[2, 3, 2], &[2, 2]),
            (&[2, 0], &[0, 3], &[2, 3]),
        ];
        for (a, b, y) in cases {
            let f = |xs: &[Variable]| matmul(&xs[0], &xs[1]);
            let inputs = [filled(a), filled(b)];
            let options = CheckOptions::default();
            check_backward(f, &inputs, &[filled(y)], &options).unwrap_or_else(|e| panic!("{a:?} {b:?}: {e}"));
            check_double_backward(f, &inputs, &[filled(y)], &inputs, &options)
                .unwrap_or_else(|e| panic!("{a:?} {b:?}: {e}"));
        }
    }

    #[test]
    fn sizes_that_do_not_fit_are_errors() {
        for (a, b) in [(&[2, 3][..], &[2, 3][..]), (&[3], &[2]), (&[], &[2]), (&[2], &[]), (&[2, 2, 3], &[3, 3, 2])] {
            assert!(matmul(filled(a), filled(b)).check().is_err(), "{a:?} {b:?}");
        }
    }
}
