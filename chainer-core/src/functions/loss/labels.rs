//! Labels of samples, as the losses over classes read them.

use chainer_kernels::{ArrayOps, ops};

use super::Reduction;
use crate::functions::{check_indices, checked, squeeze, take_along_axis};
use crate::type_check::{self, Checked};
use crate::{Array, Dtype, Result, Shape, Variable};

/// The labels (N, …) of samples (N, classes, …), and what their losses count.
pub(super) struct Labels {
    /// The labels; 0 where a sample is ignored.
    pub(super) classes: Array,
    /// What the losses of each class count, in the dtype of the samples.
    pub(super) class_weight: Option<Array>,
    kept: Option<Array>,
    counted: usize,
    batch: usize,
}

impl Labels {
    /// Checks x, t and the weights of the classes.
    pub(super) fn new(
        operation: &'static str,
        x: &Variable,
        t: Variable,
        class_weight: Option<Array>,
        ignore_label: i64,
    ) -> Result<Labels> {
        x.check()?;
        t.check()?;
        class_weight.as_ref().map_or(Ok(()), Array::check)?;
        let t = t.into_data();
        checked(operation, || check(x.data(), &t, class_weight.as_ref()))?;
        let counted = check_indices(operation, "t", &t, x.shape()[1], Some(ignore_label))?;
        let kept = (counted < t.size()).then(|| (&t).not_equal(ignore_label));
        // Ignored samples are looked up at class 0, and not used.
        let classes = match &kept {
            Some(kept) => kept.select(&t, 0),
            None => t,
        };
        let class_weight = class_weight.map(|weight| weight.astype(x.dtype()));
        Ok(Labels { classes, class_weight, kept, counted, batch: x.len() })
    }

    /// What each sample's loss counts by its class.
    pub(super) fn weights(&self) -> Option<Array> {
        self.class_weight.as_ref().map(|weight| ops::take(weight, &self.classes, 0))
    }

    /// The losses (N, …) without those of ignored samples, reduced. The mean is over the labels that count if `normalize`, over the
    /// batch size if not; never over less than 1.
    pub(super) fn reduced(&self, losses: Variable, reduce: Reduction, normalize: bool) -> Variable {
        let losses = match &self.kept {
            Some(kept) => Variable::constant(kept.clone()).select(losses, 0.0),
            None => losses,
        };
        let count = if normalize { self.counted } else { self.batch };
        reduce.over(losses, count.max(1))
    }
}

/// The elements of x (N, C, …) at the classes (N, …), all of which exist: (N, …).
#[track_caller]
pub(super) fn pick(x: Variable, classes: &Array) -> Variable {
    squeeze(take_along_axis(x, classes.expand_dims(1), 1), 1)
}

/// Labels 0 and 1, or -1 for what is ignored, of the shape of x.
pub(super) struct BinaryLabels {
    t: Array,
    counted: usize,
    batch: usize,
}

impl BinaryLabels {
    /// Checks x and t.
    pub(super) fn new(operation: &'static str, x: &Variable, t: Variable) -> Result<BinaryLabels> {
        x.check()?;
        t.check()?;
        let t = t.into_data();
        checked(operation, || {
            type_check::float("x", x.data())?;
            type_check::integer("t", &t)?;
            type_check::same_shape("x", x.data(), "t", &t)
        })?;
        let counted = check_indices(operation, "t", &t, 2, Some(-1))?;
        Ok(BinaryLabels { t, counted, batch: x.len() })
    }

    /// Where the label is 1.
    pub(super) fn positive(&self) -> Variable {
        Variable::constant((&self.t).equal(1))
    }

    /// The losses without those of ignored labels, reduced as [`Labels::reduced`] does.
    pub(super) fn reduced(&self, losses: Variable, reduce: Reduction, normalize: bool) -> Variable {
        let losses = match self.counted < self.t.size() {
            true => Variable::constant((&self.t).not_equal(-1)).select(losses, 0.0),
            false => losses,
        };
        let count = if normalize { self.counted } else { self.batch };
        reduce.over(losses, count.max(1))
    }
}

/// Whether a class of a sample (N, classes, …) is its label (N, …).
pub(super) fn one_hot(t: &Array, shape: &Shape) -> Variable {
    let mut classes = vec![1; shape.ndim()];
    classes[1] = shape[1];
    let numbers = Array::from_vec((0..shape[1] as i64).collect(), shape[1]).reshape(classes);
    Variable::constant(t.expand_dims(1).astype(Dtype::I64).equal(numbers))
}

fn check(x: &Array, t: &Array, class_weight: Option<&Array>) -> Checked {
    type_check::float("x", x)?;
    type_check::integer("t", t)?;
    type_check::min_ndim("x", x, 2)?;
    type_check::equal("t.ndim", t.ndim(), "x.ndim - 1", x.ndim() - 1)?;
    type_check::same_size("x", x, 0, "t", t, 0)?;
    (1..t.ndim()).try_for_each(|i| type_check::same_size("x", x, i + 1, "t", t, i))?;
    let Some(weight) = class_weight else { return Ok(()) };
    type_check::float("class_weight", weight)?;
    let actual = format!("{:?} != ({},)", weight.shape(), x.shape()[1]);
    type_check::expect(weight.shape()[..] == [x.shape()[1]], "class_weight.shape == (x.shape[1],)", actual)
}
