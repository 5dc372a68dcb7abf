//! Mathematics.

use chainer::{Dtype, Variable, functions as F};

use crate::{Refusal, Unchecked, failed, integers, linalg, of, x};

/// Calls of functions of one operand with integers.
macro_rules! of_integers {
    ($($name:ident)*) => {
        vec![$((stringify!($name), F::$name(integers(&[2])), &["InvalidType", "x.dtype.kind == f", "i != f"])),*]
    };
}

/// Calls with bad input, and what the message says.
pub fn refusals() -> Vec<Refusal> {
    let mut refusals: Vec<Refusal> = of_integers!(
        absolute arccos arccosh arcsin arcsinh arctan arctanh cbrt ceil cos cosh digamma erf erfc erfcinv erfinv exp expm1 floor
        lgamma log log10 log1p log2 rsqrt sin sinh sqrt square tan
    );
    refusals.extend(of_axes());
    refusals.extend(of_several_operands());
    refusals.extend(linalg::refusals());
    refusals
}

/// Reductions and whatever else works along axes.
fn of_axes() -> Vec<Refusal> {
    vec![
        ("argmax", F::argmax(x(&[2, 3]), 2), &["axis < 2", "axis = 2"]),
        ("argmax", F::argmax(x(&[2, 0]), 1), &["no elements", "(2, 0)"]),
        ("argmin", F::argmin(x(&[2, 3]), -3), &["axis", "axis = -3"]),
        ("argmin", F::argmin(x(&[0]), None), &["no elements", "(0,)"]),
        ("logsumexp", F::logsumexp(x(&[2, 3]), 2), &["axis < 2", "axis = 2"]),
        ("logsumexp", F::logsumexp(integers(&[2, 3]), 1), &["x.dtype.kind == f"]),
        ("mean", F::mean(x(&[2, 3]), 2, false), &["axis < 2", "axis = 2"]),
        ("mean", F::mean(integers(&[2, 3]), 1, false), &["x.dtype.kind == f"]),
        ("min", F::min(x(&[2, 3]), [1, -1], false), &["named twice"]),
        ("min", F::min(x(&[0, 3]), 0, false), &["no elements", "(0, 3)"]),
        ("min", F::min(integers(&[2]), 0, false), &["x.dtype.kind == f"]),
        ("sum", F::sum(x(&[2, 3]), 2, false), &["axis < 2", "axis = 2"]),
        ("max", F::max(x(&[2, 3]), [0, 0], false), &["named twice"]),
        ("max", F::max(x(&[0, 3]), 0, false), &["no elements", "(0, 3)"]),
        ("max", F::max(integers(&[2]), 0, false), &["x.dtype.kind == f"]),
        ("average", F::average(x(&[2, 3]), 2, None, false), &["axis < 2", "axis = 2"]),
        ("average", F::average(integers(&[2, 3]), 1, None, false), &["x.dtype.kind == f"]),
        ("average", F::average(x(&[2, 3]), 1, x(&[2]), false), &["weights.shape", "(2,)"]),
        ("cumsum", F::cumsum(x(&[2, 3]), 2), &["-x.ndim <= axis < x.ndim", "axis = 2, x.ndim = 2"]),
        ("cumsum", F::cumsum(integers(&[2, 3]), 0), &["x.dtype.kind == f"]),
        ("cumprod", F::cumprod(x(&[]), 0), &["axis = 0, x.ndim = 0"]),
        ("cumprod", F::cumprod(integers(&[2, 3]), 0), &["x.dtype.kind == f"]),
        ("prod", F::prod(x(&[2, 3]), [0, 0], false), &["named twice"]),
        ("prod", F::prod(integers(&[2, 3]), 0, false), &["x.dtype.kind == f"]),
        ("sort", F::Sort::new().axis(1).call(x(&[2])), &["axis = 1, x.ndim = 1"]),
        ("sort", F::sort(integers(&[2])), &["x.dtype.kind == f"]),
        ("argsort", F::argsort(x(&[])), &["axis = -1, x.ndim = 0"]),
        ("topk", F::topk(integers(&[2, 3]), 1).0, &["x.dtype.kind == f"]),
        ("topk", F::topk(x(&[2, 3]), 4).0, &["k <= x.shape[1]", "4 > 3"]),
        ("topk", F::Topk::new(1usize).axis(2).call(x(&[2, 3])).1, &["axis = 2, x.ndim = 2"]),
    ]
}

