//! Making a batch of examples: one array of all of them along a new first axis.

use std::collections::BTreeMap;

use chainer_kernels::{Array, Device, Element, Error, Result, Scalar, bf16, f16, with_element};

/// Joins examples to a batch: arrays (or numbers) along a new first axis; tuples and maps of them part by part.
///
/// For padding or another device see [`Concat`].
///
/// ```
/// use chainer::dataset::concat_examples;
/// use chainer_kernels::Array;
///
/// let batch = vec![(Array::from([1.0f32, 2.0]), 0i32), (Array::from([3.0f32, 4.0]), 1)];
/// let (x, t) = concat_examples(batch)?;
/// assert_eq!(x.dims()?, [2, 2]);
/// assert_eq!(t.to_vec::<i32>()?, [0, 1]);
/// # Ok::<(), chainer_kernels::Error>(())
/// ```
///
/// # Errors
/// There is no example, or the shapes or dtypes of the examples differ.
pub fn concat_examples<E: Example>(examples: Vec<E>) -> Result<E::Batch> {
    Concat::new().concat(examples)
}

/// How examples are joined to a batch: [`concat_examples`] with options.
///
/// ```
/// use chainer::dataset::Concat;
///
/// let sentences = vec![vec![3i32, 1, 4], vec![1, 5]];
/// let batch = Concat::new().padding(-1).concat(sentences)?;
/// assert_eq!(batch.to_vec::<i32>()?, [3, 1, 4, 1, 5, -1]);
/// # Ok::<(), chainer_kernels::Error>(())
/// ```
#[derive(Clone, Copy, Debug, Default)]
pub struct Concat {
    padding: Option<Scalar>,
    device: Option<Device>,
}

impl Concat {
    /// No padding: shapes must agree. The batch stays where the examples are.
    pub fn new() -> Self {
        Self::default()
    }

    /// Arrays of different shapes (but as many axes) are filled up with this value to the smallest shape that holds them all.
    pub fn padding(mut self, value: impl Into<Scalar>) -> Self {
        self.padding = Some(value.into());
        self
    }

    /// The device to which the batch goes.
    pub fn device(mut self, device: Device) -> Self {
        self.device = Some(device);
        self
    }

    /// Joins examples to a batch.
    ///
    /// # Errors
    /// There is no example, or the examples do not fit together.
    pub fn concat<E: Example>(&self, examples: Vec<E>) -> Result<E::Batch> {
        if examples.is_empty() {
            return Err(Error::value("concat_examples", "at least one example", "none"));
        }
        E::concat(examples, self)
    }
}

/// Something that many of can be joined to a batch.
#[diagnostic::on_unimplemented(
    message = "examples of type `{Self}` cannot be joined to a batch",
    label = "expected arrays, numbers, vectors of numbers, or tuples or maps of these",
    note = "give the updater a `converter` that makes arrays of a list of `{Self}`"
)]
pub trait Example: Sized {
    /// The batch: an array, or a tuple or map of arrays.
    type Batch;

    /// Joins examples, of which there is at least one.
    fn concat(examples: Vec<Self>, options: &Concat) -> Result<Self::Batch>;
}

impl Example for Array {
    type Batch = Array;

    fn concat(examples: Vec<Array>, options: &Concat) -> Result<Array> {
        let dtype = examples[0].dtype();
        let mut shape = Vec::new();
        for (i, example) in examples.iter().enumerate() {
            example.check()?;
            let dims = example.shape().dims();
            if example.dtype() != dtype {
                let actual = format!("{dtype} in example 0, {} in example {i}", example.dtype());
                return Err(Error::mismatch("concat_examples", "examples of one dtype", actual));
            }
            if i == 0 {
                shape = dims.to_vec();
            } else if dims.len() != shape.len() || (options.padding.is_none() && dims != shape) {
                let expect = match options.padding {
                    Some(_) => "examples of as many axes",
                    None => "examples of one shape, or a padding value",
                };
                let actual = format!("shape {:?} in example 0, {dims:?} in example {i}", examples[0].shape().dims());
                return Err(Error::mismatch("concat_examples", expect, actual));
            }
            shape.iter_mut().zip(dims).for_each(|(n, m)| *n = (*n).max(*m));
        }
        with_element!(dtype, T => join::<T>(&examples, shape, options.padding))
    }
}

fn join<T: Element>(examples: &[Array], shape: Vec<usize>, padding: Option<Scalar>) -> Result<Array> {
    let size: usize = shape.iter().product();
    let whole: Vec<usize> = [&[examples.len()], shape.as_slice()].concat();
    if size == 0 {
        return Ok(Array::from_vec(Vec::<T>::new(), whole));
    }
    let mut out = Vec::with_capacity(examples.len() * size);
    for example in examples {
        let dims = example.shape().dims().to_vec();
        let view = example.contiguous().view::<T>()?;
        let values = view.as_slice().unwrap_or_default();
        if dims == shape {
            out.extend_from_slice(values);
            continue;
        }
        let start = out.len();
        out.resize(start + size, padding.map_or_else(T::default, T::from_scalar));
        copy_corner(values, &dims, &mut out[start..], &shape);
    }
    Ok(Array::from_vec(out, whole))
}

/// Copies a row-major array into the corner of a larger one.
fn copy_corner<T: Copy>(from: &[T], dims: &[usize], to: &mut [T], shape: &[usize]) {
    let ([n, dims @ ..], [_, shape @ ..]) = (dims, shape) else {
        to[0] = from[0];
        return;
    };
    let (small, large) = (dims.iter().product::<usize>(), shape.iter().product::<usize>());
    for i in 0..if small == 0 { 0 } else { *n } {
        copy_corner(&from[i * small..(i + 1) * small], dims, &mut to[i * large..(i + 1) * large], shape);
    }
}

