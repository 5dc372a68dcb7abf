//! Linear recurrences along an axis: what the gradient of a running product is made of, without a division.

use chainer_kernels::ops::{Index, flip, linear_recurrence};

use crate::functions::{Concat, get_item};
use crate::{Array, BackwardContext, Function, Gradients, Outputs, Retain, Shape, Variable, apply};

/// Which neighbour along an axis: the one before or the one after.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Neighbour {
    Before,
    After,
}

impl Neighbour {
    pub(super) fn opposite(self) -> Self {
        match self {
            Neighbour::Before => Neighbour::After,
            Neighbour::After => Neighbour::Before,
        }
    }
}

/// What each element's neighbour along `axis` is; `end` where there is none.
pub(super) fn neighbours(x: &Variable, neighbour: Neighbour, axis: usize, end: f64) -> Variable {
    if x.size() == 0 {
        return x.clone();
    }
    let sizes: Shape = x.shape().iter().enumerate().map(|(i, &size)| if i == axis { 1 } else { size }).collect();
    let end = Variable::constant(Array::full(sizes, end, x.dtype()));
    let slice = |range: Index| {
        let mut index = vec![Index::Slice(None, None, None); axis + 1];
        index[axis] = range;
        get_item(x, index)
    };
    let concat = Concat::new().axis(axis as isize);
    match neighbour {
        Neighbour::Before => concat.call([end, slice(Index::Slice(None, Some(-1), None))]),
        Neighbour::After => concat.call([slice(Index::Slice(Some(1), None, None)), end]),
    }
}

/// a, b → y: of each element `a * neighbour + b`, where the neighbour is that of y, and 0 beyond the end.
pub(super) struct Recurrence {
    pub(super) axis: usize,
    pub(super) from: Neighbour,
}

impl Function for Recurrence {
    fn name(&self) -> &'static str {
        "linear_recurrence"
    }
    fn forward(&self, inputs: &[Array]) -> Outputs {
        let axis = self.axis as isize;
        match self.from {
            Neighbour::Before => linear_recurrence(&inputs[0], &inputs[1], axis).into(),
            Neighbour::After => {
                let reversed = linear_recurrence(&flip(&inputs[0], axis), &flip(&inputs[1], axis), axis);
                flip(&reversed, axis).into()
            }
        }
    }
    fn retain(&self) -> Retain {
        Retain::none().input(0).output(0)
    }
    fn backward(&self, c: &BackwardContext<'_>) -> Gradients {
        // What reaches an element of b comes from the gradient there and, times a, from the next element on.
        let next = self.from.opposite();
        let factors = neighbours(c.input(0), next, self.axis, 0.0);
        let gb = apply(Recurrence { axis: self.axis, from: next }, [&factors, c.gy(0)]).one();
        let ga = c.wants(0).then(|| &gb * neighbours(c.output(0), self.from, self.axis, 0.0));
        (ga, gb).into()
    }
}
