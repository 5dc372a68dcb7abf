//! A graph with what it stands for outside: binding what a run reads, and putting its results where they belong.

use std::any::Any;
use std::sync::Arc;

use chainer_kernels::graph::passes::Report;
use chainer_kernels::graph::{Bound, Executable, Graph, Outcome, Recomputed};

use super::Work;
use super::flow::{Flow, Run};
use super::session::{Cell, Effect, Guard, Signature};
use super::traced::Slot;
use crate::reporter;
use crate::{Array, Parameter, Result, Scalar, Variable};

/// A graph with what it stands for outside.
pub(crate) struct Variant {
    pub(super) captured: Graph,
    pub(super) graph: Graph,
    pub(super) executable: Executable,
    pub(super) report: Report,
    /// The most bytes that the traced call held at one time.
    pub(super) traced_peak: usize,
    pub(super) cells: Vec<CellPlan>,
    pub(super) effects: Vec<Arc<dyn Effect>>,
    pub(super) guards: Vec<Guard>,
    /// For each returned variable, which result it is.
    pub(super) returned: Vec<usize>,
    pub(super) reports: Vec<(String, Reported)>,
    pub(super) template: Box<dyn Any>,
    /// Parameters whose gradients are forgotten afterwards.
    pub(super) consumed: Vec<Parameter>,
    /// How gradients flow through it, if they do.
    pub(super) flow: Option<Arc<Flow>>,
    /// What a budget of memory has changed.
    pub(super) recomputed: Option<Recomputed>,
    /// The leaves of this run that its gradients will read.
    pub(super) held: Vec<(u32, Array)>,
    // Memory for the next run.
    pub(super) bound: Vec<Bound>,
    pub(super) numbers: Vec<Scalar>,
}

pub(super) enum Reported {
    Number(f64),
    Result(usize),
}

pub(super) struct CellPlan {
    pub(super) cell: Arc<dyn Cell>,
    pub(super) signature: Signature,
    pub(super) first_leaf: u32,
    /// It is a gradient that nothing reads, or that is forgotten first: whatever it is, it does not matter.
    pub(super) unread: bool,
    /// What it holds afterwards, if that is of another kind.
    pub(super) template: Option<Box<dyn Any + Send + Sync>>,
    /// For each array that it holds afterwards, the result that it becomes (`None`: it stays).
    pub(super) arrays: Vec<Option<usize>>,
}

impl Variant {
    pub(super) fn set_timed(&mut self, timed: bool) {
        self.executable.set_timed(timed);
        if let Some(flow) = &self.flow {
            flow.later().set_timed(timed);
        }
    }

    /// Whether this is the graph for a call with these arguments now. Binds what the run reads, if so.
    pub(super) fn fits(&mut self, arguments: &[Variable]) -> Result<bool> {
        let fits = self.bind(arguments);
        if !matches!(fits, Ok(true)) {
            self.unbind();
        }
        fits
    }

    /// Lets go of what is bound: as long as a second handle is held, nothing is updated in place.
    pub(super) fn unbind(&mut self) {
        self.bound.clear();
        self.held.clear();
    }

    fn bind(&mut self, arguments: &[Variable]) -> Result<bool> {
        self.unbind();
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
        for plan in &self.cells {
            if plan.cell.mode() != plan.signature.mode || !bind(plan, &mut self.bound, &mut self.held, &holds)? {
                return Ok(false);
            }
        }
        // Also of what lies in states: now all leaves are bound.
        for guard in &self.guards {
            if let Some(bound) = self.bound.get(guard.leaf as usize)
                && (guard.observe)(&bound.window(&guard.window))? != guard.found
            {
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

    pub(super) fn replay(&mut self) -> Result<Vec<Outcome>> {
        self.numbers.clear();
        for effect in &self.effects {
            effect.numbers(&mut self.numbers)?;
        }
        let outcomes = self.executable.run(&self.bound, &self.numbers);
        self.bound.clear();
        if outcomes.is_err() {
            self.unbind();
        }
        outcomes
    }

    /// Puts the results where they belong.
    pub(super) fn hand_out<R: 'static, W: Work<R>>(&mut self, outcomes: Vec<Outcome>, arguments: &[Variable]) -> R {
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
