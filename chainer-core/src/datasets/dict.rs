//! Several datasets under names.

use std::collections::BTreeMap;

use chainer_kernels::{Error, Result};

use crate::dataset::{Dataset, check_index};

/// Several datasets of the same length and example type as one whose examples are maps by name.
///
/// ```
/// use chainer::dataset::Dataset;
/// use chainer::datasets::DictDataset;
///
/// let dataset = DictDataset::new([("x", vec![1, 2]), ("y", vec![3, 4])])?;
/// assert_eq!(dataset.get_example(0)?["y"], 3);
/// # Ok::<(), chainer_kernels::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct DictDataset<D> {
    datasets: BTreeMap<String, D>,
    length: usize,
}

impl<D: Dataset> DictDataset<D> {
    /// Combines named datasets. For datasets of different types use `Box<dyn Dataset<Example = …>>`.
    ///
    /// # Errors
    /// The datasets differ in length, or a name comes twice.
    pub fn new<K: Into<String>>(datasets: impl IntoIterator<Item = (K, D)>) -> Result<Self> {
        let mut all = BTreeMap::new();
        for (name, dataset) in datasets {
            let name = name.into();
            if all.contains_key(&name) {
                return Err(Error::value("DictDataset", "different names", format!("{name:?} twice")));
            }
            all.insert(name, dataset);
        }
        let lengths: BTreeMap<&String, usize> = all.iter().map(|(name, dataset)| (name, dataset.len())).collect();
        let length = lengths.values().next().copied().unwrap_or(0);
        if lengths.values().any(|other| *other != length) {
            return Err(Error::value("DictDataset", "datasets of the same length", format!("{lengths:?}")));
        }
        Ok(DictDataset { datasets: all, length })
    }
}

impl<D: Dataset> Dataset for DictDataset<D> {
    type Example = BTreeMap<String, D::Example>;

    fn len(&self) -> usize {
        self.length
    }

    fn get_example(&self, index: usize) -> Result<Self::Example> {
        check_index("DictDataset", index, self.length)?;
        self.datasets.iter().map(|(name, dataset)| Ok((name.clone(), dataset.get_example(index)?))).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lengths_and_names_are_checked() {
        assert!(DictDataset::new([("x", vec![1]), ("y", vec![1, 2])]).unwrap_err().to_string().contains("\"y\": 2"));
        assert!(DictDataset::new([("x", vec![1]), ("x", vec![1])]).is_err());
        assert_eq!(DictDataset::new([] as [(&str, Vec<i32>); 0]).unwrap().len(), 0);
    }
}
