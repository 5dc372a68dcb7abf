//! An array as a dataset: its rows are the examples.

use chainer_kernels::{Array, Error, Result, Shape, with_element};

use super::{Dataset, check_index};

/// The first axis counts the examples, each of which is an array of the other axes.
impl Dataset for Array {
    type Example = Array;

    /// 0 for an array without axes and for a failed one.
    fn len(&self) -> usize {
        if self.ndim() == 0 { 0 } else { self.shape().dims()[0] }
    }

    fn get_example(&self, index: usize) -> Result<Array> {
        let mut rows = self.get_examples(&[index])?;
        rows.pop().ok_or_else(|| Error::value("Array", "an index", "none"))
    }

    fn get_examples(&self, indices: &[usize]) -> Result<Vec<Array>> {
        self.check()?;
        for index in indices {
            check_index("Array", *index, Dataset::len(self))?;
        }
        let shape: Shape = self.shape().dims()[1.min(self.ndim())..].into();
        let size = shape.size();
        with_element!(self.dtype(), T => {
            let view = self.contiguous().view::<T>()?;
            let rows = view.as_slice().unwrap_or_default();
            Ok(indices.iter().map(|i| Array::from_slice(&rows[i * size..(i + 1) * size], &shape)).collect())
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use chainer_kernels::Dtype;

    #[test]
    fn rows_are_examples() {
        let array = Array::from([[1i32, 2], [3, 4], [5, 6]]);
        assert_eq!(Dataset::len(&array), 3);
        let row = array.get_example(1).unwrap();
        assert_eq!((row.shape(), row.to_vec::<i32>().unwrap()), (&Shape::from([2]), vec![3, 4]));
        assert_eq!(array.transpose().get_example(0).unwrap().to_vec::<i32>().unwrap(), [1, 3, 5]);
        assert_eq!(Array::from([7.5f64]).get_example(0).unwrap().item::<f64>().unwrap(), 7.5);
        assert!(array.get_example(3).is_err());
        assert_eq!(Dataset::len(&Array::scalar(1)), 0);
        assert!(Array::from_vec(vec![1], [2]).get_example(0).is_err());
        assert_eq!(Array::zeros([3, 0], Dtype::F32).get_example(2).unwrap().size(), 0);
    }
}
