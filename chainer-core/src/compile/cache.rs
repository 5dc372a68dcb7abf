//! The graphs of one piece of work, by what they were captured for.

use std::any::Any;
use std::sync::{Arc, Mutex};

use chainer_kernels::graph::passes::{Passes, Report};
use chainer_kernels::graph::{self, Bound, Capture, Executable, Graph, Outcome, Recomputed, Refusal, Split, Update};

use super::flow::{self, Flow, Run};
use super::session::{self, Cell, Effect, Guard, Running, Session, Signature, Touched};
use super::traced::Slot;
use crate::config::{Config, Mode, config};
use crate::reporter::{self, Observation, Observed};
use crate::{Array, Dtype, Parameter, Result, Scalar, Shape, Variable, flush_all};

/// Graphs for one kind of arguments at most: beyond that something differs in every call.
const VARIANTS: usize = 8;
/// Kinds of arguments at most; the oldest goes.
const KEYS: usize = 64;

/// What has to be the same for a graph to be that of a call.
#[derive(Clone, PartialEq)]
pub(super) struct Key {
    pub(super) arguments: Vec<Argument>,
    pub(super) plain: Vec<u64>,
    config: Config,
    reports: bool,
}

#[derive(Clone, PartialEq)]
pub(super) struct Argument {
    shape: Shape,
    dtype: Dtype,
    requires_grad: bool,
}

impl Key {
    pub(super) fn new(variables: &[Variable], plain: Vec<u64>) -> Key {
        let argument =
            |x: &Variable| Argument { shape: x.shape().clone(), dtype: x.dtype(), requires_grad: x.requires_grad() };
        let arguments = variables.iter().map(argument).collect();
        Key { arguments, plain, config: config(), reports: reporter::is_collecting() }
    }
}

/// All graphs of one piece of work.
pub(crate) struct Cache {
    pub(super) passes: Passes,
    entries: Vec<Entry>,
    warned: bool,
    /// Bytes that a graph may take for temporary tensors; beyond that cheap work is done again.
    pub(super) budget: Option<usize>,
    /// How many calls ran as graphs.
    pub(crate) replays: usize,
    /// How many calls were captured.
    pub(super) captures: usize,
    /// Whether runs measure their kernels.
    pub(super) timed: bool,
    /// Every so many replays the work is captured again and compared; 0: never.
    pub(super) verify: usize,
}

struct Entry {
    key: Key,
    variants: Vec<Variant>,
    /// Calls with this key run define-by-run.
    refused: bool,
}

/// A graph with what it stands for outside.
pub(crate) struct Variant {
    pub(super) captured: Graph,
    pub(super) graph: Graph,
    pub(super) executable: Executable,
    pub(super) report: Report,
    /// The most bytes that the traced call held at one time.
    pub(super) traced_peak: usize,
    cells: Vec<CellPlan>,
    effects: Vec<Arc<dyn Effect>>,
    guards: Vec<Guard>,
    /// For each returned variable, which result it is.
    returned: Vec<usize>,
    reports: Vec<(String, Reported)>,
    template: Box<dyn Any>,
    /// Parameters whose gradients are forgotten afterwards.
    consumed: Vec<Parameter>,
    /// How gradients flow through it, if they do.
    pub(super) flow: Option<Arc<Flow>>,
    /// What a budget of memory has changed.
    pub(super) recomputed: Option<Recomputed>,
    /// The leaves of this run that its gradients will read.
    held: Vec<(u32, Array)>,
    // Memory for the next run.
    bound: Vec<Bound>,
    numbers: Vec<Scalar>,
}

enum Reported {
    Number(f64),
    Result(usize),
}

struct CellPlan {
    cell: Arc<dyn Cell>,
    signature: Signature,
    first_leaf: u32,
    /// It is a gradient that nothing reads, or that is forgotten first: whatever it is, it does not matter.
    unread: bool,
    /// What it holds afterwards, if that is of another kind.
    template: Option<Box<dyn Any + Send + Sync>>,
    /// For each array that it holds afterwards, the result that it becomes (`None`: it stays).
    arrays: Vec<Option<usize>>,
}

impl Default for Cache {
    fn default() -> Self {
        let passes = Passes::default();
        Cache {
            passes,
            entries: Vec::new(),
            warned: false,
            budget: None,
            replays: 0,
            captures: 0,
            timed: false,
            verify: 0,
        }
    }
}

