//! [`embed_id`].

use std::panic::Location;

use chainer_kernels::ArrayOps;
use chainer_kernels::ops::Index;

use crate::functions::{check_indices, get_item, settings};
use crate::{AsVariable, Error, Result, Variable};

settings! {
    /// [`embed_id`] with an ID that stands for nothing.
    EmbedId() {
        /// The ID whose rows in the result are zeros and that has no gradient (default: none).
        ignore_label: into Option<i64> = None,
    }
}

impl EmbedId {
    /// Applies the function.
    #[track_caller]
    pub fn call(self, x: impl AsVariable, w: impl AsVariable) -> Variable {
        let at = Location::caller();
        self.embedded(x.as_variable(), w.as_variable()).map_err(|error| error.at(at)).into()
    }

    #[track_caller]
    fn embedded(self, x: Variable, w: Variable) -> Result<Variable> {
        const NAME: &str = "embed_id";
        x.check()?;
        w.check()?;
        if !x.dtype().is_integer() {
            return Err(Error::mismatch(NAME, "x.dtype.kind == i", format_args!("{} != i", x.dtype().kind())));
        }
        if !w.dtype().is_float() {
            return Err(Error::mismatch(NAME, "W.dtype.kind == f", format_args!("{} != f", w.dtype().kind())));
        }
        if w.ndim() != 2 {
            return Err(Error::mismatch(NAME, "W.ndim == 2", format_args!("{} != 2", w.ndim())));
        }
        let ids = x.into_data();
        let counted = check_indices(NAME, "x", &ids, w.shape()[0], self.ignore_label)?;
        let Some(ignored) = self.ignore_label.filter(|_| counted < ids.size()) else {
            return Ok(get_item(w, [Index::Array(ids)]));
        };
        let kept = (&ids).not_equal(ignored);
        let rows = get_item(w, [Index::Array((&kept).select(&ids, 0))]);
        let kept = Variable::constant(kept.expand_dims(-1));
        Ok(kept.select(rows, 0.0))
    }
}

/// The rows of W (IDs, size) that x names: x of any shape and integer dtype gives the shape of x with one more axis. A product with
/// one-hot vectors, but fast. It is differentiable with respect to W only. [`EmbedId`] can ignore an ID.
///
/// # Errors
/// The result fails if an ID lies outside W (the message names place and value), x has no integer dtype, or W is no float matrix.
///
/// ```
/// use chainer::{functions as F, Array, Variable};
/// let w = Variable::new(Array::from([[1.0f32, 2.0], [3.0, 4.0], [5.0, 6.0]]));
/// let ids = Array::from([2i32, 0]);
/// assert_eq!(F::embed_id(&ids, &w).to_vec::<f32>()?, [5.0, 6.0, 1.0, 2.0]);
/// let y = F::EmbedId::new().ignore_label(2).call(&ids, &w);
/// assert_eq!(y.to_vec::<f32>()?, [0.0, 0.0, 1.0, 2.0]);
/// let error = F::embed_id(Array::from([0i32, 3]), &w).check().unwrap_err();
/// assert!(error.to_string().contains("x[1] = 3"));
/// # Ok::<(), chainer::Error>(())
/// ```
#[track_caller]
pub fn embed_id(x: impl AsVariable, w: impl AsVariable) -> Variable {
    EmbedId::new().call(x, w)
}
