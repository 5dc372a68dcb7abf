//! [`BackwardContext`]: what a function's backward sees.

use std::cell::{OnceCell, RefCell};
use std::sync::Arc;

use chainer_kernels::Loc;
use smallvec::SmallVec;

use crate::flag::Flag;
use crate::graph::Call;
use crate::row_gradient::{RowIndices, Rows};
use crate::{Array, Dtype, Error, ErrorKind, Shape, Variable};

/// What [`Function::backward`](crate::Function::backward) sees: the kept inputs and outputs and the gradients of the outputs.
pub struct BackwardContext<'a> {
    call: &'a Call,
    inputs: SmallVec<[Option<Variable>; 4]>,
    outputs: SmallVec<[Option<Variable>; 2]>,
    grads: SmallVec<[Option<Variable>; 2]>,
    full: SmallVec<[OnceCell<Variable>; 2]>,
    missing: OnceCell<Variable>,
    graph: bool,
    rows: RefCell<Vec<(usize, Rows)>>,
}

impl<'a> BackwardContext<'a> {
    /// The context of one step of a walk. With `graph`, saved values keep their place in the graph.
    pub(crate) fn new(call: &'a Arc<Call>, grads: SmallVec<[Option<Variable>; 2]>, graph: bool) -> Self {
        let inputs = call.saved_inputs.iter().enumerate().map(|(i, saved)| {
            let node = if graph { call.inputs[i].clone() } else { None };
            saved.as_ref().map(|saved| Variable { data: saved.array(), node })
        });
        let outputs = call.saved_outputs.iter().enumerate().map(|(i, saved)| {
            saved.as_ref().map(|saved| Variable {
                data: saved.array(),
                node: (graph && call.output_types[i].1.is_float()).then(|| call.output_node(i, Flag::Auto)),
            })
        });
        let full = grads.iter().map(|_| OnceCell::new()).collect();
        let (inputs, outputs) = (inputs.collect(), outputs.collect());
        let rows = RefCell::default();
        BackwardContext { call, inputs, outputs, grads, full, missing: OnceCell::new(), graph, rows }
    }

    /// Whether the gradients may be differentiated again.
    pub(crate) fn records(&self) -> bool {
        self.graph
    }

    /// Says that the gradient of input `i` is zero but for the rows `indices` (which exist), instead of returning it. It cannot be
    /// differentiated again, and is meant for backward passes that do not [record](Self::records).
    pub(crate) fn give_rows(&self, i: usize, indices: RowIndices, rows: Array) {
        self.rows.borrow_mut().push((i, (indices, rows)));
    }

    /// What [`give_rows`](Self::give_rows) was told.
    pub(crate) fn take_rows(&self) -> Vec<(usize, Rows)> {
        self.rows.take()
    }

    /// Input `i`, if [`Function::retain`](crate::Function::retain) names it.
    pub fn input(&self, i: usize) -> &Variable {
        self.inputs.get(i).and_then(Option::as_ref).unwrap_or_else(|| self.not_retained("input", i))
    }

    /// Output `i`, if [`Function::retain`](crate::Function::retain) names it.
    pub fn output(&self, i: usize) -> &Variable {
        self.outputs.get(i).and_then(Option::as_ref).unwrap_or_else(|| self.not_retained("output", i))
    }

    #[cold]
    fn not_retained(&self, what: &str, i: usize) -> &Variable {
        self.missing.get_or_init(|| {
            let message = format!("backward reads {what} {i}, which `retain` does not name");
            Variable::failed(Error::new(ErrorKind::State, self.call.function.name(), message).at(self.call.at))
        })
    }

    /// The gradient of output `i`, in the output's shape; `None` if nothing depends on that output.
    pub fn grad_output(&self, i: usize) -> Option<&Variable> {
        let grad = self.grads.get(i)?.as_ref()?;
        let shape = &self.call.output_types[i].0;
        if grad.data.shape() == shape {
            return Some(grad);
        }
        Some(self.full[i].get_or_init(|| crate::functions::broadcast_to(grad, shape)))
    }

    /// The gradient of output `i` as the walk has it: it may be smaller than the output where it broadcasts to it (the gradient below
    /// a `sum` is a single number). For functions that can do with that; others ask [`grad_output`](Self::grad_output).
    pub fn compact_grad_output(&self, i: usize) -> Option<&Variable> {
        self.grads.get(i)?.as_ref()
    }

    /// The gradient of output `i`, zeros if nothing depends on it.
    pub fn gy(&self, i: usize) -> &Variable {
        match self.grad_output(i) {
            Some(grad) => grad,
            None if i >= self.full.len() => self.not_retained("the gradient of output", i),
            None => self.full[i].get_or_init(|| {
                let (shape, dtype) = &self.call.output_types[i];
                Variable::constant(Array::zeros(shape, *dtype))
            }),
        }
    }

    /// Whether input `i` needs a gradient. What is returned for others is dropped unread (and so never computed).
    pub fn wants(&self, i: usize) -> bool {
        self.call.inputs.get(i).is_some_and(Option::is_some)
    }

    /// The number of inputs.
    pub fn input_count(&self) -> usize {
        self.call.input_types.len()
    }

    /// The number of outputs.
    pub fn output_count(&self) -> usize {
        self.call.output_types.len()
    }

    /// The shape of input `i`, kept or not.
    pub fn input_shape(&self, i: usize) -> &Shape {
        &self.call.input_types[i].0
    }

    /// The dtype of input `i`, kept or not.
    pub fn input_dtype(&self, i: usize) -> Dtype {
        self.call.input_types[i].1
    }

    /// The shape of output `i`, kept or not.
    pub fn output_shape(&self, i: usize) -> &Shape {
        &self.call.output_types[i].0
    }

    /// The dtype of output `i`, kept or not.
    pub fn output_dtype(&self, i: usize) -> Dtype {
        self.call.output_types[i].1
    }

    /// The function's name.
    pub fn name(&self) -> &'static str {
        self.call.function.name()
    }

    /// Where the user applied the function.
    pub fn location(&self) -> Loc {
        self.call.at
    }

    /// The kept inputs as a hook gets them.
    pub(crate) fn input_arrays(&self) -> Vec<Option<Array>> {
        self.inputs.iter().map(|x| x.as_ref().map(|x| x.data.clone())).collect()
    }

    /// The gradients as a hook gets them.
    pub(crate) fn grad_arrays(&self) -> Vec<Option<Array>> {
        (0..self.grads.len()).map(|i| self.grad_output(i).map(|g| g.data.clone())).collect()
    }
}
