use super::*;

fn values(initializer: impl Initializer, shape: impl Into<Shape>) -> Vec<f64> {
    initializer.generate(&shape.into(), Dtype::F64).to_vec().unwrap()
}

fn deviation(values: &[f64]) -> f64 {
    (values.iter().map(|x| x * x).sum::<f64>() / values.len() as f64).sqrt()
}

#[test]
fn spreads_follow_the_formulas() {
    // fan_in = 12 * 9 = 108, fan_out = 400; a uniform distribution on [-s, s] has deviation s / sqrt(3).
    let shape = [400, 12, 3, 3];
    let uniform = |bound: f64| bound / 3f64.sqrt();
    let rows: Vec<(&str, Vec<f64>, f64)> = vec![
        ("Normal", values(Normal::new(0.3).with_seed(1), shape), 0.3),
        ("GlorotNormal", values(GlorotNormal::new(2.0).with_seed(2), shape), 2.0 * (2.0 / 508f64).sqrt()),
        ("HeNormal", values(HeNormal::new(2.0).with_seed(3), shape), 2.0 * (2.0 / 108f64).sqrt()),
        ("Uniform", values(Uniform::new(0.3).with_seed(4), shape), uniform(0.3)),
        ("LeCunUniform", values(LeCunUniform::new(2.0).with_seed(5), shape), uniform(2.0 * (3.0 / 108f64).sqrt())),
        ("GlorotUniform", values(GlorotUniform::new(2.0).with_seed(6), shape), uniform(2.0 * (6.0 / 508f64).sqrt())),
        ("HeUniform", values(HeUniform::new(2.0).with_seed(7), shape), uniform(2.0 * (6.0 / 108f64).sqrt())),
    ];
    for (name, drawn, want) in rows {
        assert!((deviation(&drawn) / want - 1.0).abs() < 0.02, "{name}: {} instead of {want}", deviation(&drawn));
        let mean = drawn.iter().sum::<f64>() / drawn.len() as f64;
        assert!(mean.abs() < 0.02 * want, "{name}: mean {mean}");
    }
}

#[test]
fn a_seed_fixes_the_numbers_and_the_next_array_differs() {
    let (a, b) = (Normal::default().with_seed(9), Normal::default().with_seed(9));
    let first = values(a.clone(), 8);
    assert_eq!(first, values(b, 8));
    assert_ne!(first, values(a, 8));
}

#[test]
fn orthogonal_rows_have_the_scale_as_length() {
    let w = values(Orthogonal::new(1.1).with_seed(3), [5, 2, 3]);
    for i in 0..5 {
        for j in 0..5 {
            let dot: f64 = (0..6).map(|k| w[6 * i + k] * w[6 * j + k]).sum();
            let want = if i == j { 1.1 * 1.1 } else { 0.0 };
            assert!((dot - want).abs() < 1e-12, "rows {i} and {j}: {dot}");
        }
    }
    assert_eq!(values(Orthogonal::default(), [0, 4]).len(), 0);
}

#[test]
fn shapes_that_cannot_be_filled_are_named() {
    let message = |array: Array| array.to_vec::<f32>().unwrap_err().to_string();
    let shape = |dims: &[usize]| Shape::new(dims);
    let rows = [
        (message(Identity::default().generate(&shape(&[2, 3]), Dtype::F32)), "square matrix", "(2, 3)"),
        (message(Identity::default().generate(&shape(&[2]), Dtype::F32)), "square matrix", "(2,)"),
        (message(Orthogonal::default().generate(&shape(&[3, 2]), Dtype::F32)), "shape[0] <=", "3 > 2"),
        (message(HeNormal::default().generate(&shape(&[3]), Dtype::F32)), "shape.ndim >= 2", "1 (shape (3,))"),
        (message(Constant::new(Array::from([1.0f32, 2.0])).generate(&shape(&[3]), Dtype::F32)), "(3,)", "(2,)"),
    ];
    for (message, expect, actual) in rows {
        assert!(message.contains(expect) && message.contains(actual), "{message}");
    }
}

#[test]
fn init_weight_scales_and_has_a_default() {
    let w = init_weight([2, 3], Some(&Array::from([[1.0f32, 2.0, 3.0], [4.0, 5.0, 6.0]])), 2.0);
    assert_eq!(w.to_vec::<f32>().unwrap(), [2.0, 4.0, 6.0, 8.0, 10.0, 12.0]);
    let w = init_weight([100, 400], None, 3.0).astype(Dtype::F64).to_vec::<f64>().unwrap();
    assert!((deviation(&w) / (3.0 / 20.0) - 1.0).abs() < 0.03);
    assert_eq!(init_weight([2], Some(&Normal::default().with_dtype(Dtype::F64)), 1.0).dtype(), Dtype::F64);
}
