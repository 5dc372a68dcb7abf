//! Checks of a function's inputs, with Chainer's wording.
//!
//! A check returns a [`Mismatch`], the two texts of Chainer's message; the application of the function adds the function's name and
//! the caller's position:
//!
//! ```text
//! InvalidType in linear (examples/mnist/src/main.rs:31:18)
//!   Expect: x.shape[1] == W.shape[1]
//!   Actual: 784 != 100
//! ```

use std::fmt::Display;

use crate::{Array, Dtype};

/// Why inputs do not fit: what was expected, as an expression, and the values that came.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Mismatch {
    /// Such as `x.shape[1] == W.shape[1]`.
    pub expect: String,
    /// Such as `784 != 100`.
    pub actual: String,
}

impl Mismatch {
    /// A mismatch of these two texts.
    pub fn new(expect: impl Into<String>, actual: impl Into<String>) -> Self {
        Mismatch { expect: expect.into(), actual: actual.into() }
    }
}

/// What a check returns.
pub type Checked = Result<(), Mismatch>;

/// `condition`, or the two texts.
///
/// ```
/// use chainer::type_check::expect;
/// assert!(expect(3 % 3 == 0, "c % groups == 0", "3 % 3 != 0").is_ok());
/// ```
pub fn expect(condition: bool, expect: impl Display, actual: impl Display) -> Checked {
    if condition { Ok(()) } else { Err(Mismatch::new(expect.to_string(), actual.to_string())) }
}

/// Two sizes, dtypes or shapes that must be equal, with the expressions that they are the values of.
///
/// ```
/// use chainer::type_check::equal;
/// let error = equal("x.shape[1]", 784, "W.shape[1]", 100).unwrap_err();
/// assert_eq!(error.expect, "x.shape[1] == W.shape[1]");
/// assert_eq!(error.actual, "784 != 100");
/// ```
pub fn equal<T: PartialEq + std::fmt::Debug>(left: impl Display, a: T, right: impl Display, b: T) -> Checked {
    if a == b { Ok(()) } else { Err(Mismatch::new(format!("{left} == {right}"), format!("{a:?} != {b:?}"))) }
}

/// The number of axes.
pub fn ndim(name: &str, x: &Array, ndim: usize) -> Checked {
    expect(x.ndim() == ndim, format_args!("{name}.ndim == {ndim}"), format_args!("{} != {ndim}", x.ndim()))
}

/// At least so many axes.
pub fn min_ndim(name: &str, x: &Array, ndim: usize) -> Checked {
    expect(x.ndim() >= ndim, format_args!("{name}.ndim >= {ndim}"), format_args!("{} < {ndim}", x.ndim()))
}

/// A floating-point dtype.
pub fn float(name: &str, x: &Array) -> Checked {
    expect(x.dtype().is_float(), format_args!("{name}.dtype.kind == f"), format_args!("{} != f", x.dtype().kind()))
}

/// A signed or unsigned integer dtype.
pub fn integer(name: &str, x: &Array) -> Checked {
    expect(x.dtype().is_integer(), format_args!("{name}.dtype.kind == i"), format_args!("{} != i", x.dtype().kind()))
}

/// A given dtype.
pub fn dtype(name: &str, x: &Array, dtype: Dtype) -> Checked {
    expect(x.dtype() == dtype, format_args!("{name}.dtype == {dtype}"), format_args!("{} != {dtype}", x.dtype()))
}

/// The same dtype.
pub fn same_dtype(a: &str, x: &Array, b: &str, y: &Array) -> Checked {
    let same = x.dtype() == y.dtype();
    expect(same, format_args!("{a}.dtype == {b}.dtype"), format_args!("{} != {}", x.dtype(), y.dtype()))
}

/// The same shape.
pub fn same_shape(a: &str, x: &Array, b: &str, y: &Array) -> Checked {
    let same = x.shape() == y.shape();
    expect(same, format_args!("{a}.shape == {b}.shape"), format_args!("{:?} != {:?}", x.shape(), y.shape()))
}

/// The same size of one axis each. Both arrays have that axis.
pub fn same_size(a: &str, x: &Array, i: usize, b: &str, y: &Array, j: usize) -> Checked {
    let (m, n) = (x.shape()[i], y.shape()[j]);
    expect(m == n, format_args!("{a}.shape[{i}] == {b}.shape[{j}]"), format_args!("{m} != {n}"))
}
