//! Random graphs: compiled they give what define-by-run gives, bit for bit, whichever passes run.

use chainer::compile::Passes;
use chainer::functions as F;
use chainer::prelude::*;
use chainer::random::default_generator;
use chainer::{Array, Dtype, GradOptions, Result, compile, grad_with, optimizers};
use proptest::prelude::*;

use super::{alone, numbers};

/// One operation of a random graph: which, on which values, and how.
#[derive(Clone, Copy, Debug)]
struct Step {
    kind: usize,
    a: usize,
    b: usize,
    pick: usize,
}

const KINDS: usize = 28;
/// Calls of each closure: one is captured.
const CALLS: usize = 3;
/// Elements of a value at most.
const LARGEST: usize = 5000;

fn broadcast_shape(a: &Variable, b: &Variable) -> Option<Vec<usize>> {
    let n = a.ndim().max(b.ndim());
    let size = |x: &Variable, i: usize| (i + x.ndim()).checked_sub(n).map_or(1, |i| x.shape()[i]);
    let joined = |i: usize| match (size(a, i), size(b, i)) {
        (p, q) if p == q || q == 1 => Some(p),
        (1, q) => Some(q),
        _ => None,
    };
    (0..n).map(joined).collect::<Option<Vec<_>>>().filter(|shape| shape.iter().product::<usize>() <= LARGEST)
}

/// Both over the same space: as NumPy would stretch them, or the second as its sum.
fn stretched(a: &Variable, b: &Variable) -> (Variable, Variable) {
    match broadcast_shape(a, b) {
        Some(shape) => (F::broadcast_to(a, &shape[..]), F::broadcast_to(b, &shape[..])),
        None => (a.clone(), F::broadcast_to(F::tanh(F::sum(b, None, false)), a.shape())),
    }
}

fn matrix(x: &Variable) -> Variable {
    let last = x.shape().last().copied().unwrap_or(1);
    F::reshape(x, [x.size() / last.max(1), last])
}

/// Some of the axes of x; never none.
fn axes(x: &Variable, pick: usize) -> Vec<isize> {
    let some: Vec<isize> = (0..x.ndim()).filter(|axis| pick >> axis & 1 == 1).map(|axis| axis as isize).collect();
    if some.is_empty() { (0..x.ndim() as isize).collect() } else { some }
}

/// The value of a step. Values stay small, so that nothing overflows.
fn apply(step: &Step, values: &[Variable], ids: &Variable) -> Variable {
    let a = &values[step.a % values.len()];
    let b = &values[step.b % values.len()];
    let pick = step.pick;
    let (keepdims, last) = (pick & 8 > 0, (a.ndim() > 0).then_some(-1));
    let (x, y) = stretched(a, b);
    match (step.kind % KINDS, last) {
        (0, _) => F::tanh(a),
        (1, _) => F::exp(F::clip(a, -2.0, 1.0)),
        (2, _) => F::relu(a) * 0.5,
        (3, _) => F::log(a * a + 1.0),
        (4, _) => F::sigmoid(-a),
        (5, _) => F::sqrt(a * a + 0.5),
        (6, _) => F::dropout(a, 0.3),
        (7, _) => x + y,
        (8, _) => &x - &y * 0.25,
        (9, _) => F::tanh(x) * F::tanh(y),
        (10, _) => x / (&y * &y + 1.0),
        (11, _) => F::maximum(x, y),
        (12, _) => F::where_(x.data().greater(y.data()), &x, y * 2.0),
        (13, Some(_)) => F::sum(F::tanh(a), &axes(a, pick), keepdims),
        (14, Some(_)) => F::max(a, &axes(a, pick), keepdims),
        (15, Some(_)) => F::mean(a, &axes(a, pick), keepdims),
        (16, Some(_)) => F::prod(F::sigmoid(a), &axes(a, pick), keepdims),
        (17, Some(_)) => F::logsumexp(a, &axes(a, pick)),
        (18, Some(last)) => F::Softmax::new().axis(last).call(a),
        (19, Some(last)) => F::LogSoftmax::new().axis(last).call(a),
        (20, Some(_)) => {
            let (a, b) = (matrix(a), matrix(b));
            let b = if a.shape()[1] == b.shape()[0] { b } else { F::transpose(&a, &[]) };
            if a.shape()[0] * b.shape()[1] > LARGEST { a } else { F::matmul(F::tanh(a), F::tanh(b) * 0.2) }
        }
        (21, Some(_)) => F::transpose(a, &[]),
        (22, Some(_)) if pick & 1 > 0 => F::reshape(a, [a.size()]),
        (22, Some(_)) => matrix(a),
        (23, Some(_)) if a.shape()[0] > 1 => F::get_item(a, [F::Index::Slice(Some(1), None, None)]),
        (24, Some(_)) if a.size() * 2 <= LARGEST => F::Concat::new().axis(0).call([a, &F::tanh(a)]),
        (25, Some(_)) if matrix(a).shape()[0] > 1 => F::embed_id(ids, matrix(a)),
        (26, Some(last)) => F::flip(a, last),
        (27, Some(last)) => F::cumsum(a * 0.1, last),
        _ => a * 0.5 + 1.0,
    }
}

