//! [`sort`], and what it shares with [`topk`](super::topk()).

use chainer_kernels::ops::{self, Order};

use super::along_axis::{check_axis, flat_or};
use crate::functions::array::put_along_axis;
use crate::functions::{named, refused, settings};
use crate::type_check::{self, Checked};
use crate::{Array, AsVariable, BackwardContext, Function, Gradients, Outputs, Retain, Variable, apply};

/// x → its first elements in an order along an axis, and their places.
pub(super) struct Sorted {
    pub(super) name: &'static str,
    pub(super) axis: isize,
    pub(super) order: Order,
}

impl Function for Sorted {
    fn name(&self) -> &'static str {
        self.name
    }
    fn type_check(&self, inputs: &[Array]) -> Checked {
        let x = &inputs[0];
        type_check::float("x", x)?;
        check_axis(self.axis, x)?;
        let axis = self.axis.rem_euclid(x.ndim() as isize) as usize;
        let (size, count) = (x.shape()[axis], self.order.count.unwrap_or(0));
        type_check::expect(count <= size, format_args!("k <= x.shape[{axis}]"), format_args!("{count} > {size}"))
    }
    fn forward(&self, inputs: &[Array]) -> Outputs {
        if let Some(refused) = refused(self, inputs) {
            return refused;
        }
        let (y, places) = ops::sort_with_places(&inputs[0], self.axis, self.order);
        (named(self.name, y), places).into()
    }
    fn retain(&self) -> Retain {
        Retain::none().output(1)
    }
    fn backward(&self, c: &BackwardContext<'_>) -> Gradients {
        put_along_axis(c.gy(0), c.output(1).data().clone(), self.axis, c.input_shape(0)).into()
    }
}

settings! {
    /// [`sort`] with settings.
    Sort() {
        /// The axis (default -1); `None` sorts the flattened variable.
        axis: into Option<isize> = Some(-1),
        /// Whether the largest comes first (default false).
        descending: bool = false,
    }
}

impl Sort {
    /// Applies the function.
    #[track_caller]
    pub fn call(self, x: impl AsVariable) -> Variable {
        let (x, axis) = flat_or(x.as_variable(), self.axis);
        let order = Order { descending: self.descending, count: None };
        let [y, _places] = apply(Sorted { name: "sort", axis, order }, [x]).many();
        y
    }
}

/// The elements in ascending order along the last axis ([`Sort`] has other axes and the opposite order). NaN stands last. Each gradient
/// goes to where its element came from; of equal elements the first comes first.
///
/// # Errors
/// The result fails unless x has a float dtype and the axis exists.
///
/// ```
/// use chainer::{functions as F, Array, Variable};
/// let x = Variable::new(Array::from([[3.0f32, 1.0, 2.0], [0.0, 5.0, 4.0]]));
/// assert_eq!(F::sort(&x).to_vec::<f32>()?, [1.0, 2.0, 3.0, 0.0, 4.0, 5.0]);
/// let columns = F::Sort::new().axis(0).descending(true).call(&x);
/// assert_eq!(columns.to_vec::<f32>()?, [3.0, 5.0, 4.0, 0.0, 1.0, 2.0]);
/// # Ok::<(), chainer::Error>(())
/// ```
#[track_caller]
pub fn sort(x: impl AsVariable) -> Variable {
    Sort::new().call(x)
}
