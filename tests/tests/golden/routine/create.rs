//! Making arrays.

use chainer_kernels::{Array, Dtype, Scalar, ops};
use chainer_tests::golden::{Call, Failure, Outcome};

use super::{Adapter, Made};

/// The adapters.
pub const ADAPTERS: &[(&str, Adapter)] = &[
    ("arange", arange),
    ("array", |c| {
        let mut array = converted(c, "obj")?;
        while array.ndim() < c.args.size_or("ndmin", 0)? {
            array = array.expand_dims(0);
        }
        c.args.ignore("copy");
        Ok(array.into())
    }),
    ("asarray", |c| Ok(converted(c, "a")?.into())),
    ("ascontiguousarray", |c| Ok(converted(c, "a")?.contiguous().into())),
    ("asfortranarray", |c| Ok(converted(c, "a")?.transpose().contiguous().transpose().into())),
    ("asnumpy", |c| Ok(c.get("a")?.clone().into())),
    ("copy", |c| Ok(c.get("a")?.contiguous().into())),
    ("eye", |c| {
        let dtype = c.args.opt_dtype("dtype")?.unwrap_or(Dtype::F64);
        Ok(ops::eye(c.args.size("N")?, c.args.opt_size("M")?, c.args.int_or("k", 0)?, dtype).into())
    }),
    ("full", |c| Ok(filled(c, &c.args.sizes("shape")?, scalar(c, "fill_value")?, None)?.into())),
    ("full_like", |c| filled_like(c, scalar(c, "fill_value")?)),
    ("identity", |c| Ok(ops::identity(c.args.size("n")?, c.args.opt_dtype("dtype")?.unwrap_or(Dtype::F64)).into())),
    ("ix_", |c| Ok(ops::ix_(&c.list("args")?).into())),
    ("linspace", |c| {
        let endpoint = c.args.flag("endpoint", true)?;
        let dtype = c.args.opt_dtype("dtype")?;
        Ok(ops::linspace(scalar(c, "start")?, scalar(c, "stop")?, c.args.size_or("num", 50)?, endpoint, dtype).into())
    }),
    ("logspace", |c| {
        let (start, stop, num) = (scalar(c, "start")?, scalar(c, "stop")?, c.args.size_or("num", 50)?);
        let endpoint = c.args.flag("endpoint", true)?;
        let base = c.args.float_or("base", 10.0)?;
        Ok(ops::logspace(start, stop, num, endpoint, base, c.args.opt_dtype("dtype")?).into())
    }),
    ("meshgrid", |c| {
        let indexing = c.args.text_or("indexing", "xy")?;
        c.args.ignore("copy");
        Ok(ops::meshgrid(&c.list("xi")?, indexing, c.args.flag("sparse", false)?).into())
    }),
    ("ones", |c| Ok(filled(c, &c.args.sizes("shape")?, Scalar::Int(1), Some(Dtype::F64))?.into())),
    ("ones_like", |c| filled_like(c, Scalar::Int(1))),
    ("zeros", |c| Ok(filled(c, &c.args.sizes("shape")?, Scalar::Int(0), Some(Dtype::F64))?.into())),
    ("zeros_like", |c| filled_like(c, Scalar::Int(0))),
];

/// A number as JSON has it: whole or not.
pub fn scalar(call: &Call<'_, Array>, name: &str) -> Outcome<Scalar> {
    match call.args.raw(name).and_then(|value| value.as_i64()) {
        Some(whole) => Ok(Scalar::Int(whole)),
        None => Ok(Scalar::Float(call.args.float(name)?)),
    }
}

fn converted(call: &Call<'_, Array>, name: &str) -> Outcome<Array> {
    use chainer_kernels::ArrayOps;
    let array = call.get(name)?;
    call.args.ignore("order");
    Ok(match call.args.opt_dtype("dtype")? {
        Some(dtype) => array.astype(dtype),
        None => array.clone(),
    })
}

fn filled(call: &Call<'_, Array>, shape: &[usize], value: Scalar, default: Option<Dtype>) -> Outcome<Array> {
    call.args.ignore("order");
    let dtype = call.args.opt_dtype("dtype")?.or(default).unwrap_or_else(|| value.dtype());
    Ok(Array::full(shape, value, dtype))
}

fn filled_like(call: &Call<'_, Array>, value: Scalar) -> Made {
    let like = call.get("a")?;
    Ok(filled(call, like.shape(), value, Some(like.dtype()))?.into())
}

fn arange(call: &Call<'_, Array>) -> Made {
    // With one number only, it is the end.
    let bounds = match (call.args.has("start"), call.args.has("stop")) {
        (true, true) => (scalar(call, "start")?, scalar(call, "stop")?),
        (true, false) => (Scalar::Int(0), scalar(call, "start")?),
        (false, true) => (Scalar::Int(0), scalar(call, "stop")?),
        (false, false) => return Err(Failure::from("arange without bounds")),
    };
    let step = if call.args.has("step") { scalar(call, "step")? } else { Scalar::Int(1) };
    call.args.ignore("stop");
    call.args.ignore("step");
    Ok(ops::arange(bounds.0, bounds.1, step, call.args.opt_dtype("dtype")?).into())
}
