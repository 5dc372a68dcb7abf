//! Several datasets side by side.

use chainer_kernels::{Error, Result};

use crate::dataset::{Dataset, check_index};

/// Several datasets of the same length as one whose examples are tuples.
///
/// ```
/// use chainer::dataset::Dataset;
/// use chainer::datasets::TupleDataset;
///
/// let dataset = TupleDataset::new((vec![0.5, 1.5], vec![0, 1]))?;
/// assert_eq!(dataset.get_example(1)?, (1.5, 1));
/// # Ok::<(), chainer_kernels::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct TupleDataset<T> {
    datasets: T,
    length: usize,
}

impl<T: DatasetTuple> TupleDataset<T> {
    /// Combines a tuple of one to six datasets.
    ///
    /// # Errors
    /// The datasets differ in length.
    pub fn new(datasets: T) -> Result<Self> {
        let lengths = datasets.lengths();
        if lengths.iter().any(|other| *other != lengths[0]) {
            return Err(Error::value("TupleDataset", "datasets of the same length", format!("{lengths:?}")));
        }
        Ok(TupleDataset { length: lengths[0], datasets })
    }

    /// The datasets, as they were given.
    pub fn datasets(&self) -> &T {
        &self.datasets
    }
}

impl<T: DatasetTuple> Dataset for TupleDataset<T> {
    type Example = T::Example;

    fn len(&self) -> usize {
        self.length
    }

    fn get_example(&self, index: usize) -> Result<Self::Example> {
        check_index("TupleDataset", index, self.length)?;
        self.datasets.example(index)
    }

    fn get_examples(&self, indices: &[usize]) -> Result<Vec<Self::Example>> {
        indices.iter().try_for_each(|index| check_index("TupleDataset", *index, self.length))?;
        self.datasets.examples(indices)
    }
}

/// A tuple of one to six datasets.
pub trait DatasetTuple: Send + Sync {
    /// The tuple of their examples.
    type Example;

    /// Their lengths.
    fn lengths(&self) -> Vec<usize>;

    /// The examples at one index.
    fn example(&self, index: usize) -> Result<Self::Example>;

    /// The examples at several indices.
    fn examples(&self, indices: &[usize]) -> Result<Vec<Self::Example>>;
}

macro_rules! tuples {
    ($($($name:ident $index:tt),+;)*) => {$(
        impl<$($name: Dataset),+> DatasetTuple for ($($name,)+) {
            type Example = ($($name::Example,)+);

            fn lengths(&self) -> Vec<usize> {
                vec![$(self.$index.len()),+]
            }

            fn example(&self, index: usize) -> Result<Self::Example> {
                Ok(($(self.$index.get_example(index)?,)+))
            }

            #[allow(non_snake_case)] // the type's name serves as that of its examples
            fn examples(&self, indices: &[usize]) -> Result<Vec<Self::Example>> {
                $(let mut $name = self.$index.get_examples(indices)?.into_iter();)+
                Ok(std::iter::from_fn(|| Some(($($name.next()?,)+))).collect())
            }
        }
    )*};
}
tuples! {
    A 0;
    A 0, B 1;
    A 0, B 1, C 2;
    A 0, B 1, C 2, D 3;
    A 0, B 1, C 2, D 3, E 4;
    A 0, B 1, C 2, D 3, E 4, F 5;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lengths_must_agree() {
        let error = TupleDataset::new((vec![1, 2], vec![1])).unwrap_err();
        assert!(error.to_string().contains("[2, 1]"), "{error}");
        let three = TupleDataset::new((vec![1], vec!['a'], vec!["x"])).unwrap();
        assert_eq!(three.get_example(0).unwrap(), (1, 'a', "x"));
        assert!(three.get_example(1).is_err());
        assert_eq!(three.get_examples(&[0, 0]).unwrap(), [(1, 'a', "x"); 2]);
        assert!(three.get_examples(&[1]).is_err());
    }
}
