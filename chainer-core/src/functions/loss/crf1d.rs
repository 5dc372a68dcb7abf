//! [`crf1d`] and [`argmax_crf1d`].

use std::panic::Location;

use chainer_kernels::{ArrayOps, Index, Position, ops};

use super::labels::pick;
use super::{Reduction, positioned};
use crate::functions::{Concat, check_indices, checked, get_item, logsumexp, max, reshape, settings};
use crate::{Array, AsVariable, AsVariables, Dtype, Result, Variable, Variables, type_check};

settings! {
    /// [`crf1d`] with settings.
    Crf1d() {
        /// What becomes of the losses of single sequences (default: their mean).
        reduce: Reduction = Reduction::Mean,
    }
}

impl Crf1d {
    /// Applies the function.
    #[track_caller]
    pub fn call(self, cost: impl AsVariable, xs: impl AsVariables, ys: impl AsVariables) -> Variable {
        positioned(|| self.loss(cost.as_variable(), xs.as_variables(), ys.as_variables()))
    }

    fn loss(self, cost: Variable, xs: Variables, ys: Variables) -> Result<Variable> {
        const NAME: &str = "crf1d";
        check(NAME, &cost, &xs)?;
        let ys = check_labels(NAME, &cost, &xs, ys)?;
        let score = score(&cost, &xs, &ys);
        Ok(self.reduce.of(log_partition(cost, xs) - score))
    }
}

/// A matrix of costs, and for each time a matrix of as many columns; the batch does not grow.
fn check(operation: &'static str, cost: &Variable, xs: &[Variable]) -> Result<()> {
    cost.check()?;
    xs.iter().try_for_each(Variable::check)?;
    checked(operation, || {
        type_check::float("cost", cost.data())?;
        type_check::ndim("cost", cost.data(), 2)?;
        type_check::same_size("cost", cost.data(), 0, "cost", cost.data(), 1)?;
        type_check::expect(!xs.is_empty(), "len(xs) > 0", "0 <= 0")?;
        for (i, x) in xs.iter().enumerate() {
            let name = format!("xs[{i}]");
            type_check::same_dtype("cost", cost.data(), &name, x.data())?;
            type_check::ndim(&name, x.data(), 2)?;
            type_check::same_size(&name, x.data(), 1, "cost", cost.data(), 0)?;
            if i > 0 {
                let (before, size) = (xs[i - 1].len(), x.len());
                let expect = format!("xs[{i}].shape[0] <= xs[{}].shape[0]", i - 1);
                type_check::expect(size <= before, expect, format_args!("{size} > {before}"))?;
            }
        }
        Ok(())
    })
}

/// For each time a label in every row of x, as int64.
fn check_labels(operation: &'static str, cost: &Variable, xs: &[Variable], ys: Variables) -> Result<Vec<Array>> {
    checked(operation, || type_check::equal("len(ys)", ys.len(), "len(xs)", xs.len()))?;
    let label = |(i, (x, y)): (usize, (&Variable, Variable))| {
        y.check()?;
        let (y, name) = (y.into_data(), format!("ys[{i}]"));
        checked(operation, || {
            type_check::integer(&name, &y)?;
            type_check::ndim(&name, &y, 1)?;
            type_check::same_size(&name, &y, 0, &format!("xs[{i}]"), x.data(), 0)
        })?;
        check_indices(operation, &name, &y, cost.shape()[0], None)?;
        Ok(y.astype(Dtype::I64))
    };
    xs.iter().zip(ys).enumerate().map(label).collect()
}

/// Goes through time with something of each sequence, (B, K). `step` takes that of the sequences that go on, and x; the
/// result has the last of each.
fn forward(xs: Variables, mut step: impl FnMut(Variable, Variable) -> Variable) -> Variable {
    let mut xs = xs.into_iter();
    let Some(mut going) = xs.next() else { return Variable::constant(Array::zeros(0, Dtype::F32)) };
    let mut ended = Vec::new();
    for x in xs {
        let batch = x.len() as isize;
        if (batch as usize) < going.len() {
            ended.push(get_item(&going, (batch..,)));
            going = get_item(going, (..batch,));
        }
        going = step(going, x);
    }
    if ended.is_empty() {
        return going;
    }
    ended.push(going);
    // The longest sequences stand first.
    ended.reverse();
    Concat::new().axis(0).call(ended)
}

/// What it costs to go on from each label to each, (B, K, K).
fn transitions(going: Variable, cost: &Variable) -> Variable {
    let (batch, labels) = (going.len(), cost.shape()[0]);
    reshape(going, [batch, labels, 1]) + cost
}

/// The logarithm of the sum over all label sequences of `exp(score)`: (B,).
fn log_partition(cost: Variable, xs: Variables) -> Variable {
    logsumexp(forward(xs, |going, x| logsumexp(transitions(going, &cost), 1) + x), 1)
}

