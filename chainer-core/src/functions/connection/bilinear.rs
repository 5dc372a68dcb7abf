//! [`bilinear`].

use std::panic::Location;

use crate::functions::{checked, matmul, reshape};
use crate::type_check::{self, Checked};
use crate::{AsOptVariable, AsVariable, Error, Result, Variable};

const NAME: &str = "bilinear";

/// The linear terms' V1 (J, L), V2 (K, L) and b (L,).
type Linear = [Variable; 3];

/// The terms of [`bilinear`], of inputs with all axes after the first as one.
#[track_caller]
fn terms(e1: Variable, e2: Variable, w: Variable, linear: Option<Linear>) -> Result<Variable> {
    for x in [&e1, &e2, &w].into_iter().chain(linear.iter().flatten()) {
        x.check()?;
    }
    checked(NAME, || check(&e1, &e2, &w, linear.as_ref()))?;
    let [left, right, out] = w.dims()?;
    let batch = e1.len();
    let (e1, e2) = (reshape(e1, [batch, left]), reshape(e2, [batch, right]));
    // All products of the two inputs of a row, side by side: each of them has one weight in W for every output.
    let products = reshape(&e1, [batch, left, 1]) * reshape(&e2, [batch, 1, right]);
    let y = matmul(reshape(products, [batch, left * right]), reshape(w, [left * right, out]));
    Ok(match linear {
        None => y,
        Some([v1, v2, b]) => y + matmul(e1, v1) + matmul(e2, v2) + b,
    })
}

fn check(e1: &Variable, e2: &Variable, w: &Variable, linear: Option<&Linear>) -> Checked {
    let columns = |x: &Variable| x.shape()[1..].iter().product::<usize>();
    type_check::float("e1", e1.data())?;
    for (name, x) in [("e2", e2), ("W", w)] {
        type_check::same_dtype("e1", e1.data(), name, x.data())?;
    }
    type_check::min_ndim("e1", e1.data(), 2)?;
    type_check::min_ndim("e2", e2.data(), 2)?;
    type_check::same_size("e1", e1.data(), 0, "e2", e2.data(), 0)?;
    type_check::ndim("W", w.data(), 3)?;
    type_check::equal("prod(e1.shape[1:])", columns(e1), "W.shape[0]", w.shape()[0])?;
    type_check::equal("prod(e2.shape[1:])", columns(e2), "W.shape[1]", w.shape()[1])?;
    let Some([v1, v2, b]) = linear else { return Ok(()) };
    for (name, x, axes) in [("V1", v1, 2), ("V2", v2, 2), ("b", b, 1)] {
        type_check::same_dtype("e1", e1.data(), name, x.data())?;
        type_check::ndim(name, x.data(), axes)?;
        type_check::same_size(name, x.data(), axes - 1, "W", w.data(), 2)?;
    }
    type_check::same_size("V1", v1.data(), 0, "W", w.data(), 0)?;
    type_check::same_size("V2", v2.data(), 0, "W", w.data(), 1)
}

/// A quadratic form of two inputs, and linear terms: from e1 (B, J), e2 (B, K), W (J, K, L) and, all three or none, V1 (J, L), V2 (K, L)
/// and b (L,) the matrix (B, L) of
///
/// ```text
/// y[i, l] = sum_jk(e1[i, j] e2[i, k] W[j, k, l]) + sum_j(e1[i, j] V1[j, l]) + sum_k(e2[i, k] V2[k, l]) + b[l]
/// ```
///
/// Of e1 and e2 with more axes, those after the first count as one (the layer of the neural tensor network: Socher et al., *Reasoning with
/// neural tensor networks for knowledge base completion*, 2013).
///
/// # Errors
/// The result fails if ranks, sizes or dtypes do not fit (all have the same float dtype), or if only some of V1, V2 and b are given.
///
/// ```
/// use chainer::{functions as F, Array, Variable};
/// let (e1, e2) = (Array::from([[1.0f32, 2.0]]), Array::from([[3.0f32, 4.0]]));
/// let w = Variable::new(Array::from([[[1.0f32], [0.0]], [[0.0], [1.0]]]));
/// assert_eq!(F::bilinear(&e1, &e2, &w, None, None, None).to_vec::<f32>()?, [11.0]);
/// let (v, b) = (Array::from([[10.0f32], [0.0]]), Array::from([0.5f32]));
/// assert_eq!(F::bilinear(&e1, &e2, &w, &v, &v, &b).to_vec::<f32>()?, [51.5]);
/// assert!(F::bilinear(&e1, &e2, &w, &v, None, None).check().is_err());
/// # Ok::<(), chainer::Error>(())
/// ```
#[track_caller]
pub fn bilinear(
    e1: impl AsVariable,
    e2: impl AsVariable,
    w: impl AsVariable,
    v1: impl AsOptVariable,
    v2: impl AsOptVariable,
    b: impl AsOptVariable,
) -> Variable {
    let at = Location::caller();
    let linear = match (v1.as_opt_variable(), v2.as_opt_variable(), b.as_opt_variable()) {
        (None, None, None) => Ok(None),
        (Some(v1), Some(v2), Some(b)) => Ok(Some([v1, v2, b])),
        (v1, v2, b) => {
            let given =
                |name: &str, x: Option<Variable>| format!("{name} is {}", if x.is_some() { "given" } else { "not" });
            let actual = [given("V1", v1), given("V2", v2), given("b", b)].join(", ");
            Err(Error::value(NAME, "V1, V2 and b, or none of them", actual))
        }
    };
    linear
        .and_then(|linear| terms(e1.as_variable(), e2.as_variable(), w.as_variable(), linear))
        .map_err(|error| error.at(at))
        .into()
}
