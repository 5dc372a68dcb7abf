//! Changing an array in place: whatever others see stays as it is.

use std::panic::Location;
use std::sync::Arc;

use super::{Array, IntoOperand, OperandValue};
use crate::error::{Error, Result};
use crate::expr::contiguous_copy;
use crate::view::View;

impl Array {
    /// Memory that only this handle sees, with the array's elements: its own if nobody shares it, otherwise a copy that the handle
    /// then holds. Writing to the view changes this array and no other.
    pub(crate) fn unique_view(&mut self) -> Result<View> {
        self.force()?;
        let shared = Arc::strong_count(&self.0) > 1 || self.0.memory().is_none_or(|m| Arc::strong_count(&m.buffer) > 1);
        // Nor what a capture may have noted.
        let shared = shared || crate::graph::is_capturing();
        // A constant's memory must not change either: the node says what all its elements are.
        if shared || self.0.fill.is_some() || self.ready_view()?.strides.contains(&0) {
            *self = Array::from_view(contiguous_copy(&self.ready_view()?)?);
        }
        self.ready_view()
    }

    /// Replaces all elements by `value`, converted to this array's dtype and stretched to its shape.
    ///
    /// # Errors
    /// A value that failed or does not broadcast to the shape; the array is then unchanged.
    ///
    /// ```
    /// # use chainer_kernels::Array;
    /// let mut x = Array::from([1.0f32, 2.0]);
    /// let before = x.clone();
    /// x.fill(0.5)?;
    /// assert_eq!(x.to_vec::<f32>()?, [0.5, 0.5]);
    /// assert_eq!(before.to_vec::<f32>()?, [1.0, 2.0]);
    /// # Ok::<(), chainer_kernels::Error>(())
    /// ```
    #[track_caller]
    pub fn fill(&mut self, value: impl IntoOperand) -> Result<()> {
        let at = Location::caller();
        self.check()?;
        let filled = match value.into_operand() {
            OperandValue::Scalar(value) => self.full_like(value),
            OperandValue::Array(value) => {
                value.check()?;
                let stretched = super::ArrayOps::astype(&value, self.dtype()).broadcast_to(self.shape());
                if stretched.is_failed() {
                    let expect = format!("a value that broadcasts to {:?}", self.shape());
                    return Err(Error::mismatch("fill", expect, format_args!("{:?}", value.shape())).at(at));
                }
                stretched
            }
        };
        filled.force()?;
        *self = filled;
        Ok(())
    }
}