/// What a piece of work returns, as the cache sees it.
pub(crate) trait Work<R> {
    fn call(&mut self, arguments: &[Variable]) -> R;
    fn variables(returned: &mut R, visit: &mut dyn FnMut(&mut Variable));
    fn failure(returned: &R) -> Option<crate::Error>;
    fn failed(error: crate::Error) -> R;
    fn template(returned: &R) -> R;
}

impl Cache {
    /// The newest graph.
    pub(crate) fn graph(&self) -> Option<super::CompiledGraph<'_>> {
        let variant = self.entries.iter().rev().find_map(|entry| entry.variants.last())?;
        Some(super::CompiledGraph { variant })
    }

    /// Measures the kernels of later runs, or no longer.
    pub(crate) fn set_timed(&mut self, timed: bool) {
        self.timed = timed;
        self.entries.iter_mut().flat_map(|entry| &mut entry.variants).for_each(|variant| variant.set_timed(timed));
    }

    /// Does the work: by a graph if there is one that fits, otherwise define-by-run, and captures it.
    pub(crate) fn run<R: 'static, W: Work<R>>(&mut self, arguments: &[Variable], plain: Vec<u64>, work: &mut W) -> R {
        let failed = arguments.iter().any(|x| x.check().is_err());
        // Hooks and debug mode want to see every operation.
        if failed || session::is_active() || !Mode::current().plain() {
            return work.call(arguments);
        }
        let key = Key::new(arguments, plain);
        let at = match self.entries.iter().position(|entry| entry.key == key) {
            Some(at) => at,
            None => {
                if self.entries.len() >= KEYS {
                    self.entries.remove(0);
                    self.warn("its arguments are of another kind in every call; graphs are made and thrown away");
                }
                self.entries.push(Entry { key, variants: Vec::new(), refused: false });
                self.entries.len() - 1
            }
        };
        if self.entries[at].refused {
            return work.call(arguments);
        }
        for i in 0..self.entries[at].variants.len() {
            match self.entries[at].variants[i].fits(arguments) {
                Ok(true) => {}
                Ok(false) => continue,
                Err(error) => return W::failed(error),
            }
            self.replays += 1;
            if self.verify > 0 && self.replays.is_multiple_of(self.verify) {
                return self.verified(at, i, arguments, work);
            }
            return match self.entries[at].variants[i].replay() {
                Ok(outcomes) => self.entries[at].variants[i].hand_out::<R, W>(outcomes, arguments),
                Err(error) => W::failed(error),
            };
        }
        if self.entries[at].variants.len() >= VARIANTS {
            self.entries[at].refused = true;
            self.warn("something beside its arguments differs in every call");
            return work.call(arguments);
        }
        self.captures += 1;
        let (returned, captured) = capture::<R, W>(arguments, work, self.passes, self.budget);
        match captured {
            Ok(Some(mut variant)) => {
                variant.set_timed(self.timed);
                self.entries[at].variants.push(variant);
            }
            Ok(None) => {}
            Err(refusal) => {
                self.entries[at].refused = true;
                self.warn(&refusal.to_string());
            }
        }
        returned
    }

    /// Captures the work again, and says where it differs from the graph that would have been run.
    fn verified<R: 'static, W: Work<R>>(&mut self, at: usize, i: usize, arguments: &[Variable], work: &mut W) -> R {
        let (returned, captured) = capture::<R, W>(arguments, work, Passes::NONE, None);
        let difference = match captured {
            Ok(Some(again)) => {
                super::compare::first_difference(&self.entries[at].variants[i].captured, &again.captured)
            }
            Ok(None) => None,
            Err(refusal) => Some(refusal.to_string()),
        };
        if let Some(difference) = difference {
            self.entries[at].refused = true;
            self.warned = false;
            self.warn(&format!("it is not the same in every call: {difference}"));
        }
        returned
    }

    fn warn(&mut self, reason: &str) {
        if !std::mem::replace(&mut self.warned, true) {
            eprintln!("chainer: a compiled call runs define-by-run: {reason}");
        }
    }
}

type Capturing<R> = (R, std::result::Result<Option<Variant>, Refusal>);

