//! `#[elementwise]`: values and derivatives against the scalar text.

use chainer::prelude::*;
use chainer::{Dtype, Expr, GradOptions, Shape, f16, grad_with};
use chainer_kernels::hooks::KernelCounter;

use super::{grad, leaf, message, values};

/// Swish.
#[elementwise]
fn swish(x: f32, beta: f32) -> f32 {
    x / (1.0 + (-beta * x).exp())
}

const LIMIT: f32 = 100.0;

#[elementwise]
pub fn huber(x: f32, t: f32, delta: f32) -> f32 {
    let d = (x - t).abs();
    let one: f32 = 1.0;
    if d < delta {
        let d = d * d;
        0.5 * d
    } else if d > LIMIT && delta >= one || !(d == d) {
        std::f32::consts::PI
    } else {
        delta * (d - 0.5 * delta)
    }
}

#[elementwise]
fn composed(x: f32) -> f32 {
    swish(huber(x, 0.25, 1.0), 2.0f32) + f32::max(x, 0.0)
}

/// Every method, so that each is compared with Rust's own.
#[elementwise]
fn smooth(x: f64, y: f64) -> f64 {
    let trigonometry = x.sin() + x.cos() * x.tan() + (x / 4.0).asin() + (x / 4.0).acos() + x.atan() + y.atan2(x);
    let hyperbolic = x.sinh() + x.cosh() + x.tanh() + x.asinh() + (x.abs() + 1.5).acosh() + (x / 4.0).atanh();
    let powers =
        x.exp() + x.exp2() + x.exp_m1() + y.ln() + y.ln_1p() + y.log2() + y.log10() + y.log(3.0) + y.sqrt() + y.cbrt();
    let more = y.powf(x)
        + y.powf(2.5)
        + x.powi(3)
        + x.powi(2)
        + y.powi(-2)
        + y.powf(0.5)
        + x.hypot(y)
        + y.recip()
        + x.mul_add(y, x);
    let special = x.erf()
        + x.erfc()
        + y.rsqrt()
        + x.sigmoid()
        + x.softplus()
        + x.logaddexp(y)
        + x.to_degrees() / 90.0
        + x.to_radians();
    trigonometry + hyperbolic + powers * more - special
}

#[elementwise]
fn steps(x: f64, y: f64) -> f64 {
    let rounding = x.floor() + x.ceil() + x.trunc() + x.round() + x.round_ties_even() + x.signum() + x.fract();
    let sign = x.copysign(-y) + (x % y) + x.clamp(-1.0, 1.5) + x.max(y) + x.min(y);
    let tests = if x.is_nan() || x.is_infinite() || !x.is_finite() {
        1.0
    } else if x.is_sign_negative() && !(x != x) {
        2.0
    } else {
        3.0
    };
    rounding + sign + tests
}

#[elementwise]
fn integers(x: f32, n: i32, flag: bool) -> f32 {
    let half = (n / 2) * 10 + n % 3;
    let bits = (n & 6) | (n << 2) ^ (n >> 1);
    let shifted = if flag { half + bits } else { -half };
    (x as i32) as f32 + shifted as f32 + n.abs() as f32 + n.max(2) as f32
}

#[elementwise]
fn is_large(x: f32, bound: f32) -> bool {
    x > bound
}

/// The gradient of a sum through the chain rule at each element, against central differences of the scalar text.
fn check<const N: usize>(
    apply: impl Fn([&Variable; N]) -> Variable,
    scalar: impl Fn([f64; N]) -> f64,
    points: &[[f64; N]],
    tolerance: f64,
) {
    let inputs: [Variable; N] = std::array::from_fn(|i| leaf(&points.iter().map(|p| p[i]).collect::<Vec<_>>()));
    let y = apply(inputs.each_ref());
    for (point, got) in points.iter().zip(values(&y)) {
        let want = scalar(*point);
        assert!((got - want).abs() <= tolerance * want.abs().max(1.0), "{point:?}: {got} != {want}");
    }
    y.sum().backward().unwrap();
    for (i, input) in inputs.iter().enumerate() {
        let gradient = input.grad().map_or(vec![0.0; points.len()], |grad| values(&grad.broadcast_to([points.len()])));
        for (point, got) in points.iter().zip(gradient) {
            let at = |step: f64| {
                let mut moved = *point;
                moved[i] += step;
                scalar(moved)
            };
            let want = (at(1e-5) - at(-1e-5)) / 2e-5;
            assert!((got - want).abs() <= 1e-6 * want.abs().max(1.0), "d/d{i} at {point:?}: {got} != {want}");
        }
    }
}