/// What a case is made of.
#[derive(Clone, Debug)]
struct Case {
    rows: usize,
    columns: usize,
    steps: Vec<Step>,
    returned: Vec<usize>,
}

impl Case {
    /// The parameters, new for each model.
    fn params(&self) -> Vec<Parameter> {
        let shapes = [vec![self.columns, self.columns], vec![self.columns]];
        shapes.iter().enumerate().map(|(i, shape)| Parameter::new(numbers(&shape[..], 90 + i as u64))).collect()
    }

    fn arguments(&self, call: usize) -> (Array, Array, Array) {
        let seed = 3 * call as u64;
        let ids = [0i32, (call % self.rows.min(2)) as i32, 0];
        let shape = [self.rows, self.columns];
        (numbers(shape, seed), numbers([1, self.columns], seed + 1), Array::from(ids))
    }

    fn values(&self, x: &Variable, row: &Variable, ids: &Variable, params: &[Parameter]) -> Vec<Variable> {
        let mut values = vec![x.clone(), row.clone()];
        values.extend(params.iter().map(|p| p.var()));
        for step in &self.steps {
            let mut value = apply(step, &values, ids);
            // Rows for `ids`.
            if value.ndim() > 3 {
                value = F::sum(value, 0, false);
            }
            values.push(value);
        }
        let last = values[values.len() - 1].clone();
        std::iter::once(last).chain(self.returned.iter().map(|&at| values[at % values.len()].clone())).collect()
    }
}

fn case() -> impl Strategy<Value = Case> {
    let step = (0..KINDS, 0..64usize, 0..64usize, 0..16usize).prop_map(|(kind, a, b, pick)| Step { kind, a, b, pick });
    let sizes = prop_oneof![4 => (2usize..6, 1usize..6), 1 => Just((70, 66))];
    (sizes, prop::collection::vec(step, 1..14), prop::collection::vec(0..64usize, 0..3))
        .prop_map(|((rows, columns), steps, returned)| Case { rows, columns, steps, returned })
}

/// Every combination of passes.
fn combinations() -> impl Iterator<Item = Passes> {
    let switches: [fn(&mut Passes) -> &mut bool; 7] = [
        |p| &mut p.dead,
        |p| &mut p.common,
        |p| &mut p.fold,
        |p| &mut p.fuse,
        |p| &mut p.epilogue,
        |p| &mut p.group,
        |p| &mut p.schedule,
    ];
    (0..1u32 << switches.len()).map(move |bits| {
        let mut passes = Passes::NONE;
        switches.iter().enumerate().for_each(|(i, switch)| *switch(&mut passes) = bits >> i & 1 == 1);
        passes
    })
}

/// The elements of arrays; one NaN is as good as another.
fn bits<'a>(arrays: impl IntoIterator<Item = &'a Array>) -> Result<Vec<Vec<u64>>> {
    let of = |x: &f64| if x.is_nan() { u64::MAX } else { x.to_bits() };
    arrays.into_iter().map(|array| Ok(array.to_f64_vec()?.iter().map(of).collect())).collect()
}

fn failed(error: chainer::Error) -> TestCaseError {
    TestCaseError::fail(error.to_string())
}

type Trace = Vec<Vec<Vec<u64>>>;

/// Runs a case define-by-run and compiled with all passes and compares what each call leaves. `run` does all calls: with passes compiled.
fn compare(run: impl Fn(Option<Passes>) -> Result<(Trace, usize)>) -> std::result::Result<(), TestCaseError> {
    let start = || chainer::random::seed(1);
    start();
    let (want, _) = run(None).map_err(failed)?;
    let position = default_generator().state();
    for passes in combinations() {
        start();
        let (got, replays) = run(Some(passes)).map_err(failed)?;
        prop_assert_eq!(replays, CALLS - 1);
        for (call, (got, want)) in got.iter().zip(&want).enumerate() {
            prop_assert_eq!(got, want, "call {} with {:?}", call, passes);
        }
        prop_assert_eq!(default_generator().state(), position);
    }
    Ok(())
}

/// The sum of all elements of the values, each squeezed.
fn loss(values: &[Variable]) -> Variable {
    let sums = values.iter().map(|value| F::mean(F::tanh(value), None, false));
    sums.reduce(|a, b| a + b).unwrap_or_else(|| Variable::constant(Array::zeros((), Dtype::F32)))
}

