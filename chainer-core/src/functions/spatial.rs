//! Sizes along spatial axes: two, or any number.

use chainer_kernels::kernel::Spatial;

/// A size for the vertical and one for the horizontal axis; a single number stands for both.
///
/// ```
/// use chainer::functions::Pair;
/// assert_eq!(Pair::from(3), Pair::from((3, 3)));
/// assert_eq!(Pair::from([1, 2]), Pair::from((1, 2)));
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Pair(pub [usize; 2]);

impl Pair {
    pub(crate) fn spatial(self) -> Spatial {
        Spatial::from_slice(&self.0)
    }
}

impl From<usize> for Pair {
    fn from(both: usize) -> Self {
        Pair([both, both])
    }
}
impl From<(usize, usize)> for Pair {
    fn from((vertical, horizontal): (usize, usize)) -> Self {
        Pair([vertical, horizontal])
    }
}
impl From<[usize; 2]> for Pair {
    fn from(sizes: [usize; 2]) -> Self {
        Pair(sizes)
    }
}

/// A size for each spatial axis; a single number stands for all, however many there are.
///
/// ```
/// use chainer::functions::Sizes;
/// assert_eq!(Sizes::from(3), Sizes::All(3));
/// assert_eq!(Sizes::from([1, 2, 3]), Sizes::Each(vec![1, 2, 3]));
/// ```
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Sizes {
    /// The same on every axis.
    All(usize),
    /// One for each axis.
    Each(Vec<usize>),
}

impl Sizes {
    /// The sizes on so many axes. A list of another length stays as it is: the operation that takes it says so.
    pub(crate) fn spatial(&self, axes: usize) -> Spatial {
        match self {
            Sizes::All(size) => Spatial::from_elem(*size, axes),
            Sizes::Each(sizes) => Spatial::from_slice(sizes),
        }
    }
}

impl From<usize> for Sizes {
    fn from(all: usize) -> Self {
        Sizes::All(all)
    }
}
impl<const N: usize> From<[usize; N]> for Sizes {
    fn from(each: [usize; N]) -> Self {
        Sizes::Each(each.to_vec())
    }
}
impl From<&[usize]> for Sizes {
    fn from(each: &[usize]) -> Self {
        Sizes::Each(each.to_vec())
    }
}
impl From<Vec<usize>> for Sizes {
    fn from(each: Vec<usize>) -> Self {
        Sizes::Each(each)
    }
}

/// How far a pooling window moves: a [`Pair`], or `None` for the size of the window.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Stride(pub Option<Pair>);

impl Stride {
    /// The stride of a window of this size.
    pub(crate) fn or(self, ksize: Pair) -> Pair {
        self.0.unwrap_or(ksize)
    }
}

impl From<Option<Pair>> for Stride {
    fn from(stride: Option<Pair>) -> Self {
        Stride(stride)
    }
}
impl From<Pair> for Stride {
    fn from(stride: Pair) -> Self {
        Stride(Some(stride))
    }
}
impl From<usize> for Stride {
    fn from(both: usize) -> Self {
        Stride(Some(both.into()))
    }
}
impl From<(usize, usize)> for Stride {
    fn from(sizes: (usize, usize)) -> Self {
        Stride(Some(sizes.into()))
    }
}
impl From<[usize; 2]> for Stride {
    fn from(sizes: [usize; 2]) -> Self {
        Stride(Some(sizes.into()))
    }
}

/// How far a pooling window moves on each of any number of axes: [`Sizes`], or `None` for the size of the window.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Strides(pub Option<Sizes>);

impl Strides {
    /// The strides of a window of this size.
    pub(crate) fn or(&self, ksize: &Spatial) -> Spatial {
        self.0.as_ref().map_or_else(|| ksize.clone(), |sizes| sizes.spatial(ksize.len()))
    }
}

impl From<Option<Sizes>> for Strides {
    fn from(strides: Option<Sizes>) -> Self {
        Strides(strides)
    }
}
impl From<Sizes> for Strides {
    fn from(strides: Sizes) -> Self {
        Strides(Some(strides))
    }
}
impl From<usize> for Strides {
    fn from(all: usize) -> Self {
        Strides(Some(all.into()))
    }
}
impl<const N: usize> From<[usize; N]> for Strides {
    fn from(each: [usize; N]) -> Self {
        Strides(Some(each.into()))
    }
}
impl From<&[usize]> for Strides {
    fn from(each: &[usize]) -> Self {
        Strides(Some(each.into()))
    }
}
impl From<Vec<usize>> for Strides {
    fn from(each: Vec<usize>) -> Self {
        Strides(Some(each.into()))
    }
}
