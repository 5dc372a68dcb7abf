//! Universal functions.

use chainer_kernels::{Array, ArrayOps, IntoOperand, Op, ops};
use chainer_tests::golden::Call;

use super::create::scalar;
use super::{Adapter, Made};

/// The adapters.
pub const ADAPTERS: &[(&str, Adapter)] = &[
    ("absolute", |c| unary(c, Op::Abs)),
    ("add", |c| binary(c, Op::Add)),
    ("arccos", |c| unary(c, Op::Arccos)),
    ("arccosh", |c| unary(c, Op::Arccosh)),
    ("arcsin", |c| unary(c, Op::Arcsin)),
    ("arcsinh", |c| unary(c, Op::Arcsinh)),
    ("arctan", |c| unary(c, Op::Arctan)),
    ("arctan2", |c| binary(c, Op::Arctan2)),
    ("arctanh", |c| unary(c, Op::Arctanh)),
    ("bitwise_and", |c| binary(c, Op::BitwiseAnd)),
    ("bitwise_or", |c| binary(c, Op::BitwiseOr)),
    ("bitwise_xor", |c| binary(c, Op::BitwiseXor)),
    ("ceil", |c| unary(c, Op::Ceil)),
    ("clip", |c| {
        let a = c.get("a")?;
        Ok(match (c.args.has("a_min"), c.args.has("a_max")) {
            (true, true) => a.clip(scalar(c, "a_min")?, scalar(c, "a_max")?),
            (true, false) => a.maximum(scalar(c, "a_min")?),
            _ => a.minimum(scalar(c, "a_max")?),
        }
        .into())
    }),
    ("copysign", |c| binary(c, Op::Copysign)),
    ("cos", |c| unary(c, Op::Cos)),
    ("cosh", |c| unary(c, Op::Cosh)),
    ("deg2rad", |c| unary(c, Op::Deg2rad)),
    ("degrees", |c| unary(c, Op::Rad2deg)),
    ("divide", |c| binary(c, Op::Div)),
    ("equal", |c| binary(c, Op::Equal)),
    ("exp", |c| unary(c, Op::Exp)),
    ("exp2", |c| unary(c, Op::Exp2)),
    ("expm1", |c| unary(c, Op::Expm1)),
    ("floor", |c| unary(c, Op::Floor)),
    ("floor_divide", |c| binary(c, Op::FloorDiv)),
    ("fmax", |c| binary(c, Op::Fmax)),
    ("fmin", |c| binary(c, Op::Fmin)),
    ("fmod", |c| binary(c, Op::Fmod)),
    ("frexp", |c| Ok(ops::frexp(c.get("x")?).into())),
    ("greater", |c| binary(c, Op::Greater)),
    ("greater_equal", |c| binary(c, Op::GreaterEqual)),
    ("hypot", |c| binary(c, Op::Hypot)),
    ("invert", |c| unary(c, Op::Invert)),
    ("isfinite", |c| unary(c, Op::IsFinite)),
    ("isinf", |c| unary(c, Op::IsInf)),
    ("isnan", |c| unary(c, Op::IsNan)),
    ("ldexp", |c| binary(c, Op::Ldexp)),
    ("left_shift", |c| binary(c, Op::LeftShift)),
    ("less", |c| binary(c, Op::Less)),
    ("less_equal", |c| binary(c, Op::LessEqual)),
    ("log", |c| unary(c, Op::Log)),
    ("log10", |c| unary(c, Op::Log10)),
    ("log1p", |c| unary(c, Op::Log1p)),
    ("log2", |c| unary(c, Op::Log2)),
    ("logaddexp", |c| binary(c, Op::Logaddexp)),
    ("logaddexp2", |c| binary(c, Op::Logaddexp2)),
    ("logical_and", |c| binary(c, Op::LogicalAnd)),
    ("logical_not", |c| unary(c, Op::LogicalNot)),
    ("logical_or", |c| binary(c, Op::LogicalOr)),
    ("logical_xor", |c| binary(c, Op::LogicalXor)),
    ("maximum", |c| binary(c, Op::Maximum)),
    ("minimum", |c| binary(c, Op::Minimum)),
    ("mod", |c| binary(c, Op::Remainder)),
    ("modf", |c| Ok(ops::modf(c.get("x")?).into())),
    ("multiply", |c| binary(c, Op::Mul)),
    ("ndarray.astype", |c| Ok(c.get("a")?.astype(c.args.dtype("dtype")?).into())),
    ("negative", |c| unary(c, Op::Neg)),
    ("nextafter", |c| binary(c, Op::Nextafter)),
    ("not_equal", |c| binary(c, Op::NotEqual)),
    ("power", |c| binary(c, Op::Pow)),
    ("rad2deg", |c| unary(c, Op::Rad2deg)),
    ("radians", |c| unary(c, Op::Deg2rad)),
    ("reciprocal", |c| unary(c, Op::Reciprocal)),
    ("remainder", |c| binary(c, Op::Remainder)),
    ("right_shift", |c| binary(c, Op::RightShift)),
    ("rint", |c| unary(c, Op::Rint)),
    ("sign", |c| unary(c, Op::Sign)),
    ("signbit", |c| unary(c, Op::Signbit)),
    ("sin", |c| unary(c, Op::Sin)),
    ("sinh", |c| unary(c, Op::Sinh)),
    ("sqrt", |c| unary(c, Op::Sqrt)),
    ("square", |c| unary(c, Op::Square)),
    ("subtract", |c| binary(c, Op::Sub)),
    ("tan", |c| unary(c, Op::Tan)),
    ("tanh", |c| unary(c, Op::Tanh)),
    ("true_divide", |c| binary(c, Op::Div)),
    ("trunc", |c| unary(c, Op::Trunc)),
    ("where", |c| {
        let condition = c.get("condition")?;
        // Without values to choose from it tells where the condition holds.
        Ok(match c.has("x") {
            true => ops::where_(condition, c.get("x")?, c.get("y")?).into(),
            false => ops::nonzero(condition)?.into(),
        })
    }),
];

fn unary(call: &Call<'_, Array>, op: Op) -> Made {
    Ok(Array::map(op, [call.get("x")?.into_operand()]).into())
}

/// The second operand may be a plain number.
fn binary(call: &Call<'_, Array>, op: Op) -> Made {
    let second = match call.has("x2") {
        true => call.get("x2")?.into_operand(),
        false => scalar(call, "x2_scalar")?.into_operand(),
    };
    Ok(Array::map(op, [call.get("x1")?.into_operand(), second]).into())
}
