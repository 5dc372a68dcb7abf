//! [`embed_id`].

use std::panic::Location;

use chainer_kernels::kernel::ScatterMode;
use chainer_kernels::{ArrayOps, ops};

use crate::compile;
use crate::functions::{check_indices, settings};
use crate::row_gradient::{RowIndices, Rows};
use crate::{
    Array, AsVariable, BackwardContext, Dtype, Error, Function, Gradients, Outputs, Result, Retain, Shape, Variable,
    apply,
};

const NAME: &str = "embed_id";

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
        let ignored = self.ignore_label.filter(|_| counted < ids.size());
        Ok(apply(Lookup { ids, ignored }, [w]).one())
    }
}

/// W (IDs, size) → the rows that `ids` names, all of which exist; zeros for the ignored one.
#[derive(Clone)]
struct Lookup {
    ids: Array,
    ignored: Option<i64>,
}

impl Lookup {
    /// The IDs, with 0 for the ignored one, and where they are not ignored.
    fn kept(&self) -> (Array, Option<Array>) {
        let Some(ignored) = self.ignored else { return (self.ids.clone(), None) };
        let kept = (&self.ids).not_equal(ignored);
        ((&kept).select(&self.ids, 0), Some(kept.expand_dims(-1)))
    }

    /// The gradient of W as rows, one for each ID that is not ignored.
    fn rows(&self, gy: &Array) -> Result<Rows> {
        if compile::is_active() {
            // What is ignored adds zeros to row 0.
            let (ids, kept) = self.kept();
            let size = gy.shape()[ids.ndim()];
            let rows = kept.map_or_else(|| gy.clone(), |kept| kept.select(gy, 0.0));
            let ids = (&ids).astype(Dtype::I64).reshape([ids.size()]);
            return Ok((RowIndices::Computed(ids), rows.reshape([self.ids.size(), size])));
        }
        let mut ids = (&self.ids).astype(Dtype::I64).to_vec::<i64>()?;
        let size = gy.shape()[self.ids.ndim()];
        let mut rows = gy.reshape([ids.len(), size]);
        if let Some(ignored) = self.ignored {
            let kept: Vec<i64> = (0..ids.len() as i64).filter(|&i| ids[i as usize] != ignored).collect();
            rows = ops::take(&rows, &Array::from(kept), 0);
            ids.retain(|&id| id != ignored);
        }
        Ok((RowIndices::Known(ids), rows))
    }
}

impl Function for Lookup {
    fn name(&self) -> &'static str {
        NAME
    }
    fn forward(&self, inputs: &[Array]) -> Outputs {
        let (ids, kept) = self.kept();
        let rows = ops::take(&inputs[0], &ids, 0);
        kept.map_or_else(|| rows.clone(), |kept| kept.select(&rows, 0.0)).into()
    }
    fn retain(&self) -> Retain {
        Retain::none()
    }
    fn backward(&self, c: &BackwardContext<'_>) -> Gradients {
        if c.records() {
            let shape = c.input_shape(0).clone();
            return apply(LookupGrad { lookup: self.clone(), shape }, [c.gy(0)]).one().into();
        }
        match self.rows(c.gy(0).data()) {
            Ok((ids, rows)) => {
                c.give_rows(0, ids, rows);
                Gradients::none()
            }
            Err(error) => Variable::failed(error).into(),
        }
    }
}

/// gy → the gradient of W, where it is to be differentiated again.
struct LookupGrad {
    lookup: Lookup,
    shape: Shape,
}

impl Function for LookupGrad {
    fn name(&self) -> &'static str {
        "embed_id_grad"
    }
    fn forward(&self, inputs: &[Array]) -> Outputs {
        let (gy, (ids, kept)) = (&inputs[0], self.lookup.kept());
        let rows = kept.map_or_else(|| gy.clone(), |kept| kept.select(gy, 0.0));
        ops::scatter_axis(&Array::zeros(&self.shape, gy.dtype()), &ids, &rows, 0, ScatterMode::Add).into()
    }
    fn retain(&self) -> Retain {
        Retain::none()
    }
    fn backward(&self, c: &BackwardContext<'_>) -> Gradients {
        apply(self.lookup.clone(), [c.gy(0)]).one().into()
    }
}

/// The rows of W (IDs, size) that x names: x of any shape and integer dtype gives the shape of x with one more axis. A product with
/// one-hot vectors, but fast. It is differentiable with respect to W only. [`EmbedId`] can ignore an ID.
///
/// Where W is a parameter (or another leaf), its gradient is found for the named rows only; see
/// [`Parameter::grad_rows`](crate::Parameter::grad_rows).
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
