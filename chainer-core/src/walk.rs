//! The walk from outputs back to leaves.
//!
//! Nodes are visited in the order of falling rank, so that a node's gradient is complete when its turn comes. What one function
//! hands to the next are pending arrays: a whole elementwise region of the backward graph becomes one kernel. A gradient may stay
//! smaller than its variable as long as it broadcasts to it; leaves get the full shape.
//!
//! A graph may be walked any number of times, also by several threads at once: what a walk collects for a node lies in the node under
//! the walk's number, or in the walk's own table where another walk is using that place.

use std::collections::{BinaryHeap, HashMap};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

use chainer_kernels::{Loc, Position, flush_all};
use smallvec::SmallVec;

use crate::config::{self, ConfigGuard, Mode};
use crate::derivatives::{self, Saves};
use crate::function::{BackwardContext, check_nan, report};
use crate::gradient_shape::{fit, fit_input, sum_broadcast};
use crate::graph::{Call, Creator, GraphNode};
use crate::row_gradient::{RowGradient, Rows, dense_sum};
use crate::{Array, Error, ErrorKind, Result, Variable, compile, function_hooks};

static WALKS: AtomicU64 = AtomicU64::new(1);

/// One pass.
pub(crate) struct Walk {
    id: u64,
    waiting: BinaryHeap<Visit>,
    visits: u32,
    /// What this walk collected for nodes whose own place another walk occupies.
    elsewhere: HashMap<usize, Variable>,
    /// The leaves to which functions handed rows of gradients.
    rows: Vec<(Arc<GraphNode>, Vec<Rows>)>,
    /// The outputs: they keep their gradients.
    roots: SmallVec<[*const GraphNode; 1]>,
    /// The nodes whose gradients are asked for (`grad`), with what was found; `None`: the leaves' gradients are.
    targets: Option<HashMap<*const GraphNode, Option<Variable>>>,
    /// Nodes of lower rank lead to no target.
    floor: u32,
    retain_grad: bool,
    create_graph: bool,
    debug: bool,
    hooks: bool,
    _mode: ConfigGuard,
    _hooks: function_hooks::Suspension,
    _position: Position,
}

/// A node whose turn comes: the highest rank first, among equals the first come.
struct Visit {
    order: u64,
    node: Arc<GraphNode>,
}

impl PartialEq for Visit {
    fn eq(&self, other: &Self) -> bool {
        self.order == other.order
    }
}
impl Eq for Visit {}
impl PartialOrd for Visit {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}
impl Ord for Visit {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        self.order.cmp(&other.order)
    }
}

/// The gradients that one node hands to its inputs.
type Handed = SmallVec<[(Arc<GraphNode>, Variable); 2]>;

/// What a node's visit has to do after the node is unlocked.
enum Step {
    Nothing,
    Leaf(Variable),
    Hand(Handed),
    Call(Arc<Call>, Variable, usize),
}

impl Walk {
    pub(crate) fn new(create_graph: bool, retain_grad: bool, at: Loc) -> Self {
        let mode = Mode::current();
        // Hooks and debug mode see functions, not what their derivatives are made of: the walk calls them itself.
        let _mode = config::using_config(|c| {
            c.enable_backprop = create_graph;
            c.debug = false;
        });
        Walk {
            id: WALKS.fetch_add(1, Relaxed),
            waiting: BinaryHeap::new(),
            visits: 0,
            elsewhere: HashMap::new(),
            rows: Vec::new(),
            roots: SmallVec::new(),
            targets: None,
            floor: 0,
            retain_grad,
            create_graph,
            debug: mode.debug(),
            hooks: mode.hooks(),
            _mode,
            _hooks: function_hooks::suspend(),
            _position: Position::enter(at),
        }
    }

