//! `#[function]`.

use chainer::prelude::*;
use chainer::{Dtype, Error, GradOptions, Shape, grad_with};

use super::{array, grad, leaf, message, values};

/// w = x * y + z
#[function]
impl MulAdd {
    #[type_check(x: Float[n, m], y: x.dtype[n, m], z: x.dtype[n, m])]
    fn forward(&self, x: &Array, y: &Array, z: &Array) -> Array {
        x * y + z
    }
    fn backward(&self, x: &Variable, y: &Variable, gw: &Variable) -> (Variable, Variable, Variable) {
        (gw * y, gw * x, gw.clone())
    }
}

#[test]
fn a_function_computes_and_differentiates() {
    let [x, y, z] = [leaf(&[1.0, 2.0]), leaf(&[3.0, 4.0]), leaf(&[5.0, 6.0])];
    let w = mul_add(x.reshape([1, 2]), y.reshape([1, 2]), z.reshape([1, 2]));
    assert_eq!(values(&w), [8.0, 14.0]);
    w.sum().backward().unwrap();
    assert_eq!((grad(&x), grad(&y), grad(&z)), (vec![3.0, 4.0], vec![1.0, 2.0], vec![1.0, 1.0]));
}

#[test]
fn type_checks_speak_of_the_users_names_and_line() {
    let x = leaf(&[1.0, 2.0]).reshape([1, 2]);
    let text = message(&mul_add(&x, &x, Array::zeros([1, 3], Dtype::F64)));
    assert!(text.starts_with("InvalidType in mul_add (") && text.contains("functions.rs:"), "{text}");
    assert!(text.contains("Expect: x.shape[1] == z.shape[1]") && text.contains("Actual: 2 != 3"), "{text}");
    let text = message(&mul_add(&x, Array::zeros([1, 2], Dtype::F32), &x));
    assert!(text.contains("Expect: x.dtype == y.dtype") && text.contains("Actual: float64 != float32"), "{text}");
    let text = message(&mul_add(Array::zeros(2, Dtype::F64), &x, &x));
    assert!(text.contains("Expect: x.ndim == 2") && text.contains("Actual: 1 != 2"), "{text}");
    let text = message(&mul_add(Array::zeros([1, 2], Dtype::I32), &x, &x));
    assert!(text.contains("Expect: x.dtype.kind == f") && text.contains("Actual: i != f"), "{text}");
}

const CHANNELS: usize = 2;

/// Settings, defaults, an optional input, several outputs, conditions.
#[function(
    groups: usize,
    stride: (usize, usize) = (1, 1),
    /// A factor.
    scale: f64 = 1.0
)]
impl GroupConv2D {
    #[type_check(x: Float[n, c, ..], w: x.dtype[_, c / self.groups, .., CHANNELS], b: x.dtype[n]; c % self.groups == 0, n >= self.groups)]
    #[outputs(y, mask)]
    pub fn forward(&self, x: &Array, w: &Array, b: Option<&Array>) -> (Array, Array) {
        let _ = (w, self.stride);
        let y = x * self.scale;
        (b.map_or(y.clone(), |b| y * b.reshape([b.size(), 1])), x + 1.0)
    }
    fn backward(
        &self,
        x: &Variable,
        w: &Shape,
        b: Option<&Variable>,
        gy: &Variable,
        gmask: Option<&Variable>,
    ) -> (Variable, Option<Variable>, Option<Variable>) {
        assert_eq!(w.ndim(), 3);
        let gx = gy * self.scale;
        let gx = match b {
            Some(b) => gx * b.reshape([b.size(), 1]),
            None => gx,
        };
        let gx = match gmask {
            Some(gmask) => gx + gmask,
            None => gx,
        };
        (gx, None, b.map(|_| (gy * x * self.scale).sum_axes(1, false)))
    }
}

