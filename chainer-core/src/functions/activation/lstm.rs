//! [`lstm`].

use chainer_kernels::ArrayOps;
use smallvec::SmallVec;

use crate::functions::{Concat, get_item, reshape};
use crate::type_check::{self, Checked};
use crate::{Array, AsVariable, BackwardContext, Function, Gradients, Outputs, Retain, Shape, Variable, apply};

/// The cell state c (B, units, …) and the gates' sources x (B, 4 units, …) → the new c, and h.
struct Lstm;

/// The sources' shape with the gates on an axis of their own: column `4 j + g` is gate g of unit j.
fn gated(x: &Shape) -> Shape {
    let mut shape: SmallVec<[usize; 5]> = SmallVec::from_slice(x);
    shape[1] /= 4;
    shape.insert(2, 4);
    Shape::new(&shape)
}

impl Function for Lstm {
    fn name(&self) -> &'static str {
        "lstm"
    }
    fn type_check(&self, inputs: &[Array]) -> Checked {
        let (c, x) = (&inputs[0], &inputs[1]);
        type_check::float("c_prev", c)?;
        type_check::same_dtype("c_prev", c, "x", x)?;
        type_check::min_ndim("c_prev", c, 2)?;
        type_check::equal("c_prev.ndim", c.ndim(), "x.ndim", x.ndim())?;
        type_check::same_size("x", x, 0, "c_prev", c, 0)?;
        type_check::equal("x.shape[1]", x.shape()[1], "4 * c_prev.shape[1]", 4 * c.shape()[1])?;
        (2..c.ndim()).try_for_each(|i| type_check::same_size("x", x, i, "c_prev", c, i))
    }
    fn forward(&self, inputs: &[Array]) -> Outputs {
        let (c, x) = (&inputs[0], inputs[1].reshape(gated(inputs[1].shape())));
        // Strided views: nothing is copied, and all of this is one kernel that writes c and h.
        let [a, i, f, o] = [0isize, 1, 2, 3].map(|gate| x.slice((.., .., gate)));
        let c = a.tanh() * i.sigmoid() + c * f.sigmoid();
        let h = (&c).tanh() * o.sigmoid();
        (c, h).into()
    }
    fn retain(&self) -> Retain {
        Retain::inputs().output(0)
    }
    fn backward(&self, context: &BackwardContext<'_>) -> Gradients {
        let (c_prev, x, c) = (context.input(0), context.input(1), context.output(0));
        let shape = gated(context.input_shape(1));
        let x = x.reshape(&shape);
        let [a, i, f, o] = [0isize, 1, 2, 3].map(|gate| get_item(&x, (.., .., gate)));
        let (a, i, f, o) = (a.tanh(), i.sigmoid(), f.sigmoid(), o.sigmoid());
        let c = c.tanh();
        let through_h = context.grad_output(1).map(|gh| gh * &o * (1.0 - c.square()));
        let gc = match (context.grad_output(0), through_h) {
            (Some(gc), Some(more)) => gc + more,
            (None, Some(gc)) => gc,
            (Some(gc), None) => gc.clone(),
            (None, None) => return Gradients::none(),
        };
        let ga = &gc * &i * (1.0 - a.square());
        let gi = &gc * a * (&i * (1.0 - &i));
        let gf = &gc * c_prev * (&f * (1.0 - &f));
        let go = context.gy(1) * c * (&o * (1.0 - &o));
        let gx = context.wants(1).then(|| {
            let mut gate = shape.to_vec();
            gate[2] = 1;
            let gates = [ga, gi, gf, go].map(|gradient| reshape(gradient, &gate));
            reshape(Concat::new().axis(2).call(gates), context.input_shape(1))
        });
        [Some(gc * f), gx].into()
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
    let (c_prev, x) = (c_prev.as_variable(), x.as_variable());
    let shorter = c_prev.error().is_none() && x.error().is_none() && c_prev.ndim() >= 2 && x.len() < c_prev.len();
    if !shorter {
        let [c, h] = apply(Lstm, [c_prev, x]).many();
        return (c, h);
    }
    let rows = x.len() as isize;
    let (first, rest) = (get_item(&c_prev, (..rows,)), get_item(c_prev, (rows..,)));
    let [c, h] = apply(Lstm, [first, x]).many();
    (Concat::new().axis(0).call([c, rest]), h)
}
