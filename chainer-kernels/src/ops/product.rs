//! Matrix products and what is made of them.

use std::panic::Location;

use super::{check_all, one, or_failed};
use crate::array::{Array, ArrayOps};
use crate::error::{Error, Result};
use crate::kernel::Kernel;
use crate::shape::Shape;

/// The matrix product of the last two axes: (…, m, k) by (…, k, n) gives (…, m, n). NumPy's rule: leading axes broadcast; a 1-d operand
/// is a row on the left, a column on the right, and its axis is gone from the result. Dtypes promote; bool is "or of ands".
///
/// Operands may have any strides: transposes cost nothing. Zero-dimensional operands or sizes that differ give a failed array.
///
/// ```
/// use chainer_kernels::{Array, ops::matmul};
/// let a = Array::from([[1.0f32, 2.0], [3.0, 4.0]]);
/// let x = Array::from([1.0f32, -1.0]);
/// assert_eq!(matmul(&a, &x).to_vec::<f32>()?, [-1.0, -1.0]);
/// assert_eq!(matmul(&a, &a.transpose()).to_vec::<f32>()?, [5.0, 11.0, 11.0, 25.0]);
/// let error = matmul(&a, &Array::from([1.0f32; 3])).check().unwrap_err();
/// assert!(error.to_string().contains("a.shape[-1] == b.shape[0]") && error.to_string().contains("2 != 3"));
/// # Ok::<(), chainer_kernels::Error>(())
/// ```
#[track_caller]
pub fn matmul(a: &Array, b: &Array) -> Array {
    or_failed(Location::caller(), || product("matmul", a, b))
}

fn product(name: &'static str, a: &Array, b: &Array) -> Result<Array> {
    check_all([a, b])?;
    for (letter, x) in [("a", a), ("b", b)] {
        if x.ndim() == 0 {
            return Err(Error::mismatch(name, format_args!("{letter}.ndim >= 1"), "0"));
        }
    }
    let (row, column) = (a.ndim() == 1, b.ndim() == 1);
    let left = if row { a.expand_dims(0) } else { a.clone() };
    let right = if column { b.expand_dims(1) } else { b.clone() };
    let ((a_batch, a_dims), (b_batch, b_dims)) =
        (left.shape().split_at(left.ndim() - 2), right.shape().split_at(right.ndim() - 2));
    let (m, k, n) = (a_dims[0], a_dims[1], b_dims[1]);
    if k != b_dims[0] {
        let expect = if column { "a.shape[-1] == b.shape[0]" } else { "a.shape[-1] == b.shape[-2]" };
        let actual = format!("{k} != {} (shapes {:?} and {:?})", b_dims[0], a.shape(), b.shape());
        return Err(Error::mismatch(name, expect, actual));
    }
    let Some(batch) = Shape::new(a_batch).broadcast(&Shape::new(b_batch)) else {
        let actual = format!("{:?} and {:?}", a.shape(), b.shape());
        return Err(Error::mismatch(name, "shapes whose leading axes broadcast", actual));
    };
    let with = |tail: &[usize]| -> Shape { batch.iter().chain(tail).copied().collect() };
    let dtype = a.dtype().promote(b.dtype());
    // Broadcast views have stride 0: nothing is copied.
    let left = left.astype(dtype).broadcast_to(with(&[m, k]));
    let right = right.astype(dtype).broadcast_to(with(&[k, n]));
    let y = one(Array::call(Kernel::MatMul, &[&left, &right], &[(with(&[m, n]), dtype)]));
    Ok(match (row, column) {
        (false, false) => y,
        (true, true) => y.reshape(batch),
        (true, false) => y.reshape(with(&[n])),
        (false, true) => y.reshape(with(&[m])),
    })
}

