//! [`connectionist_temporal_classification`].

use chainer_kernels::{ArrayOps, ops};

use super::{Reduction, positioned, wide};
use crate::functions::{check_indices, check_integers, checked, first_order};
use crate::type_check::Checked;
use crate::{
    Array, AsVariable, AsVariables, BackwardContext, Dtype, Function, Gradients, Outputs, Result, Retain, Variable,
    Variables, apply, type_check,
};

/// [`connectionist_temporal_classification`] with settings.
///
/// `F::connectionist_temporal_classification(xs, t, blank)` is
/// `F::ConnectionistTemporalClassification::new(blank).call(xs, t)`.
#[derive(Clone, Debug)]
#[must_use = "the function is applied by `call`"]
pub struct ConnectionistTemporalClassification {
    blank_symbol: usize,
    input_length: Option<Array>,
    label_length: Option<Array>,
    reduce: Reduction,
}

const NAME: &str = "connectionist_temporal_classification";

impl ConnectionistTemporalClassification {
    /// The function with its default settings; `blank_symbol` is the class that stands for no label.
    pub fn new(blank_symbol: usize) -> Self {
        ConnectionistTemporalClassification {
            blank_symbol,
            input_length: None,
            label_length: None,
            reduce: Reduction::Mean,
        }
    }

    /// How many steps of each sample count, integers (B,) (default: all).
    pub fn input_length(mut self, input_length: impl Into<Option<Array>>) -> Self {
        self.input_length = input_length.into();
        self
    }

    /// How many labels each sample has, integers (B,) (default: all). What stands behind them in t is not read.
    pub fn label_length(mut self, label_length: impl Into<Option<Array>>) -> Self {
        self.label_length = label_length.into();
        self
    }

    /// What becomes of the losses of single samples (default: their mean).
    pub fn reduce(mut self, reduce: Reduction) -> Self {
        self.reduce = reduce;
        self
    }

    /// Applies the function.
    #[track_caller]
    pub fn call(self, xs: impl AsVariables, t: impl AsVariable) -> Variable {
        positioned(|| self.loss(xs.as_variables(), t.as_variable()))
    }

    fn loss(self, xs: Variables, t: Variable) -> Result<Variable> {
        xs.iter().try_for_each(Variable::check)?;
        t.check()?;
        let t = t.into_data();
        let (input_length, label_length) = (self.input_length.as_ref(), self.label_length.as_ref());
        [input_length, label_length].into_iter().flatten().try_for_each(Array::check)?;
        checked(NAME, || check(&xs, &t, self.blank_symbol, input_length, label_length))?;
        if let Some(lengths) = input_length {
            check_indices(NAME, "input_length", lengths, xs.len() + 1, None)?;
        }
        let [batch, labels] = t.dims()?;
        let lengths = match label_length {
            Some(lengths) => {
                check_indices(NAME, "label_length", lengths, labels + 1, None)?;
                lengths.astype(Dtype::I64)
            }
            None => Array::full(batch, labels as i64, Dtype::I64),
        };
        self.check_labels(&t, &lengths, xs[0].shape()[1])?;
        let going = self.input_length.map(|lengths| {
            let times = Array::from_vec((0..xs.len() as i64).collect(), [xs.len(), 1, 1]);
            times.less(lengths.astype(Dtype::I64).expand_dims(1))
        });
        let function = Ctc { paths: Paths::new(&t, &lengths, self.blank_symbol), going };
        let [losses, _, _] = apply(function, xs).many();
        Ok(self.reduce.of(losses))
    }

    /// The labels that count are classes other than the blank.
    fn check_labels(&self, t: &Array, lengths: &Array, classes: usize) -> Result<()> {
        let (lengths, blank) = (lengths.to_vec::<i64>()?, self.blank_symbol as i64);
        let width = t.shape()[1];
        let expect = || format!("0 <= t < {classes} and t != {blank} (blank_symbol)");
        check_integers(NAME, "t", t, expect, |i, label| {
            (i % width) as i64 >= lengths[i / width] || (0..classes as i64).contains(&label) && label != blank
        })
    }
}

