//! From a call to its graphs: the work is done define-by-run while its kernels and everything that it touches are noted.

use std::any::Any;
use std::sync::{Arc, Mutex};

use chainer_kernels::graph::passes::{Passes, Report};
use chainer_kernels::graph::{self, Capture, Executable, Graph, Recomputed, Refusal, Split, Update};

use super::Work;
use super::flow::{self, Flow};
use super::session::{self, Running, Session, Signature, Touched};
use super::variant::{CellPlan, Reported, Variant};
use crate::reporter::{self, Observation, Observed};
use crate::{Array, Result, Variable, flush_all};

pub(super) type Capturing<R> = (R, std::result::Result<Option<Variant>, Refusal>);

/// Does the work define-by-run and makes a graph of it. No graph and no reason: the call did what later calls will not do.
pub(super) fn capture<R: 'static, W: Work<R>>(
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
