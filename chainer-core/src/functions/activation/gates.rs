//! The gates of LSTM units, which lie side by side: column `4 j + g` is gate g (a, i, f, o) of unit j.

use chainer_kernels::flush_all;
use smallvec::SmallVec;

use crate::functions::{Concat, reshape};
use crate::{Shape, Variable};

/// The shape of sources with the gates on an axis of their own. Sources of one axis are a bias.
pub(super) fn gated(sources: &Shape) -> Shape {
    let units = if sources.ndim() == 1 { 0 } else { 1 };
    let mut shape: SmallVec<[usize; 5]> = SmallVec::from_slice(sources);
    shape[units] /= 4;
    shape.insert(units + 1, 4);
    Shape::new(&shape)
}

/// The gates of each of the given four, of the shape of the cell state, side by side again. They and `others` are computed by one kernel:
/// one by one, when they are joined, they would share nothing.
pub(super) fn side_by_side<const N: usize>(gates: [[Variable; 4]; N], others: &[&Variable]) -> [Variable; N] {
    flush_all(gates.iter().flatten().chain(others.iter().copied()).map(Variable::data));
    gates.map(|gates| {
        if let Some(failed) = gates.iter().find(|gate| gate.error().is_some()) {
            return failed.clone();
        }
        let mut shape = gates[0].shape().to_vec();
        shape.insert(2, 1);
        let gates = gates.map(|gate| reshape(gate, &shape[..]));
        shape.remove(2);
        shape[1] *= 4;
        reshape(Concat::new().axis(2).call(gates), shape)
    })
}