fn check(
    xs: &[Variable],
    t: &Array,
    blank: usize,
    input_length: Option<&Array>,
    label_length: Option<&Array>,
) -> Checked {
    type_check::expect(!xs.is_empty(), "len(x) > 0", "0 <= 0")?;
    let first = xs[0].data();
    type_check::float("x[0]", first)?;
    type_check::ndim("x[0]", first, 2)?;
    for (i, x) in xs.iter().enumerate().skip(1) {
        let name = format!("x[{i}]");
        type_check::same_dtype("x[0]", first, &name, x.data())?;
        type_check::same_shape("x[0]", first, &name, x.data())?;
    }
    type_check::integer("t", t)?;
    type_check::ndim("t", t, 2)?;
    type_check::same_size("t", t, 0, "x[0]", first, 0)?;
    let classes = first.shape()[1];
    type_check::expect(blank < classes, "blank_symbol < x[0].shape[1]", format_args!("{blank} >= {classes}"))?;
    for (name, lengths) in [("input_length", input_length), ("label_length", label_length)] {
        let Some(lengths) = lengths else { continue };
        type_check::integer(name, lengths)?;
        type_check::ndim(name, lengths, 1)?;
        type_check::same_size(name, lengths, 0, "x[0]", first, 0)?;
    }
    Ok(())
}

/// The states that a sample goes through in order, (B, P): blank, label, blank, label, …, blank. A state may be kept, left for the next
/// one, or for the one after where a blank between two different labels is left out. Logarithms of probabilities are float64: they lie
/// far from 0 in long sequences, and the digits behind the point are what counts.
struct Paths {
    /// The class of each state, int64.
    classes: Array,
    /// 0 where a state can be reached from the one before the last, minus infinity elsewhere.
    skips: Array,
    /// 0 where the state after the next can be reached, minus infinity elsewhere.
    skips_on: Array,
    /// 0 in the first two states, minus infinity elsewhere.
    starts: Array,
    /// 0 in the last two states of each sample, minus infinity elsewhere.
    ends: Array,
}

impl Paths {
    fn new(t: &Array, lengths: &Array, blank: usize) -> Paths {
        let [batch, labels] = [t.shape()[0], t.shape()[1]];
        let states = 2 * labels + 1;
        let chosen = |condition: Array| condition.select(Array::full((), 0.0, Dtype::F64), f64::NEG_INFINITY);
        let numbers = |n: usize| Array::from_vec((0..n as i64).collect(), n);
        // What stands behind the labels need not be a class.
        let counts = numbers(labels).less(lengths.expand_dims(1));
        let t = counts.select(t.astype(Dtype::I64), blank as i64);
        let between = |value: &Array| Array::broadcast_to(value, [batch, labels]);
        let interleave = |even: Array, odd: &Array| {
            let pairs = ops::stack(&[&between(&even), odd], 2).reshape([batch, states - 1]);
            ops::concatenate(&[&pairs, &even.broadcast_to([batch, 1])], 1)
        };
        let before = ops::concatenate(&[&Array::full([batch, 1], -1, Dtype::I64), &t], 1);
        let differs = (&t).not_equal(before.slice((.., ..labels as isize)));
        let left = lengths.expand_dims(1) * 2 - numbers(states);
        let skips = interleave(Array::scalar(f64::NEG_INFINITY), &chosen(differs));
        Paths {
            classes: interleave(Array::scalar(blank as i64), &t),
            skips_on: ops::pad(&skips, &[(0, 0), (0, 2)], NOWHERE).slice((.., 2..)),
            skips,
            starts: chosen(numbers(states).less(2)),
            ends: chosen((&left).equal(0).logical_or(left.equal(1))),
        }
    }

    /// The classes at each of `steps` times.
    fn over(&self, steps: usize) -> Array {
        let [batch, states] = [self.classes.shape()[0], self.classes.shape()[1]];
        self.classes.broadcast_to([steps, batch, states])
    }

