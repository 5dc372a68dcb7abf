//! The operations on integers and bools: they wrap around, and dividing by zero gives 0.

use super::loops::{Binary, Map1, Map2, Unary};
use crate::cpu::simd::{Block, BlockFn, Level, SimdLevel, select_narrow, select_scalar};
use crate::op::Op;

/// An integer type. Signed and unsigned differ in the operations named here only.
pub(super) trait Integer: Copy + Default + Ord + 'static {
    fn neg(self) -> Self;
    fn abs(self) -> Self;
    fn sign(self) -> Self;
    fn invert(self) -> Self;
    fn add(self, y: Self) -> Self;
    fn sub(self, y: Self) -> Self;
    fn mul(self, y: Self) -> Self;
    fn floor_div(self, y: Self) -> Self;
    fn remainder(self, y: Self) -> Self;
    fn fmod(self, y: Self) -> Self;
    fn reciprocal(self) -> Self;
    fn pow(self, y: Self) -> Self;
    fn and(self, y: Self) -> Self;
    fn or(self, y: Self) -> Self;
    fn xor(self, y: Self) -> Self;
    fn shift_left(self, y: Self) -> Self;
    fn shift_right(self, y: Self) -> Self;
    fn is_negative(self) -> bool;
}

macro_rules! integer {
    ($($ty:ident $unsigned:ident $signed:literal;)*) => {$(
        #[allow(unused_comparisons)]
        impl Integer for $ty {
            #[inline(always)]
            fn neg(self) -> Self {
                self.wrapping_neg()
            }
            #[inline(always)]
            fn abs(self) -> Self {
                if self < 0 { self.wrapping_neg() } else { self }
            }
            #[inline(always)]
            fn sign(self) -> Self {
                ((self > 0) as $ty).wrapping_sub((self < 0) as $ty)
            }
            #[inline(always)]
            fn invert(self) -> Self {
                !self
            }
            #[inline(always)]
            fn add(self, y: Self) -> Self {
                self.wrapping_add(y)
            }
            #[inline(always)]
            fn sub(self, y: Self) -> Self {
                self.wrapping_sub(y)
            }
            #[inline(always)]
            fn mul(self, y: Self) -> Self {
                self.wrapping_mul(y)
            }
            #[inline(always)]
            fn floor_div(self, y: Self) -> Self {
                if y == 0 {
                    return 0;
                }
                let (quotient, rest) = (self.wrapping_div(y), self.wrapping_rem(y));
                if rest != 0 && (rest < 0) != (y < 0) { quotient - 1 } else { quotient }
            }
            #[inline(always)]
            fn remainder(self, y: Self) -> Self {
                let rest = self.fmod(y);
                if rest != 0 && (rest < 0) != (y < 0) { rest + y } else { rest }
            }
            #[inline(always)]
            fn fmod(self, y: Self) -> Self {
                if y == 0 { 0 } else { self.wrapping_rem(y) }
            }
            #[inline(always)]
            fn reciprocal(self) -> Self {
                if self == 0 { 0 } else { (1 as $ty).wrapping_div(self) }
            }
            #[inline(always)]
            fn pow(self, y: Self) -> Self {
                if y < 0 {
                    let odd = y & 1 != 0;
                    return if self == 1 {
                        1
                    } else if $signed && self == (0 as $ty).wrapping_sub(1) {
                        if odd { self } else { 1 }
                    } else {
                        0
                    };
                }
                let (mut base, mut exponent, mut result) = (self, y, 1 as $ty);
                while exponent != 0 {
                    if exponent & 1 != 0 {
                        result = result.wrapping_mul(base);
                    }
                    base = base.wrapping_mul(base);
                    exponent >>= 1;
                }
                result
            }
            #[inline(always)]
            fn and(self, y: Self) -> Self {
                self & y
            }
            #[inline(always)]
            fn or(self, y: Self) -> Self {
                self | y
            }
            #[inline(always)]
            fn xor(self, y: Self) -> Self {
                self ^ y
            }
            #[inline(always)]
            fn shift_left(self, y: Self) -> Self {
                // A negative count is a huge unsigned one.
                if (y as $unsigned) < $ty::BITS as $unsigned { self.wrapping_shl(y as u32) } else { 0 }
            }
            #[inline(always)]
            fn shift_right(self, y: Self) -> Self {
                let most = $ty::BITS as $unsigned - 1;
                if (y as $unsigned) <= most {
                    self.wrapping_shr(y as u32)
                } else if self < 0 {
                    (0 as $ty).wrapping_sub(1)
                } else {
                    0
                }
            }
            #[inline(always)]
            fn is_negative(self) -> bool {
                self < 0
            }
        }
    )*};
}
integer! {
    i8 u8 true; i16 u16 true; i32 u32 true; i64 u64 true;
    u8 u8 false; u16 u16 false; u32 u32 false; u64 u64 false;
}

macro_rules! unary {
    ($($name:ident -> $out:ty: |$x:ident| $body:expr;)*) => {$(
        struct $name;
        impl<T: Integer> Unary<T> for $name {
            type Out = $out;
            #[inline(always)]
            fn apply<L: Level>($x: T) -> $out {
                $body
            }
        }
    )*};
}
macro_rules! binary {
    ($($name:ident -> $out:ty: |$x:ident, $y:ident| $body:expr;)*) => {$(
        struct $name;
        impl<T: Integer> Binary<T> for $name {
            type Out = $out;
            #[inline(always)]
            fn apply<L: Level>($x: T, $y: T) -> $out {
                $body
            }
        }
    )*};
}

