//! The array: a cheap handle on a node of the lazy graph.
//!
//! - `create`, `host`: from and to Rust values; `print`: as text;
//! - `operations`, `reduce`: the operations that fuse; `views`: the ones that move no data;
//! - `write`: changing an array in place, which copies what others still see.
//!
//! Operations of other kinds (products, convolutions, gathering …) stand in [`crate::ops`].

mod create;
mod host;
mod operations;
mod print;
mod reduce;
mod views;
mod write;

use std::panic::Location;
use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;

use smallvec::SmallVec;

pub use host::HostView;
pub use operations::{ArrayOps, IntoOperand, Number, OperandRef, OperandValue};
pub use reduce::Axes;

use crate::backend::Device;
use crate::dtype::Dtype;
use crate::error::{Error, Result};
use crate::expr::{self, Node, Saved};
use crate::kernel::Kernel;
use crate::shape::Shape;
use crate::view::View;

/// An n-dimensional array of one dtype on one device.
///
/// Cloning is cheap and shares the elements; nobody ever sees an array change under them. Elementwise operations only record what is
/// to be done: the work happens when a value is needed, the whole chain as one kernel.
///
/// Operations never panic on bad input: they return a *failed* array that carries the first error and surfaces it wherever a
/// `Result` is returned ([`Array::to_vec`], [`Array::check`], …).
///
/// ```
/// use chainer_kernels::{Array, ArrayOps};
///
/// let x = Array::from([[1.0f32, 2.0], [3.0, 4.0]]);
/// let y = (&x * 2.0 + 1.0).tanh();
/// assert_eq!(y.shape(), &[2, 2].into());
/// assert!((y.item_at::<f32>(&[0, 0])? - 3f32.tanh()).abs() < 1e-6);
///
/// let failed = &x + Array::from([1.0f32, 2.0, 3.0]);
/// assert!(failed.to_vec::<f32>().unwrap_err().to_string().contains("(2, 2) and (3,)"));
/// # Ok::<(), chainer_kernels::Error>(())
/// ```
#[must_use = "operations on arrays only record what is to be done; a failure surfaces when the result is read"]
pub struct Array(Arc<Node>);

impl Clone for Array {
    fn clone(&self) -> Self {
        Array::from_node(self.0.clone())
    }
}

impl Drop for Array {
    fn drop(&mut self) {
        self.0.wants.fetch_sub(1, Relaxed);
    }
}

impl Array {
    pub(crate) fn from_node(node: Arc<Node>) -> Self {
        node.wants.fetch_add(1, Relaxed);
        Array(node)
    }

    pub(crate) fn node(&self) -> &Arc<Node> {
        &self.0
    }

    /// An array over memory that a kernel has written.
    pub(crate) fn from_view(view: View) -> Self {
        Array::from_node(Arc::new(Node::ready(view)))
    }

    /// An array that carries an error: operations on it stay failed, reading it returns the error.
    pub fn failed(error: Error) -> Self {
        Array::from_node(Arc::new(Node::failed(error)))
    }

    /// The arrays that `kernel` makes of `inputs`, with the given shapes and dtypes. Nothing runs before one of them is needed.
    ///
    /// Shapes and dtypes must fit the kernel as its documentation says. The first failed input makes all outputs fail.
    pub(crate) fn call(kernel: Kernel, inputs: &[&Array], outputs: &[(Shape, Dtype)]) -> SmallVec<[Array; 2]> {
        if let Some(failed) = inputs.iter().find(|i| i.0.error().is_some()) {
            return outputs.iter().map(|_| (*failed).clone()).collect();
        }
        let device = inputs.first().map_or(Device::Cpu, |i| i.0.device);
        let nodes = inputs.iter().map(|i| i.0.clone()).collect();
        expr::call(kernel, nodes, outputs, device).into_iter().map(Array::from_node).collect()
    }

