//! When a computed array counts as the recorded one.

use chainer::serializers::Entry;
use chainer_kernels::{Array, Dtype, Element, Scalar, with_element};
use serde_json::Value;

use super::{Failure, Outcome};

/// How far a floating element may lie from the recorded one. Integers and booleans must be equal.
#[derive(Clone, Copy, Debug)]
pub struct Tolerance {
    /// Relative to the recorded element.
    pub rtol: f64,
    /// Absolute.
    pub atol: f64,
    /// Whether `atol` is to be multiplied by the largest absolute value of the recorded array.
    pub scaled: bool,
}

impl Tolerance {
    /// A tolerance whose absolute part is meant as it stands.
    pub fn new(rtol: f64, atol: f64) -> Self {
        Tolerance { rtol, atol, scaled: false }
    }

    fn atol(&self, want: &[f64]) -> f64 {
        if !self.scaled {
            return self.atol;
        }
        self.atol * want.iter().filter(|x| x.is_finite()).fold(0.0, |max: f64, x| max.max(x.abs()))
    }

    fn accepts(&self, got: f64, want: f64, atol: f64) -> bool {
        // The equality lets infinities pass; the difference of two of them is NaN.
        got == want
            || (got.is_nan() && want.is_nan())
            || ((got - want).abs() <= atol + self.rtol * want.abs() && want.is_finite())
    }
}

/// Compares dtype, shape and every element.
pub fn compare(got: &Array, want: &Entry, tolerance: Tolerance) -> Outcome {
    let Entry::Array { dtype, shape, .. } = want else {
        return Err(format!("the recorded value is no array but {want:?}").into());
    };
    same_form(got, *dtype, shape)?;
    with_element!(*dtype, T => {
        let got = got.to_vec::<T>()?;
        let want = want.to_vec::<T>().map_err(Failure::Wrong)?;
        if dtype.is_float() {
            compare_floats(&got, &want, shape, tolerance)
        } else {
            compare_exactly(&got, &want, shape)
        }
    })
}

/// Compares JSON values: numbers within the tolerance, everything else exactly. `place` opens the message.
pub fn compare_json(got: &Value, want: &Value, tolerance: Tolerance, place: &str) -> Outcome {
    // Reading a decimal number may be off in its last bit.
    let tolerance = Tolerance { rtol: tolerance.rtol.max(1e-14), ..tolerance };
    match (got, want) {
        (Value::Array(got), Value::Array(want)) if got.len() == want.len() => {
            let pairs = got.iter().zip(want).enumerate();
            pairs.into_iter().try_for_each(|(i, (g, w))| compare_json(g, w, tolerance, &format!("{place}[{i}]")))
        }
        (Value::Object(got), Value::Object(want)) if got.keys().eq(want.keys()) => {
            got.iter().try_for_each(|(key, g)| compare_json(g, &want[key], tolerance, &format!("{place}.{key}")))
        }
        (Value::Number(got), Value::Number(want))
            if tolerance.accepts(
                got.as_f64().unwrap_or(f64::NAN),
                want.as_f64().unwrap_or(f64::NAN),
                tolerance.atol,
            ) =>
        {
            Ok(())
        }
        _ if got == want => Ok(()),
        _ => Err(format!("{place} is {got}, expected {want}").into()),
    }
}

/// Compares dtype and shape only.
pub(super) fn same_form(got: &Array, dtype: Dtype, shape: &[usize]) -> Outcome {
    got.check()?;
    if got.dtype() != dtype {
        return Err(format!("dtype {}, expected {dtype}", got.dtype()).into());
    }
    if got.shape().dims() != shape {
        return Err(format!("shape {:?}, expected {shape:?}", got.shape().dims()).into());
    }
    Ok(())
}

fn compare_floats<T: Element>(got: &[T], want: &[T], shape: &[usize], tolerance: Tolerance) -> Outcome {
    let double = |values: &[T]| values.iter().map(|x| x.to_scalar().as_f64()).collect::<Vec<f64>>();
    difference(&double(got), &double(want), shape, tolerance)
}

/// The first of `got` that differs from `want`, as a failure that says where and how many more do.
pub fn difference(got: &[f64], want: &[f64], shape: &[usize], tolerance: Tolerance) -> Outcome {
    if got.len() != want.len() {
        return Err(format!("{} elements, expected {}", got.len(), want.len()).into());
    }
    let atol = tolerance.atol(want);
    let wrong: Vec<usize> = (0..want.len()).filter(|&i| !tolerance.accepts(got[i], want[i], atol)).collect();
    let Some(&first) = wrong.first() else { return Ok(()) };
    Err(describe(first, shape, got[first], want[first], wrong.len(), want.len()).into())
}

fn compare_exactly<T: Element>(got: &[T], want: &[T], shape: &[usize]) -> Outcome {
    let wrong: Vec<usize> = (0..want.len()).filter(|&i| got[i] != want[i]).collect();
    let Some(&first) = wrong.first() else { return Ok(()) };
    let [got, want_first] = [got[first], want[first]].map(|x| match x.to_scalar() {
        Scalar::Bool(x) => x.to_string(),
        Scalar::Int(x) => x.to_string(),
        Scalar::UInt(x) => x.to_string(),
        Scalar::Float(x) => x.to_string(),
    });
    Err(describe(first, shape, got, want_first, wrong.len(), want.len()).into())
}