    /// The logarithm of the probability of each state at each time: what a sample of log-probabilities (T, B, K) gives its class.
    fn log_probabilities(&self, of_classes: &Array) -> Array {
        ops::take_along_axis(of_classes, &self.over(of_classes.shape()[0]), 2).astype(Dtype::F64)
    }

    /// The probability of coming into each state, given those of being in each state before.
    fn arrive(&self, before: &Array) -> Array {
        let states = self.classes.shape()[1] as isize;
        let padded = ops::pad(before, &[(0, 0), (2, 0)], NOWHERE);
        let next = padded.slice((.., 1..states + 1));
        let skipping = padded.slice((.., ..states)) + &self.skips;
        log_sum([before, &next, &skipping])
    }

    /// The probability of all that can come after each state, given that of each state and all that comes after.
    fn depart(&self, after: &Array) -> Array {
        let states = self.classes.shape()[1] as isize;
        let padded = ops::pad(after, &[(0, 0), (0, 2)], NOWHERE);
        let next = padded.slice((.., 1..states + 1));
        let skipping = padded.slice((.., 2..)) + &self.skips_on;
        log_sum([after, &next, &skipping])
    }
}

const NOWHERE: ops::PadMode = ops::PadMode::Constant(chainer_kernels::Scalar::Float(f64::NEG_INFINITY));

/// `log(exp(a) + exp(b) + exp(c))`, also of minus infinities.
fn log_sum([a, b, c]: [&Array; 3]) -> Array {
    // Finite, so that the difference of two infinities is never asked for.
    let shift = a.maximum(b).maximum(c).maximum(f64::MIN);
    ((a - &shift).exp() + (b - &shift).exp() + (c - &shift).exp()).log() + shift
}

/// xs: T times (B, K) → the losses (B,); the log-probabilities (T, B, K) and those of all beginnings of paths (T, B, P), float64.
struct Ctc {
    paths: Paths,
    /// Which samples have not ended before each time, (T, B, 1); all if that is not given.
    going: Option<Array>,
}

impl Ctc {
    /// Which samples have not ended before a time, (B, 1).
    fn going_at(&self, time: usize) -> Option<Array> {
        self.going.as_ref().map(|going| going.slice(time as isize))
    }
}