    /// The sizes of the axes.
    ///
    /// # Panics
    /// If the array has failed: with the error that it carries, at the caller's line. This is the one documented panic; code that must
    /// not panic uses [`Array::dims`] or [`Array::check`].
    #[track_caller]
    pub fn shape(&self) -> &Shape {
        match self.0.error() {
            None => &self.0.shape,
            Some(error) => panic!("{error}"),
        }
    }

    /// The sizes of exactly `N` axes, or an error that says how many there are.
    ///
    /// ```
    /// # use chainer_kernels::{Array, Dtype};
    /// let [rows, columns] = Array::zeros([2, 3], Dtype::F32).dims()?;
    /// assert_eq!((rows, columns), (2, 3));
    /// # Ok::<(), chainer_kernels::Error>(())
    /// ```
    #[track_caller]
    pub fn dims<const N: usize>(&self) -> Result<[usize; N]> {
        if let Some(error) = self.0.error() {
            return Err(error.clone());
        }
        let at = Location::caller();
        self.0.shape.dims().try_into().map_err(|_| {
            let actual = format!("{} (shape {:?})", self.0.shape.ndim(), self.0.shape);
            Error::mismatch("dims", format_args!("ndim == {N}"), actual).at(at)
        })
    }

    /// The number of axes. 0 for a failed array.
    pub fn ndim(&self) -> usize {
        self.0.shape.ndim()
    }

    /// The number of elements. 1 for a failed array.
    pub fn size(&self) -> usize {
        self.0.shape.size()
    }

    /// The elements' type. float32 for a failed array.
    pub fn dtype(&self) -> Dtype {
        self.0.dtype
    }

    /// Where the memory lies.
    pub fn device(&self) -> Device {
        self.0.device
    }

    /// The error that a failed operation left. A pending array may still fail when it is computed (an index out of range).
    pub fn error(&self) -> Option<&Error> {
        self.0.error()
    }

    /// `Err` if the array is known to have failed.
    pub fn check(&self) -> Result<()> {
        self.error().map_or(Ok(()), |e| Err(e.clone()))
    }

    /// Whether the array is known to have failed.
    pub fn is_failed(&self) -> bool {
        self.error().is_some()
    }

    /// Whether the elements have yet to be computed.
    pub fn is_pending(&self) -> bool {
        self.0.is_pending()
    }

    /// The number that all elements are, if the array was made so and never written ([`Array::full`]).
    pub fn fill_value(&self) -> Option<crate::Scalar> {
        self.0.fill
    }

    /// Computes the elements now.
    ///
    /// # Errors
    /// The array's own error, or that of the kernel.
    pub fn force(&self) -> Result<&Self> {
        expr::force(&self.0);
        self.check()?;
        Ok(self)
    }

    /// A reference for a tape: it does not want the value written.
    pub fn save(&self) -> Saved {
        Saved::new(self.0.clone())
    }

    /// Whether two handles are on the same array.
    pub fn is_same(&self, other: &Array) -> bool {
        Arc::ptr_eq(&self.0, &other.0)
    }

    /// The elements in memory, as a kernel sees them.
    pub(crate) fn ready_view(&self) -> Result<View> {
        self.force()?;
        self.0.view().ok_or_else(|| Error::new(crate::ErrorKind::State, "array", "the array has no memory"))
    }
}

/// Computes several arrays now: elementwise ones of one shape by common kernels. Failures stay with their arrays.
///
/// ```
/// # use chainer_kernels::{Array, ArrayOps, flush_all};
/// let x = Array::from([1.0f32, 2.0]);
/// let (y, z) = (&x + 1.0, (&x).exp());
/// flush_all([&y, &z]); // one kernel, two outputs
/// assert!(!y.is_pending() && !z.is_pending());
/// ```
pub fn flush_all<'a>(arrays: impl IntoIterator<Item = &'a Array>) {
    let nodes: SmallVec<[&Arc<Node>; 8]> = arrays.into_iter().map(|a| &a.0).collect();
    expr::force_all(&nodes);
}