#[test]
fn settings_optional_inputs_and_several_outputs() {
    let (x, b) = (leaf(&[1.0, 2.0, 3.0, 4.0]), leaf(&[10.0, 100.0]));
    let w = Array::zeros([5, 1, CHANNELS], Dtype::F64);
    let (y, mask) = group_conv_2d(x.reshape([2, 2]), &w, &b, 2);
    assert_eq!(values(&y), [10.0, 20.0, 300.0, 400.0]);
    (y.sum() + mask.sum()).backward().unwrap();
    assert_eq!((grad(&x), grad(&b)), (vec![11.0, 11.0, 101.0, 101.0], vec![3.0, 7.0]));

    let (y, _) = GroupConv2D::new(2).scale(3.0).stride((2, 2)).call(x.reshape([2, 2]), &w, None);
    assert_eq!(values(&y), [3.0, 6.0, 9.0, 12.0]);
    x.cleargrad();
    y.sum().backward().unwrap();
    assert_eq!(grad(&x), [3.0; 4]);
}

#[test]
fn conditions_name_what_failed_and_never_panic() {
    let x = leaf(&[1.0, 2.0, 3.0, 4.0]).reshape([2, 2]);
    let w = |n| Array::zeros([5, n, CHANNELS], Dtype::F64);
    let text = message(&group_conv_2d(&x, w(1), None, 0).0);
    assert!(text.contains("Expect: self.groups != 0"), "{text}");
    let text = message(&group_conv_2d(&x, w(2), None, 2).1);
    assert!(
        text.contains("Expect: w.shape[1] == x.shape[1] / self.groups") && text.contains("Actual: 2 != 1"),
        "{text}"
    );
    let text = message(&group_conv_2d(&x, w(0), None, 3).0);
    assert!(text.contains("Expect: x.shape[1] % self.groups == 0") && text.contains("Actual: 2 != 0"), "{text}");
    let text = message(&group_conv_2d(&x, Array::zeros([5, 1, 3], Dtype::F64), None, 2).0);
    assert!(text.contains("Expect: w.shape[-1] == CHANNELS") && text.contains("Actual: 3 != 2"), "{text}");
    let text = message(&group_conv_2d(&x, w(1), array(&[1.0]), 2).0);
    assert!(text.contains("Expect: x.shape[0] == b.shape[0]") && text.contains("Actual: 2 != 1"), "{text}");
}

/// An own struct and constructor: the wrapper takes what `new` takes.
pub struct Power {
    exponent: i32,
}
#[function]
impl Power {
    fn new(exponent: i32) -> Self {
        Power { exponent }
    }
    pub fn forward(&self, x: &Array) -> Result<Array, Error> {
        x.check()?;
        Ok(x.pow(self.exponent))
    }
    fn backward(&self, x: &Variable, gy: &Variable) -> Variable {
        gy * x.pow(self.exponent - 1) * self.exponent
    }
}

#[test]
fn functions_with_structs_of_their_own() {
    let x = leaf(&[2.0, 3.0]);
    let y = power(&x, 3);
    assert_eq!(values(&y), [8.0, 27.0]);
    y.sum().backward().unwrap();
    assert_eq!(grad(&x), [12.0, 27.0]);
}

/// A weighted sum of any number of arrays; three inputs vary in number.
#[function(weight: f64)]
impl Mix {
    #[type_check(xs: Float[n], ys: xs.dtype[n], z: xs.dtype[n]; n as f64 > self.weight)]
    fn forward(&self, xs: &[Array], ys: &[Array], z: Option<&Array>) -> Array {
        let total = xs.iter().cloned().reduce(|a, b| a + b).unwrap();
        let total = ys.iter().fold(total, |a, b| a + b * self.weight);
        z.map_or(total.clone(), |z| total * z)
    }
    fn backward(
        &self,
        xs: &[Variable],
        ys: &[Variable],
        z: Option<&Variable>,
        gt: &Variable,
    ) -> (Vec<Variable>, Vec<Option<Variable>>, Option<Variable>) {
        let g = z.map_or(gt.clone(), |z| gt * z);
        let gys = ys.iter().map(|_| Some(&g * self.weight)).collect();
        let sum = |list: &[Variable]| list.iter().cloned().reduce(|a, b| a + b).unwrap();
        (xs.iter().map(|_| g.clone()).collect(), gys, z.map(|_| gt * (sum(xs) + sum(ys) * self.weight)))
    }
}

