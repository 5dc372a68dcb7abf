//! Datasets: combinations of others, and handwritten digits.
//!
//! What a dataset is stands in [`dataset`](crate::dataset).

mod dict;
mod idx;
mod mnist;
mod sub;
mod transform;
mod tuple;

pub use dict::DictDataset;
pub use mnist::{LabeledArrays, Mnist, get_mnist};
pub use sub::{
    SubDataset, get_cross_validation_datasets, get_cross_validation_datasets_random, split_dataset, split_dataset_n,
    split_dataset_n_random, split_dataset_random,
};
pub use transform::TransformDataset;
pub use tuple::{DatasetTuple, TupleDataset};