macro_rules! numbers {
    ($($ty:ty),*) => {$(
        impl Example for $ty {
            type Batch = Array;

            fn concat(examples: Vec<$ty>, _: &Concat) -> Result<Array> {
                let length = examples.len();
                Ok(Array::from_vec(examples, [length]))
            }
        }
    )*};
}
numbers!(bool, i8, i16, i32, i64, u8, u16, u32, u64, f16, bf16, f32, f64);

/// Sequences of numbers, as arrays of one axis.
impl<T: Element> Example for Vec<T> {
    type Batch = Array;

    fn concat(examples: Vec<Vec<T>>, options: &Concat) -> Result<Array> {
        Array::concat(examples.into_iter().map(Array::from).collect(), options)
    }
}

impl<E: Example> Example for BTreeMap<String, E> {
    type Batch = BTreeMap<String, E::Batch>;

    fn concat(examples: Vec<Self>, options: &Concat) -> Result<Self::Batch> {
        let mut columns: BTreeMap<String, Vec<E>> = examples[0].keys().map(|key| (key.clone(), Vec::new())).collect();
        for (i, example) in examples.into_iter().enumerate() {
            let keys: Vec<String> = example.keys().cloned().collect();
            if !keys.iter().eq(columns.keys()) {
                let expect = format!("examples with the keys {:?}", columns.keys().collect::<Vec<_>>());
                return Err(Error::mismatch("concat_examples", expect, format!("{keys:?} in example {i}")));
            }
            columns.values_mut().zip(example.into_values()).for_each(|(column, value)| column.push(value));
        }
        columns.into_iter().map(|(key, column)| Ok((key, E::concat(column, options)?))).collect()
    }
}

macro_rules! tuples {
    ($($($name:ident $column:ident),+;)*) => {$(
        impl<$($name: Example),+> Example for ($($name,)+) {
            type Batch = ($($name::Batch,)+);

            fn concat(examples: Vec<Self>, options: &Concat) -> Result<Self::Batch> {
                $(let mut $column = Vec::with_capacity(examples.len());)+
                #[allow(non_snake_case)] // the type's name serves as that of its value
                for ($($name,)+) in examples {
                    $($column.push($name);)+
                }
                Ok(($($name::concat($column, options)?,)+))
            }
        }
    )*};
}
tuples! {
    A a;
    A a, B b;
    A a, B b, C c;
    A a, B b, C c, D d;
    A a, B b, C c, D d, E e;
    A a, B b, C c, D d, E e, F f;
}

#[cfg(test)]
mod tests {
    use super::*;
    use chainer_kernels::Dtype;

    #[test]
    fn padding_fills_up_to_the_largest() {
        let small = Array::from([[1f32, 2.0], [3.0, 4.0]]);
        let wide = Array::from([[5f32, 6.0, 7.0]]);
        let none = Array::zeros([0, 1], Dtype::F32);
        let batch = Concat::new().padding(9.0).concat(vec![small.clone(), wide.clone(), none]).unwrap();
        assert_eq!(batch.dims().unwrap(), [3, 2, 3]);
        let nine = [9.0; 6];
        let want = [&[1.0, 2.0, 9.0, 3.0, 4.0, 9.0][..], &[5.0, 6.0, 7.0, 9.0, 9.0, 9.0], &nine].concat();
        assert_eq!(batch.to_vec::<f32>().unwrap(), want);
        let error = concat_examples(vec![small, wide]).unwrap_err();
        assert!(error.to_string().contains("[1, 3] in example 1"), "{error}");
    }

    #[test]
    fn examples_that_do_not_fit_are_errors() {
        assert!(concat_examples(Vec::<Array>::new()).is_err());
        assert!(
            concat_examples(vec![Array::from([1f32]), Array::from([1f64])])
                .unwrap_err()
                .to_string()
                .contains("float64")
        );
        let axes = vec![Array::from([1f32]), Array::from([[1f32]])];
        assert!(Concat::new().padding(0).concat(axes).unwrap_err().to_string().contains("axes"));
        let maps = [("a", 1), ("b", 2)].map(|(key, value)| BTreeMap::from([(key.to_owned(), value)]));
        assert!(concat_examples(maps.to_vec()).unwrap_err().to_string().contains("\"b\""));
        let failed = Array::from_vec(vec![1f32], [2]);
        assert!(concat_examples(vec![failed]).is_err());
    }

    #[test]
    fn maps_and_nested_tuples_are_joined_part_by_part() {
        let maps = [1.5f64, 2.5].map(|value| BTreeMap::from([("x".to_owned(), value)]));
        assert_eq!(concat_examples(maps.to_vec()).unwrap()["x"].to_vec::<f64>().unwrap(), [1.5, 2.5]);
        let (a, (b, c)) = concat_examples(vec![(1u8, (vec![1i64], true)), (2, (vec![2], false))]).unwrap();
        assert_eq!(a.to_vec::<u8>().unwrap(), [1, 2]);
        assert_eq!(b.dims().unwrap(), [2, 1]);
        assert_eq!(c.to_vec::<bool>().unwrap(), [true, false]);
        let empty = concat_examples(vec![Array::zeros([2, 0], Dtype::I32); 3]).unwrap();
        assert_eq!(empty.dims().unwrap(), [3, 2, 0]);
    }
}
