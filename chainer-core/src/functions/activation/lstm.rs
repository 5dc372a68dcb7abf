//! [`lstm`].

use std::panic::Location;

use chainer_kernels::{ArrayOps, Position};
use smallvec::SmallVec;

use super::gates::{gated, side_by_side};
use crate::functions::{Concat, get_item, refused};
use crate::type_check::{self, Checked};
use crate::{Array, AsVariable, BackwardContext, Function, Gradients, Outputs, Retain, Variable, Variables, apply};

/// The cell state c (B, units, …) and the gates' sources (B, 4 units, …) → the new c, and h.
///
/// The sources are the sum of the inputs after c, each of them (B, 4 units, …) or (4 units,): a layer hands over its products and bias
/// as they are, because their sum would have to be written before it could be cut into gates.
struct Lstm;

impl Function for Lstm {
    fn name(&self) -> &'static str {
        "lstm"
    }
    fn type_check(&self, inputs: &[Array]) -> Checked {
        let c = &inputs[0];
        type_check::float("c_prev", c)?;
        type_check::min_ndim("c_prev", c, 2)?;
        for x in &inputs[1..] {
            type_check::same_dtype("c_prev", c, "x", x)?;
            if x.ndim() == 1 && inputs.len() > 2 {
                type_check::equal("b.shape[0]", x.shape()[0], "4 * c_prev.shape[1]", 4 * c.shape()[1])?;
                continue;
            }
            type_check::equal("c_prev.ndim", c.ndim(), "x.ndim", x.ndim())?;
            type_check::same_size("x", x, 0, "c_prev", c, 0)?;
            type_check::equal("x.shape[1]", x.shape()[1], "4 * c_prev.shape[1]", 4 * c.shape()[1])?;
            (2..c.ndim()).try_for_each(|i| type_check::same_size("x", x, i, "c_prev", c, i))?;
        }
        Ok(())
    }
    fn forward(&self, inputs: &[Array]) -> Outputs {
        if let Some(failed) = refused(self, inputs) {
            return failed;
        }
        let c = &inputs[0];
        let sources: SmallVec<[Array; 3]> = inputs[1..].iter().map(|x| x.reshape(gated(x.shape()))).collect();
        // Strided views: nothing is copied, and all of this is one kernel that writes c and h.
        let gate = |gate: isize| {
            let parts =
                sources.iter().map(|x| if x.ndim() == 2 { x.slice((.., gate)) } else { x.slice((.., .., gate)) });
            parts.reduce(|sum, part| sum + part).unwrap_or_else(|| Array::zeros_like(c))
        };
        let c = gate(0).tanh() * gate(1).sigmoid() + c * gate(2).sigmoid();
        let h = (&c).tanh() * gate(3).sigmoid();
        (c, h).into()
    }
    fn retain(&self) -> Retain {
        Retain::inputs().output(0)
    }
    fn backward(&self, context: &BackwardContext<'_>) -> Gradients {
        let (c_prev, c) = (context.input(0), context.output(0).tanh());
        let sources: SmallVec<[Variable; 3]> =
            (1..context.input_count()).map(|i| context.input(i).reshape(gated(context.input_shape(i)))).collect();
        let gate = |gate: isize| {
            let part = |x: &Variable| if x.ndim() == 2 { get_item(x, (.., gate)) } else { get_item(x, (.., .., gate)) };
            sources.iter().map(part).reduce(|sum, part| sum + part).unwrap_or_else(|| c_prev * 0.0)
        };
        let (a, i, f, o) = (gate(0).tanh(), gate(1).sigmoid(), gate(2).sigmoid(), gate(3).sigmoid());
        let through_h = context.grad_output(1).map(|gh| gh * &o * (1.0 - c.square()));
        let gc = match (context.grad_output(0), through_h) {
            (Some(gc), Some(more)) => gc + more,
            (None, Some(gc)) => gc,
            (Some(gc), None) => gc.clone(),
            (None, None) => return Gradients::none(),
        };
        let gates = [
            &gc * &i * (1.0 - a.square()),
            &gc * a * (&i * (1.0 - &i)),
            &gc * c_prev * (&f * (1.0 - &f)),
            context.gy(1) * c * (&o * (1.0 - &o)),
        ];
        let gc = gc * f;
        let [gx] = side_by_side([gates], &[&gc]);
        // The walk sums over the rows for a bias.
        std::iter::once(gc).chain(std::iter::repeat_n(gx, context.input_count() - 1)).map(Some).collect()
    }
}

/// A step of long short-term memory units with forget gates (Gers et al., *Learning to forget*, 2000): the new cell state and the
/// output.
///
/// x (B, 4 units, …) holds the sources of cell input a, input gate i, forget gate f and output gate o of one unit after the other
/// (column `4 j + g` is number g of a, i, f, o of unit j); c_prev (B, units, …) is the cell state. Then
/// `c = tanh(a) sigmoid(i) + c_prev sigmoid(f)` and `h = tanh(c) sigmoid(o)`.
///
/// x may have fewer rows than c_prev (sequences of different lengths, sorted by falling length): then only the first rows of c change,
/// and h has the rows of x.
///
/// # Errors
/// The results fail if shapes or dtypes do not fit; both have the same float dtype.
///
/// ```
/// use chainer::{functions as F, Array, Dtype, Variable};
/// let c = Variable::new(Array::zeros([2, 3], Dtype::F32));
/// let x = Variable::new(Array::zeros([2, 12], Dtype::F32));
/// let (c, h) = F::lstm(c, x);
/// assert_eq!((c.shape(), h.shape()), (&[2, 3].into(), &[2, 3].into()));
/// assert_eq!(h.to_vec::<f32>()?, [0.0; 6]);
/// # Ok::<(), chainer::Error>(())
/// ```
#[track_caller]
pub fn lstm(c_prev: impl AsVariable, x: impl AsVariable) -> (Variable, Variable) {
    lstm_of_sum(c_prev.as_variable(), [x.as_variable()].into_iter().collect())
}

/// [`lstm`] of the sum of several sources; see [`Lstm`].
#[track_caller]
pub(crate) fn lstm_of_sum(c_prev: Variable, sources: Variables) -> (Variable, Variable) {
    // The closure below does not pass the caller on.
    let _position = Position::enter(Location::caller());
    let failed = c_prev.error().is_some() || sources.iter().any(|x| x.error().is_some());
    let rows = if failed || c_prev.ndim() < 2 { None } else { sources.first().map(Variable::len) };
    let step = |c_prev: Variable| {
        let [c, h] = apply(Lstm, std::iter::once(c_prev).chain(sources).collect::<Variables>()).many();
        (c, h)
    };
    match rows {
        Some(rows) if rows < c_prev.len() => {
            let (going, rest) = (get_item(&c_prev, (..rows as isize,)), get_item(c_prev, (rows as isize..,)));
            let (c, h) = step(going);
            (Concat::new().axis(0).call([c, rest]), h)
        }
        _ => step(c_prev),
    }
}
