//! A single number whose type is decided when it meets an array.

use crate::dtype::{Dtype, Element};

/// A plain number beside arrays, as in `x * 2.0`. It takes the array's dtype where that is of the same kind or a higher one
/// (`float32 * 2.0` stays float32), as NumPy does with Python's numbers.
// With the tag as wide as the values, a number is two words; a narrower tag would have the compiler copy it in pieces.
#[derive(Clone, Copy, Debug, PartialEq)]
#[allow(missing_docs)]
#[repr(u64)]
pub enum Scalar {
    Bool(bool),
    Int(i64),
    /// Only for values above `i64::MAX` or of dtype uint64.
    UInt(u64),
    Float(f64),
}

impl Scalar {
    /// As NumPy's `bool(x)`: everything but zero is true.
    pub fn as_bool(self) -> bool {
        match self {
            Scalar::Bool(x) => x,
            Scalar::Int(x) => x != 0,
            Scalar::UInt(x) => x != 0,
            Scalar::Float(x) => x != 0.0,
        }
    }

    /// As a signed integer; floats truncate.
    #[inline]
    pub fn as_i64(self) -> i64 {
        match self {
            Scalar::Bool(x) => x as i64,
            Scalar::Int(x) => x,
            Scalar::UInt(x) => x as i64,
            Scalar::Float(x) => x as i64,
        }
    }

    /// As an unsigned integer; negative numbers wrap as in C.
    pub fn as_u64(self) -> u64 {
        match self {
            Scalar::UInt(x) => x,
            Scalar::Float(x) if x >= 0.0 => x as u64,
            other => other.as_i64() as u64,
        }
    }

    /// As a float.
    pub fn as_f64(self) -> f64 {
        match self {
            Scalar::Bool(x) => x as u8 as f64,
            Scalar::Int(x) => x as f64,
            Scalar::UInt(x) => x as f64,
            Scalar::Float(x) => x,
        }
    }

    /// The dtype of an operation between an array of `dtype` and this number (NumPy's rule for Python's numbers).
    #[inline]
    pub fn promote(self, dtype: Dtype) -> Dtype {
        match (self, dtype) {
            (Scalar::Bool(_), d) => d,
            (Scalar::Int(_) | Scalar::UInt(_), Dtype::Bool) => Dtype::I64,
            (Scalar::Float(_), d) if !d.is_float() => Dtype::F64,
            (_, d) => d,
        }
    }

    /// The dtype of an array made from this number alone.
    pub fn dtype(self) -> Dtype {
        match self {
            Scalar::Bool(_) => Dtype::Bool,
            Scalar::Int(_) => Dtype::I64,
            Scalar::UInt(_) => Dtype::U64,
            Scalar::Float(_) => Dtype::F64,
        }
    }

    /// The number rounded to what a `dtype` element can hold.
    pub fn cast(self, dtype: Dtype) -> Scalar {
        crate::with_element!(dtype, T => T::from_scalar(self).to_scalar())
    }

    /// The number as the bits of a `dtype` element, zero-extended: what a compiled program receives.
    #[inline]
    pub fn to_bits(self, dtype: Dtype) -> u64 {
        match dtype {
            Dtype::Bool => self.as_bool() as u64,
            Dtype::I8 | Dtype::U8 => self.as_u64() as u8 as u64,
            Dtype::I16 | Dtype::U16 => self.as_u64() as u16 as u64,
            Dtype::I32 | Dtype::U32 => self.as_u64() as u32 as u64,
            Dtype::I64 | Dtype::U64 => self.as_u64(),
            Dtype::F16 => half::f16::from_f64(self.as_f64()).to_bits() as u64,
            Dtype::BF16 => half::bf16::from_f64(self.as_f64()).to_bits() as u64,
            Dtype::F32 => (self.as_f64() as f32).to_bits() as u64,
            Dtype::F64 => self.as_f64().to_bits(),
        }
    }
}

macro_rules! from {
    ($($ty:ty => $variant:ident as $wide:ty;)*) => {$(
        impl From<$ty> for Scalar {
            fn from(x: $ty) -> Self {
                Scalar::$variant(x as $wide)
            }
        }
    )*};
}
from! {
    bool => Bool as bool;
    i8 => Int as i64; i16 => Int as i64; i32 => Int as i64; i64 => Int as i64; isize => Int as i64;
    u8 => Int as i64; u16 => Int as i64; u32 => Int as i64; u64 => UInt as u64; usize => Int as i64;
    f32 => Float as f64; f64 => Float as f64;
}
impl From<half::f16> for Scalar {
    fn from(x: half::f16) -> Self {
        Scalar::Float(x.to_f64())
    }
}
impl From<half::bf16> for Scalar {
    fn from(x: half::bf16) -> Self {
        Scalar::Float(x.to_f64())
    }
}
