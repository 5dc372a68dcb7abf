//! Finding the kernel that makes the first NaN.

use crate::backend::KernelHook;
use crate::dtype::Dtype;
use crate::error::{Error, ErrorKind, Result};
use crate::kernel::Kernel;
use crate::view::View;
use crate::{Array, ArrayOps};

/// Fails a kernel whose output holds a NaN. Debug mode adds it.
///
/// ```
/// use chainer_kernels::{Array, ArrayOps, backend::add_hook, hooks::NanCheck};
/// let _check = add_hook(std::rc::Rc::new(NanCheck));
/// let error = Array::from([-1.0f32]).log().to_vec::<f32>().unwrap_err();
/// assert!(error.to_string().starts_with("NaN in"));
/// ```
pub struct NanCheck;

impl KernelHook for NanCheck {
    fn after(&self, kernel: &Kernel, inputs: &[View], outputs: &[View]) -> Result<()> {
        for output in outputs.iter().filter(|o| o.dtype.is_float()) {
            if has_nan(output) {
                let message = format!(
                    "the kernel {} wrote a NaN into an output of shape {:?}",
                    kernel.describe(inputs, outputs),
                    output.shape
                );
                return Err(Error::new(ErrorKind::NaN, kernel.name().to_owned(), message));
            }
        }
        Ok(())
    }
}

/// A plain loop: a kernel of its own would be checked by the hook again.
fn has_nan(view: &View) -> bool {
    // Outputs are gapless but for slices of a larger buffer; those are looked at through a copy.
    let owned;
    let view = if view.is_contiguous() {
        view
    } else {
        let Ok(copy) = crate::expr::contiguous_copy(view) else { return false };
        owned = copy;
        &owned
    };
    match view.dtype {
        Dtype::F32 => view.as_slice::<f32>().is_some_and(|s| s.iter().any(|x| x.is_nan())),
        Dtype::F64 => view.as_slice::<f64>().is_some_and(|s| s.iter().any(|x| x.is_nan())),
        Dtype::F16 => view.as_slice::<crate::f16>().is_some_and(|s| s.iter().any(|x| x.is_nan())),
        Dtype::BF16 => view.as_slice::<crate::bf16>().is_some_and(|s| s.iter().any(|x| x.is_nan())),
        _ => false,
    }
}

impl Array {
    /// Whether any element is NaN; computes the array.
    ///
    /// # Errors
    /// The array's own error.
    pub fn has_nan(&self) -> Result<bool> {
        if !self.dtype().is_float() {
            return self.check().map(|()| false);
        }
        self.isnan().any(None, false).item()
    }
}
