//! Products and factorisations.

use chainer_kernels::ops::linalg::QrMode;
use chainer_kernels::ops::{self, TensordotAxes, linalg};
use chainer_kernels::{Array, ArrayOps, Dtype};
use chainer_tests::golden::{Call, Context, Failure, Layout, Nested, Outcome, difference};
use ndarray::{Array1, Array2, Ix1, Ix2};
use serde_json::Value;

use super::{Adapter, Made};

/// The adapters.
pub const ADAPTERS: &[(&str, Adapter)] = &[
    ("dot", |c| Ok(ops::dot(c.get("a")?, c.get("b")?).into())),
    ("inner", |c| Ok(ops::inner(c.get("a")?, c.get("b")?).into())),
    ("linalg.cholesky", |c| Ok(linalg::cholesky(c.get("a")?).into())),
    ("linalg.qr", qr),
    ("linalg.svd", svd),
    ("outer", |c| Ok(ops::outer(c.get("a")?, c.get("b")?).into())),
    ("tensordot", |c| Ok(ops::tensordot(c.get("a")?, c.get("b")?, tensordot_axes(c)?).into())),
    ("trace", |c| {
        let (first, second) = (c.args.int_or("axis1", 0)?, c.args.int_or("axis2", 1)?);
        let a = c.get("a")?;
        let a = c.args.opt_dtype("dtype")?.map_or_else(|| a.clone(), |dtype| a.astype(dtype));
        Ok(ops::trace(&a, c.args.int_or("offset", 0)?, first, second).into())
    }),
    ("vdot", |c| Ok(ops::vdot(c.get("a")?, c.get("b")?).into())),
];

fn qr(call: &Call<'_, Array>) -> Made {
    let a = call.get("a")?;
    Ok(match call.args.text_or("mode", "reduced")? {
        "reduced" => linalg::qr(a, QrMode::Reduced).into(),
        "complete" => linalg::qr(a, QrMode::Complete).into(),
        "r" => linalg::qr(a, QrMode::Reduced).1.into(),
        other => return Err(Failure::NotImplemented(format!("linalg.qr, mode {other}"))),
    })
}

fn svd(call: &Call<'_, Array>) -> Made {
    let full = call.args.flag("full_matrices", true)?;
    let (u, s, v) = linalg::svd(call.get("a")?, full);
    Ok(if call.args.flag("compute_uv", true)? { (u, s, v).into() } else { Nested::One(s) })
}

fn tensordot_axes(call: &Call<'_, Array>) -> Outcome<TensordotAxes> {
    match call.args.raw("axes") {
        Some(Value::Array(pair)) if pair.len() == 2 => {
            let axes = |value: &Value| -> Outcome<Vec<isize>> {
                let list = if value.is_array() { value.clone() } else { Value::Array(vec![value.clone()]) };
                serde_json::from_value(list).map_err(|error| format!("argument \"axes\": {error}").into())
            };
            Ok(TensordotAxes::Pairs(axes(&pair[0])?, axes(&pair[1])?))
        }
        _ => Ok(TensordotAxes::Last(call.args.size_or("axes", 2)?)),
    }
}

/// Factors that are unique only up to sign: their product must be the recorded one, and what should be orthonormal has to be.
pub fn check_up_to_sign(context: &Context<'_>, outputs: &[(usize, Array)]) -> Outcome {
    let recorded = (0..outputs.len()).map(|k| context.recorded.array(&format!("out{k}"), Layout::RowMajor));
    let recorded = recorded.collect::<Outcome<Vec<Array>>>()?;
    for ((number, got), want) in outputs.iter().zip(&recorded) {
        got.check()?;
        if (got.shape(), got.dtype()) != (want.shape(), want.dtype()) {
            let (got, want) = ((got.shape(), got.dtype()), (want.shape(), want.dtype()));
            return Err(format!("out{number} is {got:?}, expected {want:?}").into());
        }
    }
    let got: Vec<&Array> = outputs.iter().map(|(_, array)| array).collect();
    let want: Vec<&Array> = recorded.iter().collect();
    match (&got[..], &want[..]) {
        // r alone: its rows are unique up to sign, so their magnitudes are unique.
        ([got], [want]) => close(context, "|r|", &matrix(got)?.mapv(f64::abs), &matrix(want)?.mapv(f64::abs)),
        ([q, r], [wanted_q, wanted_r]) => {
            close(context, "q r", &matrix(q)?.dot(&matrix(r)?), &matrix(wanted_q)?.dot(&matrix(wanted_r)?))?;
            orthonormal(context, "q", matrix(q)?)
        }
        ([u, s, v], [wanted_u, wanted_s, wanted_v]) => {
            context.check("out1", s)?;
            let want = rebuilt(matrix(wanted_u)?, vector(wanted_s)?, matrix(wanted_v)?);
            close(context, "u s v", &rebuilt(matrix(u)?, vector(s)?, matrix(v)?), &want)?;
            orthonormal(context, "u", matrix(u)?)?;
            orthonormal(context, "v", matrix(v)?.reversed_axes())
        }
        _ => Err(format!("{} factors", got.len()).into()),
    }
}

fn matrix(array: &Array) -> Outcome<Array2<f64>> {
    let array = array.astype(Dtype::F64).to_ndarray::<f64>()?;
    array.into_dimensionality::<Ix2>().map_err(|error| Failure::Wrong(error.to_string()))
}

fn vector(array: &Array) -> Outcome<Array1<f64>> {
    let array = array.astype(Dtype::F64).to_ndarray::<f64>()?;
    array.into_dimensionality::<Ix1>().map_err(|error| Failure::Wrong(error.to_string()))
}

/// `u diag(s) v` over the leading columns and rows.
fn rebuilt(u: Array2<f64>, s: Array1<f64>, v: Array2<f64>) -> Array2<f64> {
    let k = s.len();
    (&u.slice(ndarray::s![.., ..k]) * &s).dot(&v.slice(ndarray::s![..k, ..]))
}

fn orthonormal(context: &Context<'_>, name: &str, columns: Array2<f64>) -> Outcome {
    let unit = Array2::eye(columns.ncols());
    close(context, &format!("{name}ᵀ{name}"), &columns.t().dot(&columns), &unit)
}

fn close(context: &Context<'_>, what: &str, got: &Array2<f64>, want: &Array2<f64>) -> Outcome {
    let values = |matrix: &Array2<f64>| matrix.iter().copied().collect::<Vec<f64>>();
    let tolerance = context.case.tolerance()?;
    difference(&values(got), &values(want), want.shape(), tolerance).map_err(|failure| failure.at(what))
}