#[test]
fn several_inputs_may_vary_in_number() {
    let (x, y, z) = (leaf(&[1.0, 2.0]), leaf(&[3.0, 4.0]), leaf(&[5.0, 6.0]));
    let t = mix([&x, &x], [&y], &z, 1.5);
    assert_eq!(values(&t), [32.5, 60.0]);
    t.sum().backward().unwrap();
    assert_eq!((grad(&x), grad(&y), grad(&z)), (vec![10.0, 12.0], vec![7.5, 9.0], vec![6.5, 10.0]));
    let text = message(&mix([&x, &leaf(&[1.0])], [&y], None, 1.5));
    assert!(text.contains("Expect: xs[0].shape[0] == xs[1].shape[0]") && text.contains("Actual: 2 != 1"), "{text}");
    let text = message(&mix(Vec::<Variable>::new(), [&y], None, 1.5));
    assert!(text.contains("Expect: len(xs) > 0"), "{text}");
    let text = message(&mix([&x], [&y], None, 2.5));
    assert!(
        text.contains("Expect: xs[0].shape[0] as f64 > self.weight") && text.contains("Actual: 2.0 <= 2.5"),
        "{text}"
    );
}

/// Any number of inputs and outputs.
#[function]
impl Halves {
    fn forward(&self, xs: &[Array]) -> Vec<Array> {
        xs.iter().map(|x| x * 0.5).collect()
    }
    fn backward(&self, gys: &[Variable]) -> Vec<Variable> {
        gys.iter().map(|gy| gy * 0.5).collect()
    }
}

#[test]
fn any_number_of_inputs_and_outputs() {
    let (a, b) = (leaf(&[4.0]), leaf(&[6.0]));
    let ys = halves([&a, &b]);
    assert_eq!((values(&ys[0]), values(&ys[1])), (vec![2.0], vec![3.0]));
    ys[1].backward().unwrap();
    assert_eq!((grad(&a), grad(&b)), (vec![0.0], vec![0.5]));
}

/// Over arrays: first derivatives only.
#[function]
impl Cube {
    fn forward(&self, x: &Array) -> Array {
        x * x * x
    }
    fn backward(&self, x: &Array, gy: &Array) -> Array {
        gy * x * x * 3.0
    }
}

#[test]
fn second_derivatives_through_arrays_are_an_error_that_names_the_call() {
    let x = leaf(&[2.0]);
    cube(&x).backward().unwrap();
    assert_eq!(grad(&x), [12.0]);
    let y = cube(&x);
    let options = GradOptions { create_graph: true, ..Default::default() };
    let gx = grad_with([&y], [&x], options).unwrap().remove(0).unwrap();
    assert_eq!(values(&gx), [12.0]);
    let text = gx.backward().unwrap_err().to_string();
    assert!(text.contains("cube") && text.contains("functions.rs"), "{text}");
}

/// Not differentiable.
#[function]
impl Sign {
    fn forward(&self, x: &Array) -> Array {
        x.sign()
    }
}

/// What backward reads of an output, and a name of its own.
#[function(name = my_tanh)]
impl Hyperbolic {
    fn forward(&self, x: &Array) -> Array {
        x.tanh()
    }
    fn backward(&self, _x: &Variable, y: &Variable, gy: &Variable) -> Variable {
        gy * (1.0 - y * y)
    }
}

/// One text for each kind of device.
#[function]
impl ByDevice {
    fn forward_cpu(&self, x: &Array) -> Array {
        x * 2.0
    }
    fn forward_cuda(&self, x: &Array) -> Array {
        x + x
    }
    fn backward(&self, gy: &Variable) -> Variable {
        gy * 2.0
    }
}

#[test]
fn functions_of_other_shapes() {
    let x = leaf(&[-2.0]);
    (sign(&x) + &x).backward().unwrap();
    assert_eq!(grad(&x), [1.0]);
    x.cleargrad();
    my_tanh(&x).backward().unwrap();
    assert!((grad(&x)[0] - (1.0 - 2f64.tanh().powi(2))).abs() < 1e-15);
    x.cleargrad();
    by_device(&x).backward().unwrap();
    assert_eq!(grad(&x), [2.0]);
}

#[test]
fn failed_inputs_pass_through() {
    let failed = Variable::failed(Error::new(chainer::ErrorKind::State, "earlier", "broken"));
    assert!(message(&power(failed.clone(), 2)).contains("broken"));
    let (y, mask) = group_conv_2d(&failed, &failed, None, 2);
    assert!(message(&y).contains("broken") && message(&mask).contains("broken"));
}
