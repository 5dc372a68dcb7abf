//! [`pad`].

use std::panic::Location;

use chainer_kernels::ops::{self, Index, PadMode};
use smallvec::SmallVec;

use super::{along, get_item, result_shape};
use crate::functions::{checked, composed};
use crate::type_check;
use crate::{Array, AsVariable, BackwardContext, Dtype, Function, Gradients, Outputs, Retain, Variable, apply};

/// How many elements [`pad`] adds before and after each axis: one number for all, one pair for all axes, or a pair for each.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct PadWidth(SmallVec<[(usize, usize); 4]>);

impl From<usize> for PadWidth {
    fn from(width: usize) -> Self {
        PadWidth::from((width, width))
    }
}
impl From<(usize, usize)> for PadWidth {
    fn from(both: (usize, usize)) -> Self {
        PadWidth(smallvec::smallvec![both])
    }
}
impl From<&[(usize, usize)]> for PadWidth {
    fn from(each: &[(usize, usize)]) -> Self {
        PadWidth(SmallVec::from_slice(each))
    }
}
impl<const N: usize> From<[(usize, usize); N]> for PadWidth {
    fn from(each: [(usize, usize); N]) -> Self {
        PadWidth::from(&each[..])
    }
}
impl From<Vec<(usize, usize)>> for PadWidth {
    fn from(each: Vec<(usize, usize)>) -> Self {
        PadWidth::from(&each[..])
    }
}

/// x → x inside a border of constants.
struct Border {
    widths: Vec<(usize, usize)>,
    mode: PadMode,
}

impl Function for Border {
    fn name(&self) -> &'static str {
        NAME
    }
    fn forward(&self, inputs: &[Array]) -> Outputs {
        ops::pad(&inputs[0], &self.widths, self.mode.clone()).into()
    }
    fn retain(&self) -> Retain {
        Retain::none()
    }
    fn backward(&self, c: &BackwardContext<'_>) -> Gradients {
        let inside = self.widths.iter().zip(c.input_shape(0).iter());
        let inside = inside.map(|(width, &size)| (width.0 as isize..(width.0 + size) as isize).into());
        get_item(c.gy(0), inside.collect::<Vec<Index>>()).into()
    }
}

const NAME: &str = "pad";

/// x inside a border of `pad_width` elements: a number, a pair of numbers before and after, or such a pair for each axis. `mode` says what
/// the border holds: constants ([`PadMode::Constant`], or [`PadMode::Constants`] for each side of each axis), the outermost elements
/// (`Edge`), x mirrored at them (`Reflect`) or with them (`Symmetric`), or x from its other end (`Wrap`). The gradients of elements that
/// the border repeats add up.
///
/// # Errors
/// The result fails if there are neither one nor as many pairs as x has axes, and if a border other than a constant one is asked for on an
/// axis without elements.
///
/// ```
/// use chainer::{functions as F, Array, Variable};
/// let x = Variable::new(Array::from([1.0f32, 2.0, 3.0]));
/// let y = F::pad(&x, (1, 2), F::PadMode::Constant(9.0.into()));
/// assert_eq!(y.to_vec::<f32>()?, [9.0, 1.0, 2.0, 3.0, 9.0, 9.0]);
/// let y = F::pad(&x, (2, 1), F::PadMode::Reflect);
/// assert_eq!(y.to_vec::<f32>()?, [3.0, 2.0, 1.0, 2.0, 3.0, 2.0]);
/// y.sum().backward()?;
/// assert_eq!(x.grad().unwrap().to_vec::<f32>()?, [1.0, 3.0, 2.0]);
/// # Ok::<(), chainer::Error>(())
/// ```
#[track_caller]
pub fn pad(x: impl AsVariable, pad_width: impl Into<PadWidth>, mode: PadMode) -> Variable {
    let (x, PadWidth(mut widths)) = (x.as_variable(), pad_width.into());
    composed(Location::caller(), || {
        x.check()?;
        let ndim = x.ndim();
        checked(NAME, || {
            let fits = |what: &str, count: usize| {
                let expect = format_args!("len({what}) == 1 or len({what}) == x.ndim");
                type_check::expect(count == 1 || count == ndim, expect, format_args!("{count}, x.ndim = {ndim}"))
            };
            fits("pad_width", widths.len())?;
            if let [all] = widths[..] {
                widths = SmallVec::from_elem(all, ndim);
            }
            let padded = |(&size, width): (&usize, &(usize, usize))| size.checked_add(width.0)?.checked_add(width.1);
            result_shape(x.shape().iter().zip(&widths).map(padded))?;
            match &mode {
                PadMode::Constant(_) => Ok(()),
                PadMode::Constants(values) => fits("constant_values", values.len()),
                _ => x.shape().iter().zip(&widths).enumerate().try_for_each(|(axis, (&size, &width))| {
                    let expect = format_args!("x.shape[{axis}] >= 1");
                    type_check::expect(size > 0 || width == (0, 0), expect, format_args!("{size} < 1"))
                }),
            }
        })?;
        if matches!(mode, PadMode::Constant(_) | PadMode::Constants(_)) {
            return Ok(apply(Border { widths: widths.to_vec(), mode }, [x]).one());
        }
        let mut x = x;
        for (axis, &width) in widths.iter().enumerate().filter(|(_, width)| **width != (0, 0)) {
            // What stands where, as numbers of the axis's elements.
            let places = ops::arange(0, x.shape()[axis], 1, Dtype::I64);
            x = get_item(x, along(axis, ops::pad(&places, &[width], mode.clone())));
        }
        Ok(x)
    })
}