/// NumPy's `dot`: the inner product of vectors, the matrix product of matrices; of more axes the sum over the last axis of `a` and the
/// last but one (of a vector: the only one) of `b`. A zero-dimensional operand multiplies.
///
/// ```
/// use chainer_kernels::{Array, Dtype, ops::dot};
/// let x = Array::from([1.0f32, 2.0, 3.0]);
/// assert_eq!(dot(&x, &x).item::<f32>()?, 14.0);
/// let y = dot(&Array::zeros([2, 3, 4], Dtype::F32), &Array::zeros([5, 4, 6], Dtype::F32));
/// assert_eq!(y.shape(), &[2, 3, 5, 6].into());
/// # Ok::<(), chainer_kernels::Error>(())
/// ```
#[track_caller]
pub fn dot(a: &Array, b: &Array) -> Array {
    or_failed(Location::caller(), || {
        check_all([a, b])?;
        if a.ndim() == 0 || b.ndim() == 0 {
            return Ok(a * b);
        }
        if a.ndim() <= 2 && b.ndim() <= 2 {
            return product("dot", a, b);
        }
        contract("dot", a, b, &[-1], &[if b.ndim() == 1 { -1 } else { -2 }])
    })
}

/// The sum of the products of all elements, both operands flattened.
///
/// ```
/// use chainer_kernels::{Array, ops::vdot};
/// let x = Array::from([[1i64, 2], [3, 4]]);
/// assert_eq!(vdot(&x, &x).item::<i64>()?, 30);
/// # Ok::<(), chainer_kernels::Error>(())
/// ```
#[track_caller]
pub fn vdot(a: &Array, b: &Array) -> Array {
    or_failed(Location::caller(), || {
        check_all([a, b])?;
        if a.size() != b.size() {
            return Err(Error::mismatch("vdot", "a.size == b.size", format_args!("{} != {}", a.size(), b.size())));
        }
        product("vdot", &a.reshape(a.size()), &b.reshape(b.size()))
    })
}

/// The sum over the last axis of both; a zero-dimensional operand multiplies.
///
/// ```
/// use chainer_kernels::{Array, ops::inner};
/// let x = Array::from([[1i64, 2], [3, 4]]);
/// assert_eq!(inner(&x, &x).to_vec::<i64>()?, [5, 11, 11, 25]);
/// # Ok::<(), chainer_kernels::Error>(())
/// ```
#[track_caller]
pub fn inner(a: &Array, b: &Array) -> Array {
    or_failed(Location::caller(), || {
        check_all([a, b])?;
        if a.ndim() == 0 || b.ndim() == 0 { Ok(a * b) } else { contract("inner", a, b, &[-1], &[-1]) }
    })
}

/// The products of all pairs of elements: (a.size, b.size), both operands flattened.
///
/// ```
/// use chainer_kernels::{Array, ops::outer};
/// let y = outer(&Array::from([1i64, 2]), &Array::from([3i64, 4, 5]));
/// assert_eq!(y.shape(), &[2, 3].into());
/// ```
#[track_caller]
pub fn outer(a: &Array, b: &Array) -> Array {
    or_failed(Location::caller(), || {
        check_all([a, b])?;
        Ok(a.reshape([a.size(), 1]) * b.reshape([1, b.size()]))
    })
}

/// Over which axes [`tensordot`] sums: the last n of `a` with the first n of `b` (a number; NumPy's default is 2), or pairs of axes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TensordotAxes {
    /// The last n of `a`, the first n of `b`.
    Last(usize),
    /// These axes of `a` with those of `b`, in order.
    Pairs(Vec<isize>, Vec<isize>),
}

impl From<usize> for TensordotAxes {
    fn from(count: usize) -> Self {
        TensordotAxes::Last(count)
    }
}
impl<const N: usize> From<([isize; N], [isize; N])> for TensordotAxes {
    fn from((a, b): ([isize; N], [isize; N])) -> Self {
        TensordotAxes::Pairs(a.to_vec(), b.to_vec())
    }
}
impl From<(&[isize], &[isize])> for TensordotAxes {
    fn from((a, b): (&[isize], &[isize])) -> Self {
        TensordotAxes::Pairs(a.to_vec(), b.to_vec())
    }
}