impl Function for Ctc {
    fn name(&self) -> &'static str {
        NAME
    }
    fn forward(&self, inputs: &[Array]) -> Outputs {
        let steps = inputs.len();
        let x = ops::stack(&inputs.iter().collect::<Vec<_>>(), 0);
        let dtype = x.dtype();
        let x = x.astype(wide(dtype));
        let log_probabilities = &x - (&x).logsumexp(2, true);
        let of_states = self.paths.log_probabilities(&log_probabilities);
        let mut beginnings: Vec<Array> = Vec::with_capacity(steps);
        for time in 0..steps {
            let now = of_states.slice(time as isize);
            beginnings.push(match beginnings.last() {
                None => now + &self.paths.starts,
                Some(before) => {
                    let reached = self.paths.arrive(before) + now;
                    // A sample that has ended stays where it is.
                    match self.going_at(time) {
                        Some(going) => going.select(reached, before),
                        None => reached,
                    }
                }
            });
        }
        let complete = (&beginnings[steps - 1] + &self.paths.ends).logsumexp(1, false);
        let complete = match self.going_at(0) {
            // Of no steps at all only no labels can come.
            Some(going) => going.squeeze(Some(&[1])).select(complete, self.paths.ends.slice((.., 0))),
            None => complete,
        };
        let beginnings = ops::stack(&beginnings.iter().collect::<Vec<_>>(), 0);
        ((-complete).astype(dtype), log_probabilities, beginnings).into()
    }
    fn retain(&self) -> Retain {
        Retain::none().output(1).output(2)
    }
    fn backward(&self, c: &BackwardContext<'_>) -> Gradients {
        let (log_probabilities, beginnings) = (c.output(1).data(), c.output(2).data());
        let (steps, dtype) = (c.input_count(), c.input_dtype(0));
        let of_states = self.paths.log_probabilities(log_probabilities);
        let shape = self.paths.classes.shape();
        // What can come after each state at each time, from the end.
        let mut endings = vec![self.paths.ends.broadcast_to(shape)];
        for time in (1..steps).rev() {
            let after = &endings[endings.len() - 1] + of_states.slice(time as isize);
            let ending = self.paths.depart(&after);
            endings.push(match self.going_at(time) {
                Some(going) => going.select(ending, &self.paths.ends),
                None => ending,
            });
        }
        endings.reverse();
        let whole = beginnings + ops::stack(&endings.iter().collect::<Vec<_>>(), 0);
        // How likely each state is at each time, given the labels. The sum of a time is the probability of the labels: where they cannot
        // be reached there is no gradient.
        let complete = (&whole).logsumexp(2, true);
        let mut counts = (&complete).greater(f64::NEG_INFINITY);
        if let Some(going) = &self.going {
            counts = counts.logical_and(going);
        }
        let occupied = (whole - complete.maximum(f64::MIN)).exp().astype(log_probabilities.dtype());
        let classes = self.paths.over(steps);
        let of_classes = ops::scatter_add_along_axis(&Array::zeros_like(log_probabilities), &classes, &occupied, 2);
        let gy = c.gy(0).data().astype(log_probabilities.dtype()).expand_dims(1);
        let gx = counts.select((log_probabilities.exp() - of_classes) * gy, 0.0).astype(dtype);
        let gxs = (0..steps).map(|time| gx.slice(time as isize)).collect();
        // The log-probabilities stand for the inputs, which are not kept.
        first_order(NAME, vec![c.gy(0), c.output(1)], gxs).into()
    }
}

/// The loss of connectionist temporal classification (CTC): the negative log-likelihood of labels of which it is not known when they
/// come (Graves et al., *Connectionist temporal classification*, 2006). The mean over the samples is returned.
///
/// `xs[i]` (B, classes) are the scores of step i, of which this function takes the softmax; t (B, labels) are the labels in order. A
/// sample gives labels by naming a class at each step: repetitions count once, and the class `blank_symbol` stands for nothing. The
/// likelihood is the sum over all ways to give just these labels, computed of logarithms in time and memory that grow with steps times
/// labels. Labels that cannot be given in the steps there are have an infinite loss, and no gradient.
///
/// [`ConnectionistTemporalClassification`] has settings, such as the lengths of samples. It is differentiable with respect to xs only,
/// and once.
///
/// # Errors
/// The result fails unless xs are matrices of one float dtype and shape, t is a matrix of integers with as many rows, and the lengths are
/// integers (B,) that xs and t have room for; and if a label is the blank or lies outside the classes (the message names its place and
/// value).
///
/// ```
/// use chainer::{functions as F, Array, Dtype, Variable};
/// let xs = [[1, 3]; 2].map(|shape| Variable::new(Array::zeros(shape, Dtype::F64)));
/// // Of nine pairs of classes three give the label 1: (1, 1), (1, blank) and (blank, 1).
/// let loss = F::connectionist_temporal_classification(&xs, Array::from([[1i32]]), 0);
/// assert!((loss.item::<f64>()? - 3f64.ln()).abs() < 1e-12);
/// let function = F::ConnectionistTemporalClassification::new(0).input_length(Array::from([1i32]));
/// assert!((function.call(&xs, Array::from([[1i32]])).item::<f64>()? - 3f64.ln()).abs() < 1e-12);
/// # Ok::<(), chainer::Error>(())
/// ```
#[track_caller]
pub fn connectionist_temporal_classification(
    xs: impl AsVariables,
    t: impl AsVariable,
    blank_symbol: usize,
) -> Variable {
    ConnectionistTemporalClassification::new(blank_symbol).call(xs, t)
}