/// The gradients of the loss, added up in the order of a call that is one function: first those of its values.
fn gradients(values: &[Variable], xs: [&Variable; 4]) -> Result<Vec<Array>> {
    let given: Vec<Variable> = values.iter().map(|value| Variable::new(value.data().clone())).collect();
    loss(&given).backward()?;
    let pairs = values.iter().zip(&given).filter(|(value, _)| value.requires_grad());
    let (ys, grad_outputs): (Vec<&Variable>, _) = pairs.map(|(value, given)| (value, given.grad())).unzip();
    let gradients = grad_with(&ys[..], xs, GradOptions { grad_outputs, ..GradOptions::default() })?;
    Ok(gradients.into_iter().flatten().map(Variable::into_data).collect())
}

fn constants((x, row, ids): (Array, Array, Array)) -> (Variable, Variable, Variable) {
    (Variable::constant(x), Variable::constant(row), Variable::constant(ids))
}

/// A few cases; as many as `PROPTEST_CASES` says, if it says so.
fn config() -> ProptestConfig {
    let config = ProptestConfig { failure_persistence: None, ..ProptestConfig::default() };
    if std::env::var_os("PROPTEST_CASES").is_some() { config } else { ProptestConfig { cases: 4, ..config } }
}

proptest! {
    #![proptest_config(config())]

    #[test]
    fn forward(case in case()) {
        let _alone = alone();
        compare(|passes| {
            let params = case.params();
            let shared = (case.clone(), params.clone());
            let work = move |(x, row, ids): (Variable, Variable, Variable)| -> Vec<Variable> {
                let _no_graph = chainer::no_backprop_mode();
                shared.0.values(&x, &row, &ids, &shared.1).iter().map(Variable::detach).collect()
            };
            let mut compiled = passes.map(|passes| compile(work.clone()).passes(passes));
            let mut trace = Vec::new();
            for call in 0..CALLS {
                let arguments = constants(case.arguments(call));
                let values = match &mut compiled {
                    Some(compiled) => compiled.call(arguments),
                    None => work(arguments),
                };
                trace.push(bits(values.iter().map(Variable::data))?);
            }
            Ok((trace, compiled.map_or(0, |compiled| compiled.replays())))
        })?;
    }

    #[test]
    fn training_steps(case in case()) {
        let _alone = alone();
        compare(|passes| {
            let params = case.params();
            let named = params.iter().enumerate().map(|(i, p)| (i.to_string(), p.clone())).collect::<Vec<_>>();
            let mut optimizer = optimizers::MomentumSGD::default().lr(0.1).setup_params(named);
            let shared = (case.clone(), params.clone());
            let mut work = move |(x, row, ids): (Variable, Variable, Variable)| -> Result<Vec<Variable>> {
                let values = shared.0.values(&x, &row, &ids, &shared.1);
                let loss = loss(&values) + loss(&[shared.1[0].var(), shared.1[1].var()]);
                shared.1.iter().for_each(|p| p.cleargrad());
                loss.backward()?;
                optimizer.update()?;
                Ok(values)
            };
            let mut trace = Vec::new();
            let mut after = |values: Vec<Variable>| -> Result<()> {
                let params: Vec<Array> = params.iter().map(|p| p.array()).collect::<Result<_>>()?;
                trace.push(bits(values.iter().map(Variable::data).chain(&params))?);
                Ok(())
            };
            let mut replays = 0;
            match passes {
                None => (0..CALLS).try_for_each(|call| after(work(constants(case.arguments(call)))?))?,
                Some(passes) => {
                    let mut compiled = compile(work).passes(passes);
                    (0..CALLS).try_for_each(|call| after(compiled.call(constants(case.arguments(call)))?))?;
                    replays = compiled.replays();
                }
            }
            Ok((trace, replays))
        })?;
    }

    #[test]
    fn gradients_through_calls(case in case()) {
        let _alone = alone();
        compare(|passes| {
            let params = case.params();
            let shared = (case.clone(), params.clone());
            let work = move |(x, row, ids): (Variable, Variable, Variable)| -> Vec<Variable> {
                shared.0.values(&x, &row, &ids, &shared.1)
            };
            let mut compiled = passes.map(|passes| compile(work.clone()).passes(passes));
            let mut trace = Vec::new();
            for call in 0..CALLS {
                let (x, row, ids) = case.arguments(call);
                let (x, row, ids) = (Variable::new(x), Variable::new(row), Variable::constant(ids));
                let arguments = (x.clone(), row.clone(), ids);
                params.iter().for_each(|p| p.cleargrad());
                let (values, gradients) = match &mut compiled {
                    Some(compiled) => {
                        let values = compiled.call(arguments);
                        loss(&values).backward()?;
                        let gradients = [x.grad(), row.grad()].into_iter().flatten().map(Variable::into_data);
                        (values, gradients.chain(params.iter().filter_map(|p| p.grad())).collect())
                    }
                    None => {
                        let values = work(arguments);
                        let gradients = gradients(&values, [&x, &row, &params[0].var(), &params[1].var()])?;
                        (values, gradients)
                    }
                };
                trace.push(bits(values.iter().map(Variable::data).chain(&gradients))?);
            }
            Ok((trace, compiled.map_or(0, |compiled| compiled.replays())))
        })?;
    }
}
