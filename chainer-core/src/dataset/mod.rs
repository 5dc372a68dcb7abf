//! What a dataset is, how examples become a batch, and where datasets lie on disk.
//!
//! Concrete datasets are in [`datasets`](crate::datasets), what walks over them in [`iterators`](crate::iterators).

mod array;
mod concat;
mod root;

pub use concat::{Concat, Example, concat_examples};
pub use root::{get_dataset_root, set_dataset_root};

use std::sync::Arc;

use chainer_kernels::{Error, ErrorKind, Result};

/// A set of examples, reached by index.
///
/// A dataset has no state of its own that changes, so it needs no snapshot, and threads may read it together.
///
/// ```
/// use chainer::dataset::Dataset;
///
/// struct Squares;
///
/// impl Dataset for Squares {
///     type Example = (f32, f32);
///     fn len(&self) -> usize {
///         100
///     }
///     fn get_example(&self, index: usize) -> chainer_kernels::Result<(f32, f32)> {
///         Ok((index as f32, (index * index) as f32))
///     }
/// }
///
/// assert_eq!(Squares.get_examples(&[2, 3])?, [(2.0, 4.0), (3.0, 9.0)]);
/// # Ok::<(), chainer_kernels::Error>(())
/// ```
pub trait Dataset: Send + Sync {
    /// One example, such as an image with its label.
    type Example;

    /// How many examples there are.
    fn len(&self) -> usize;

    /// Whether there is no example.
    fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The example at an index.
    ///
    /// # Errors
    /// The index is not below [`len`](Self::len), or the example cannot be read.
    fn get_example(&self, index: usize) -> Result<Self::Example>;

    /// The examples at several indices, in their order.
    fn get_examples(&self, indices: &[usize]) -> Result<Vec<Self::Example>> {
        indices.iter().map(|index| self.get_example(*index)).collect()
    }
}

/// Fails if `index` is no example of a dataset of `length`.
pub(crate) fn check_index(dataset: &'static str, index: usize, length: usize) -> Result<()> {
    if index < length {
        return Ok(());
    }
    let message = format!("Expect: an index below {length}\nActual: {index}");
    Err(Error::new(ErrorKind::IndexOutOfBounds, dataset, message))
}

impl<T: Clone + Send + Sync> Dataset for Vec<T> {
    type Example = T;

    fn len(&self) -> usize {
        self.as_slice().len()
    }

    fn get_example(&self, index: usize) -> Result<T> {
        check_index("Vec", index, self.as_slice().len())?;
        Ok(self[index].clone())
    }
}

macro_rules! forwarded {
    ($($pointer:ty),*) => {$(
        impl<D: Dataset + ?Sized> Dataset for $pointer {
            type Example = D::Example;

            fn len(&self) -> usize {
                (**self).len()
            }

            fn get_example(&self, index: usize) -> Result<Self::Example> {
                (**self).get_example(index)
            }

            fn get_examples(&self, indices: &[usize]) -> Result<Vec<Self::Example>> {
                (**self).get_examples(indices)
            }
        }
    )*};
}
forwarded!(Arc<D>, Box<D>, &D);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_vector_is_a_dataset() {
        let numbers: Arc<Vec<i32>> = Arc::new(vec![5, 6, 7]);
        assert_eq!(Dataset::len(&numbers), 3);
        assert_eq!(numbers.get_examples(&[2, 0]).unwrap(), [7, 5]);
        let error = numbers.get_example(3).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::IndexOutOfBounds);
        assert!(error.to_string().contains("below 3"), "{error}");
    }
}
