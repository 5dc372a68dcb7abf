//! Element types: what an array can hold, NumPy's names for them and NumPy's promotion rules.

use std::fmt;
use std::str::FromStr;

use half::{bf16, f16};

use crate::error::{Error, ErrorKind};
use crate::scalar::Scalar;

/// The type of an array's elements.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, PartialOrd, Ord)]
#[repr(u8)]
#[allow(missing_docs)]
pub enum Dtype {
    Bool,
    I8,
    I16,
    I32,
    I64,
    U8,
    U16,
    U32,
    U64,
    F16,
    BF16,
    F32,
    F64,
}

impl Dtype {
    /// Every dtype, in the order of the enum.
    pub const ALL: [Dtype; 13] = [
        Dtype::Bool,
        Dtype::I8,
        Dtype::I16,
        Dtype::I32,
        Dtype::I64,
        Dtype::U8,
        Dtype::U16,
        Dtype::U32,
        Dtype::U64,
        Dtype::F16,
        Dtype::BF16,
        Dtype::F32,
        Dtype::F64,
    ];

    /// NumPy's name, such as `float32`.
    pub const fn name(self) -> &'static str {
        match self {
            Dtype::Bool => "bool",
            Dtype::I8 => "int8",
            Dtype::I16 => "int16",
            Dtype::I32 => "int32",
            Dtype::I64 => "int64",
            Dtype::U8 => "uint8",
            Dtype::U16 => "uint16",
            Dtype::U32 => "uint32",
            Dtype::U64 => "uint64",
            Dtype::F16 => "float16",
            Dtype::BF16 => "bfloat16",
            Dtype::F32 => "float32",
            Dtype::F64 => "float64",
        }
    }

    /// Bytes of one element.
    pub const fn size(self) -> usize {
        match self {
            Dtype::Bool | Dtype::I8 | Dtype::U8 => 1,
            Dtype::I16 | Dtype::U16 | Dtype::F16 | Dtype::BF16 => 2,
            Dtype::I32 | Dtype::U32 | Dtype::F32 => 4,
            Dtype::I64 | Dtype::U64 | Dtype::F64 => 8,
        }
    }

    /// NumPy's kind letter: `b`ool, signed `i`nteger, `u`nsigned integer or `f`loat.
    pub const fn kind(self) -> char {
        match self {
            Dtype::Bool => 'b',
            Dtype::I8 | Dtype::I16 | Dtype::I32 | Dtype::I64 => 'i',
            Dtype::U8 | Dtype::U16 | Dtype::U32 | Dtype::U64 => 'u',
            Dtype::F16 | Dtype::BF16 | Dtype::F32 | Dtype::F64 => 'f',
        }
    }

    /// Whether this is one of the four floating-point types.
    #[inline]
    pub const fn is_float(self) -> bool {
        matches!(self, Dtype::F16 | Dtype::BF16 | Dtype::F32 | Dtype::F64)
    }

    /// Whether this is a signed or unsigned integer type (`bool` is neither).
    pub const fn is_integer(self) -> bool {
        matches!(self.kind(), 'i' | 'u')
    }

    /// The dtype that NumPy gives the result of an operation over `self` and `other`.
    ///
    /// bfloat16, which NumPy lacks, behaves as float16 does, and the two together give float32.
    #[inline]
    pub fn promote(self, other: Dtype) -> Dtype {
        if self == other { self } else { self.promote_unequal(other) }
    }

    fn promote_unequal(self, other: Dtype) -> Dtype {
        use Dtype::*;
        let (low, high) = if self < other { (self, other) } else { (other, self) };
        match (low, high) {
            (Bool, any) => any,
            (F16, BF16) => F32,
            (a, b) if a.is_float() && b.is_float() => b,
            // A float holds every integer up to its own half: float16 takes the 8-bit ones, float32 the 16-bit ones.
            (int, float) if float.is_float() => match (int.size(), float) {
                (1, float) => float,
                (2, F16 | BF16) => F32,
                (2, float) => float,
                _ => F64,
            },
            (a, b) if a.kind() == b.kind() => {
                if a.size() >= b.size() {
                    a
                } else {
                    b
                }
            }
            // Signed with unsigned: the signed type that holds both; none holds uint64.
            (signed, unsigned) => match signed.size().max(unsigned.size() * 2) {
                2 => I16,
                4 => I32,
                8 => I64,
                _ => F64,
            },
        }
    }

    /// The dtype that `exp`, `sin` and the like compute in for an operand of this dtype: floats keep theirs; integers take the
    /// smallest float that holds them (NumPy's rule).
    pub const fn to_float(self) -> Dtype {
        match self {
            Dtype::Bool | Dtype::I8 | Dtype::U8 => Dtype::F16,
            Dtype::I16 | Dtype::U16 => Dtype::F32,
            Dtype::I32 | Dtype::U32 | Dtype::I64 | Dtype::U64 => Dtype::F64,
            float => float,
        }
    }
}

impl fmt::Display for Dtype {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl FromStr for Dtype {
    type Err = Error;

