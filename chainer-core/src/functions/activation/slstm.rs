//! [`slstm`].

use chainer_kernels::ArrayOps;

use super::gates::{gated, side_by_side};
use crate::functions::{get_item, refused};
use crate::type_check::{self, Checked};
use crate::{Array, AsVariable, BackwardContext, Function, Gradients, Outputs, Retain, Variable, apply};

/// Two cell states (B, units, …) and two sources of gates (B, 4 units, …) → the new c, and h.
struct SLstm;

impl Function for SLstm {
    fn name(&self) -> &'static str {
        "slstm"
    }
    fn type_check(&self, inputs: &[Array]) -> Checked {
        let (c1, c2) = (&inputs[0], &inputs[1]);
        type_check::float("c_prev1", c1)?;
        type_check::min_ndim("c_prev1", c1, 2)?;
        type_check::same_dtype("c_prev1", c1, "c_prev2", c2)?;
        type_check::same_shape("c_prev1", c1, "c_prev2", c2)?;
        for (name, x) in [("x1", &inputs[2]), ("x2", &inputs[3])] {
            type_check::same_dtype("c_prev1", c1, name, x)?;
            type_check::equal(format_args!("{name}.ndim"), x.ndim(), "c_prev1.ndim", c1.ndim())?;
            type_check::same_size(name, x, 0, "c_prev1", c1, 0)?;
            let (have, want) = (x.shape()[1], 4 * c1.shape()[1]);
            type_check::equal(format_args!("{name}.shape[1]"), have, "4 * c_prev1.shape[1]", want)?;
            (2..c1.ndim()).try_for_each(|i| type_check::same_size(name, x, i, "c_prev1", c1, i))?;
        }
        Ok(())
    }
    fn forward(&self, inputs: &[Array]) -> Outputs {
        if let Some(failed) = refused(self, inputs) {
            return failed;
        }
        let (c1, c2) = (&inputs[0], &inputs[1]);
        let [x1, x2] = [2, 3].map(|i| inputs[i].reshape(gated(inputs[i].shape())));
        // Strided views: nothing is copied, and all of this is one kernel that writes c and h.
        let gate = |x: &Array, gate: isize| x.slice((.., .., gate));
        let of_child = |c: &Array, x: &Array| gate(x, 0).tanh() * gate(x, 1).sigmoid() + c * gate(x, 2).sigmoid();
        let c = of_child(c1, &x1) + of_child(c2, &x2);
        let h = (&c).tanh() * (gate(&x1, 3) + gate(&x2, 3)).sigmoid();
        (c, h).into()
    }
    fn retain(&self) -> Retain {
        Retain::inputs().output(0)
    }
    fn backward(&self, context: &BackwardContext<'_>) -> Gradients {
        let (c1, c2, c) = (context.input(0), context.input(1), context.output(0).tanh());
        let [x1, x2] = [2, 3].map(|i| context.input(i).reshape(gated(context.input_shape(i))));
        let gate = |x: &Variable, gate: isize| get_item(x, (.., .., gate));
        let o = (gate(&x1, 3) + gate(&x2, 3)).sigmoid();
        let through_h = context.grad_output(1).map(|gh| gh * &o * (1.0 - c.square()));
        let gc = match (context.grad_output(0), through_h) {
            (Some(gc), Some(more)) => gc + more,
            (None, Some(gc)) => gc,
            (Some(gc), None) => gc.clone(),
            (None, None) => return Gradients::none(),
        };
        let go = context.gy(1) * c * (&o * (1.0 - &o));
        let of_child = |c_prev: &Variable, x: &Variable| {
            let (a, i, f) = (gate(x, 0).tanh(), gate(x, 1).sigmoid(), gate(x, 2).sigmoid());
            let ga = &gc * &i * (1.0 - a.square());
            let gi = &gc * a * (&i * (1.0 - &i));
            let gf = &gc * c_prev * (&f * (1.0 - &f));
            ([ga, gi, gf, go.clone()], &gc * f)
        };
        let ((gates1, gc1), (gates2, gc2)) = (of_child(c1, &x1), of_child(c2, &x2));
        let [gx1, gx2] = side_by_side([gates1, gates2], &[&gc1, &gc2]);
        (gc1, gc2, gx1, gx2).into()
    }
}

/// A step of long short-term memory units in a binary tree: the new cell state and the output of a node, from those of its two children
/// (Zhu et al., arXiv:1503.04881).
///
/// x1 and x2 (B, 4 units, …) hold the sources of cell input a, input gate i, forget gate f and output gate o of one unit after the other,
/// as in [`lstm`](super::lstm()); c_prev1 and c_prev2 (B, units, …) are the children's cell states. Then
/// `c = tanh(a1) sigmoid(i1) + tanh(a2) sigmoid(i2) + c_prev1 sigmoid(f1) + c_prev2 sigmoid(f2)` and `h = tanh(c) sigmoid(o1 + o2)`.
/// (Chainer's documentation adds the children's a and i up first; what Chainer computes is this.)
///
/// # Errors
/// The results fail if shapes or dtypes do not fit; all have the same float dtype.
///
/// ```
/// use chainer::{functions as F, Array, Dtype, Variable};
/// let zeros = |units: usize| Variable::new(Array::zeros([1, units], Dtype::F32));
/// let ones = Variable::new(Array::ones([1, 2], Dtype::F32));
/// let (c, h) = F::slstm(&ones, &ones, zeros(8), zeros(8));
/// assert_eq!(c.to_vec::<f32>()?, [1.0, 1.0]);
/// assert!((h.to_vec::<f32>()?[0] - 0.5 * 1f32.tanh()).abs() < 1e-6);
/// # Ok::<(), chainer::Error>(())
/// ```
#[track_caller]
pub fn slstm(
    c_prev1: impl AsVariable,
    c_prev2: impl AsVariable,
    x1: impl AsVariable,
    x2: impl AsVariable,
) -> (Variable, Variable) {
    let inputs = [c_prev1.as_variable(), c_prev2.as_variable(), x1.as_variable(), x2.as_variable()];
    let [c, h] = apply(SLstm, inputs).many();
    (c, h)
}
