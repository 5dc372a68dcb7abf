//! [`topk`].

use chainer_kernels::ops::Order;

use super::sort::Sorted;
use crate::functions::settings;
use crate::{AsVariable, Variable, apply};

settings! {
    /// [`topk`] with settings.
    Topk(k: usize) {
        /// The axis (default -1).
        axis: isize = -1,
        /// Whether the largest elements are wanted (the default) or the smallest.
        largest: bool = true,
    }
}

impl Topk {
    /// Applies the function.
    #[track_caller]
    pub fn call(self, x: impl AsVariable) -> (Variable, Variable) {
        let order = Order { descending: self.largest, count: Some(self.k) };
        let [y, places] = apply(Sorted { name: "topk", axis: self.axis, order }, [x.as_variable()]).many();
        (y, places)
    }
}

/// The `k` largest elements along the last axis, the largest first, and their int64 places, which have no gradient ([`Topk`] has other
/// axes, and the smallest elements). Of equal elements the first is taken first; NaN counts as the last of all. Each gradient goes to
/// where its element came from.
///
/// # Errors
/// The results fail unless x has a float dtype, the axis exists and has at least `k` elements.
///
/// ```
/// use chainer::{functions as F, Array, Variable};
/// let x = Variable::new(Array::from([3.0f32, 1.0, 7.0, 3.0]));
/// let (y, places) = F::topk(&x, 2);
/// assert_eq!(y.to_vec::<f32>()?, [7.0, 3.0]);
/// assert_eq!(places.to_vec::<i64>()?, [2, 0]);
/// let (y, _) = F::Topk::new(2usize).largest(false).call(&x);
/// assert_eq!(y.to_vec::<f32>()?, [1.0, 3.0]);
/// # Ok::<(), chainer::Error>(())
/// ```
#[track_caller]
pub fn topk(x: impl AsVariable, k: usize) -> (Variable, Variable) {
    Topk::new(k).call(x)
}