#[test]
fn values_and_derivatives_are_those_of_the_scalar_text() {
    let points = [[0.7, 0.3], [-1.2, 2.5], [2.1, 1.1], [-0.4, 0.9]];
    check(|[x, y]| smooth(x, y), |[x, y]| smooth::scalar(x, y), &points, 1e-12);
    let points = [[0.7, 0.3], [-1.2, 2.6], [2.1, -1.3], [-0.4, 0.9], [-3.3, -0.7], [1.6, 4.0]];
    check(|[x, y]| steps(x, y), |[x, y]| steps::scalar(x, y), &points, 1e-14);
    let scalar = |[x, t, d]: [f64; 3]| {
        let distance = (x - t).abs();
        if distance < d { 0.5 * distance * distance } else { d * (distance - 0.5 * d) }
    };
    check(|[x, t, d]| huber(x, t, d), scalar, &[[0.1, 0.4, 1.0], [3.0, 0.5, 0.7], [-2.0, 1.0, 2.0]], 1e-14);
    let scalar = |[x]: [f64; 1]| {
        let h = scalar([x, 0.25, 1.0]);
        h / (1.0 + (-2.0 * h).exp()) + x.max(0.0)
    };
    check(|[x]| composed(x), scalar, &[[0.3], [-2.0], [4.0]], 1e-14);
}

#[test]
fn integers_and_bools_follow_rust() {
    let cases = [(2.7f32, 7, true), (-2.7, -7, true), (0.5, 3, false), (9.0, -8, false), (-0.2, 0, true)];
    let x = Array::from_vec(cases.map(|c| c.0).to_vec(), 5);
    let n = Array::from_vec(cases.map(|c| c.1).to_vec(), 5);
    let flag = Array::from_vec(cases.map(|c| c.2).to_vec(), 5);
    let got = integers(x, n, flag);
    assert_eq!(got.dtype(), Dtype::F32);
    let want: Vec<f32> = cases.iter().map(|&(x, n, flag)| integers::scalar(x, n, flag)).collect();
    assert_eq!(got.to_vec::<f32>().unwrap(), want);
    let large = is_large(Array::from([1.0f32, 3.0]), 2.0);
    assert_eq!(large.to_vec::<bool>().unwrap(), [false, true]);
    assert_eq!(integers(Array::from([1.0f32]), 4, true).to_vec::<f32>().unwrap(), [integers::scalar(1.0, 4, true)]);
}

#[test]
fn numbers_take_the_dtype_of_the_arrays() {
    for dtype in [Dtype::F16, Dtype::BF16, Dtype::F32, Dtype::F64] {
        let x = Variable::new(Array::full(3, 0.5, dtype));
        let y = swish(&x, 1.5);
        assert_eq!(y.dtype(), dtype);
        y.sum().backward().unwrap();
        assert_eq!(x.grad().unwrap().dtype(), dtype);
    }
    // A number is as exact as the array beside it.
    assert_eq!(swish(leaf(&[0.1]), 0.3).item::<f64>().unwrap(), 0.1 / (1.0 + (-0.3f64 * 0.1).exp()));
    assert_eq!(swish(1.0, 0.0).dtype(), Dtype::F32);
    let mixed = swish(Array::full(2, 1, Dtype::F16), Array::full(2, 1, Dtype::F64));
    assert_eq!(mixed.dtype(), Dtype::F64);
    let half = Variable::new(Array::from_vec(vec![f16::from_f32(1.0)], 1));
    swish(&half, leaf(&[2.0])).backward().unwrap();
    assert_eq!(half.grad().unwrap().dtype(), Dtype::F16);
}

