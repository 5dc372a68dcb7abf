//! One stored value: an array of numbers, a text, or an object of another language's that stays closed.

use chainer_kernels::{Array, Dtype, Element, Scalar, bf16, f16, with_element};

/// One stored value, independent of the file format.
#[derive(Clone, PartialEq, Debug)]
pub enum Entry {
    /// Numbers; a shape of no axes is a single one.
    Array {
        /// The type of the elements.
        dtype: Dtype,
        /// The length of each axis.
        shape: Vec<usize>,
        /// The elements in row-major order, little-endian.
        bytes: Vec<u8>,
    },
    /// A text.
    Text(String),
    /// Python's `None`, which Chainer stores for an absent value. (Any other pickled object of Python reads as this, too.)
    Object,
}

impl Entry {
    /// An entry that holds one number.
    pub fn scalar<T: Element>(value: T) -> Entry {
        Entry::array(Vec::new(), &[value])
    }

    /// An entry that holds an array, given in row-major order.
    pub fn array<T: Element>(shape: Vec<usize>, values: &[T]) -> Entry {
        let mut bytes = Vec::with_capacity(values.len() * T::DTYPE.size());
        for value in values {
            let bits = value.to_scalar().to_bits(T::DTYPE).to_le_bytes();
            bytes.extend_from_slice(&bits[..T::DTYPE.size()]);
        }
        Entry::Array { dtype: T::DTYPE, shape, bytes }
    }

    /// The elements as numbers of type `T`, converted as NumPy's `astype` does.
    ///
    /// # Errors
    /// A text (the message that says so) or an object.
    pub fn to_vec<T: Element>(&self) -> Result<Vec<T>, String> {
        match self {
            Entry::Array { dtype, bytes, .. } => Ok(with_element!(*dtype, S => {
                bytes.chunks_exact(dtype.size()).map(|chunk| T::from_scalar(scalar_of(*dtype, chunk))).collect()
            })),
            other => Err(format!("expected numbers of {}, found {}", T::DTYPE, other.describe())),
        }
    }

    /// An entry that holds the elements of an array, which are computed if they have not been yet.
    ///
    /// # Errors
    /// The array has failed.
    pub fn from_array(array: &Array) -> chainer_kernels::Result<Entry> {
        let bytes = match array.dtype() {
            Dtype::Bool => array.to_vec::<bool>()?.into_iter().map(u8::from).collect(),
            Dtype::I8 => little_endian(array.to_vec()?, i8::to_le_bytes),
            Dtype::I16 => little_endian(array.to_vec()?, i16::to_le_bytes),
            Dtype::I32 => little_endian(array.to_vec()?, i32::to_le_bytes),
            Dtype::I64 => little_endian(array.to_vec()?, i64::to_le_bytes),
            Dtype::U8 => array.to_vec::<u8>()?,
            Dtype::U16 => little_endian(array.to_vec()?, u16::to_le_bytes),
            Dtype::U32 => little_endian(array.to_vec()?, u32::to_le_bytes),
            Dtype::U64 => little_endian(array.to_vec()?, u64::to_le_bytes),
            Dtype::F16 => little_endian(array.to_vec()?, f16::to_le_bytes),
            Dtype::BF16 => little_endian(array.to_vec()?, bf16::to_le_bytes),
            Dtype::F32 => little_endian(array.to_vec()?, f32::to_le_bytes),
            Dtype::F64 => little_endian(array.to_vec()?, f64::to_le_bytes),
        };
        Ok(Entry::Array { dtype: array.dtype(), shape: array.shape().to_vec(), bytes })
    }

    /// The stored array; `None` for a text or an object.
    pub fn to_array(&self) -> Option<Array> {
        let Entry::Array { dtype, shape, bytes } = self else { return None };
        Some(match dtype {
            Dtype::Bool => Array::from_vec(bytes.iter().map(|b| *b != 0).collect(), shape),
            Dtype::I8 => from_bytes(bytes, shape, i8::from_le_bytes),
            Dtype::I16 => from_bytes(bytes, shape, i16::from_le_bytes),
            Dtype::I32 => from_bytes(bytes, shape, i32::from_le_bytes),
            Dtype::I64 => from_bytes(bytes, shape, i64::from_le_bytes),
            Dtype::U8 => Array::from_slice(bytes, shape),
            Dtype::U16 => from_bytes(bytes, shape, u16::from_le_bytes),
            Dtype::U32 => from_bytes(bytes, shape, u32::from_le_bytes),
            Dtype::U64 => from_bytes(bytes, shape, u64::from_le_bytes),
            Dtype::F16 => from_bytes(bytes, shape, f16::from_le_bytes),
            Dtype::BF16 => from_bytes(bytes, shape, bf16::from_le_bytes),
            Dtype::F32 => from_bytes(bytes, shape, f32::from_le_bytes),
            Dtype::F64 => from_bytes(bytes, shape, f64::from_le_bytes),
        })
    }

