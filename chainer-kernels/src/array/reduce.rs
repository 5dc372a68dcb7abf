//! Reductions. They pend as elementwise operations do and take what pends below them as their prologue: one pass over memory.

use std::sync::Arc;

use smallvec::SmallVec;

use super::{Array, ArrayOps};
use crate::dtype::Dtype;
use crate::error::{Error, ErrorKind, Loc};
use crate::expr;
use crate::kernel::ReduceOp;
use crate::shape::Shape;

/// Which axes a reduction removes: one (`0`, `-1`), several (`[0, 2]`, `&axes`) or all (`None`).
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Axes {
    /// Every axis.
    All,
    /// These; negative ones count from the end.
    These(SmallVec<[isize; 4]>),
}

impl Axes {
    /// The axes counted from the front, ascending.
    ///
    /// # Errors
    /// An axis that does not exist, or twice the same.
    pub fn resolve(&self, shape: &Shape, operation: &'static str) -> crate::Result<SmallVec<[usize; 4]>> {
        match self {
            Axes::All => Ok((0..shape.ndim()).collect()),
            Axes::These(axes) => shape.axes(axes, operation),
        }
    }

    /// How many elements of `array` meet in one result. A failed array's error comes back.
    pub(super) fn count(&self, array: &Array, operation: &'static str, at: Loc) -> crate::Result<usize> {
        array.check()?;
        let axes = self.resolve(array.shape(), operation).map_err(|e| e.at(at))?;
        Ok(axes.iter().map(|&a| array.shape()[a]).product())
    }
}

impl From<Option<isize>> for Axes {
    fn from(axis: Option<isize>) -> Self {
        axis.map_or(Axes::All, Axes::from)
    }
}
impl From<isize> for Axes {
    fn from(axis: isize) -> Self {
        Axes::These(SmallVec::from_slice(&[axis]))
    }
}
impl From<&[isize]> for Axes {
    fn from(axes: &[isize]) -> Self {
        Axes::These(SmallVec::from_slice(axes))
    }
}
impl From<&Vec<isize>> for Axes {
    fn from(axes: &Vec<isize>) -> Self {
        Axes::from(&axes[..])
    }
}
impl<const N: usize> From<[isize; N]> for Axes {
    fn from(axes: [isize; N]) -> Self {
        Axes::from(&axes[..])
    }
}
impl<const N: usize> From<&[isize; N]> for Axes {
    fn from(axes: &[isize; N]) -> Self {
        Axes::from(&axes[..])
    }
}

/// A reduction of `array` over `axes`; errors are at `at`.
pub(super) fn reduced(array: &Array, op: ReduceOp, axes: &Axes, keepdims: bool, at: Loc) -> Array {
    if array.is_failed() {
        return array.clone();
    }
    let shape = array.shape();
    let axes = match axes.resolve(shape, op.name()) {
        Ok(axes) => axes,
        Err(error) => return Array::failed(error.at(at)),
    };
    let has_identity = !matches!(op, ReduceOp::Max | ReduceOp::Min | ReduceOp::ArgMax | ReduceOp::ArgMin);
    let count: usize = axes.iter().map(|&a| shape[a]).product();
    if !has_identity && count == 0 {
        let message = format!("no elements to choose from: shape {shape:?} over axes {:?}", &axes[..]);
        return Array::failed(Error::new(ErrorKind::InvalidValue, op.name(), message).at(at));
    }
    let dtype = match (op, array.dtype()) {
        (ReduceOp::ArgMax | ReduceOp::ArgMin, _) => Dtype::I64,
        (ReduceOp::Any | ReduceOp::All, _) => Dtype::Bool,
        // NumPy sums small integers in the widest of their kind.
        (ReduceOp::Sum | ReduceOp::Prod, d) if d.kind() == 'u' => Dtype::U64,
        (ReduceOp::Sum | ReduceOp::Prod, d) if !d.is_float() => Dtype::I64,
        (_, d) => d,
    };
    let operand = match op {
        ReduceOp::ArgMax | ReduceOp::ArgMin => array.clone(),
        _ => array.astype(dtype),
    };
    let out: Shape = if keepdims {
        shape.iter().enumerate().map(|(i, &d)| if axes.contains(&i) { 1 } else { d }).collect()
    } else {
        shape.iter().enumerate().filter(|(i, _)| !axes.contains(i)).map(|(_, &d)| d).collect()
    };
    Array::from_node(Arc::new(expr::reduce(operand.node(), op, axes, out, dtype)))
}