#[test]
fn arguments_broadcast_and_gradients_are_summed() {
    let (x, beta) = (leaf(&[1.0, 2.0, 3.0, 4.0, 5.0, 6.0]), leaf(&[0.5, 1.0, 2.0]));
    let y = swish(x.reshape([2, 3]), &beta);
    assert_eq!(y.shape(), &Shape::from([2, 3]));
    y.sum().backward().unwrap();
    let slope = |x: f64, b: f64| {
        let e = (-b * x).exp();
        x * x * e / (1.0 + e).powi(2)
    };
    let want =
        [slope(1.0, 0.5) + slope(4.0, 0.5), slope(2.0, 1.0) + slope(5.0, 1.0), slope(3.0, 2.0) + slope(6.0, 2.0)];
    for (got, want) in grad(&beta).iter().zip(want) {
        assert!((got - want).abs() < 1e-12);
    }
    for shape in [&[0][..], &[1], &[], &[2, 0]] {
        assert_eq!(swish(Array::zeros(shape, Dtype::F32), 1.0).shape(), &Shape::new(shape));
    }
    let strided = leaf(&[1.0, 2.0, 3.0, 4.0]).reshape([2, 2]).transpose();
    assert_eq!(values(&swish(strided, 0.0)), [0.5, 1.5, 1.0, 2.0]);

    let text = message(&swish(&x, &beta));
    assert!(text.contains("in swish") && text.contains("elementwise.rs") && text.contains("(3,) and (6,)"), "{text}");
    let text = message(&swish(Array::zeros(2, Dtype::I32), 1.0));
    assert!(text.contains("Expect: x.dtype.kind == f") && text.contains("Actual: i != f"), "{text}");
}

#[elementwise]
fn constant(_x: f32, _y: f32) -> f32 {
    1.5
}

#[elementwise]
fn first(x: f32, _y: f32) -> f32 {
    x
}

#[test]
fn results_have_the_shape_of_all_arguments() {
    let (x, y) = (leaf(&[1.0, 2.0]), leaf(&[0.0, 0.0, 0.0]));
    assert_eq!(values(&constant(x.reshape([2, 1]), &y)), [1.5; 6]);
    let z = first(x.reshape([2, 1]), &y);
    assert_eq!(values(&z), [1.0, 1.0, 1.0, 2.0, 2.0, 2.0]);
    z.sum().backward().unwrap();
    assert_eq!(grad(&x), [3.0, 3.0]);
    assert!(y.grad().is_none());
}

#[elementwise]
fn guarded_log(x: f32) -> f32 {
    if x > 0.0 { x.ln() * x.sqrt() } else { 0.0 }
}

#[test]
fn branches_that_are_not_taken_do_no_harm() {
    let x = leaf(&[0.0, -1.0, 1.0]);
    guarded_log(&x).sum().backward().unwrap();
    assert_eq!(grad(&x), [0.0, 0.0, 1.0]);
}

#[test]
fn derivatives_of_any_order() {
    // d^n/dx^n of sigmoid(x) at 0: 1/2, 1/4, 0, -1/8, 0, 1/4
    let x = leaf(&[0.0]);
    let mut y = logistic(&x);
    for want in [0.25, 0.0, -0.125, 0.0, 0.25] {
        let options = GradOptions { create_graph: true, ..Default::default() };
        y = grad_with([&y], [&x], options).unwrap().remove(0).unwrap();
        assert!((values(&y)[0] - want).abs() < 1e-12, "{} != {want}", values(&y)[0]);
    }
}

#[elementwise]
fn logistic(x: f32) -> f32 {
    1.0 / (1.0 + (-x).exp())
}

#[test]
fn an_elementwise_function_is_one_kernel_fused_with_its_neighbours() {
    let x = leaf(&[0.5; 100]);
    let y = (swish(&x * 2.0, 1.0) + 1.0).exp();
    let counter = KernelCounter::start();
    y.data().force().unwrap();
    assert_eq!(counter.count().kernels, 1);
    drop(counter);
    let counter = KernelCounter::start();
    y.sum().backward().unwrap();
    assert!(counter.count().kernels <= 2, "{:?}", counter.count());
}

#[test]
fn expressions_print_as_formulas() {
    let inputs = [Expr::input(0), Expr::input(1)];
    assert_eq!(swish::trace(&inputs).to_string(), "a0 / (1 + exp(-a1 * a0))");
    assert_eq!(first::trace(&inputs).to_string(), "a0");
}
