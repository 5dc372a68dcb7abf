//! Other windows on the same elements: nothing is copied.

use std::panic::Location;
use std::sync::Arc;

use smallvec::SmallVec;

use super::Array;
use crate::error::Error;
use crate::expr::{self, ViewChange};
use crate::shape::Shape;

impl Array {
    fn changed(&self, shape: Shape, change: ViewChange) -> Array {
        Array::from_node(Arc::new(expr::view_of(self.node(), shape, change)))
    }

    pub(crate) fn sliced(&self, shape: Shape, change: crate::expr::SliceChange) -> Array {
        self.changed(shape, ViewChange::Slice(Box::new(change)))
    }

    /// The same elements in row-major order under another shape. Copies only where the layout does not allow a view.
    ///
    /// A shape of another size gives a failed array. (A size of -1 is understood by [`Array::reshape_infer`].)
    #[track_caller]
    pub fn reshape(&self, shape: impl Into<Shape>) -> Array {
        if self.is_failed() {
            return self.clone();
        }
        let (from, to) = (self.shape(), shape.into());
        if *from == to {
            return self.clone();
        }
        if to.iter().try_fold(1usize, |n, &d| n.checked_mul(d)) != Some(from.size()) {
            let actual = format!("{to:?} from {from:?}");
            return Array::failed(
                Error::mismatch("reshape", format_args!("a shape of {} elements", from.size()), actual)
                    .at(Location::caller()),
            );
        }
        self.changed(to, ViewChange::Reshape)
    }

    /// [`Array::reshape`] where one size may be -1: it follows from the others.
    ///
    /// ```
    /// # use chainer_kernels::{Array, Dtype};
    /// assert_eq!(Array::zeros([2, 3, 4], Dtype::F32).reshape_infer(&[2, -1]).shape(), &[2, 12].into());
    /// ```
    #[track_caller]
    pub fn reshape_infer(&self, shape: &[isize]) -> Array {
        if self.is_failed() {
            return self.clone();
        }
        let at = Location::caller();
        let refuse = |what: &str| {
            Array::failed(Error::value("reshape", what, format_args!("{shape:?} from {:?}", self.shape())).at(at))
        };
        if shape.iter().any(|&d| d < -1) || shape.iter().filter(|&&d| d == -1).count() > 1 {
            return refuse("sizes of at least 0, and -1 once at most");
        }
        let known: usize = shape.iter().filter(|&&d| d >= 0).map(|&d| d as usize).product();
        let size = self.size();
        if shape.contains(&-1) && (known == 0 || !size.is_multiple_of(known)) {
            return refuse("sizes whose product divides the number of elements");
        }
        let full: Shape = shape.iter().map(|&d| if d < 0 { size / known } else { d as usize }).collect();
        if full.size() != size {
            return refuse("a shape of the same number of elements");
        }
        self.reshape(full)
    }

    /// The axes in reverse order.
    pub fn transpose(&self) -> Array {
        if self.ndim() < 2 {
            return self.clone();
        }
        let order: SmallVec<[usize; 4]> = (0..self.ndim()).rev().collect();
        self.permuted(order)
    }

    /// The axes in another order: axis `i` of the result is axis `axes[i]` of this array. Negative axes count from the end.
    ///
    /// Anything but each axis once gives a failed array.
    #[track_caller]
    pub fn permute(&self, axes: &[isize]) -> Array {
        if self.is_failed() {
            return self.clone();
        }
        let shape = self.shape();
        let at = Location::caller();
        let refuse = || {
            let expect = format!("each of the {} axes once", shape.ndim());
            Array::failed(Error::value("transpose", expect, format_args!("axes = {axes:?}")).at(at))
        };
        if axes.len() != shape.ndim() || shape.axes(axes, "transpose").is_err() {
            return refuse();
        }
        let order: SmallVec<[usize; 4]> = axes.iter().filter_map(|&a| shape.axis(a, "transpose").ok()).collect();
        self.permuted(order)
    }

    fn permuted(&self, order: SmallVec<[usize; 4]>) -> Array {
        if order.iter().enumerate().all(|(i, &a)| i == a) {
            return self.clone();
        }
        let shape = order.iter().map(|&a| self.node().shape[a]).collect();
        self.changed(shape, ViewChange::Permute(order))
    }

    /// Two axes exchanged.
    #[track_caller]
    pub fn swap_axes(&self, a: isize, b: isize) -> Array {
        if self.is_failed() {
            return self.clone();
        }
        let shape = self.shape();
        match (shape.axis(a, "swapaxes"), shape.axis(b, "swapaxes")) {
            (Ok(a), Ok(b)) => {
                let mut order: SmallVec<[usize; 4]> = (0..shape.ndim()).collect();
                order.swap(a, b);
                self.permuted(order)
            }
            (Err(error), _) | (_, Err(error)) => Array::failed(error.at(Location::caller())),
        }
    }

    /// The array stretched to `shape` by NumPy's broadcasting rule; repeated elements share their memory.
    #[track_caller]
    pub fn broadcast_to(&self, shape: impl Into<Shape>) -> Array {
        if self.is_failed() {
            return self.clone();
        }
        let (from, to) = (self.shape(), shape.into());
        if *from == to {
            return self.clone();
        }
        if from.ndim() > to.ndim() || from.broadcast(&to).as_ref() != Some(&to) {
            let expect = format!("a shape that broadcasts to {to:?}");
            return Array::failed(
                Error::mismatch("broadcast_to", expect, format_args!("{from:?}")).at(Location::caller()),
            );
        }
        self.changed(to, ViewChange::Broadcast)
    }

    /// A new axis of size 1 at `axis` of the result (-1: at the end).
    #[track_caller]
    pub fn expand_dims(&self, axis: isize) -> Array {
        if self.is_failed() {
            return self.clone();
        }
        let ndim = self.ndim() as isize;
        if !(-ndim - 1..=ndim).contains(&axis) {
            let expect = format!("-{} <= axis <= {ndim}", ndim + 1);
            return Array::failed(
                Error::value("expand_dims", expect, format_args!("axis = {axis}")).at(Location::caller()),
            );
        }
        let at = if axis < 0 { axis + ndim + 1 } else { axis } as usize;
        let mut dims: SmallVec<[usize; 4]> = SmallVec::from_slice(self.shape());
        dims.insert(at, 1);
        self.reshape(&dims[..])
    }

    /// Without the given axes, which must have size 1; without any axis of size 1 if none is given.
    #[track_caller]
    pub fn squeeze(&self, axes: Option<&[isize]>) -> Array {
        if self.is_failed() {
            return self.clone();
        }
        let shape = self.shape();
        let gone = match axes {
            None => shape.iter().enumerate().filter(|(_, d)| **d == 1).map(|(i, _)| i).collect(),
            Some(axes) => match shape.axes(axes, "squeeze") {
                Ok(axes) => axes,
                Err(error) => return Array::failed(error.at(Location::caller())),
            },
        };
        if let Some(&axis) = gone.iter().find(|&&a| shape[a] != 1) {
            let actual = format!("{} (shape {shape:?})", shape[axis]);
            return Array::failed(
                Error::mismatch("squeeze", format_args!("x.shape[{axis}] == 1"), actual).at(Location::caller()),
            );
        }
        let kept: Shape = shape.iter().enumerate().filter(|(i, _)| !gone.contains(i)).map(|(_, &d)| d).collect();
        self.reshape(kept)
    }
}
