//! Gradients in the shapes of their variables.
//!
//! A gradient may stay smaller than its variable as long as it broadcasts to it. Here it is stretched where the full shape is needed, and
//! summed where an operation had broadcast its operand.

use chainer_kernels::Loc;
use smallvec::SmallVec;

use crate::{Error, Result, Shape, Variable, functions};

/// A gradient in the full shape of its variable.
pub(crate) fn fit(gradient: Variable, shape: &Shape) -> Variable {
    if gradient.data.is_failed() || gradient.data.shape() == shape {
        gradient
    } else {
        functions::broadcast_to(gradient, shape)
    }
}

/// A gradient that a function returned, in a shape that broadcasts to its input's: summed where the function had broadcast.
pub(crate) fn fit_input(
    gradient: Variable,
    shape: &Shape,
    input: usize,
    name: &'static str,
    at: Loc,
) -> Result<Variable> {
    let own = gradient.data.shape();
    if own == shape {
        return Ok(gradient);
    }
    match own.broadcast(shape) {
        Some(both) if both == *shape => Ok(gradient),
        Some(both) if both == *own => Ok(functions::sum_to(gradient, shape)),
        _ => {
            let expect = format!("gx[{input}].shape == x[{input}].shape (in backward)");
            Err(Error::mismatch(name, expect, format_args!("{own:?} != {shape:?}")).at(at))
        }
    }
}

/// The gradient of an operand of shape `input` that was broadcast to `output`, from a gradient `gx` that broadcasts to `output`: the
/// sum over the axes where the operand was broadcast. Where `gx` is itself broadcast along such an axis, the sum is a product.
pub(crate) fn sum_broadcast(gx: Variable, output: &Shape, input: &Shape) -> Variable {
    if gx.data.is_failed() {
        return gx;
    }
    let own = gx.data.shape().clone();
    let (lead, own_lead) = (output.ndim() - input.ndim(), output.ndim() - own.ndim());
    let mut factor = 1usize;
    // The axes that `gx` and the operand have in common; what remains of them broadcasts to the operand.
    let mut target: SmallVec<[usize; 4]> = SmallVec::new();
    for (axis, &size) in output.iter().enumerate() {
        let given = if axis < own_lead { 1 } else { own[axis - own_lead] };
        let stretched = size != 1 && (axis < lead || input[axis - lead] == 1);
        if stretched && given == 1 {
            factor *= size;
        }
        if axis >= lead.max(own_lead) {
            target.push(if stretched { 1 } else { given });
        }
    }
    let target = Shape::new(&target);
    let gx = if own == target { gx } else { functions::sum_to(gx, &target) };
    if factor == 1 { gx } else { gx * factor }
}