/// Does the work define-by-run and makes a graph of it. No graph and no reason: the call did what later calls will not do.
fn capture<R: 'static, W: Work<R>>(
    arguments: &[Variable],
    work: &mut W,
    passes: Passes,
    budget: Option<usize>,
) -> Capturing<R> {
    let Some(capture) = Capture::start() else { return (work.call(arguments), Ok(None)) };
    let running = Running::start();
    let mut leaves: Vec<Variable> = Vec::with_capacity(arguments.len());
    for argument in arguments {
        let mut data = argument.data.clone();
        if let Err(error) = graph::leaf(&mut data) {
            return (W::failed(error), Ok(None));
        }
        // What happened before is none of the graph's business.
        leaves.push(if argument.requires_grad() { Variable::new(data) } else { Variable::constant(data) });
    }
    let (mut returned, observation) = reporter::report_scope(|| work.call(&leaves));
    let mut results: Vec<Array> = Vec::new();
    let mut variables: Vec<Variable> = Vec::new();
    W::variables(&mut returned, &mut |variable| variables.push(variable.clone()));
    let given: Vec<usize> = (0..variables.len()).collect();
    results.extend(variables.iter().map(|variable| variable.data.clone()));
    let reports = reported(&observation, &mut results);
    observation.iter().for_each(|(name, value)| reporter::report_values([(name, value)]));
    for (argument, leaf) in arguments.iter().zip(&leaves) {
        if let Some(gradient) = leaf.grad() {
            graph::refuse("it leaves a gradient in an argument", None);
            let sum =
                Variable::constant(argument.grad().map_or(gradient.data().clone(), |old| old.data() + gradient.data()));
            let _ = argument.set_grad(sum);
        }
    }
    let failure = W::failure(&returned);
    let mut gradients = Vec::new();
    let (walked, trained) = (session::has_walked(), session::trained());
    let session = running.finish();
    let Session { cells, effects, guards, consumed, cleared, once, .. } = session;
    for parameter in consumed.values() {
        parameter.visit_grad(|grad| *grad = None);
    }
    let mut updates = Vec::new();
    let mut cells: Vec<CellPlan> =
        cells.into_iter().map(|touched| after(touched, &cleared, &mut results, &mut updates)).collect();
    let forward = results.len();
    let traced = if walked || failure.is_some() {
        // What the call makes is complete: its history is not part of it.
        None
    } else {
        // First, so that no kernel makes a part of the results together with gradients.
        flush_all(&results);
        flow::trace(&variables, &leaves, trained, &mut gradients).unwrap_or_else(|error| {
            graph::refuse(format!("gradients do not flow through it: {error}"), None);
            None
        })
    };
    results.extend(gradients);
    let finished = capture.finish(&results, updates);
    drop(results);
    let traced = traced.map(|(traced, call)| {
        let mut outputs = call.connect(&traced, arguments).into_iter();
        let mut at = 0;
        W::variables(&mut returned, &mut |variable| {
            if traced.outputs.contains(&at)
                && let Some(output) = outputs.next()
            {
                *variable = output;
            }
            at += 1;
        });
        traced
    });
    let captured = match (finished, failure) {
        // What fails is not kept, and speaks for itself.
        (_, Some(_)) => return (returned, Ok(None)),
        (Err(refusal), None) => return (returned, Err(refusal)),
        (Ok(captured), None) => captured,
    };
    if once {
        return (returned, Ok(None));
    }
    let Prepared { graph, executable, report, flow, recomputed } =
        match prepare(&captured.graph, traced, forward, passes, budget) {
            Ok(prepared) => prepared,
            Err(error) => return (returned, Err(Refusal { what: error.to_string(), at: None })),
        };
    for plan in &mut cells {
        let read = |leaf: u32| executable.reads(leaf) || flow.as_ref().is_some_and(|flow| flow.reads(leaf));
        let mut leaves = plan.first_leaf..plan.first_leaf + plan.signature.arrays.len() as u32;
        let untouched = plan.arrays.iter().all(Option::is_none) && !leaves.any(read);
        plan.unread |= plan.cell.gradient_of().is_some() && !walked && untouched;
    }
    let template: Box<dyn Any> = Box::new(W::template(&returned));
    let variant = Variant {
        captured: captured.graph,
        graph,
        executable,
        report,
        traced_peak: captured.peak_bytes,
        cells,
        effects,
        guards,
        returned: given,
        reports,
        template,
        consumed: consumed.into_values().collect(),
        flow,
        recomputed,
        held: Vec::new(),
        bound: Vec::new(),
        numbers: Vec::new(),
    };
    (returned, Ok(Some(variant)))
}

