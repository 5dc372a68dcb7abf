//! [`CRF1d`].

use crate::functions::Reduction;
use crate::initializers::Initializer;
use crate::links::first_value::FirstValue;
use crate::{Array, AsVariables, Parameter, Variable, chain, functions as F};

/// A linear-chain conditional random field: the negative log-likelihood of label sequences ([`F::crf1d`](crate::functions::crf1d())), and
/// the likeliest sequences.
///
/// `cost` (labels, labels), what each step from one label to the next counts, starts as zeros.
///
/// ```
/// use chainer::{Array, Dtype, Variable, links as L};
///
/// let crf = L::CRF1d::new(3);
/// let xs = [Array::from([[1.0f32, 0.0, 0.0]]), Array::from([[0.0f32, 0.0, 2.0]])];
/// let (score, labels) = crf.argmax(&xs[..]);
/// assert_eq!(score.to_vec::<f32>()?, [3.0]);
/// assert_eq!((labels[0].to_vec::<i32>()?, labels[1].to_vec::<i32>()?), (vec![0], vec![2]));
/// let loss = crf.forward(&xs[..], labels);
/// assert!(loss.item::<f32>()? < 9f32.ln());
/// # Ok::<(), chainer::Error>(())
/// ```
#[chain]
pub struct CRF1d {
    cost: Parameter,
    n_label: usize,
}

impl CRF1d {
    /// A field over the labels `0..n_label`.
    #[track_caller]
    pub fn new(n_label: usize) -> Self {
        let cost = FirstValue::of(0.0).parameter("cost", Some([n_label, n_label].into()));
        CRF1d { cost, n_label }
    }

    /// The first value of `cost`: an initializer, an array, a number or a closure. It starts anew.
    #[track_caller]
    pub fn initial_cost(mut self, initializer: impl Initializer) -> Self {
        self.cost = FirstValue::of(initializer).parameter("cost", Some([self.n_label, self.n_label].into()));
        self
    }

    /// What each step from one label to the next counts.
    pub fn cost(&self) -> &Parameter {
        &self.cost
    }

    /// The mean loss of label sequences ys; xs and ys are transposed as [`F::crf1d`](crate::functions::crf1d()) says.
    #[track_caller]
    pub fn forward(&self, xs: impl AsVariables, ys: impl AsVariables) -> Variable {
        self.loss(xs, ys, Reduction::Mean)
    }

    /// The loss with a reduction.
    #[track_caller]
    pub fn loss(&self, xs: impl AsVariables, ys: impl AsVariables, reduce: Reduction) -> Variable {
        F::Crf1d::new().reduce(reduce).call(&self.cost, xs, ys)
    }

    /// The scores of the likeliest label sequences, and their labels at each position
    /// ([`F::argmax_crf1d`](crate::functions::argmax_crf1d())).
    #[track_caller]
    pub fn argmax(&self, xs: impl AsVariables) -> (Variable, Vec<Array>) {
        F::argmax_crf1d(&self.cost, xs)
    }
}