    /// Reads NumPy's name (`float32`) or its array-protocol spelling (`<f4`, `f4`, `?`).
    fn from_str(text: &str) -> Result<Self, Error> {
        let short = text.trim_start_matches(['<', '|', '=']);
        let found = Dtype::ALL.into_iter().find(|d| {
            d.name() == text
                || match d {
                    Dtype::Bool => matches!(short, "?" | "b1"),
                    Dtype::BF16 => false,
                    other => short.len() == 2 && short.chars().eq([other.kind(), (b'0' + other.size() as u8) as char]),
                }
        });
        found.ok_or_else(|| {
            Error::new(
                ErrorKind::InvalidValue,
                "dtype",
                format!("no element type is called {text:?}; expected a name such as \"float32\""),
            )
        })
    }
}

/// A Rust type that can be the element of an array.
pub trait Element: Copy + Default + PartialEq + fmt::Debug + Send + Sync + 'static {
    /// The matching dtype.
    const DTYPE: Dtype;
    /// The value as a dtype-independent scalar.
    fn to_scalar(self) -> Scalar;
    /// The value of a scalar converted to this type (floats to integers truncate; integers wrap), as NumPy's `astype` does.
    fn from_scalar(scalar: Scalar) -> Self;
}

macro_rules! elements {
    ($($ty:ty => $dtype:ident, $scalar:ident, $to:expr, $from:expr;)*) => {$(
        impl Element for $ty {
            const DTYPE: Dtype = Dtype::$dtype;
            #[inline]
            fn to_scalar(self) -> Scalar {
                let to: fn($ty) -> _ = $to;
                Scalar::$scalar(to(self))
            }
            fn from_scalar(scalar: Scalar) -> Self {
                let from: fn(Scalar) -> $ty = $from;
                from(scalar)
            }
        }
    )*};
}
elements! {
    bool => Bool, Bool, |x| x, |s| s.as_bool();
    i8 => I8, Int, |x| x as i64, |s| s.as_i64() as i8;
    i16 => I16, Int, |x| x as i64, |s| s.as_i64() as i16;
    i32 => I32, Int, |x| x as i64, |s| s.as_i64() as i32;
    i64 => I64, Int, |x| x, |s| s.as_i64();
    u8 => U8, Int, |x| x as i64, |s| s.as_i64() as u8;
    u16 => U16, Int, |x| x as i64, |s| s.as_i64() as u16;
    u32 => U32, Int, |x| x as i64, |s| s.as_i64() as u32;
    u64 => U64, UInt, |x| x, |s| s.as_u64();
    f16 => F16, Float, |x| x.to_f64(), |s| f16::from_f64(s.as_f64());
    bf16 => BF16, Float, |x| x.to_f64(), |s| bf16::from_f64(s.as_f64());
    f32 => F32, Float, |x| x as f64, |s| s.as_f64() as f32;
    f64 => F64, Float, |x| x, |s| s.as_f64();
}

/// Runs the body with `$T` bound to the Rust type of a dtype.
#[macro_export]
#[doc(hidden)]
macro_rules! with_element {
    ($dtype:expr, $T:ident => $body:expr) => {
        match $dtype {
            $crate::Dtype::Bool => {
                type $T = bool;
                $body
            }
            $crate::Dtype::I8 => {
                type $T = i8;
                $body
            }
            $crate::Dtype::I16 => {
                type $T = i16;
                $body
            }
            $crate::Dtype::I32 => {
                type $T = i32;
                $body
            }
            $crate::Dtype::I64 => {
                type $T = i64;
                $body
            }
            $crate::Dtype::U8 => {
                type $T = u8;
                $body
            }
            $crate::Dtype::U16 => {
                type $T = u16;
                $body
            }
            $crate::Dtype::U32 => {
                type $T = u32;
                $body
            }
            $crate::Dtype::U64 => {
                type $T = u64;
                $body
            }
            $crate::Dtype::F16 => {
                type $T = $crate::f16;
                $body
            }
            $crate::Dtype::BF16 => {
                type $T = $crate::bf16;
                $body
            }
            $crate::Dtype::F32 => {
                type $T = f32;
                $body
            }
            $crate::Dtype::F64 => {
                type $T = f64;
                $body
            }
        }
    };
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn promotion_follows_numpy() {
        use Dtype::*;
        for (a, b, want) in [
            (I8, U8, I16),
            (I32, U32, I64),
            (I64, U64, F64),
            (I8, F16, F16),
            (I16, F16, F32),
            (I32, F32, F64),
            (I16, F32, F32),
            (Bool, F16, F16),
            (F16, BF16, F32),
            (U8, I32, I32),
            (F32, F64, F64),
        ] {
            assert_eq!(a.promote(b), want, "{a} with {b}");
            assert_eq!(b.promote(a), want, "{b} with {a}");
        }
    }

    #[test]
    fn names_parse_back() {
        for d in Dtype::ALL {
            assert_eq!(d.name().parse::<Dtype>().unwrap(), d);
        }
        assert_eq!("<f4".parse::<Dtype>().unwrap(), Dtype::F32);
        assert!("complex64".parse::<Dtype>().is_err());
    }
}
