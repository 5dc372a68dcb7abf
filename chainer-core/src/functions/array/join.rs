//! What the `*stack` functions that join along an existing axis have in common.

use chainer_kernels::Loc;

use super::{Concat, reshape};
use crate::functions::{checked, composed};
use crate::{Shape, Variable, Variables, type_check};

/// How variables with a number of axes are joined.
pub(super) struct Join {
    /// The axis of the result along which they follow each other.
    pub axis: isize,
    /// The axis of the variables along which their sizes may differ.
    pub free: Option<usize>,
    /// The shape that a variable is given first.
    pub raised: fn(&Shape) -> Shape,
}

/// The variables, all with as many axes, joined as `how` says for that number of axes.
pub(super) fn join(name: &'static str, xs: Variables, how: impl FnOnce(usize) -> Join, at: Loc) -> Variable {
    composed(at, || {
        xs.iter().try_for_each(Variable::check)?;
        let how = how(xs.first().map_or(0, Variable::ndim));
        checked(name, || {
            type_check::expect(!xs.is_empty(), "at least one input", "none")?;
            let first = xs[0].data();
            for (i, x) in xs.iter().enumerate().skip(1) {
                let (other, x) = (format!("xs[{i}]"), x.data());
                type_check::same_dtype("xs[0]", first, &other, x)?;
                type_check::equal("xs[0].ndim", first.ndim(), format_args!("{other}.ndim"), x.ndim())?;
                for axis in (0..first.ndim()).filter(|&axis| Some(axis) != how.free) {
                    type_check::same_size("xs[0]", first, axis, &other, x, axis)?;
                }
            }
            Ok(())
        })?;
        let raised: Variables = xs
            .into_iter()
            .map(|x| {
                let shape = (how.raised)(x.shape());
                reshape(x, shape)
            })
            .collect();
        Ok(Concat::new().axis(how.axis).call(raised))
    })
}
