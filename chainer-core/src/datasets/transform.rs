//! A dataset seen through a function.

use chainer_kernels::Result;

use crate::dataset::Dataset;

/// A dataset whose examples are made from another's by a function, each time they are asked for.
///
/// ```
/// use chainer::dataset::Dataset;
/// use chainer::datasets::TransformDataset;
///
/// let doubled = TransformDataset::new(vec![1, 2, 3], |x| Ok(2 * x));
/// assert_eq!(doubled.get_example(2)?, 6);
/// # Ok::<(), chainer_kernels::Error>(())
/// ```
#[derive(Clone)]
pub struct TransformDataset<D, F> {
    dataset: D,
    transform: F,
}

impl<D: Dataset, T, F: Fn(D::Example) -> Result<T> + Send + Sync> TransformDataset<D, F> {
    /// Sees `dataset` through `transform`.
    pub fn new(dataset: D, transform: F) -> Self {
        TransformDataset { dataset, transform }
    }
}

impl<D: Dataset, T, F: Fn(D::Example) -> Result<T> + Send + Sync> Dataset for TransformDataset<D, F> {
    type Example = T;

    fn len(&self) -> usize {
        self.dataset.len()
    }

    fn get_example(&self, index: usize) -> Result<T> {
        (self.transform)(self.dataset.get_example(index)?)
    }
}
