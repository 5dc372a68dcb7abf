//! Gradients through a compiled call that computes forward only: its graph is split into what the call makes and what makes the gradients,
//! and the call is one function on the tape.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use chainer_kernels::graph::passes::Report;
use chainer_kernels::graph::{self, Bound, Executable, Graph, LaterLeaf, Outcome};

use crate::function::{BackwardContext, Function, Gradients, Outputs, Retain};
use crate::{Array, Error, ErrorKind, GradOptions, Parameter, Result, Variable, grad_with};

/// What the tape calls it.
const NAME: &str = "compiled";

/// What takes gradients from a call.
#[derive(Clone)]
pub(super) enum Taker {
    /// An argument, by number.
    Argument(usize),
    Parameter(Parameter),
}

impl Taker {
    fn variable(&self, arguments: &[Variable]) -> Variable {
        match self {
            Taker::Argument(i) => arguments[*i].clone(),
            Taker::Parameter(parameter) => parameter.var(),
        }
    }
}

/// The gradients of a traced call: they are results of its graph after the others.
pub(super) struct Traced {
    pub(super) takers: Vec<Taker>,
    /// Which takers have a gradient.
    pub(super) found: Vec<bool>,
    /// The first leaf that is a gradient of an output.
    pub(super) first_gradient: u32,
    /// Which returned variables gradients flow to.
    pub(super) outputs: Vec<usize>,
}

/// Traces the gradients of those returned variables that have a history. `None`: there are none.
///
/// # Errors
/// Something cannot be differentiated.
pub(super) fn trace(
    returned: &[Variable],
    arguments: &[Variable],
    trained: Vec<Parameter>,
    results: &mut Vec<Array>,
) -> Result<Option<(Traced, TracedCall)>> {
    let wanted = (0..arguments.len()).filter(|&i| arguments[i].requires_grad()).map(Taker::Argument);
    let takers: Vec<Taker> = wanted.chain(trained.into_iter().map(Taker::Parameter)).collect();
    let xs: Vec<Variable> = takers.iter().map(|taker| taker.variable(arguments)).collect();
    // Gradients also flow to what is returned as it was given.
    let given = |y: &Variable| xs.iter().any(|x| matches!((&x.node, &y.node), (Some(a), Some(b)) if Arc::ptr_eq(a, b)));
    let flows = |y: &Variable| y.requires_grad() && (y.creator_name().is_some() || given(y));
    let outputs: Vec<usize> = (0..returned.len()).filter(|&i| flows(&returned[i])).collect();
    if outputs.is_empty() {
        return Ok(None);
    }
    let (mut seeds, mut first_gradient) = (Vec::new(), None);
    for &i in &outputs {
        let mut seed = Array::ones_like(returned[i].data());
        first_gradient.get_or_insert(graph::leaf(&mut seed)?);
        seeds.push(Some(Variable::constant(seed)));
    }
    let ys: Vec<Variable> = outputs.iter().map(|&i| returned[i].clone()).collect();
    let options = GradOptions { grad_outputs: seeds, ..Default::default() };
    let gradients = grad_with(&ys[..], &xs[..], options)?;
    let found = gradients.iter().map(Option::is_some).collect();
    results.extend(gradients.into_iter().flatten().map(Variable::into_data));
    let call = TracedCall { ys, xs };
    Ok(Some((Traced { takers, found, first_gradient: first_gradient.unwrap_or(0), outputs }, call)))
}

/// The call that was traced: its history is there.
pub(super) struct TracedCall {
    ys: Vec<Variable>,
    xs: Vec<Variable>,
}

impl TracedCall {
    /// Its outputs, connected to what the caller gave.
    pub(super) fn connect(self, traced: &Traced, arguments: &[Variable]) -> Vec<Variable> {
        let inputs: Vec<Variable> = traced.takers.iter().map(|taker| taker.variable(arguments)).collect();
        crate::apply(self, &inputs[..]).all().into_vec()
    }
}