fn describe(at: usize, shape: &[usize], got: impl ToString, want: impl ToString, wrong: usize, all: usize) -> String {
    let mut index = vec![0; shape.len()];
    let mut rest = at;
    for (place, size) in index.iter_mut().zip(shape).rev() {
        *place = rest % size;
        rest /= size;
    }
    format!("{index:?} is {}, expected {} ({wrong} of {all} differ)", got.to_string(), want.to_string())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    const TOLERANCE: Tolerance = Tolerance { rtol: 1e-3, atol: 1e-6, scaled: false };

    fn floats(values: &[f32]) -> (Array, Entry) {
        (Array::from(values), Entry::array(vec![values.len()], values))
    }

    #[test]
    fn equal_and_nearly_equal_arrays_pass() {
        let (_, want) = floats(&[1.0, -2.0, f32::NAN, f32::INFINITY, 0.0]);
        let (got, _) = floats(&[1.0005, -1.9985, f32::NAN, f32::INFINITY, 5e-7]);
        compare(&got, &want, TOLERANCE).unwrap();
    }

    #[test]
    fn a_wrong_number_fails_and_is_named() {
        let want = Entry::array(vec![2, 2], &[1.0f32, 2.0, 3.0, 4.0]);
        let got = Array::from([[1.0f32, 2.0], [3.5, 4.0]]);
        let message = compare(&got, &want, TOLERANCE).unwrap_err().to_string();
        assert_eq!(message, "[1, 0] is 3.5, expected 3 (1 of 4 differ)");
    }

    #[test]
    fn nan_and_infinities_match_only_themselves() {
        for (got, want) in [
            (f32::NAN, 1.0),
            (1.0, f32::NAN),
            (f32::INFINITY, 1e30),
            (1e30, f32::INFINITY),
            (f32::INFINITY, f32::NEG_INFINITY),
            (f32::NAN, f32::INFINITY),
        ] {
            assert!(compare(&floats(&[got]).0, &floats(&[want]).1, TOLERANCE).is_err(), "{got} for {want}");
        }
    }

    #[test]
    fn the_tolerance_is_absolute_plus_relative() {
        let tolerance = Tolerance::new(0.1, 0.5);
        let check = |got: f64, want: f64| compare(&Array::from([got]), &Entry::array(vec![1], &[want]), tolerance);
        assert!(check(11.49, 10.0).is_ok());
        assert!(check(11.51, 10.0).is_err());
        let scaled = Tolerance { rtol: 0.0, atol: 0.01, scaled: true };
        let want = Entry::array(vec![2], &[0.0, -100.0]);
        assert!(compare(&Array::from([0.99, -100.0]), &want, scaled).is_ok());
        assert!(compare(&Array::from([1.01, -100.0]), &want, scaled).is_err());
    }

    #[test]
    fn integers_and_booleans_must_be_equal() {
        let loose = Tolerance::new(1.0, 10.0);
        assert!(compare(&Array::from([3i32]), &Entry::array(vec![1], &[3i32]), loose).is_ok());
        assert!(compare(&Array::from([3i32]), &Entry::array(vec![1], &[4i32]), loose).is_err());
        assert!(compare(&Array::from([true]), &Entry::array(vec![1], &[false]), loose).is_err());
    }

    #[test]
    fn json_values_are_compared_to_the_leaves() {
        let want = json!({"a": [1.0, 2], "b": {"c": "x", "d": null}});
        let check = |got: Value| compare_json(&got, &want, TOLERANCE, "expected");
        check(json!({"a": [1.0005, 2.0], "b": {"c": "x", "d": null}})).unwrap();
        let message = check(json!({"a": [1.0, 2.1], "b": {"c": "x", "d": null}})).unwrap_err().to_string();
        assert_eq!(message, "expected.a[1] is 2.1, expected 2");
        for wrong in [
            json!({"a": [1.0], "b": {"c": "x", "d": null}}),
            json!({"a": [1.0, 2], "b": {"c": "y", "d": null}}),
            json!({"a": [1.0, 2], "b": {"c": "x"}}),
            json!({"a": [1.0, null], "b": {"c": "x", "d": null}}),
        ] {
            assert!(check(wrong).is_err());
        }
    }

    #[test]
    fn dtype_and_shape_must_be_equal() {
        let want = Entry::array(vec![1, 2], &[1.0f32, 2.0]);
        let message = |got: Array| compare(&got, &want, TOLERANCE).unwrap_err().to_string();
        assert_eq!(message(Array::from([[1.0f64, 2.0]])), "dtype float64, expected float32");
        assert_eq!(message(Array::from([1.0f32, 2.0])), "shape [2], expected [1, 2]");
        let failed = Array::from([1.0f32]) + Array::from([1.0f32, 2.0, 3.0]).reshape([3, 2]);
        assert!(message(failed).contains("reshape"));
    }
}