    /// Asks for the gradients of these nodes instead of the leaves'.
    pub(crate) fn look_for<'a>(&mut self, nodes: impl Iterator<Item = &'a Arc<GraphNode>>) {
        let mut targets = HashMap::new();
        self.floor = u32::MAX;
        for node in nodes {
            self.floor = self.floor.min(node.rank);
            targets.insert(Arc::as_ptr(node), None);
        }
        self.targets = Some(targets);
    }

    /// Starts at an output.
    pub(crate) fn seed(&mut self, node: &Arc<GraphNode>, gradient: Variable) {
        self.roots.push(Arc::as_ptr(node));
        self.collect(node.clone(), gradient);
    }

    /// Walks; returns the leaves that were reached, with their gradients.
    pub(crate) fn run(&mut self) -> Result<Vec<(Arc<GraphNode>, Variable)>> {
        let mut leaves = Vec::new();
        while let Some(Visit { node, .. }) = self.waiting.pop() {
            match self.visit(&node)? {
                Step::Nothing => {}
                Step::Leaf(gradient) => leaves.push((node, gradient)),
                Step::Hand(handed) => {
                    for (input, gradient) in handed {
                        self.collect(input, gradient);
                    }
                }
                Step::Call(call, gradient, output) => self.call(&call, &node, gradient, output)?,
            }
        }
        Ok(leaves)
    }

    /// What the walk found for the nodes it looked for.
    pub(crate) fn found(&mut self, node: &Arc<GraphNode>) -> Option<Variable> {
        self.targets.as_ref()?.get(&Arc::as_ptr(node))?.clone()
    }

    /// Takes what was collected for a node and decides what is to be done with it.
    fn visit(&mut self, node: &Arc<GraphNode>) -> Result<Step> {
        let mut state = node.lock();
        let mut gradient = if state.walk == self.id { state.collected.take() } else { None };
        if !self.elsewhere.is_empty()
            && let Some(more) = self.elsewhere.remove(&Arc::as_ptr(node).addr())
        {
            gradient = Some(match gradient {
                Some(gradient) => gradient + more,
                None => more,
            });
        }
        // Another output of the same function was visited before and took this gradient along.
        let Some(gradient) = gradient else { return Ok(Step::Nothing) };

        if let Some(targets) = &mut self.targets
            && let Some(found) = targets.get_mut(&Arc::as_ptr(node))
        {
            *found = Some(fit(gradient.clone(), &node.shape));
        }
        match &state.creator {
            Creator::None => return Ok(Step::Leaf(gradient)),
            Creator::FirstOrderOnly { name, at } => return Err(first_order_only(name, at)),
            Creator::Call(call, output) => return Ok(Step::Call(call.clone(), gradient, *output)),
            Creator::Map(_) => {}
        }
        if self.targets.is_none() && (self.retain_grad || state.grad.is_some()) {
            self.keep(node, &mut state, &gradient);
        }
        let Creator::Map(record) = &state.creator else { return Ok(Step::Nothing) };
        let saves = Saves { record, node, graph: self.create_graph };
        let mut handed = Handed::new();
        let both = record.inputs[1].is_some();
        let mut gradient = Some(gradient);
        for (i, input) in record.inputs.iter().enumerate() {
            let Some(input) = input else { continue };
            if input.rank < self.floor {
                continue;
            }
            // The last to use it takes it.
            let gy = if i == 0 && both { gradient.clone() } else { gradient.take() };
            let Some(gy) = gy else { continue };
            if let Some(gx) = derivatives::gradient(record.op, i, &saves, gy) {
                let gx = if input.shape == node.shape { gx } else { sum_broadcast(gx, &node.shape, &input.shape) };
                handed.push((input.clone(), gx));
            }
        }
        record.retire();
        if self.debug || self.hooks {
            self.attend(record.op.name(), record.at, &handed)?;
        }
        for (input, gradient) in &mut handed {
            if gradient.data.dtype() != input.dtype {
                *gradient = gradient.cast(input.dtype);
            }
            if let Some(error) = gradient.data.error() {
                return Err(error.clone().at(record.at));
            }
        }
        Ok(Step::Hand(handed))
    }

    /// Keeps or clears the gradient that the user sees of a node that is not a leaf.
    fn keep(&self, node: &Arc<GraphNode>, state: &mut crate::graph::State, gradient: &Variable) {
        if self.roots.contains(&Arc::as_ptr(node)) {
            return;
        }
        state.given = false;
        state.grad = self.retain_grad.then(|| fit(gradient.clone(), &node.shape));
    }

    /// The step through a function, with the gradients of all its outputs.
    fn call(&mut self, call: &Arc<Call>, visited: &Arc<GraphNode>, gradient: Variable, output: usize) -> Result<()> {
        let mut grads: SmallVec<[Option<Variable>; 2]> = SmallVec::from_elem(None, call.output_types.len());
        grads[output] = Some(gradient);
        let living = call.living_outputs();
        for (i, node) in living.iter().enumerate() {
            let Some(node) = node else { continue };
            let mut state = node.lock();
            if !Arc::ptr_eq(node, visited) {
                if state.walk == self.id {
                    grads[i] = state.collected.take();
                }
                if !self.elsewhere.is_empty()
                    && let Some(more) = self.elsewhere.remove(&Arc::as_ptr(node).addr())
                {
                    grads[i] = Some(more);
                }
                if grads[i].is_some()
                    && let Some(targets) = &mut self.targets
                    && let Some(found) = targets.get_mut(&Arc::as_ptr(node))
                {
                    *found = grads[i].clone().map(|grad| fit(grad, &node.shape));
                }
                if grads[i].is_none() && self.targets.is_none() && state.given {
                    // A gradient that the user set, of an output that nothing else here depends on.
                    grads[i] = state.grad.clone();
                }
            }
            if self.targets.is_none()
                && let Some(gradient) = &grads[i]
            {
                self.keep(node, &mut state, gradient);
            }
        }
        drop(living);

        let name = call.function.name();
        let _position = Position::enter(call.at);
        let context = BackwardContext::new(call, grads, self.create_graph);
        let gradients = if self.hooks {
            function_hooks::around_backward(&*call.function, &context)
        } else {
            call.function.backward(&context)
        };
        let rows = context.take_rows();
        drop(context);
        call.retire();
        // An optional input that was not given has no gradient either.
        if gradients.0.iter().skip(call.inputs.len()).any(Option::is_some) {
            let actual = format!("{} > {}", gradients.0.len(), call.inputs.len());
            let expect = "number of gradients <= number of inputs";
            return Err(Error::mismatch(name, format_args!("{expect} (in backward)"), actual).at(call.at));
        }
        for (i, (input, gradient)) in call.inputs.iter().zip(gradients.0).enumerate() {
            let (Some(input), Some(gradient)) = (input, gradient) else { continue };
            if let Some(error) = gradient.data.error() {
                return Err(error.clone().at(call.at));
            }
            if input.rank < self.floor {
                continue;
            }
            let mut gradient = fit_input(gradient, &input.shape, i, name, call.at)?;
            if gradient.data.dtype() != input.dtype {
                gradient = gradient.cast(input.dtype);
            }
            if self.debug {
                check_nan(&gradient.data, name, "backward", call.at).map_err(report)?;
            }
            self.collect(input.clone(), gradient);
        }
        rows.into_iter().try_for_each(|(i, rows)| self.collect_rows(call, i, rows))
    }

    /// Takes the rows of the gradient of input `i`. At a leaf they stay rows; a function wants all of its gradient.
    fn collect_rows(&mut self, call: &Call, i: usize, (indices, rows): Rows) -> Result<()> {
        let Some(input) = call.inputs.get(i).and_then(Option::as_ref).filter(|input| input.rank >= self.floor) else {
            return Ok(());
        };
        rows.check().map_err(|error| error.at(call.at))?;
        if self.debug {
            check_nan(&rows, call.function.name(), "backward", call.at).map_err(report)?;
        }
        let leaf = matches!(input.lock().creator, Creator::None);
        if !leaf || self.targets.is_some() {
            let dense = dense_sum(&[(indices, rows)], &input.shape);
            self.collect(input.clone(), dense);
            return Ok(());
        }
        match self.rows.iter_mut().find(|(node, _)| Arc::ptr_eq(node, input)) {
            Some((_, parts)) => parts.push((indices, rows)),
            None => self.rows.push((input.clone(), vec![(indices, rows)])),
        }
        Ok(())
    }

    /// Hooks and debug mode of an elementwise operation.
    #[cold]
    fn attend(&self, name: &'static str, at: Loc, handed: &Handed) -> Result<()> {
        if self.hooks {
            function_hooks::after_elementwise_backward(name, handed.iter().map(|(_, g)| &g.data), at);
        }
        if self.debug {
            for (_, gradient) in handed {
                check_nan(&gradient.data, name, "backward", Position::or(at)).map_err(report)?;
            }
        }
        Ok(())
    }

    /// Adds a gradient to what a node has collected; the first one queues the node.
    fn collect(&mut self, node: Arc<GraphNode>, gradient: Variable) {
        if !self.elsewhere.is_empty()
            && let Some(place) = self.elsewhere.get_mut(&Arc::as_ptr(&node).addr())
        {
            let sum = &*place + gradient;
            *place = sum;
            return;
        }
        let mut state = node.lock();
        match state.collected.take() {
            None => {
                state.walk = self.id;
                state.collected = Some(gradient);
            }
            Some(collected) if state.walk == self.id => {
                state.collected = Some(collected + gradient);
                return;
            }
            Some(collected) => {
                state.collected = Some(collected);
                self.elsewhere.insert(Arc::as_ptr(&node).addr(), gradient);
            }
        }
        drop(state);
        let order = (u64::from(node.rank) << 32) | u64::from(u32::MAX - self.visits);
        self.visits = self.visits.wrapping_add(1);
        self.waiting.push(Visit { order, node });
    }

    /// Gives the leaves their gradients and computes them, together.
    pub(crate) fn finish(&mut self, leaves: Vec<(Arc<GraphNode>, Variable)>) -> Result<()> {
        if compile::is_active() {
            compile::walked();
        }
        let mut gradients: Vec<Array> = Vec::with_capacity(leaves.len());
        for (leaf, gradient) in leaves {
            if self.roots.contains(&Arc::as_ptr(&leaf)) {
                // An output that is a leaf keeps the gradient it started with.
                continue;
            }
            let mut gradient = fit(gradient, &leaf.shape);
            if let Some(at) = self.rows.iter().position(|(node, _)| Arc::ptr_eq(node, &leaf)) {
                let (_, parts) = self.rows.swap_remove(at);
                gradient += dense_sum(&parts, &leaf.shape);
            }
            let mut state = leaf.lock();
            state.rows = None;
            let total = match state.grad.take() {
                Some(old) => old + gradient,
                None => gradient,
            };
            if !self.create_graph {
                gradients.push(total.data.clone());
            }
            state.given = true;
            state.grad = Some(total);
        }
        for (leaf, parts) in std::mem::take(&mut self.rows) {
            if !self.roots.contains(&Arc::as_ptr(&leaf)) {
                gradients.push(add_rows(&leaf, parts));
            }
        }
        flush_all(&gradients);
        gradients.iter().try_for_each(Array::check)
    }
}

