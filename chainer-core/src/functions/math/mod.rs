//! Mathematical functions.

mod absolute_error;
mod along_axis;
mod argsort;
mod average;
mod batch_l2_norm_squared;
mod batch_matmul;
mod bias;
mod clip;
mod cumprod;
mod cumsum;
mod einsum;
mod elementwise;
mod extremum;
mod identity;
mod linalg;
mod linear_interpolate;
mod logsumexp;
mod matmul;
mod prod;
mod recurrence;
mod scale;
mod sort;
mod squared_difference;
mod sum;
mod tensordot;
mod topk;

pub use absolute_error::absolute_error;
pub use argsort::{Argsort, argsort};
pub use average::{average, mean};
pub use batch_l2_norm_squared::batch_l2_norm_squared;
pub use batch_matmul::{BatchMatMul, batch_matmul};
pub use bias::{Bias, bias};
pub use chainer_kernels::ops::TensordotAxes;
pub use clip::clip;
pub use cumprod::cumprod;
pub use cumsum::cumsum;
pub use einsum::einsum;
pub use elementwise::*;
pub use extremum::{argmax, argmin, max, min};
pub use identity::identity;
pub use linalg::*;
pub use linear_interpolate::linear_interpolate;
pub use logsumexp::logsumexp;
pub use matmul::{MatMul, matmul};
pub use prod::prod;
pub use scale::{Scale, scale};
pub use sort::{Sort, sort};
pub use squared_difference::{squared_difference, squared_error};
pub use sum::sum;
pub use tensordot::tensordot;
pub use topk::{Topk, topk};

use crate::Array;
use crate::type_check::{self, Checked};

/// Two inputs of one float dtype and one shape, under these names.
fn check_pair([a, b]: [&str; 2], inputs: &[Array]) -> Checked {
    type_check::float(a, &inputs[0])?;
    type_check::same_dtype(a, &inputs[0], b, &inputs[1])?;
    type_check::same_shape(a, &inputs[0], b, &inputs[1])
}