/// What [`prepare`] makes.
struct Prepared {
    graph: Graph,
    executable: Executable,
    report: Report,
    flow: Option<Arc<Flow>>,
    recomputed: Option<Recomputed>,
}

/// The graphs that run: that of the call, and that of its gradients if they flow through it.
fn prepare(
    captured: &Graph,
    traced: Option<flow::Traced>,
    forward: usize,
    passes: Passes,
    budget: Option<usize>,
) -> Result<Prepared> {
    let Some(traced) = traced else {
        let mut graph = captured.clone();
        let report = passes.run(&mut graph);
        let recomputed = budget.map(|budget| graph::recompute(&mut graph, budget));
        let executable = Executable::new(&graph)?;
        return Ok(Prepared { graph, executable, report, flow: None, recomputed });
    };
    let Split { earlier: mut graph, mut later, leaves } = graph::split(captured, forward, budget);
    let (report, later_report) = (passes.run(&mut graph), passes.run(&mut later));
    let later_executable = Mutex::new(Executable::new(&later)?);
    let flow = Flow { traced, later: later_executable, graph: later, report: later_report, leaves };
    let executable = Executable::new(&graph)?;
    Ok(Prepared { graph, executable, report, flow: Some(Arc::new(flow)), recomputed: None })
}

/// What was reported, as results.
fn reported(observation: &Observation, results: &mut Vec<Array>) -> Vec<(String, Reported)> {
    let mut of = |value: &Observed| match value {
        Observed::Number(number) => Reported::Number(*number),
        Observed::Variable(variable) => {
            results.push(variable.data.clone());
            Reported::Result(results.len() - 1)
        }
    };
    observation.iter().map(|(name, value)| (name.to_owned(), of(value))).collect()
}

/// What a call has made of a cell.
fn after(
    touched: Touched,
    cleared: &std::collections::HashSet<usize>,
    results: &mut Vec<Array>,
    updates: &mut Vec<Update>,
) -> CellPlan {
    let Touched { cell, signature, before, first_leaf, overwritten } = touched;
    let now = Signature::of(&*cell);
    let same_kind = !overwritten && now.arrays.len() == signature.arrays.len();
    let mut arrays = Vec::with_capacity(now.arrays.len());
    let mut at = 0;
    cell.arrays(&mut |mut slot| {
        let leaf = same_kind.then_some(first_leaf + at as u32);
        if same_kind && before[at].is_same(slot.array()) {
            arrays.push(None);
        } else {
            if let Err(error) = graph::result(slot.array()) {
                graph::refuse(format!("{} has failed: {error}", cell.label()), None);
            }
            let result = results.len();
            results.push(slot.array().clone());
            updates.extend(leaf.map(|leaf| Update { leaf, result: result as u32 }));
            arrays.push(Some(result));
        }
        at += 1;
    });
    let unread = overwritten || cell.gradient_of().is_some_and(|parameter| cleared.contains(&parameter));
    CellPlan { template: if same_kind { None } else { cell.template() }, cell, signature, first_leaf, unread, arrays }
}

impl Variant {
    fn set_timed(&mut self, timed: bool) {
        self.executable.set_timed(timed);
        if let Some(flow) = &self.flow {
            flow.later().set_timed(timed);
        }
    }

    /// Whether this is the graph for a call with these arguments now. Binds what the run reads.
    fn fits(&mut self, arguments: &[Variable]) -> Result<bool> {
        self.bound.clear();
        self.held.clear();
        if !self.effects.iter().all(|effect| effect.is_current()) {
            return Ok(false);
        }
        let flow = self.flow.clone();
        let holds = |leaf: u32| flow.as_ref().is_some_and(|flow| flow.reads(leaf));
        for (i, x) in arguments.iter().enumerate() {
            if holds(i as u32) {
                self.held.push((i as u32, x.data.clone()));
            }
            self.bound.push(Bound::new(&x.data)?);
        }
        for guard in &self.guards {
            if let Some(bound) = self.bound.get(guard.leaf as usize)
                && (guard.observe)(&bound.window(&guard.window))? != guard.found
            {
                return Ok(false);
            }
        }
        for plan in &self.cells {
            if plan.cell.mode() != plan.signature.mode || !bind(plan, &mut self.bound, &mut self.held, &holds)? {
                return Ok(false);
            }
        }
        if let Some(flow) = &self.flow {
            // The gradients' leaves: nothing of the forward graph reads them.
            for _ in &flow.traced.outputs {
                self.bound.push(Bound::unread()?);
            }
        }
        Ok(true)
    }