unary! {
    Neg -> T: |x| x.neg();
    Abs -> T: |x| x.abs();
    Sign -> T: |x| x.sign();
    Square -> T: |x| x.mul(x);
    Reciprocal -> T: |x| x.reciprocal();
    Invert -> T: |x| x.invert();
    Never -> u8: |_x| 0;
    Always -> u8: |_x| 1;
    Signbit -> u8: |x| x.is_negative() as u8;
    IsZero -> u8: |x| (x == T::default()) as u8;
}

binary! {
    Add -> T: |x, y| x.add(y);
    Sub -> T: |x, y| x.sub(y);
    Mul -> T: |x, y| x.mul(y);
    FloorDiv -> T: |x, y| x.floor_div(y);
    Remainder -> T: |x, y| x.remainder(y);
    Fmod -> T: |x, y| x.fmod(y);
    Pow -> T: |x, y| x.pow(y);
    Maximum -> T: |x, y| if x >= y { x } else { y };
    Minimum -> T: |x, y| if x <= y { x } else { y };
    BitwiseAnd -> T: |x, y| x.and(y);
    BitwiseOr -> T: |x, y| x.or(y);
    BitwiseXor -> T: |x, y| x.xor(y);
    LeftShift -> T: |x, y| x.shift_left(y);
    RightShift -> T: |x, y| x.shift_right(y);
    Equal -> u8: |x, y| (x == y) as u8;
    NotEqual -> u8: |x, y| (x != y) as u8;
    Less -> u8: |x, y| (x < y) as u8;
    LessEqual -> u8: |x, y| (x <= y) as u8;
    Greater -> u8: |x, y| (x > y) as u8;
    GreaterEqual -> u8: |x, y| (x >= y) as u8;
}

/// Short integers other than bytes are rare: what every processor has is enough for them.
fn by_width<T, B: Block>(level: SimdLevel) -> BlockFn {
    if size_of::<T>() >= 4 { select_narrow::<B>(level) } else { select_scalar::<B>() }
}

/// The loop of an operation over integers; `None` for operations that integers do not have. Operations in which signed and
/// unsigned agree are compiled for the unsigned type `U` of the same size only.
pub(super) fn block_fn<T: Integer, U: Integer>(op: Op, level: SimdLevel) -> Option<BlockFn> {
    macro_rules! table {
        (agree: $($a1:ident)*; agree2: $($a2:ident)*; agree_test2: $($at2:ident)*;
         own: $($o1:ident)*; own2: $($o2:ident)*; own_test2: $($t2:ident)*; slow2: $($s2:ident)*;) => {
            match op {
                $(Op::$a1 => by_width::<T, Map1<$a1, U>>(level),)*
                $(Op::$a2 => by_width::<T, Map2<$a2, U>>(level),)*
                $(Op::$at2 => by_width::<T, Map2<$at2, U>>(level),)*
                $(Op::$o1 => by_width::<T, Map1<$o1, T>>(level),)*
                $(Op::$o2 => by_width::<T, Map2<$o2, T>>(level),)*
                $(Op::$t2 => by_width::<T, Map2<$t2, T>>(level),)*
                $(Op::$s2 => select_scalar::<Map2<$s2, T>>(),)*
                Op::Fmax => by_width::<T, Map2<Maximum, T>>(level),
                Op::Fmin => by_width::<T, Map2<Minimum, T>>(level),
                Op::Reciprocal => select_scalar::<Map1<Reciprocal, T>>(),
                Op::IsNan | Op::IsInf => select_scalar::<Map1<Never, T>>(),
                Op::IsFinite => select_scalar::<Map1<Always, T>>(),
                Op::Signbit => select_scalar::<Map1<Signbit, T>>(),
                _ => return None,
            }
        };
    }
    Some(table! {
        agree: Neg Square Invert;
        agree2: Add Sub Mul BitwiseAnd BitwiseOr BitwiseXor LeftShift;
        agree_test2: Equal NotEqual;
        own: Abs Sign;
        own2: Maximum Minimum RightShift;
        own_test2: Less LessEqual Greater GreaterEqual;
        slow2: FloorDiv Remainder Fmod Pow;
    })
}

/// The loop of an operation over bools, which are bytes of 0 or 1.
pub(super) fn bool_block_fn(op: Op, level: SimdLevel) -> Option<BlockFn> {
    Some(match op {
        Op::Abs => select_narrow::<super::loops::Copy1<u8>>(level),
        Op::Invert | Op::LogicalNot => select_narrow::<Map1<IsZero, u8>>(level),
        Op::Add | Op::BitwiseOr | Op::LogicalOr | Op::Maximum | Op::Fmax => select_narrow::<Map2<BitwiseOr, u8>>(level),
        Op::Mul | Op::BitwiseAnd | Op::LogicalAnd | Op::Minimum | Op::Fmin => {
            select_narrow::<Map2<BitwiseAnd, u8>>(level)
        }
        Op::BitwiseXor | Op::LogicalXor => select_narrow::<Map2<BitwiseXor, u8>>(level),
        Op::IsNan
        | Op::IsInf
        | Op::IsFinite
        | Op::Signbit
        | Op::Equal
        | Op::NotEqual
        | Op::Less
        | Op::LessEqual
        | Op::Greater
        | Op::GreaterEqual => return block_fn::<u8, u8>(op, level),
        _ => return None,
    })
}
