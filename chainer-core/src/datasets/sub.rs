//! Parts of a dataset: one interval, splits, and the folds of a cross validation.

use std::sync::Arc;

use chainer_kernels::{Error, ErrorKind, Result};

use crate::dataset::{Dataset, check_index};
use crate::shuffle::{fresh_seed, permutation};

/// The examples of an interval of another dataset, in its order or in a given one.
///
/// ```
/// use chainer::dataset::Dataset;
/// use chainer::datasets::SubDataset;
///
/// let part = SubDataset::new(vec!['a', 'b', 'c', 'd'], 1, 3, None)?;
/// assert_eq!(part.get_examples(&[0, 1])?, ['b', 'c']);
/// # Ok::<(), chainer_kernels::Error>(())
/// ```
#[derive(Debug)]
pub struct SubDataset<D> {
    dataset: Arc<D>,
    start: usize,
    length: usize,
    order: Option<Arc<Vec<usize>>>,
}

impl<D> Clone for SubDataset<D> {
    fn clone(&self) -> Self {
        SubDataset { dataset: self.dataset.clone(), order: self.order.clone(), ..*self }
    }
}

impl<D: Dataset> SubDataset<D> {
    /// The examples `start..finish`. With an `order`, example `i` is number `order[start + i]` of the dataset.
    ///
    /// # Errors
    /// The interval does not lie in the dataset (or in the order), or the order names an example that does not exist.
    pub fn new(dataset: D, start: usize, finish: usize, order: Option<Vec<usize>>) -> Result<Self> {
        let dataset = Arc::new(dataset);
        let order = checked_order("SubDataset", order, dataset.len())?;
        let length = order.as_ref().map_or(dataset.len(), |order| order.len());
        if start > finish || finish > length {
            return Err(Error::value(
                "SubDataset",
                format!("an interval within 0..{length}"),
                format!("{start}..{finish}"),
            ));
        }
        Ok(SubDataset { dataset, start, length: finish - start, order })
    }

    fn part(dataset: &Arc<D>, start: usize, finish: usize, order: Option<Arc<Vec<usize>>>) -> Self {
        SubDataset { dataset: dataset.clone(), start, length: finish - start, order }
    }
}

impl<D: Dataset> Dataset for SubDataset<D> {
    type Example = D::Example;

    fn len(&self) -> usize {
        self.length
    }

    fn get_example(&self, index: usize) -> Result<D::Example> {
        check_index("SubDataset", index, self.length)?;
        let index = self.start + index;
        self.dataset.get_example(self.order.as_ref().map_or(index, |order| order[index]))
    }

    fn get_examples(&self, indices: &[usize]) -> Result<Vec<D::Example>> {
        indices.iter().try_for_each(|index| check_index("SubDataset", *index, self.length))?;
        let whole = indices.iter().map(|index| self.start + index);
        let whole = whole.map(|index| self.order.as_ref().map_or(index, |order| order[index]));
        self.dataset.get_examples(&whole.collect::<Vec<_>>())
    }
}

fn checked_order(operation: &'static str, order: Option<Vec<usize>>, length: usize) -> Result<Option<Arc<Vec<usize>>>> {
    if let Some(wrong) = order.iter().flatten().find(|index| **index >= length) {
        let message = format!("Expect: order with indices below {length}\nActual: {wrong}");
        return Err(Error::new(ErrorKind::IndexOutOfBounds, operation, message));
    }
    Ok(order.map(Arc::new))
}

/// Fails unless `order`, if given, names every example.
fn full_order(operation: &'static str, order: Option<Vec<usize>>, length: usize) -> Result<Option<Arc<Vec<usize>>>> {
    if let Some(order) = order.as_ref().filter(|order| order.len() != length) {
        return Err(Error::value(operation, format!("order of length {length}"), order.len()));
    }
    checked_order(operation, order, length)
}

/// Splits a dataset in two: the examples before `split_at`, and the rest (of `order`, if given).
///
/// # Errors
/// `split_at` exceeds the length, or `order` is no order of the examples.
pub fn split_dataset<D: Dataset>(
    dataset: D,
    split_at: usize,
    order: Option<Vec<usize>>,
) -> Result<(SubDataset<D>, SubDataset<D>)> {
    let dataset = Arc::new(dataset);
    let length = dataset.len();
    let order = full_order("split_dataset", order, length)?;
    if split_at > length {
        return Err(Error::value("split_dataset", format!("split_at of at most {length}"), split_at));
    }
    Ok((SubDataset::part(&dataset, 0, split_at, order.clone()), SubDataset::part(&dataset, split_at, length, order)))
}

/// Splits a dataset in two at random: `first_size` examples, and the rest. The same `seed` gives the same split; without one, it
/// follows from the process's ([`set_seed`](crate::set_seed)).
///
/// # Errors
/// `first_size` exceeds the length.
pub fn split_dataset_random<D: Dataset>(
    dataset: D,
    first_size: usize,
    seed: Option<u64>,
) -> Result<(SubDataset<D>, SubDataset<D>)> {
    let order = random_order(&dataset, seed);
    split_dataset(dataset, first_size, Some(order))
}