    fn replay(&mut self) -> Result<Vec<Outcome>> {
        self.numbers.clear();
        for effect in &self.effects {
            effect.numbers(&mut self.numbers)?;
        }
        let outcomes = self.executable.run(&self.bound, &self.numbers);
        self.bound.clear();
        outcomes
    }

    /// Puts the results where they belong.
    fn hand_out<R: 'static, W: Work<R>>(&mut self, outcomes: Vec<Outcome>, arguments: &[Variable]) -> R {
        let array = |result: usize| match outcomes.get(result) {
            Some(Outcome::Array(array)) => Some(array.clone()),
            _ => None,
        };
        let mut returned = match self.template.downcast_ref::<R>() {
            Some(template) => W::template(template),
            None => {
                return W::failed(crate::Error::new(crate::ErrorKind::State, "compile", "another type is returned"));
            }
        };
        let mut given = self.returned.iter();
        W::variables(&mut returned, &mut |variable| {
            if let Some(array) = given.next().and_then(|&result| array(result)) {
                *variable = Variable::constant(array);
            }
        });
        if let Some(flow) = &self.flow {
            let outputs = flow.traced.outputs.iter().filter_map(|&at| array(self.returned[at])).collect();
            let forward = outcomes.len() - flow.kept();
            let kept = (forward..outcomes.len()).filter_map(array).collect();
            let run = Run { outputs, held: std::mem::take(&mut self.held), kept, place: self.executable.place() };
            let mut outputs = flow.connect(run, arguments).into_iter();
            let mut at = 0;
            W::variables(&mut returned, &mut |variable| {
                if flow.traced.outputs.contains(&at)
                    && let Some(output) = outputs.next()
                {
                    *variable = output;
                }
                at += 1;
            });
        }
        for (name, reported) in &self.reports {
            match reported {
                Reported::Number(number) => reporter::report_values([(name, number)]),
                Reported::Result(result) => {
                    if let Some(array) = array(*result) {
                        reporter::report_values([(name, &array)]);
                    }
                }
            }
        }
        for plan in &self.cells {
            if let Some(template) = &plan.template {
                plan.cell.restore(&**template);
            }
            if plan.template.is_none() && plan.arrays.iter().all(Option::is_none) {
                continue;
            }
            let mut arrays = plan.arrays.iter();
            plan.cell.arrays(&mut |mut slot: Slot<'_>| {
                if let Some(array) = arrays.next().copied().flatten().and_then(array) {
                    slot.set(array);
                }
            });
        }
        for effect in &self.effects {
            effect.commit();
        }
        for parameter in &self.consumed {
            parameter.visit_grad(|grad| *grad = None);
        }
        returned
    }
}

/// Binds a cell's arrays. False: they are not of the kinds that the graph was captured for.
fn bind(
    plan: &CellPlan,
    bound: &mut Vec<Bound>,
    held: &mut Vec<(u32, Array)>,
    holds: &dyn Fn(u32) -> bool,
) -> Result<bool> {
    if plan.unread {
        for _ in &plan.signature.arrays {
            bound.push(Bound::unread()?);
        }
        return Ok(true);
    }
    let mut kinds = plan.signature.arrays.iter();
    let (mut fits, mut failure) = (true, None);
    plan.cell.arrays(&mut |mut slot| {
        let history = slot.has_history();
        let array = slot.array();
        let kind = kinds.next();
        fits &= !history
            && !array.is_failed()
            && kind.is_some_and(|(shape, dtype)| array.shape() == shape && array.dtype() == *dtype);
        if fits {
            // A second handle first: what gradients will read must not be overwritten.
            if holds(bound.len() as u32) {
                held.push((bound.len() as u32, array.clone()));
            }
            match Bound::new(array) {
                Ok(array) => bound.push(array),
                Err(error) => failure = Some(error),
            }
        }
    });
    failure.map_or(Ok(fits && kinds.next().is_none()), Err)
}
