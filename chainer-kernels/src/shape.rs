//! Shapes, strides and axes: broadcasting, normalised axes, and the merging of dimensions before a kernel runs.

use std::ops::Deref;

use smallvec::SmallVec;

use crate::error::{Error, ErrorKind, Result};

/// The sizes of an array's axes. Dereferences to `[usize]`.
#[derive(Clone)]
pub struct Shape(Dims);

/// Shapes are copied and compared for every operation that is recorded: a plain copy of a few words, and no call, is what that costs.
/// (Whole words: what is stored in smaller pieces than it is read in makes the processor wait.)
#[derive(Clone)]
#[repr(usize)]
enum Dims {
    /// The first `len`; the others are 0.
    Few {
        len: usize,
        dims: [usize; FEW],
    },
    Many(Box<[usize]>),
}

const FEW: usize = 4;

/// Steps between neighbours along each axis, in elements. A broadcast axis has stride 0; a flipped one a negative stride.
pub type Strides = SmallVec<[isize; 4]>;

impl Shape {
    /// A shape of the given sizes.
    #[inline]
    pub fn new(dims: &[usize]) -> Self {
        if dims.len() > FEW {
            return Shape(Dims::Many(dims.into()));
        }
        let mut few = [0; FEW];
        for (to, from) in few.iter_mut().zip(dims) {
            *to = *from;
        }
        Shape(Dims::Few { len: dims.len(), dims: few })
    }

    /// A shape of sizes that somebody asked for, if the bytes of its elements can be counted at all.
    ///
    /// ```
    /// use chainer_kernels::Shape;
    /// assert_eq!(Shape::countable(&[2, 3]), Some([2, 3].into()));
    /// assert_eq!(Shape::countable(&[usize::MAX, 2]), None);
    /// ```
    pub fn countable(dims: &[usize]) -> Option<Self> {
        let bytes = dims.iter().try_fold(size_of::<f64>(), |bytes, &dim| bytes.checked_mul(dim))?;
        isize::try_from(bytes).ok().map(|_| Shape::new(dims))
    }

    /// The sizes.
    #[inline]
    pub fn dims(&self) -> &[usize] {
        match &self.0 {
            Dims::Few { len, dims } => &dims[..*len],
            Dims::Many(dims) => dims,
        }
    }

    /// The number of axes.
    #[inline]
    pub fn ndim(&self) -> usize {
        self.dims().len()
    }

    /// The number of elements; 1 for a zero-dimensional shape.
    #[inline]
    pub fn size(&self) -> usize {
        self.iter().product()
    }

    /// Row-major strides.
    pub fn strides(&self) -> Strides {
        let mut strides: Strides = SmallVec::from_elem(0, self.ndim());
        let mut step = 1isize;
        for (stride, &dim) in strides.iter_mut().zip(self.iter()).rev() {
            *stride = step;
            step *= dim.max(1) as isize;
        }
        strides
    }

    /// The common shape of two operands (NumPy's broadcasting), or `None` where an axis differs and neither size is 1.
    pub fn broadcast(&self, other: &Shape) -> Option<Shape> {
        if self == other {
            return Some(self.clone());
        }
        let (long, short) = if self.ndim() >= other.ndim() { (self, other) } else { (other, self) };
        let mut out: SmallVec<[usize; FEW]> = SmallVec::from_slice(long);
        let offset = long.ndim() - short.ndim();
        for (size, &small) in out[offset..].iter_mut().zip(short.iter()) {
            if *size == 1 {
                *size = small;
            } else if small != 1 && small != *size {
                return None;
            }
        }
        Some(Shape::new(&out))
    }

    /// The axis counted from the front: `-1` is the last.
    pub fn axis(&self, axis: isize, operation: &'static str) -> Result<usize> {
        let ndim = self.ndim() as isize;
        if (-ndim..ndim).contains(&axis) {
            Ok(if axis < 0 { axis + ndim } else { axis } as usize)
        } else {
            Err(Error::value(
                operation,
                format_args!("-{ndim} <= axis < {ndim}"),
                format_args!("axis = {axis} (shape {self:?})"),
            ))
        }
    }

    /// Several axes counted from the front, in ascending order; an axis named twice is refused.
    pub fn axes(&self, axes: &[isize], operation: &'static str) -> Result<SmallVec<[usize; 4]>> {
        let mut out: SmallVec<[usize; 4]> = SmallVec::new();
        for &axis in axes {
            let axis = self.axis(axis, operation)?;
            if out.contains(&axis) {
                return Err(Error::new(
                    ErrorKind::InvalidValue,
                    operation,
                    format!("axis {axis} is named twice in {axes:?}"),
                ));
            }
            out.push(axis);
        }
        out.sort_unstable();
        Ok(out)
    }
}

impl Deref for Shape {
    type Target = [usize];
    #[inline]
    fn deref(&self) -> &[usize] {
        self.dims()
    }
}

impl Default for Shape {
    /// The shape of a single number.
    #[inline]
    fn default() -> Self {
        Shape(Dims::Few { len: 0, dims: [0; FEW] })
    }
}

