//! The operations that do not fuse: shape checks and dtypes here, then a [`Kernel`](crate::kernel::Kernel) for the device.
//!
//! The names and arguments are NumPy's. Functions take arrays by reference, never panic on bad input and return failed arrays
//! ([`Array::failed`]); what needs values on the host before it can say how many results there are returns a `Result`.
//! Nothing here knows of gradients or devices.
//!
//! - [`matmul`], [`dot`], [`tensordot`] …: products; [`linalg`]: factorisations;
//! - [`convolution`], [`max_pooling`] … and what their gradients need;
//! - [`Index`], [`take`], [`nonzero`] …: picking elements and putting them back;
//! - [`concatenate`], [`split`], [`pad`], [`tile`], [`roll`] …: rearranging;
//! - [`arange`], [`eye`], [`meshgrid`] …: making arrays;
//! - [`var`], [`sort`], [`cumsum`], [`bincount`] …: statistics, order, running sums.

mod advanced;
mod arrange;
mod convolution;
mod create;
mod diagonal;
mod gather;
mod index;
mod join;
pub mod linalg;
mod nonzero;
mod pad;
mod pooling;
mod product;
mod scan;
mod statistics;
mod ufunc;
mod window;

pub use advanced::{scatter_add, scatter_set};
pub use arrange::{
    atleast_1d, atleast_2d, atleast_3d, flip, fliplr, flipud, moveaxis, repeat, repeat_each, roll, rollaxis, rot90,
    tile,
};
pub use convolution::{
    convolution, convolution_backward_data, convolution_backward_filter, deconvolution, get_conv_outsize,
    get_deconv_outsize,
};
pub use create::{arange, eye, identity, ix_, linspace, linspace_with_step, logspace, meshgrid, tri};
pub use diagonal::{diag, diagflat, diagonal, fill_diagonal, trace};
pub use gather::{put_along_axis, scatter_add_along_axis, scatter_axis, take, take_along_axis};
pub use index::{Index, IntoIndices};
pub use join::{
    Sections, array_split, c_, column_stack, concatenate, dsplit, dstack, hsplit, hstack, r_, split, stack, vsplit,
    vstack,
};
pub use nonzero::{compress, flatnonzero, nonzero};
pub use pad::{PadMode, pad};
pub use pooling::{average_pooling, average_pooling_backward, max_pooling, max_pooling_backward, max_pooling_gather};
pub use product::{TensordotAxes, dot, inner, matmul, outer, tensordot, vdot};
pub use scan::{Order, argsort, cumprod, cumsum, linear_recurrence, sort, sort_with_places};
pub use statistics::{average, bincount, count_nonzero, nanmax, nanmin, std, var};
pub use ufunc::{broadcast_arrays, copyto, frexp, modf, where_};
pub use window::{fold, region_max, unfold};

use crate::array::Array;
use crate::error::{Error, Loc, Result};

/// The array that `make` returns, or a failed one whose error is at `at`.
fn or_failed(at: Loc, make: impl FnOnce() -> Result<Array>) -> Array {
    make().unwrap_or_else(|error| Array::failed(error.at(at)))
}

/// The first error among the arrays.
fn check_all<'a>(arrays: impl IntoIterator<Item = &'a Array>) -> Result<()> {
    arrays.into_iter().try_for_each(Array::check)
}

/// The one output of a kernel.
fn one(outputs: smallvec::SmallVec<[Array; 2]>) -> Array {
    outputs
        .into_iter()
        .next()
        .unwrap_or_else(|| Array::failed(Error::new(crate::ErrorKind::State, "kernel", "the kernel has no output")))
}