/// Operands that have to fit each other.
fn of_several_operands() -> Vec<Refusal> {
    vec![
        ("maximum", F::maximum(x(&[2]), x(&[3])), &["broadcast", "(2,) and (3,)"]),
        ("minimum", F::minimum(x(&[2, 3]), x(&[2])), &["broadcast", "(2, 3) and (2,)"]),
        ("matmul", F::matmul(x(&[]), x(&[2])), &["a.ndim >= 1", "0 and 1"]),
        ("matmul", F::matmul(x(&[2, 3]), x(&[4, 5])), &["a.shape[-1] == b.shape[-2]", "3 != 4"]),
        ("matmul", F::matmul(x(&[2, 2, 3]), x(&[3, 3, 5])), &["broadcast", "(2, 2, 3) and (3, 3, 5)"]),
        ("arctan2", F::arctan2(x(&[2]), integers(&[2])), &["x2.dtype.kind == f"]),
        ("arctan2", F::arctan2(x(&[2]), x(&[3])), &["broadcast", "(2,) and (3,)"]),
        ("fmod", F::fmod(integers(&[2]), 2.0), &["x.dtype.kind == f"]),
        ("polygamma", F::polygamma(1, integers(&[2])), &["x.dtype.kind == f"]),
        ("clip", F::clip(integers(&[2]), 0.0, 1.0), &["x.dtype.kind == f"]),
        ("clip", F::clip(x(&[2]), 1.0, 0.0), &["x_min <= x_max", "x_min = 1, x_max = 0"]),
        ("clip", F::clip(x(&[2]), f64::NAN, 0.0), &["x_min <= x_max", "NaN"]),
        ("clip", F::clip(x(&[2]), None, None), &["x_min or x_max", "neither"]),
        ("absolute_error", F::absolute_error(x(&[2]), x(&[3])), &["x0.shape == x1.shape", "(2,) != (3,)"]),
        ("squared_error", F::squared_error(x(&[2, 3]), x(&[3])), &["x0.shape == x1.shape"]),
        ("squared_error", F::squared_error(integers(&[2]), x(&[2])), &["x0.dtype.kind == f"]),
        ("squared_difference", F::squared_difference(x(&[2, 1]), x(&[2, 3])), &["x1.shape == x2.shape"]),
        ("squared_difference", F::squared_difference(x(&[2]), of(&[2], Dtype::F64)), &["x1.dtype == x2.dtype"]),
        ("linear_interpolate", F::linear_interpolate(x(&[1]), x(&[2]), x(&[2])), &["p.shape == x.shape"]),
        ("linear_interpolate", F::linear_interpolate(x(&[2]), x(&[2]), x(&[3])), &["x.shape == y.shape"]),
        ("absolute_error", F::absolute_error(integers(&[2]), x(&[2])), &["x0.dtype.kind == f"]),
        ("absolute_error", F::absolute_error(x(&[2]), of(&[2], Dtype::F64)), &["x0.dtype == x1.dtype", "float64"]),
        ("linear_interpolate", F::linear_interpolate(x(&[2]), x(&[2]), of(&[2], Dtype::F64)), &["dtype", "float64"]),
        ("linear_interpolate", F::linear_interpolate(integers(&[2]), x(&[2]), x(&[2])), &["p.dtype.kind == f"]),
        ("bias", F::bias(integers(&[2, 3]), x(&[3])), &["x.dtype.kind == f"]),
        ("scale", F::scale(x(&[2, 3]), x(&[2])), &["x.shape[1:2] == y.shape", "(2, 3) and (2,)"]),
        ("batch_l2_norm_squared", F::batch_l2_norm_squared(integers(&[3, 2])), &["x.dtype.kind == f"]),
        ("batch_matmul", F::batch_matmul(integers(&[2, 3, 4]), x(&[2, 4, 2])), &["a.dtype.kind == f"]),
        ("bias", F::bias(x(&[2, 3]), x(&[2])), &["x.shape[1:2] == y.shape", "(2, 3) and (2,)"]),
        ("bias", F::bias(x(&[2, 1]), x(&[3])), &["x.shape[1:2] == y.shape"]),
        ("bias", F::bias(x(&[2, 3]), x(&[3, 1])), &["axis + y.ndim <= x.ndim", "1 + 2 > 2"]),
        ("scale", F::Scale::new().axis(2).call(x(&[2, 3]), x(&[3])), &["-x.ndim <= axis < x.ndim", "axis = 2"]),
        ("scale", F::scale(x(&[2, 3]), integers(&[3])), &["y.dtype.kind == f"]),
        ("batch_l2_norm_squared", F::batch_l2_norm_squared(x(&[3])), &["x.ndim >= 2", "1 < 2"]),
        ("batch_matmul", F::batch_matmul(x(&[2, 3, 4]), x(&[3, 4, 2])), &["a.shape[0] == b.shape[0]", "2 != 3"]),
        ("batch_matmul", F::batch_matmul(x(&[2, 3, 4]), x(&[2, 3])), &["columns of a == rows of b", "4 != 3"]),
        ("batch_matmul", F::batch_matmul(x(&[3]), x(&[3])), &["a.ndim == 2 or a.ndim == 3", "1"]),
        ("tensordot", F::tensordot(x(&[2, 3]), x(&[2, 3]), 1), &["a.shape[1] == b.shape[0]", "3 != 2"]),
        ("tensordot", F::tensordot(x(&[2]), x(&[2]), 2), &["axes <= min(a.ndim, b.ndim)", "2 (a.ndim = 1"]),
        ("tensordot", F::tensordot(x(&[2, 2]), x(&[2, 2]), ([0, 0], [0, 1])), &["named twice"]),
        ("tensordot", F::tensordot(x(&[2]), integers(&[2]), 1), &["b.dtype.kind == f"]),
        ("einsum", F::einsum("ij,jk", [x(&[2, 3]), x(&[2, 3])]), &["the axes j", "3 and, of operands[1], 2"]),
        ("einsum", F::einsum("ij,jk", [x(&[2, 3])]), &["one term for each operand", "2 terms for 1 operands"]),
        ("einsum", F::einsum("ij", [x(&[2])]), &["operands[0]", "\"ij\" for 1 axes"]),
        ("einsum", F::einsum("ii", [x(&[2, 3])]), &["one size of the axes i of operands[0]", "2 and 3"]),
        ("einsum", F::einsum("i,i", [x(&[2]), integers(&[2])]), &["operands[1].dtype.kind == f"]),
        ("einsum", F::einsum("", Vec::<Variable>::new()), &["at least one operand"]),
    ]
}

