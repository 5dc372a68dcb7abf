//! The methods that can stand in an `#[elementwise]` function.

use syn::{Ident, Path};

use crate::text::plain;

/// Every known method with the number of its arguments. Expressions have a method of the same name.
pub const METHODS: &[(&str, usize)] = &[
    ("abs", 0),
    ("acos", 0),
    ("acosh", 0),
    ("asin", 0),
    ("asinh", 0),
    ("atan", 0),
    ("atan2", 1),
    ("atanh", 0),
    ("cbrt", 0),
    ("ceil", 0),
    ("clamp", 2),
    ("copysign", 1),
    ("cos", 0),
    ("cosh", 0),
    ("erf", 0),
    ("erfc", 0),
    ("exp", 0),
    ("exp2", 0),
    ("exp_m1", 0),
    ("floor", 0),
    ("fract", 0),
    ("hypot", 1),
    ("is_finite", 0),
    ("is_infinite", 0),
    ("is_nan", 0),
    ("is_sign_negative", 0),
    ("is_sign_positive", 0),
    ("ln", 0),
    ("ln_1p", 0),
    ("log", 1),
    ("log10", 0),
    ("log2", 0),
    ("logaddexp", 1),
    ("max", 1),
    ("min", 1),
    ("mul_add", 2),
    ("powf", 1),
    ("powi", 1),
    ("recip", 0),
    ("round", 0),
    ("round_ties_even", 0),
    ("rsqrt", 0),
    ("sigmoid", 0),
    ("signum", 0),
    ("sin", 0),
    ("sinh", 0),
    ("softplus", 0),
    ("sqrt", 0),
    ("tan", 0),
    ("tanh", 0),
    ("to_degrees", 0),
    ("to_radians", 0),
    ("trunc", 0),
];

/// The number of arguments of a known method.
pub fn arguments(name: &Ident) -> Option<usize> {
    let name = plain(name);
    METHODS.iter().find(|(known, _)| *known == name).map(|(_, count)| *count)
}

/// The method of a path such as `f32::max`.
pub fn of_primitive(path: &Path) -> Option<&Ident> {
    let mut segments = path.segments.iter().rev();
    let (method, owner) = (segments.next()?, segments.next()?);
    let primitive = ["f32", "f64", "i8", "i16", "i32", "i64", "u8", "u16", "u32", "u64", "bool"];
    primitive.contains(&plain(&owner.ident).as_str()).then_some(&method.ident)
}
