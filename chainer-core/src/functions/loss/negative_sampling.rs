//! [`negative_sampling`].

use chainer_kernels::{ArrayOps, ops};

use super::{Reduction, positioned};
use crate::functions::{check_indices, checked, embed_id, reshape};
use crate::utils::Sampler;
use crate::{Array, AsVariable, Dtype, Result, Shape, Variable, type_check};

/// [`negative_sampling`] with settings.
///
/// `F::negative_sampling(x, t, w, sampler, 5)` is `F::NegativeSampling::new(5).call(x, t, w, sampler)`.
#[derive(Clone, Debug)]
#[must_use = "the function is applied by `call`"]
pub struct NegativeSampling {
    sample_size: usize,
    reduce: Reduction,
}

impl NegativeSampling {
    /// The function with `sample_size` negative samples for each sample, and its default settings.
    pub fn new(sample_size: usize) -> Self {
        NegativeSampling { sample_size, reduce: Reduction::Sum }
    }

    /// What becomes of the losses of single samples (default: their sum).
    pub fn reduce(mut self, reduce: Reduction) -> Self {
        self.reduce = reduce;
        self
    }

    /// Applies the function.
    #[track_caller]
    pub fn call(
        self,
        x: impl AsVariable,
        t: impl AsVariable,
        w: impl AsVariable,
        sampler: &(impl Sampler + ?Sized),
    ) -> Variable {
        positioned(|| {
            let draw = |shape: &Shape| sampler.sample(shape);
            self.loss(x.as_variable(), t.as_variable(), w.as_variable(), &draw)
        })
    }

    fn loss(self, x: Variable, t: Variable, w: Variable, draw: &dyn Fn(&Shape) -> Array) -> Result<Variable> {
        const NAME: &str = "negative_sampling";
        let words = check_words(NAME, &x, t, &w)?;
        let shape = Shape::new(&[x.len(), self.sample_size + 1]);
        let samples = draw(&shape);
        samples.check()?;
        checked(NAME, || {
            type_check::integer("sampler(..)", &samples)?;
            type_check::equal("sampler(..).shape", samples.shape(), "(x.shape[0], sample_size + 1)", &shape)
        })?;
        // One more is drawn than is needed: its place is the label's.
        let samples = samples.slice((.., 1..)).astype(Dtype::I64);
        check_indices(NAME, "samples", &samples, w.shape()[0], None)?;
        let all = ops::concatenate(&[&words.labels.expand_dims(1), &samples], 1);
        let mut signs = vec![1.0; shape[1]];
        signs[0] = -1.0;
        let signs = Array::from_vec(signs, shape[1]).astype(x.dtype());
        let losses = (scores(x, all, w) * signs).softplus().sum_axes(1, false);
        Ok(self.reduce.of(words.kept(losses)))
    }
}

/// Labels of which only some classes are looked at.
pub(super) struct Words {
    /// The int64 labels; 0 where a sample is ignored.
    pub(super) labels: Array,
    kept: Option<Array>,
}

impl Words {
    /// The losses (N,) without those of ignored samples.
    pub(super) fn kept(self, losses: Variable) -> Variable {
        match self.kept {
            Some(kept) => Variable::constant(kept).select(losses, 0.0),
            None => losses,
        }
    }
}

/// Checks x (N, size), t (N,) and W (classes, size).
pub(super) fn check_words(operation: &'static str, x: &Variable, t: Variable, w: &Variable) -> Result<Words> {
    x.check()?;
    t.check()?;
    w.check()?;
    let t = t.into_data();
    checked(operation, || {
        type_check::float("x", x.data())?;
        type_check::integer("t", &t)?;
        type_check::same_dtype("x", x.data(), "W", w.data())?;
        type_check::ndim("x", x.data(), 2)?;
        type_check::ndim("t", &t, 1)?;
        type_check::ndim("W", w.data(), 2)?;
        type_check::same_size("x", x.data(), 0, "t", &t, 0)?;
        type_check::same_size("x", x.data(), 1, "W", w.data(), 1)
    })?;
    let counted = check_indices(operation, "t", &t, w.shape()[0], Some(-1))?;
    let t = t.astype(Dtype::I64);
    if counted == t.size() {
        return Ok(Words { labels: t, kept: None });
    }
    let kept = (&t).not_equal(-1);
    Ok(Words { labels: (&kept).select(t, 0), kept: Some(kept) })
}

