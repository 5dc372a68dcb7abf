//! Elements as Rust sees them: their dtypes, and the functions of one element that the standard library lacks.

use chainer_kernels::Scalar;

use crate::{Dtype, Element};

/// A number type that can stand in the signature of an `#[elementwise]` function, in a cast or as a constant.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be an element of an array",
    label = "write f32, f64, an integer of fixed width, or bool"
)]
pub trait ElementType: Copy + 'static {
    /// The matching dtype.
    const DTYPE: Dtype;

    /// The value, for recording.
    #[doc(hidden)]
    fn scalar(self) -> Scalar;
}

macro_rules! element_types {
    ($($ty:ty)*) => {$(
        impl ElementType for $ty {
            const DTYPE: Dtype = <$ty as Element>::DTYPE;
            fn scalar(self) -> Scalar {
                self.to_scalar()
            }
        }
    )*};
}
element_types! { bool i8 i16 i32 i64 u8 u16 u32 u64 f32 f64 }

/// Methods of elementwise functions that Rust's floats lack: what `name::scalar` computes with.
///
/// ```
/// use chainer::ScalarMath;
/// assert!((1f64.erf() - 0.8427007929497149).abs() < 1e-15);
/// assert_eq!(0f32.sigmoid(), 0.5);
/// ```
pub trait ScalarMath: Sized {
    /// The error function.
    fn erf(self) -> Self;
    /// `1 - erf(x)`, accurate where that is tiny.
    fn erfc(self) -> Self;
    /// `1 / sqrt(x)`.
    fn rsqrt(self) -> Self;
    /// `1 / (1 + exp(-x))`.
    fn sigmoid(self) -> Self;
    /// `log(1 + exp(x))` without overflow.
    fn softplus(self) -> Self;
    /// `log(exp(x) + exp(y))` without overflow.
    fn logaddexp(self, other: Self) -> Self;
}

macro_rules! scalar_math {
    ($($ty:ty, $erf:path, $erfc:path;)*) => {$(
        impl ScalarMath for $ty {
            fn erf(self) -> Self {
                $erf(self)
            }
            fn erfc(self) -> Self {
                $erfc(self)
            }
            fn rsqrt(self) -> Self {
                self.sqrt().recip()
            }
            fn sigmoid(self) -> Self {
                1.0 / (1.0 + (-self).exp())
            }
            fn softplus(self) -> Self {
                self.max(0.0) + (-self.abs()).exp().ln_1p()
            }
            fn logaddexp(self, other: Self) -> Self {
                if self == other {
                    return self + <$ty>::ln(2.0);
                }
                self.max(other) + (-(self - other).abs()).exp().ln_1p()
            }
        }
    )*};
}
scalar_math! {
    f32, libm::erff, libm::erfcf;
    f64, libm::erf, libm::erfc;
}