impl PartialEq for Shape {
    #[inline]
    fn eq(&self, other: &Self) -> bool {
        match (&self.0, &other.0) {
            // Sizes beyond the last are 0, so that all can be compared.
            (Dims::Few { len: n, dims: a }, Dims::Few { len: m, dims: b }) => {
                *n == *m && a[0] == b[0] && a[1] == b[1] && a[2] == b[2] && a[3] == b[3]
            }
            (Dims::Many(a), Dims::Many(b)) => a == b,
            _ => false,
        }
    }
}

impl Eq for Shape {}

impl std::hash::Hash for Shape {
    fn hash<H: std::hash::Hasher>(&self, state: &mut H) {
        self.dims().hash(state);
    }
}

impl std::fmt::Debug for Shape {
    /// As Python writes a shape: `(2, 3)`, `(4,)`, `()`.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("(")?;
        for (i, dim) in self.iter().enumerate() {
            write!(f, "{}{dim}", if i > 0 { ", " } else { "" })?;
        }
        f.write_str(if self.ndim() == 1 { ",)" } else { ")" })
    }
}

impl From<&[usize]> for Shape {
    fn from(dims: &[usize]) -> Self {
        Shape::new(dims)
    }
}
impl<const N: usize> From<[usize; N]> for Shape {
    fn from(dims: [usize; N]) -> Self {
        Shape::new(&dims)
    }
}
impl<const N: usize> From<&[usize; N]> for Shape {
    fn from(dims: &[usize; N]) -> Self {
        Shape::new(dims)
    }
}
impl From<Vec<usize>> for Shape {
    fn from(dims: Vec<usize>) -> Self {
        Shape::new(&dims)
    }
}
impl From<&Vec<usize>> for Shape {
    fn from(dims: &Vec<usize>) -> Self {
        Shape::new(dims)
    }
}
impl From<&Shape> for Shape {
    fn from(shape: &Shape) -> Self {
        shape.clone()
    }
}
impl From<usize> for Shape {
    fn from(dim: usize) -> Self {
        Shape::new(&[dim])
    }
}
impl From<()> for Shape {
    fn from(_: ()) -> Self {
        Shape::default()
    }
}
impl FromIterator<usize> for Shape {
    fn from_iter<I: IntoIterator<Item = usize>>(dims: I) -> Self {
        Shape::new(&dims.into_iter().collect::<SmallVec<[usize; FEW]>>())
    }
}

/// An index space after merging: neighbouring axes that every operand walks as one are one axis.
pub struct Collapsed {
    /// Sizes; size-1 axes are gone. Empty for a single element.
    pub dims: SmallVec<[usize; 4]>,
    /// One entry an operand, each as long as `dims`.
    pub strides: SmallVec<[Strides; 8]>,
}

/// Merges the axes of `shape` that all operands (given by their strides over `shape`) walk without a gap. Row-major order of the
/// elements is kept. `cut[axis]` keeps a border before that axis (a reduction's border between kept and reduced axes).
pub fn collapse<'a>(
    shape: &[usize],
    operands: impl Iterator<Item = &'a [isize]> + Clone,
    cut: impl Fn(usize) -> bool,
) -> Collapsed {
    let mut dims: SmallVec<[usize; 4]> = SmallVec::new();
    let mut strides: SmallVec<[Strides; 8]> = operands.clone().map(|_| Strides::new()).collect();
    let mut border = false;
    for (axis, &dim) in shape.iter().enumerate() {
        border |= cut(axis);
        if dim == 1 {
            continue;
        }
        let mergeable = !border
            && !dims.is_empty()
            && operands.clone().zip(&strides).all(|(new, old)| old[old.len() - 1] == new[axis] * dim as isize);
        border = false;
        if mergeable {
            *dims.last_mut().unwrap_or(&mut 0) *= dim;
            for (old, new) in strides.iter_mut().zip(operands.clone()) {
                if let Some(last) = old.last_mut() {
                    *last = new[axis];
                }
            }
        } else {
            dims.push(dim);
            for (old, new) in strides.iter_mut().zip(operands.clone()) {
                old.push(new[axis]);
            }
        }
    }
    Collapsed { dims, strides }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn broadcasting_follows_numpy() {
        let b = |a: &[usize], b: &[usize]| Shape::new(a).broadcast(&Shape::new(b)).map(|s| s.to_vec());
        assert_eq!(b(&[2, 3], &[3]), Some(vec![2, 3]));
        assert_eq!(b(&[2, 1], &[1, 3]), Some(vec![2, 3]));
        assert_eq!(b(&[0], &[1]), Some(vec![0]));
        assert_eq!(b(&[2, 3], &[2]), None);
        assert_eq!(b(&[], &[4]), Some(vec![4]));
    }

    #[test]
    fn contiguous_operands_collapse_to_one_axis() {
        let s = Shape::new(&[2, 3, 4]).strides();
        let c = collapse(&[2, 3, 4], [&s[..], &s[..]].into_iter(), |_| false);
        assert_eq!((&c.dims[..], c.strides[0][0]), (&[24][..], 1));
        let row: Strides = SmallVec::from_slice(&[0, 0, 1]);
        let c = collapse(&[2, 3, 4], [&s[..], &row[..]].into_iter(), |_| false);
        assert_eq!(&c.dims[..], &[6, 4]);
        assert_eq!((&c.strides[0][..], &c.strides[1][..]), (&[4, 1][..], &[0, 1][..]));
    }
}
