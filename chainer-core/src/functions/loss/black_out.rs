//! [`black_out`].

use std::f64::consts::LN_2;

use chainer_kernels::{ArrayOps, ops};

use super::negative_sampling::{check_words, scores};
use super::{Reduction, positioned};
use crate::functions::{check_indices, checked, get_item, logsumexp, reshape, settings};
use crate::{Array, AsVariable, Dtype, Result, Variable, type_check};

settings! {
    /// [`black_out`] with settings.
    BlackOut() {
        /// What becomes of the losses of single samples (default: their mean).
        reduce: Reduction = Reduction::Mean,
    }
}

impl BlackOut {
    /// Applies the function.
    #[track_caller]
    pub fn call(
        self,
        x: impl AsVariable,
        t: impl AsVariable,
        w: impl AsVariable,
        samples: impl AsVariable,
    ) -> Variable {
        positioned(|| self.loss(x.as_variable(), t.as_variable(), w.as_variable(), samples.as_variable()))
    }

    fn loss(self, x: Variable, t: Variable, w: Variable, samples: Variable) -> Result<Variable> {
        const NAME: &str = "black_out";
        samples.check()?;
        let (samples, words) = (samples.into_data(), check_words(NAME, &x, t, &w)?);
        checked(NAME, || {
            type_check::integer("samples", &samples)?;
            type_check::ndim("samples", &samples, 2)?;
            type_check::same_size("samples", &samples, 0, "x", x.data(), 0)
        })?;
        check_indices(NAME, "samples", &samples, w.shape()[0], None)?;
        let all = ops::concatenate(&[&words.labels.expand_dims(1), &(&samples).astype(Dtype::I64)], 1);
        let scores = scores(x, all, w);
        // Probabilities do not depend on such a shift, which therefore has no gradient; what is left of differences is exact.
        let shift = scores.data().max(1, true);
        let scores = scores - shift;
        let partition = logsumexp(&scores, 1);
        let mut losses = &partition - get_item(&scores, (.., 0));
        if samples.shape()[1] > 0 {
            losses -= get_item(log_of_others(scores, partition), (.., 1..)).sum_axes(1, false);
        }
        Ok(self.reduce.of(words.kept(losses)))
    }
}

/// `log(1 - p)` of each class that was looked at, (N, 1 + samples), where `p = exp(score - partition)`.
fn log_of_others(scores: Variable, partition: Variable) -> Variable {
    let (batch, classes) = (scores.len(), scores.shape()[1]);
    let likeliest = scores.data().argmax(1, true);
    let likeliest = Variable::constant(Array::from_vec((0..classes as i64).collect(), classes).equal(likeliest));
    let partition = reshape(partition, [batch, 1]);
    // Only the likeliest class can have a probability near 1, whose difference from 1 has to be summed from the others.
    let others = logsumexp(likeliest.select(f64::NEG_INFINITY, &scores), 1).reshape([batch, 1]);
    // Of the others p is at most 1/2; what is not chosen is kept from giving infinities.
    let logarithms = likeliest.select(-LN_2, scores - &partition);
    likeliest.select(others - partition, (-logarithms.exp()).log1p())
}

/// The BlackOut loss of inputs x (N, size) and labels t (N,), where only some of all classes are looked at: the label and negative samples
/// (N, S), drawn at random. With the scores `x W^T` of these and the probabilities p, their softmax, it is
/// `-log(p(t)) - sum(log(1 - p(s)))` over the samples s; the mean over the batch is returned. W (classes, size) has a row for each class
/// (Ji et al., *BlackOut: speeding up recurrent neural network language models with very large vocabularies*, arXiv:1511.06909). It does
/// not overflow. Label -1 stands for samples whose loss is 0. [`BlackOut`] has another reduction.
///
/// # Errors
/// The result fails unless x and W are matrices of one float dtype and width, t and samples of integers with as many rows as x, and if a
/// label or sample lies outside W.
///
/// ```
/// use chainer::{functions as F, Array, Variable};
/// let x = Variable::new(Array::from([[1.0f64, 0.0]]));
/// let w = Variable::new(Array::from([[0.0f64, 1.0], [0.0, 2.0], [1000.0, 0.0]]));
/// let loss = F::black_out(&x, Array::from([0i32]), &w, Array::from([[1i32]]));
/// assert!((loss.item::<f64>()? - 2.0 * 2f64.ln()).abs() < 1e-12);
/// assert_eq!(F::black_out(&x, Array::from([0i32]), &w, Array::from([[2i32]])).item::<f64>()?, 2000.0);
/// # Ok::<(), chainer::Error>(())
/// ```
#[track_caller]
pub fn black_out(x: impl AsVariable, t: impl AsVariable, w: impl AsVariable, samples: impl AsVariable) -> Variable {
    BlackOut::new().call(x, t, w, samples)
}