impl Function for TracedCall {
    fn name(&self) -> &'static str {
        NAME
    }
    fn forward(&self, _: &[Array]) -> Outputs {
        self.ys.iter().map(|y| y.data().clone()).collect::<Vec<_>>().into()
    }
    fn retain(&self) -> Retain {
        Retain::none()
    }
    fn backward(&self, c: &BackwardContext<'_>) -> Gradients {
        let grad_outputs = (0..self.ys.len()).map(|i| Some(c.gy(i).clone())).collect();
        let options = GradOptions { grad_outputs, create_graph: c.records() };
        match grad_with(&self.ys[..], &self.xs[..], options) {
            Ok(gradients) => Gradients::from(gradients),
            Err(error) => Variable::failed(error).into(),
        }
    }
}

/// The later graph of a call, and what it is to be bound to.
pub(super) struct Flow {
    pub(super) traced: Traced,
    pub(super) later: Mutex<Executable>,
    /// The later graph and what its passes did.
    pub(super) graph: Graph,
    pub(super) report: Report,
    pub(super) leaves: Vec<LaterLeaf>,
}

impl Flow {
    /// How many results of the call's graph are kept for its gradients.
    pub(super) fn kept(&self) -> usize {
        self.leaves.iter().filter(|leaf| matches!(leaf, LaterLeaf::Kept(_))).count()
    }

    /// What makes the gradients.
    pub(super) fn later(&self) -> MutexGuard<'_, Executable> {
        self.later.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Whether gradients read the leaf of this number.
    pub(super) fn reads(&self, leaf: u32) -> bool {
        self.leaves.contains(&LaterLeaf::Leaf(leaf))
    }

    /// The outputs of a call that ran as a graph, connected to what the caller gave.
    pub(super) fn connect(self: &Arc<Self>, run: Run, arguments: &[Variable]) -> Vec<Variable> {
        let inputs: Vec<Variable> = self.traced.takers.iter().map(|taker| taker.variable(arguments)).collect();
        crate::apply(RunCall { flow: self.clone(), run }, &inputs[..]).all().into_vec()
    }
}

/// What a run leaves for its gradients.
pub(super) struct Run {
    /// The values of the outputs that gradients flow to.
    pub(super) outputs: Vec<Array>,
    /// The leaves that gradients read, by number.
    pub(super) held: Vec<(u32, Array)>,
    pub(super) kept: Vec<Array>,
    /// Where its random numbers lie.
    pub(super) place: (u64, u64),
}

/// A call that ran as a graph, on the tape.
struct RunCall {
    flow: Arc<Flow>,
    run: Run,
}

impl RunCall {
    fn gradients(&self, c: &BackwardContext<'_>) -> Result<Vec<Option<Variable>>> {
        if c.records() {
            let message = "gradients of a compiled call cannot be differentiated again: compile what asks for them, or call the \
                           closure itself";
            return Err(Error::new(ErrorKind::Unsupported, NAME, message));
        }
        let traced = &self.flow.traced;
        let array = |leaf: &LaterLeaf| match *leaf {
            LaterLeaf::Kept(k) => Some(self.run.kept[k as usize].clone()),
            LaterLeaf::Leaf(n) if n >= traced.first_gradient => {
                Some(c.gy((n - traced.first_gradient) as usize).data().clone())
            }
            LaterLeaf::Leaf(n) => self.run.held.iter().find(|(leaf, _)| *leaf == n).map(|(_, array)| array.clone()),
        };
        let lost = || Error::new(ErrorKind::State, NAME, "a value that gradients need is lost");
        let bound: Vec<Bound> =
            self.flow.leaves.iter().map(|leaf| Bound::new(&array(leaf).ok_or_else(lost)?)).collect::<Result<_>>()?;
        let outcomes = self.flow.later().run_at(self.run.place, &bound)?;
        let mut gradients = outcomes.into_iter().map(|outcome| match outcome {
            Outcome::Array(array) => Some(Variable::constant(array)),
            Outcome::InPlace => None,
        });
        Ok(traced.found.iter().map(|&found| if found { gradients.next().flatten() } else { None }).collect())
    }
}

impl Function for RunCall {
    fn name(&self) -> &'static str {
        NAME
    }
    fn forward(&self, _: &[Array]) -> Outputs {
        self.run.outputs.clone().into()
    }
    fn retain(&self) -> Retain {
        Retain::none()
    }
    fn backward(&self, c: &BackwardContext<'_>) -> Gradients {
        match self.gradients(c) {
            Ok(gradients) => Gradients::from(gradients),
            Err(error) => Variable::failed(error).into(),
        }
    }
}
