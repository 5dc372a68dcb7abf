//! [`split_axis`].

use chainer_kernels::ops::{self, Sections};

use super::concat::Concat;
use crate::type_check::{self, Checked};
use crate::{Array, AsVariable, BackwardContext, Function, Gradients, Outputs, Retain, Variable, apply};

struct SplitAxis {
    sections: Sections,
    axis: isize,
}

impl Function for SplitAxis {
    fn name(&self) -> &'static str {
        "split_axis"
    }
    fn type_check(&self, inputs: &[Array]) -> Checked {
        let (x, ndim) = (&inputs[0], inputs[0].ndim() as isize);
        let exists = (-ndim..ndim).contains(&self.axis);
        type_check::expect(exists, "-x.ndim <= axis < x.ndim", format_args!("axis = {}, x.ndim = {ndim}", self.axis))?;
        let axis = self.axis.rem_euclid(ndim) as usize;
        match &self.sections {
            Sections::Parts(0) => type_check::expect(false, "indices_or_sections >= 1", "0"),
            Sections::Parts(parts) => {
                let (size, expect) = (x.shape()[axis], format!("x.shape[{axis}] % indices_or_sections == 0"));
                type_check::expect(size % parts == 0, expect, format_args!("{size} % {parts} != 0"))
            }
            Sections::Before(_) => Ok(()),
        }
    }
    fn forward(&self, inputs: &[Array]) -> Outputs {
        ops::split(&inputs[0], self.sections.clone(), self.axis).into()
    }
    fn retain(&self) -> Retain {
        Retain::none()
    }
    fn backward(&self, c: &BackwardContext<'_>) -> Gradients {
        let parts: Vec<Variable> = (0..c.output_count()).map(|i| c.gy(i).clone()).collect();
        Concat::new().axis(self.axis).call(parts).into()
    }
}

/// Cuts a variable along an axis, into a number of equal parts or before given indices. The parts are views; nothing is copied.
///
/// # Errors
/// The parts fail if the axis does not exist or its size is no multiple of the number of parts.
///
/// ```
/// use chainer::{functions as F, Array, Variable};
/// let x = Variable::new(Array::from([[1.0f32, 2.0, 3.0], [4.0, 5.0, 6.0]]));
/// let columns = F::split_axis(&x, 3, 1);
/// assert_eq!(columns[2].to_vec::<f32>()?, [3.0, 6.0]);
/// let parts = F::split_axis(&x, [1], 1);
/// assert_eq!((parts[0].shape(), parts[1].shape()), (&[2, 1].into(), &[2, 2].into()));
/// assert!(F::split_axis(&x, 2, 1)[0].check().is_err());
/// # Ok::<(), chainer::Error>(())
/// ```
#[track_caller]
pub fn split_axis(x: impl AsVariable, indices_or_sections: impl Into<SplitAt>, axis: isize) -> Vec<Variable> {
    let SplitAt(sections) = indices_or_sections.into();
    let count = sections.count().max(1);
    apply(SplitAxis { sections, axis }, [x.as_variable()]).list(count)
}

/// Where [`split_axis`] cuts: a number of parts, or the indices before which to cut.
#[derive(Clone, Debug)]
pub struct SplitAt(Sections);

impl From<usize> for SplitAt {
    fn from(parts: usize) -> Self {
        SplitAt(Sections::Parts(parts))
    }
}
impl From<&[isize]> for SplitAt {
    fn from(before: &[isize]) -> Self {
        SplitAt(Sections::Before(before.to_vec()))
    }
}
impl From<Vec<isize>> for SplitAt {
    fn from(before: Vec<isize>) -> Self {
        SplitAt(Sections::Before(before))
    }
}
impl<const N: usize> From<[isize; N]> for SplitAt {
    fn from(before: [isize; N]) -> Self {
        SplitAt(Sections::Before(before.to_vec()))
    }
}

/// Cuts a variable into parts of these sizes.
pub(super) fn cut(x: &Variable, sizes: impl Iterator<Item = usize>, axis: usize) -> Vec<Variable> {
    let mut before: Vec<isize> = sizes
        .scan(0, |end, size| {
            *end += size as isize;
            Some(*end)
        })
        .collect();
    before.pop();
    split_axis(x, before, axis as isize)
}