/// The sum of products over pairs of axes; the result has the other axes of `a`, then those of `b`.
///
/// ```
/// use chainer_kernels::{Array, Dtype, ops::tensordot};
/// let (a, b) = (Array::zeros([2, 3, 4], Dtype::F32), Array::zeros([4, 3, 5], Dtype::F32));
/// assert_eq!(tensordot(&a, &b, ([1, 2], [1, 0])).shape(), &[2, 5].into());
/// assert_eq!(tensordot(&a, &b, 1).shape(), &[2, 3, 3, 5].into());
/// assert!(tensordot(&a, &b, 2).is_failed());
/// ```
#[track_caller]
pub fn tensordot(a: &Array, b: &Array, axes: impl Into<TensordotAxes>) -> Array {
    let axes = axes.into();
    or_failed(Location::caller(), || {
        check_all([a, b])?;
        match axes {
            TensordotAxes::Pairs(of_a, of_b) => contract("tensordot", a, b, &of_a, &of_b),
            TensordotAxes::Last(count) => {
                if count > a.ndim().min(b.ndim()) {
                    let actual = format!("{count} (shapes {:?} and {:?})", a.shape(), b.shape());
                    return Err(Error::value("tensordot", "axes <= min(a.ndim, b.ndim)", actual));
                }
                let of_a: Vec<isize> = (a.ndim() - count..a.ndim()).map(|i| i as isize).collect();
                let of_b: Vec<isize> = (0..count as isize).collect();
                contract("tensordot", a, b, &of_a, &of_b)
            }
        }
    })
}

/// Sums over pairs of axes as one product of matrices.
fn contract(name: &'static str, a: &Array, b: &Array, of_a: &[isize], of_b: &[isize]) -> Result<Array> {
    if of_a.len() != of_b.len() {
        return Err(Error::value(name, "as many axes of a as of b", format_args!("{of_a:?} and {of_b:?}")));
    }
    // Refuses axes that do not exist and those named twice.
    a.shape().axes(of_a, name)?;
    b.shape().axes(of_b, name)?;
    let positions = |x: &Array, axes: &[isize]| -> Result<Vec<usize>> {
        axes.iter().map(|&axis| x.shape().axis(axis, name)).collect()
    };
    let (of_a, of_b) = (positions(a, of_a)?, positions(b, of_b)?);
    for (&i, &j) in of_a.iter().zip(&of_b) {
        if a.shape()[i] != b.shape()[j] {
            let expect = format!("a.shape[{i}] == b.shape[{j}]");
            return Err(Error::mismatch(name, expect, format_args!("{} != {}", a.shape()[i], b.shape()[j])));
        }
    }
    let rest = |x: &Array, axes: &[usize]| -> Vec<usize> { (0..x.ndim()).filter(|i| !axes.contains(i)).collect() };
    let (rest_a, rest_b) = (rest(a, &of_a), rest(b, &of_b));
    let size = |x: &Array, axes: &[usize]| axes.iter().map(|&i| x.shape()[i]).product::<usize>();
    let order =
        |first: &[usize], second: &[usize]| -> Vec<isize> { first.iter().chain(second).map(|&i| i as isize).collect() };
    let (m, k, n) = (size(a, &rest_a), size(a, &of_a), size(b, &rest_b));
    let left = a.permute(&order(&rest_a, &of_a)).reshape([m, k]);
    let right = b.permute(&order(&of_b, &rest_b)).reshape([k, n]);
    let out: Shape = rest_a.iter().map(|&i| a.shape()[i]).chain(rest_b.iter().map(|&i| b.shape()[i])).collect();
    Ok(product(name, &left, &right)?.reshape(out))
}