/// Splits a dataset into `n` parts of the same size. What is left over, fewer than `n` examples, is dropped.
///
/// # Errors
/// `n` is 0, or `order` is no order of the examples.
pub fn split_dataset_n<D: Dataset>(dataset: D, n: usize, order: Option<Vec<usize>>) -> Result<Vec<SubDataset<D>>> {
    let dataset = Arc::new(dataset);
    let order = full_order("split_dataset_n", order, dataset.len())?;
    if n == 0 {
        return Err(Error::value("split_dataset_n", "n of at least 1", n));
    }
    let size = dataset.len() / n;
    Ok((0..n).map(|i| SubDataset::part(&dataset, i * size, (i + 1) * size, order.clone())).collect())
}

/// [`split_dataset_n`] in a random order.
///
/// # Errors
/// `n` is 0.
pub fn split_dataset_n_random<D: Dataset>(dataset: D, n: usize, seed: Option<u64>) -> Result<Vec<SubDataset<D>>> {
    let order = random_order(&dataset, seed);
    split_dataset_n(dataset, n, Some(order))
}

/// The `n_fold` pairs (training, test) of a cross validation. The test parts are disjoint, cover the dataset, and differ in size by
/// at most one; the first ones are those that come last in the dataset.
///
/// # Errors
/// `n_fold` is 0, or `order` is no order of the examples.
pub fn get_cross_validation_datasets<D: Dataset>(
    dataset: D,
    n_fold: usize,
    order: Option<Vec<usize>>,
) -> Result<Vec<(SubDataset<D>, SubDataset<D>)>> {
    let dataset = Arc::new(dataset);
    let length = dataset.len();
    let order = full_order("get_cross_validation_datasets", order, length)?;
    if n_fold == 0 {
        return Err(Error::value("get_cross_validation_datasets", "n_fold of at least 1", n_fold));
    }
    // The order written twice in a row: every fold is then the test interval and, right behind it, the training one.
    let order: Vec<usize> = order.map_or_else(|| (0..length).collect(), |order| order.to_vec());
    let doubled = Arc::new([order.clone(), order].concat());
    let (size, longer) = (length / n_fold, length % n_fold);
    let mut end = length;
    let mut folds = Vec::with_capacity(n_fold);
    for fold in 0..n_fold {
        let start = end - size - usize::from(fold < longer);
        folds.push((
            SubDataset::part(&dataset, end, start + length, Some(doubled.clone())),
            SubDataset::part(&dataset, start, end, Some(doubled.clone())),
        ));
        end = start;
    }
    Ok(folds)
}

/// [`get_cross_validation_datasets`] in a random order.
///
/// # Errors
/// `n_fold` is 0.
pub fn get_cross_validation_datasets_random<D: Dataset>(
    dataset: D,
    n_fold: usize,
    seed: Option<u64>,
) -> Result<Vec<(SubDataset<D>, SubDataset<D>)>> {
    let order = random_order(&dataset, seed);
    get_cross_validation_datasets(dataset, n_fold, Some(order))
}

fn random_order<D: Dataset>(dataset: &D, seed: Option<u64>) -> Vec<usize> {
    permutation(dataset.len(), seed.unwrap_or_else(fresh_seed), 0)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn all<D: Dataset>(dataset: &D) -> Vec<D::Example> {
        dataset.get_examples(&(0..dataset.len()).collect::<Vec<_>>()).unwrap()
    }

    fn ten() -> Vec<usize> {
        (0..10).collect()
    }

    #[test]
    fn splits_follow_chainer() {
        let (first, second) = split_dataset(ten(), 4, None).unwrap();
        assert_eq!((all(&first), all(&second)), (vec![0, 1, 2, 3], vec![4, 5, 6, 7, 8, 9]));
        let parts: Vec<_> = split_dataset_n(ten(), 3, None).unwrap().iter().map(all).collect();
        assert_eq!(parts, [[0, 1, 2], [3, 4, 5], [6, 7, 8]]);
        let folds = get_cross_validation_datasets(ten(), 3, None).unwrap();
        let folds: Vec<_> = folds.iter().map(|(train, test)| (all(train), all(test))).collect();
        assert_eq!(
            folds,
            [
                (vec![0, 1, 2, 3, 4, 5], vec![6, 7, 8, 9]),
                (vec![6, 7, 8, 9, 0, 1, 2], vec![3, 4, 5]),
                (vec![3, 4, 5, 6, 7, 8, 9], vec![0, 1, 2]),
            ]
        );
    }

    #[test]
    fn random_splits_repeat_with_their_seed_and_cover_everything() {
        let (first, second) = split_dataset_random(ten(), 3, Some(5)).unwrap();
        let again = split_dataset_random(ten(), 3, Some(5)).unwrap();
        assert_eq!(all(&first), all(&again.0));
        let mut together = [all(&first), all(&second)].concat();
        together.sort_unstable();
        assert_eq!(together, ten());
        assert_eq!(get_cross_validation_datasets_random(ten(), 10, None).unwrap().len(), 10);
    }

    #[test]
    fn impossible_splits_are_errors() {
        assert!(split_dataset(ten(), 11, None).is_err());
        assert!(split_dataset(ten(), 1, Some(vec![0; 9])).unwrap_err().to_string().contains("length 10"));
        assert!(split_dataset(ten(), 1, Some(vec![10; 10])).is_err());
        assert!(split_dataset_n(ten(), 0, None).is_err());
        assert!(get_cross_validation_datasets(ten(), 0, None).is_err());
        assert!(SubDataset::new(ten(), 5, 11, None).is_err());
        assert!(SubDataset::new(ten(), 5, 4, None).is_err());
        assert_eq!(split_dataset(Vec::<i32>::new(), 0, None).unwrap().0.len(), 0);
    }
}