impl Drop for Walk {
    /// A walk that stopped at an error leaves nothing behind.
    fn drop(&mut self) {
        for Visit { node, .. } in self.waiting.drain() {
            let mut state = node.lock();
            let left = if state.walk == self.id { state.collected.take() } else { None };
            drop(state);
            drop(left);
        }
    }
}

/// Adds rows to the gradient of a leaf. Returns what is to be computed: the rows alone, as long as only rows have come and most are
/// missing.
fn add_rows(leaf: &Arc<GraphNode>, mut parts: Vec<Rows>) -> Array {
    let mut state = leaf.lock();
    let (old, old_rows) = (state.grad.take(), state.rows.take());
    let only_rows = old.is_none() || old_rows.is_some();
    if let Some(old_rows) = old_rows {
        parts.insert(0, old_rows.into_parts());
    }
    let sum = RowGradient::sum(&parts, &leaf.shape);
    let dense = sum.as_ref().map_or_else(|| dense_sum(&parts, &leaf.shape), |sum| sum.dense(&leaf.shape));
    state.given = true;
    if let Some(sum) = sum.filter(|sum| only_rows && sum.is_sparse(&leaf.shape)) {
        let rows = sum.rows().clone();
        state.grad = Some(dense);
        state.rows = Some(Box::new(sum));
        return rows;
    }
    let total = match old.filter(|_| !only_rows) {
        Some(old) => old + dense,
        None => dense,
    };
    let computed = total.data.clone();
    state.grad = Some(total);
    computed
}

#[cold]
fn first_order_only(name: &str, at: Loc) -> Error {
    let message = format!(
        "the backward of `{name}` is written over &Array: it has first derivatives only.\n\
         Write it over &Variable to differentiate it again."
    );
    Error::new(ErrorKind::Unsupported, "backward", message).at(at)
}