/// Calls with a failed input.
pub fn failures() -> Vec<Variable> {
    let own: Vec<Variable> = vec![
        F::sum(failed(), None, false),
        F::average(x(&[2]), None, failed(), false),
        F::max(failed(), None, false),
        F::argmax(failed(), None),
        F::argmin(failed(), 0),
        F::ceil(failed()),
        F::floor(failed()),
        F::logsumexp(failed(), None),
        F::matmul(x(&[2, 2]), failed()),
        F::erfinv(failed()),
        F::fmod(x(&[2]), failed()),
        F::polygamma(1, failed()),
        F::polygamma(integers(&[2]), failed()),
        F::clip(failed(), 0.0, 1.0),
        F::squared_error(failed(), x(&[2])),
        F::linear_interpolate(x(&[2]), x(&[2]), failed()),
        F::identity([&x(&[2]), &failed()]).remove(0),
        F::bias(x(&[2, 2]), failed()),
        F::scale(failed(), x(&[2])),
        F::batch_l2_norm_squared(failed()),
        F::batch_matmul(failed(), x(&[2, 2])),
        F::cumsum(failed(), 0),
        F::cumprod(failed(), None),
        F::prod(failed(), 0, false),
        F::sort(failed()),
        F::argsort(failed()),
        F::topk(failed(), 1).1,
        F::tensordot(failed(), x(&[2]), 1),
        F::einsum("i,i", [x(&[2]), failed()]),
    ];
    own.into_iter().chain(linalg::failures()).collect()
}

/// Calls that are refused without type checks, too.
pub fn unchecked() -> Vec<Unchecked> {
    let own: Vec<Unchecked> = vec![
        ("matmul", Box::new(|| F::matmul(x(&[2, 3]), x(&[2, 3])))),
        ("squared_difference", Box::new(|| F::squared_difference(x(&[2, 3]), x(&[2])))),
        ("linear_interpolate", Box::new(|| F::linear_interpolate(x(&[2]), x(&[3]), x(&[2])))),
        ("clip", Box::new(|| F::clip(x(&[2]), 1.0, 0.0))),
        ("bias", Box::new(|| F::bias(x(&[2, 3]), x(&[2])))),
        ("batch_l2_norm_squared", Box::new(|| F::batch_l2_norm_squared(x(&[])))),
        ("batch_matmul", Box::new(|| F::batch_matmul(x(&[2]), x(&[2])))),
        ("cumsum", Box::new(|| F::cumsum(x(&[2]), 3))),
        ("cumprod", Box::new(|| F::cumprod(x(&[]), 0))),
        ("prod", Box::new(|| F::prod(x(&[2]), 1, false))),
        ("sort", Box::new(|| F::Sort::new().axis(-3).call(x(&[2, 2])))),
        ("topk", Box::new(|| F::topk(x(&[]), 1).0)),
        ("topk", Box::new(|| F::topk(x(&[2]), 3).0)),
        ("tensordot", Box::new(|| F::tensordot(x(&[2]), x(&[3]), 1))),
        ("einsum", Box::new(|| F::einsum("i,i", [x(&[2]), x(&[3])]))),
    ];
    own.into_iter().chain(linalg::unchecked()).collect()
}