/// The products of each row of x (N, size) with the rows of W that `classes` (N, S) names: (N, S).
pub(super) fn scores(x: Variable, classes: Array, w: Variable) -> Variable {
    let [batch, size] = [x.shape()[0], x.shape()[1]];
    (embed_id(classes, w) * reshape(x, [batch, 1, size])).sum_axes(2, false)
}

/// The negative sampling loss of inputs x (N, size) and labels t (N,): for each sample `-log(sigmoid(x w_t)) - sum(log(sigmoid(-x w_s)))`
/// over `sample_size` negative samples s, which `sampler` draws; the sum over the batch is returned. W (classes, size) has a row w for
/// each class, such as a word (Mikolov et al., *Distributed representations of words and phrases and their compositionality*,
/// arXiv:1310.4546). It does not overflow. Label -1 stands for samples whose loss is 0. [`NegativeSampling`] has another reduction.
///
/// The sampler is asked for an array (N, sample_size + 1), whose first column is not used; a
/// [`WalkerAlias`](crate::utils::WalkerAlias) of the classes' frequencies to the power 3/4 is recommended.
///
/// # Errors
/// The result fails unless x and W are matrices of one float dtype and width, t has an integer for each row of x, and the sampler gives
/// integers of the shape that it is asked for, and if a label or sample lies outside W.
///
/// ```
/// use chainer::{functions as F, utils::WalkerAlias, Array, Dtype, Variable};
/// let x = Variable::new(Array::ones([2, 3], Dtype::F64));
/// let w = Variable::new(Array::zeros([4, 3], Dtype::F64));
/// let counts = [3.0f64, 1.0, 2.0, 4.0];
/// let sampler = WalkerAlias::new(counts.map(|count| count.powf(0.75)))?;
/// let loss = F::negative_sampling(&x, Array::from([0i32, 3]), &w, &sampler, 5);
/// assert!((loss.item::<f64>()? - 12.0 * 2f64.ln()).abs() < 1e-12);
/// # Ok::<(), chainer::Error>(())
/// ```
#[track_caller]
pub fn negative_sampling(
    x: impl AsVariable,
    t: impl AsVariable,
    w: impl AsVariable,
    sampler: &(impl Sampler + ?Sized),
    sample_size: usize,
) -> Variable {
    NegativeSampling::new(sample_size).call(x, t, w, sampler)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::functions as F;

    type Loss = fn(&Variable, Array, &Variable, &Array) -> Variable;

    #[test]
    fn label_minus_1_costs_nothing_and_teaches_nothing() {
        let x = Variable::new(Array::from([[1.0f64, 2.0], [3.0, -1.0]]));
        let w = Variable::new(Array::from([[1.0f64, 0.5], [-1.0, 1.0], [0.5, 0.0]]));
        let samples = Array::from([[0i64, 1, 2], [0, 1, 1]]);
        let negatives = samples.slice((.., 1..));
        let losses: [Loss; 2] = [
            |x, t, w, samples| {
                let samples = samples.clone();
                NegativeSampling::new(2).reduce(Reduction::No).call(x, t, w, &move |_: &Shape| samples.clone())
            },
            |x, t, w, samples| F::BlackOut::new().reduce(Reduction::No).call(x, t, w, samples),
        ];
        for (loss, samples) in losses.into_iter().zip([samples, negatives]) {
            x.cleargrad();
            let both = loss(&x, Array::from([2i32, 0]), &w, &samples).to_vec::<f64>().unwrap();
            let one = loss(&x, Array::from([2i32, -1]), &w, &samples);
            assert_eq!(one.to_vec::<f64>().unwrap(), [both[0], 0.0]);
            one.sum().backward().unwrap();
            let gx = x.grad().unwrap().to_vec::<f64>().unwrap();
            assert!(gx[..2].iter().all(|g| *g != 0.0) && gx[2..] == [0.0, 0.0], "{gx:?}");
        }
    }
}