/// The scores of the label sequences, (B,).
fn score(cost: &Variable, xs: &[Variable], ys: &[Array]) -> Variable {
    let labels = cost.shape()[0];
    let all: Vec<&Array> = ys.iter().collect();
    let mut parts = pick(Concat::new().axis(0).call(xs), &ops::concatenate(&all, 0));
    let (steps, widest) = (ys.len(), ys[0].size());
    if steps > 1 {
        let before: Vec<Array> =
            ys.windows(2).map(|pair| pair[0].slice(..pair[1].size() as isize) * labels as i64 + &pair[1]).collect();
        let places = ops::concatenate(&before.iter().collect::<Vec<_>>(), 0);
        let steps = get_item(reshape(cost, labels * labels), [Index::Array(places)]);
        let first = Variable::constant(Array::zeros(widest, cost.dtype()));
        parts += Concat::new().axis(0).call([first, steps]);
    }
    // The parts lie one time after the other; those of a sequence are brought together. A zero stands for what comes after its end.
    let nothing = Variable::constant(Array::zeros(1, cost.dtype()));
    let mut places = Vec::with_capacity(steps * widest);
    let mut next = 0;
    for y in ys {
        let batch = y.size();
        places.extend((next as i64..).take(batch));
        places.resize(places.len() + widest - batch, parts.size() as i64);
        next += batch;
    }
    let places = Array::from_vec(places, [steps, widest]);
    get_item(Concat::new().axis(0).call([parts, nothing]), [Index::Array(places)]).sum_axes(0, false)
}

/// The negative log-likelihood of label sequences in a linear-chain conditional random field (Lafferty et al., *Conditional random
/// fields*, 2001); the mean over the sequences is returned.
///
/// The score of labels `y` is the sum of `x[i][y_i]` over all positions i, and of `cost[y_i, y_{i+1}]` over all steps; their
/// likelihood is `exp(score)` divided by the sum of that over all label sequences. cost is (K, K). The sequences are transposed: `xs[i]`
/// (B_i, K) and `ys[i]` (B_i,) belong to position i of each sequence, which are sorted by falling length, so that B_i does not grow. The
/// sums are computed of logarithms and do not overflow. [`Crf1d`] has another reduction.
///
/// # Errors
/// The result fails unless cost is a square matrix of a float dtype, xs are matrices of its dtype and width with no more rows than the one
/// before, ys are as many vectors of integers with as many elements, and if a label lies outside K.
///
/// ```
/// use chainer::{functions as F, Array, Dtype, Variable};
/// let cost = Variable::new(Array::zeros([3, 3], Dtype::F64));
/// // A sequence of two positions and one of a single position.
/// let xs = [[2, 3], [1, 3]].map(|shape| Variable::new(Array::zeros(shape, Dtype::F64)));
/// let ys = [Array::from([0i32, 2]), Array::from([1i32])];
/// let single = F::Crf1d::new().reduce(F::Reduction::No).call(&cost, &xs, &ys).to_vec::<f64>()?;
/// assert!((single[0] - 9f64.ln()).abs() < 1e-12 && (single[1] - 3f64.ln()).abs() < 1e-12);
/// # Ok::<(), chainer::Error>(())
/// ```
#[track_caller]
pub fn crf1d(cost: impl AsVariable, xs: impl AsVariables, ys: impl AsVariables) -> Variable {
    Crf1d::new().call(cost, xs, ys)
}

/// The likeliest label sequences in a linear-chain conditional random field, and their scores (B,); see [`crf1d`] for both and for the
/// form of xs. The labels are int32 arrays (B_i,), one for each position. Of several sequences with the highest score the one with the
/// smallest labels from the end on is taken, and all of them share the score's gradient as [`max`](crate::functions::max()) does.
///
/// # Errors
/// The results fail unless cost is a square matrix of a float dtype and xs are matrices of its dtype and width with no more rows than the
/// one before.
///
/// ```
/// use chainer::{functions as F, Array, Variable};
/// let cost = Variable::new(Array::from([[0.0f32, 0.0], [5.0, 0.0]]));
/// let xs = [Array::from([[1.0f32, 0.0]]), Array::from([[0.0f32, 1.0]])];
/// let (score, labels) = F::argmax_crf1d(&cost, &xs);
/// assert_eq!(score.to_vec::<f32>()?, [5.0]);
/// assert_eq!((labels[0].to_vec::<i32>()?, labels[1].to_vec::<i32>()?), (vec![1], vec![0]));
/// # Ok::<(), chainer::Error>(())
/// ```
#[track_caller]
pub fn argmax_crf1d(cost: impl AsVariable, xs: impl AsVariables) -> (Variable, Vec<Array>) {
    let at = Location::caller();
    let _position = Position::enter(at);
    let (cost, xs) = (cost.as_variable(), xs.as_variables());
    if let Err(error) = check("argmax_crf1d", &cost, &xs) {
        let error = error.at(at);
        return (Variable::failed(error.clone()), vec![Array::failed(error); xs.len()]);
    }
    let batches: Vec<usize> = xs.iter().map(Variable::len).collect();
    // From where each label of a position is best reached, (B_i, K).
    let mut from = vec![Array::zeros(0, Dtype::I64)];
    let best = forward(xs, |going, x| {
        let transitions = transitions(going, &cost);
        from.push(transitions.data().argmax(1, false));
        max(transitions, 1, false) + x
    });
    let last = best.data().argmax(1, false);
    let mut labels = vec![last.slice(..batches[batches.len() - 1] as isize)];
    for time in (1..batches.len()).rev() {
        let going =
            ops::take_along_axis(&from[time], &labels[labels.len() - 1].expand_dims(1), 1).reshape(batches[time]);
        let ending = last.slice(batches[time] as isize..batches[time - 1] as isize);
        labels.push(ops::concatenate(&[&going, &ending], 0));
    }
    labels.reverse();
    (max(best, 1, false), labels.into_iter().map(|labels| labels.astype(Dtype::I32)).collect())
}
