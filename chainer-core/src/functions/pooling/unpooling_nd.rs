//! [`unpooling_nd`].

use std::panic::Location;

use chainer_kernels::Loc;
use chainer_kernels::kernel::{AveragePool, Divisor, Pool};
use chainer_kernels::ops::{get_conv_outsize, get_deconv_outsize};

use super::average_pooling_nd::{AveragePooling, Spread};
use super::{check_pooled, pool_nd};
use crate::functions::array::result_shape;
use crate::functions::{Sizes, Strides, checked, composed, settings};
use crate::type_check::{self, Checked};
use crate::{Array, AsVariable, Variable, apply};

/// The spatial sizes of what has been pooled to x by `pool`: those that were asked for, or what the sizes of x give.
pub(super) fn outsize(x: &Array, pool: &Pool, asked: Option<Vec<usize>>, cover_all: bool) -> Vec<usize> {
    asked.unwrap_or_else(|| {
        let sizes = x.shape().iter().skip(2).zip(&pool.ksize).zip(pool.stride.iter().zip(&pool.pad));
        sizes.map(|((&size, &k), (&s, &p))| get_deconv_outsize(size, k, s, p, cover_all, 1)).collect()
    })
}

/// A window and sizes that pool to the sizes of x.
pub(super) fn check_unpooled(x: &Array, pool: &Pool, size: &[usize], cover_all: bool) -> Checked {
    check_pooled(x, pool)?;
    let axes = pool.ksize.len();
    for (what, values, least) in [("ksize", &pool.ksize, 1), ("stride", &pool.stride, 1), ("pad", &pool.pad, 0)] {
        type_check::equal(format_args!("len({what})"), values.len(), "x.ndim - 2", axes)?;
        type_check::expect(
            values.iter().all(|&value| value >= least),
            format_args!("{what} >= {least}"),
            format_args!("{values:?}"),
        )?;
    }
    type_check::equal("len(outsize)", size.len(), "x.ndim - 2", axes)?;
    for (axis, &size) in size.iter().enumerate() {
        let pooled = get_conv_outsize(size, pool.ksize[axis], pool.stride[axis], pool.pad[axis], cover_all, 1);
        let expect = format!("get_conv_outsize(outsize[{axis}], ksize[{axis}], stride[{axis}], pad[{axis}])");
        type_check::equal(format_args!("x.shape[{}]", axis + 2), x.shape()[axis + 2], expect, pooled)?;
    }
    result_shape(x.shape()[..2].iter().chain(size).copied().map(Some)).map(|_| ())
}

/// x, each element spread over its window: the reverse of pooling by sums.
pub(super) fn unpooled(
    name: &'static str,
    x: Variable,
    pool: Pool,
    asked: Option<Vec<usize>>,
    cover_all: bool,
    at: Loc,
) -> Variable {
    composed(at, || {
        x.check()?;
        let size = outsize(x.data(), &pool, asked, cover_all);
        checked(name, || check_unpooled(x.data(), &pool, &size, cover_all))?;
        if x.shape()[2..].contains(&0) {
            // There is nothing to spread: sums of nothing, for pooling takes no windows that do not fit.
            let axes: Vec<isize> = (2..x.ndim() as isize).collect();
            let shape: Vec<usize> = x.shape()[..2].iter().copied().chain(size).collect();
            return Ok(x.sum_axes(&axes, true).broadcast_to(shape));
        }
        let pool = AveragePool { pool, divisor: Divisor::One };
        let of = AveragePooling { name: "unpooling_grad", pool, cover_all };
        Ok(apply(Spread { name, of, size }, [x]).one())
    })
}

settings! {
    /// [`unpooling_nd`] with settings.
    UnpoolingND(ksize: Sizes) {
        /// How far the window moves (default: by its own size).
        stride: into Strides = Strides(None),
        /// The padding around the result, which is cut off (default 0).
        pad: into Sizes = Sizes::All(0),
        /// The spatial sizes of the result, which must pool to those of x (default: the smallest or, with `cover_all` false, the
        /// only ones that windows side by side give).
        outsize: into Option<Vec<usize>> = None,
        /// Whether the last window may reach beyond the end (default true).
        cover_all: bool = true,
    }
}

impl UnpoolingND {
    /// Applies the function.
    #[track_caller]
    pub fn call(self, x: impl AsVariable) -> Variable {
        let x = x.as_variable();
        let pool = pool_nd(&x, &self.ksize, &self.stride, &self.pad);
        unpooled("unpooling_nd", x, pool, self.outsize, self.cover_all, Location::caller())
    }
}

/// Each element of x (N, C, spatial…) spread over a window of `ksize` (a number, or one for each axis), with any number of spatial axes;
/// where windows overlap, the sum. The windows lie side by side, and the last one reaches beyond the end by all but one element, as in
/// [`max_pooling_nd`](super::max_pooling_nd()); [`UnpoolingND`] has other strides, padding and sizes.
///
/// # Errors
/// The result fails if x has no float dtype or no spatial axis, or the sizes do not fit.
///
/// ```
/// use chainer::{functions as F, Array, Variable};
/// let x = Variable::new(Array::from([[[1.0f32, 2.0, 3.0]]]));
/// assert_eq!(F::unpooling_nd(&x, 2).to_vec::<f32>()?, [1.0, 1.0, 2.0, 2.0, 3.0]);
/// let y = F::UnpoolingND::new(2).cover_all(false).call(&x);
/// assert_eq!(y.to_vec::<f32>()?, [1.0, 1.0, 2.0, 2.0, 3.0, 3.0]);
/// # Ok::<(), chainer::Error>(())
/// ```
#[track_caller]
pub fn unpooling_nd(x: impl AsVariable, ksize: impl Into<Sizes>) -> Variable {
    UnpoolingND::new(ksize).call(x)
}