    /// A few words for messages: `float32 of shape [3, 4]`.
    pub fn describe(&self) -> String {
        match self {
            Entry::Array { dtype, shape, .. } if shape.is_empty() => format!("one {dtype}"),
            Entry::Array { dtype, shape, .. } => format!("{dtype} of shape {shape:?}"),
            Entry::Text(_) => "a text".to_owned(),
            Entry::Object => "a pickled Python object".to_owned(),
        }
    }
}

fn little_endian<T, const N: usize>(values: Vec<T>, bytes: fn(T) -> [u8; N]) -> Vec<u8> {
    values.into_iter().flat_map(bytes).collect()
}

fn from_bytes<T: Element, const N: usize>(bytes: &[u8], shape: &[usize], value: fn([u8; N]) -> T) -> Array {
    let (chunks, _) = bytes.as_chunks::<N>();
    Array::from_vec(chunks.iter().map(|chunk| value(*chunk)).collect(), shape)
}

/// One little-endian element as a scalar.
fn scalar_of(dtype: Dtype, bytes: &[u8]) -> Scalar {
    let mut wide = [0u8; 8];
    wide[..bytes.len()].copy_from_slice(bytes);
    let bits = u64::from_le_bytes(wide);
    match dtype {
        Dtype::Bool => Scalar::Bool(bits != 0),
        Dtype::I8 => Scalar::Int(bits as i8 as i64),
        Dtype::I16 => Scalar::Int(bits as i16 as i64),
        Dtype::I32 => Scalar::Int(bits as i32 as i64),
        Dtype::I64 => Scalar::Int(bits as i64),
        Dtype::U8 | Dtype::U16 | Dtype::U32 => Scalar::Int(bits as i64),
        Dtype::U64 => Scalar::UInt(bits),
        Dtype::F16 => Scalar::Float(chainer_kernels::f16::from_bits(bits as u16).to_f64()),
        Dtype::BF16 => Scalar::Float(chainer_kernels::bf16::from_bits(bits as u16).to_f64()),
        Dtype::F32 => Scalar::Float(f32::from_bits(bits as u32) as f64),
        Dtype::F64 => Scalar::Float(f64::from_bits(bits)),
    }
}

/// A plain value that can be stored: numbers, flags, texts and lists of numbers.
pub trait Value: Sized {
    /// The value as an entry.
    fn to_entry(&self) -> Entry;

    /// The value of an entry; the error is the message for the user.
    fn from_entry(entry: &Entry) -> Result<Self, String>;
}

/// Counters and the like: any stored number that fits exactly is accepted.
macro_rules! integers {
    ($($ty:ty => $stored:ty),*) => {$(
        impl Value for $ty {
            fn to_entry(&self) -> Entry {
                Entry::scalar(*self as $stored)
            }
            fn from_entry(entry: &Entry) -> Result<Self, String> {
                match single(entry)? {
                    Scalar::Int(value) => <$ty>::try_from(value).ok(),
                    Scalar::UInt(value) => <$ty>::try_from(value).ok(),
                    Scalar::Bool(value) => Some(value as $ty),
                    Scalar::Float(value) => (value as $ty as f64 == value).then_some(value as $ty),
                }
                .ok_or_else(|| format!("expected a number that fits {}, found {:?}", stringify!($ty), single(entry)))
            }
        }

        impl Value for Vec<$ty> {
            fn to_entry(&self) -> Entry {
                let stored: Vec<$stored> = self.iter().map(|x| *x as $stored).collect();
                Entry::array(vec![self.len()], &stored)
            }
            fn from_entry(entry: &Entry) -> Result<Self, String> {
                list::<$stored>(entry)?
                    .into_iter()
                    .map(|x| <$ty>::try_from(x).map_err(|_| format!("expected numbers that fit {}, found {x}", stringify!($ty))))
                    .collect()
            }
        }
    )*};
}
// NumPy's own integers are int64, which is what Chainer stores for counters.
integers!(usize => i64, i64 => i64, i32 => i32, u64 => u64, u32 => i64);

impl Value for f64 {
    fn to_entry(&self) -> Entry {
        Entry::scalar(*self)
    }
    fn from_entry(entry: &Entry) -> Result<Self, String> {
        Ok(single(entry)?.as_f64())
    }
}

impl Value for f32 {
    fn to_entry(&self) -> Entry {
        Entry::scalar(*self)
    }
    fn from_entry(entry: &Entry) -> Result<Self, String> {
        Ok(single(entry)?.as_f64() as f32)
    }
}

impl Value for Vec<f64> {
    fn to_entry(&self) -> Entry {
        Entry::array(vec![self.len()], self)
    }
    fn from_entry(entry: &Entry) -> Result<Self, String> {
        list(entry)
    }
}

impl Value for bool {
    fn to_entry(&self) -> Entry {
        Entry::scalar(*self)
    }
    fn from_entry(entry: &Entry) -> Result<Self, String> {
        Ok(single(entry)?.as_bool())
    }
}

impl Value for String {
    fn to_entry(&self) -> Entry {
        Entry::Text(self.clone())
    }
    fn from_entry(entry: &Entry) -> Result<Self, String> {
        match entry {
            Entry::Text(text) => Ok(text.clone()),
            other => Err(format!("expected a text, found {}", other.describe())),
        }
    }
}

fn single(entry: &Entry) -> Result<Scalar, String> {
    match entry {
        Entry::Array { dtype, bytes, .. } if bytes.len() == dtype.size() => Ok(scalar_of(*dtype, bytes)),
        other => Err(format!("expected a single number, found {}", other.describe())),
    }
}

fn list<T: Element>(entry: &Entry) -> Result<Vec<T>, String> {
    match entry {
        Entry::Array { dtype, shape, .. } if shape.len() == 1 && (T::DTYPE.is_float() || !dtype.is_float()) => {
            entry.to_vec()
        }
        other => Err(format!("expected a list of {}, found {}", T::DTYPE, other.describe())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_come_back() {
        assert_eq!(usize::from_entry(&7usize.to_entry()), Ok(7));
        assert_eq!(i64::from_entry(&(-7i64).to_entry()), Ok(-7));
        assert_eq!(u64::from_entry(&u64::MAX.to_entry()), Ok(u64::MAX));
        assert_eq!(f64::from_entry(&0.1f64.to_entry()), Ok(0.1));
        assert_eq!(bool::from_entry(&true.to_entry()), Ok(true));
        assert_eq!(String::from_entry(&"grün".to_owned().to_entry()), Ok("grün".to_owned()));
        assert_eq!(Vec::<usize>::from_entry(&vec![3usize, 0].to_entry()), Ok(vec![3, 0]));
        assert_eq!(Vec::<u64>::from_entry(&vec![u64::MAX].to_entry()), Ok(vec![u64::MAX]));
    }

    #[test]
    fn arrays_come_back_bit_for_bit() {
        for dtype in Dtype::ALL {
            let array = with_element!(dtype, T => {
                let values: Vec<T> = (0..6).map(|i| T::from_scalar(Scalar::Float(i as f64 / 2.0))).collect();
                Array::from_vec(values, [2, 3])
            });
            let entry = Entry::from_array(&array).unwrap();
            let back = entry.to_array().unwrap();
            assert_eq!((back.dtype(), back.shape()), (dtype, array.shape()));
            assert_eq!(Entry::from_array(&back).unwrap(), entry);
            assert_eq!(back.to_f64_vec().unwrap(), array.to_f64_vec().unwrap());
        }
        let nan = f32::from_bits(0x7fc1_2345);
        let back = Entry::from_array(&Array::from([nan])).unwrap().to_array().unwrap();
        assert_eq!(back.to_vec::<f32>().unwrap()[0].to_bits(), nan.to_bits());
        assert!(Entry::Text("a".to_owned()).to_array().is_none());
        let columns = Array::from([[1i32, 2], [3, 4]]).transpose();
        assert_eq!(Entry::from_array(&columns).unwrap(), Entry::array(vec![2, 2], &[1i32, 3, 2, 4]));
        assert_eq!(Entry::from_array(&Array::zeros([0, 3], Dtype::F16)).unwrap().to_array().unwrap().size(), 0);
    }

    #[test]
    fn a_value_of_another_kind_is_named() {
        assert!(usize::from_entry(&(-1i64).to_entry()).unwrap_err().contains("usize"));
        assert!(usize::from_entry(&0.5f64.to_entry()).is_err());
        assert!(String::from_entry(&1i64.to_entry()).unwrap_err().contains("one int64"));
        assert!(f64::from_entry(&vec![1.0f64, 2.0].to_entry()).unwrap_err().contains("shape [2]"));
        assert!(f64::from_entry(&Entry::Object).unwrap_err().contains("pickled"));
    }
}
