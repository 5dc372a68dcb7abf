//! Claims about variables, the backward pass and what travels through them.

use chainer::function_hooks::{PrintHook, TimerHook};
use chainer::{
    Array, BackwardContext, Dtype, ErrorKind, Flag, Function, GradOptions, Gradients, Mismatch, Outputs, Parameter,
    Result, Retain, Variable, apply, attempt, backward, debug_mode, force_backprop_mode, functions as F, grad,
    grad_with, no_backprop_mode, type_check, using_config,
};

fn leaf(values: &[f64]) -> Variable {
    Variable::new(Array::from_slice(values, values.len()))
}

fn number(value: f64) -> Variable {
    Variable::new(Array::scalar(value))
}

fn grad_of(x: &Variable) -> Vec<f64> {
    x.grad().expect("a gradient").to_vec().unwrap()
}

#[test]
fn values_and_first_derivatives() {
    let (x, y) = (leaf(&[1.0, 2.0]), leaf(&[3.0, 5.0]));
    let z = (&x * &y + &x).sum();
    assert_eq!(z.item::<f64>().unwrap(), 16.0);
    z.backward().unwrap();
    assert_eq!(grad_of(&x), [4.0, 6.0]);
    assert_eq!(grad_of(&y), [1.0, 2.0]);
}

#[test]
fn all_four_pairs_and_numbers_on_both_sides() {
    let (x, y) = (number(7.0), number(2.0));
    let value = |v: Variable| v.item::<f64>().unwrap();
    assert_eq!(value(&x - &y), 5.0);
    assert_eq!(value(&x - y.clone()), 5.0);
    assert_eq!(value(x.clone() - &y), 5.0);
    assert_eq!(value(x.clone() - y.clone()), 5.0);
    assert_eq!(value(2.0 - &y), 0.0);
    assert_eq!(value(1 - x.clone()), -6.0);
    assert_eq!(value(&x % 4), 3.0);
    assert_eq!(value(&x / Array::scalar(2.0f64)), 3.5);
    assert_eq!(value(&x * &Parameter::new(Array::scalar(3.0f64))), 21.0);
    assert_eq!(value(-&x), -7.0);
    let mut sum = x.clone();
    sum += &y;
    sum *= 2.0;
    sum -= 1;
    sum /= 17.0;
    assert_eq!(value(sum), 1.0);
}

#[test]
fn numbers_keep_the_dtype() {
    let x = Variable::new(Array::from([1.0f32]));
    assert_eq!((&x * 2.0f64 + 1 - 0.5f32).dtype(), Dtype::F32);
    assert_eq!((2.0 / &x).dtype(), Dtype::F32);
}

#[test]
fn backward_twice_accumulates() {
    let x = leaf(&[1.0, 2.0]);
    let y = (&x * &x).sum();
    y.backward().unwrap();
    y.backward().unwrap();
    assert_eq!(grad_of(&x), [4.0, 8.0]);
    x.cleargrad();
    assert!(x.grad().is_none());
    (&x * 3.0).sum().backward().unwrap();
    assert_eq!(grad_of(&x), [3.0, 3.0]);
}

#[test]
fn a_variable_used_twice_gets_both_gradients() {
    let x = number(3.0);
    let h = &x * 2.0;
    let y = &h * &h + &h;
    y.backward().unwrap();
    assert_eq!(grad_of(&x), [26.0]);
}

#[test]
fn intermediate_gradients_are_dropped_unless_retained() {
    let x = number(3.0);
    let h = &x * &x;
    let y = &h * 2.0;
    y.backward().unwrap();
    assert!(h.grad().is_none());
    assert_eq!(grad_of(&y), [1.0], "the output keeps its seed");
    y.backward_with().retain_grad().run().unwrap();
    assert_eq!(grad_of(&h), [2.0]);
    y.backward().unwrap();
    assert!(h.grad().is_none(), "a later pass that does not retain clears it");
}

#[test]
fn retained_gradients_have_the_full_shape() {
    let x = leaf(&[1.0, 2.0, 3.0]);
    let h = x.exp();
    h.sum().backward_with().retain_grad().run().unwrap();
    assert_eq!(h.grad().unwrap().shape(), h.shape());
    assert_eq!(grad_of(&h), [1.0; 3]);
}

#[test]
fn several_elements_need_a_gradient_to_start_with() {
    let x = leaf(&[1.0, 2.0]);
    let y = &x * 2.0;
    let error = y.backward().unwrap_err();
    assert_eq!(error.kind(), ErrorKind::State);
    assert!(error.to_string().contains("(2,)"), "{error}");
    assert!(error.to_string().contains("tests/autograd.rs"), "{error}");
    y.set_grad(Array::from([1.0f64, 10.0])).unwrap();
    y.backward().unwrap();
    assert_eq!(grad_of(&x), [2.0, 20.0]);
}

#[test]
fn set_grad_refuses_other_shapes_and_dtypes() {
    let x = leaf(&[1.0, 2.0]);
    let shape = x.set_grad(Array::zeros(3, Dtype::F64)).unwrap_err();
    assert!(shape.to_string().contains("(3,) != (2,)"), "{shape}");
    let dtype = x.set_grad(Array::zeros(2, Dtype::F32)).unwrap_err();
    assert!(dtype.to_string().contains("float32 != float64"), "{dtype}");
    assert!(Variable::constant(Array::scalar(1.0f64)).set_grad(Array::scalar(1.0f64)).is_err());
}

#[test]
fn broadcasting_sums_in_backward() {
    let (x, b) = (Variable::new(Array::ones([2, 3], Dtype::F64)), leaf(&[1.0, 2.0, 3.0]));
    let c = Variable::new(Array::ones([2, 1], Dtype::F64));
    ((&x + &b) * &c).sum().backward().unwrap();
    assert_eq!(grad_of(&x), [1.0; 6]);
    assert_eq!(grad_of(&b), [2.0; 3]);
    assert_eq!(grad_of(&c), [9.0, 9.0]);
    assert_eq!(c.grad().unwrap().shape(), c.shape());
}

#[test]
fn broadcasting_counts_where_the_gradient_is_still_small() {
    // The gradient that arrives at the addition is a single number; b was stretched four times, s twelve times.
    let (b, s) = (leaf(&[1.0, 2.0, 3.0]), number(1.0));
    let x = Variable::new(Array::ones([4, 3], Dtype::F64));
    (&x + &b + &s).sum().backward().unwrap();
    assert_eq!(grad_of(&b), [4.0; 3]);
    assert_eq!(grad_of(&s), [12.0]);
    let y = Variable::new(Array::ones([4, 1, 2], Dtype::F64));
    F::sum(F::broadcast_to(&y, [5, 4, 3, 2]), [0, 3], false).sum().backward().unwrap();
    assert_eq!(grad_of(&y), [15.0; 8]);
    let z = Variable::new(Array::ones([0, 1], Dtype::F64));
    let w = Variable::new(Array::ones([1, 1], Dtype::F64));
    (&z + &w).sum().backward().unwrap();
    assert_eq!(grad_of(&w), [0.0]);
}

#[test]
fn partial_sums_hand_on_small_gradients() {
    let x = Variable::new(Array::from_vec((0..24).map(f64::from).collect(), [2, 3, 4]));
    let y = F::sum(&x, 1, false); // (2, 4)
    let z = (F::sum(&y, 0, false) * Array::from([1.0f64, 2.0, 3.0, 4.0])).sum();
    z.backward().unwrap();
    assert_eq!(grad_of(&x), [1.0, 2.0, 3.0, 4.0].repeat(6));
    x.cleargrad();
    F::transpose(F::reshape(F::sum(&x, [0, -1], true), [3]), &[]).sum().backward().unwrap();
    assert_eq!(grad_of(&x), [1.0; 24]);
}

#[test]
fn mixed_dtypes_give_each_leaf_its_own() {
    let (x, y) = (Variable::new(Array::from([2.0f32])), leaf(&[3.0]));
    let z = (&x * &y).sum();
    assert_eq!(z.dtype(), Dtype::F64);
    z.backward().unwrap();
    assert_eq!(x.grad().unwrap().dtype(), Dtype::F32);
    assert_eq!(x.grad().unwrap().to_vec::<f32>().unwrap(), [3.0]);
    assert_eq!(grad_of(&y), [2.0]);
}

#[test]
fn integers_have_no_gradient() {
    let i = Variable::new(Array::from([1i32, 2]));
    assert!(!i.requires_grad());
    let x = leaf(&[1.0, 2.0]);
    (&x * &i).sum().backward().unwrap();
    assert_eq!(grad_of(&x), [1.0, 2.0]);
    assert!(i.grad().is_none());
    assert!(!x.greater(1.5).requires_grad());
}

#[test]
fn functions_without_a_derivative_pass_nothing_on() {
    let x = leaf(&[1.5, -2.5]);
    let y = (x.floor() + x.sign()).sum();
    y.backward().unwrap();
    assert!(x.grad().is_none());
}

#[test]
fn second_derivatives() {
    let x = number(2.0);
    let y = &x * &x * &x; // x^3
    y.backward_with().create_graph().run().unwrap();
    let gx = x.grad().unwrap();
    assert_eq!(gx.item::<f64>().unwrap(), 12.0);
    x.cleargrad();
    gx.backward().unwrap();
    assert_eq!(grad_of(&x), [12.0]);
    x.cleargrad();
}

#[test]
fn derivatives_of_any_order() {
    let x = number(0.7);
    let mut y = x.sin();
    for _ in 0..4 {
        let options = GradOptions { create_graph: true, ..GradOptions::default() };
        y = grad_with([&y], [&x], options).unwrap()[0].clone().unwrap();
    }
    assert!((y.item::<f64>().unwrap() - 0.7f64.sin()).abs() < 1e-12);
}

#[test]
fn second_derivatives_through_sums_and_shapes() {
    let x = Variable::new(Array::from_vec(vec![1.0, 2.0, 3.0, 4.0, 5.0, 6.0], [2, 3]));
    let b = leaf(&[0.5, -1.0, 2.0]);
    let y = (F::transpose(F::reshape(&x * &x * &b, [3, 2]), &[]).sum_axes(0, false)
        * Array::from([1.0f64, 10.0, 100.0]))
    .sum();
    let _ = y;
    let h = F::sum(F::reshape(&x * &x * &b, [3, 2]), 1, true); // (3, 1)
    let loss = (&h * &h).sum();
    let options = GradOptions { create_graph: true, ..GradOptions::default() };
    let gx = grad_with([&loss], [&x], options).unwrap()[0].clone().unwrap();
    // loss = sum_k h_k^2 with h = (0.5*1 - 4, 2*9 + 0.5*16, -25 + 2*36)
    let h = [0.5 - 4.0, 18.0 + 8.0, -25.0 + 72.0];
    let row = [0, 0, 1, 1, 2, 2];
    let (xs, bs) = ([1.0, 2.0, 3.0, 4.0, 5.0, 6.0], [0.5, -1.0, 2.0, 0.5, -1.0, 2.0]);
    let expected: Vec<f64> = (0..6).map(|i| 2.0 * h[row[i]] * 2.0 * xs[i] * bs[i]).collect();
    assert_eq!(gx.to_vec::<f64>().unwrap(), expected);
    // d/db of sum(gx): sum_i 4 x_i (b_i dh/db_j + h delta)
    let gb = grad([&gx.sum()], [&b]).unwrap()[0].clone().unwrap().to_vec::<f64>().unwrap();
    let expected: Vec<f64> = (0..3)
        .map(|j| {
            (0..6)
                .map(|i| {
                    let dh: f64 = (0..6).filter(|&k| k % 3 == j && row[k] == row[i]).map(|k| xs[k] * xs[k]).sum();
                    4.0 * xs[i] * (bs[i] * dh + if i % 3 == j { h[row[i]] } else { 0.0 })
                })
                .sum()
        })
        .collect();
    for (got, want) in gb.iter().zip(expected) {
        assert!((got - want).abs() < 1e-9, "{gb:?}");
    }
}

#[test]
fn grad_leaves_the_variables_alone() {
    let (x, z) = (number(3.0), number(1.0));
    let h = &x * &x;
    let y = &h * 2.0;
    let found = grad([&y], [&x, &h, &z, &y]).unwrap();
    let values: Vec<Option<f64>> = found.iter().map(|g| g.as_ref().map(|g| g.item().unwrap())).collect();
    assert_eq!(values, [Some(12.0), Some(2.0), None, Some(1.0)]);
    assert!([&x, &h, &z, &y].iter().all(|v| v.grad().is_none()));
    let seeded = GradOptions { grad_outputs: vec![Some(number(10.0))], ..GradOptions::default() };
    assert_eq!(grad_with([&y], [&x], seeded).unwrap()[0].as_ref().unwrap().item::<f64>().unwrap(), 120.0);
}

#[test]
fn several_outputs_flow_together() {
    let x = number(3.0);
    backward([&(&x * 2.0), &(&x * &x)]).run().unwrap();
    assert_eq!(grad_of(&x), [8.0]);
}

#[test]
fn unchaining_stops_the_pass() {
    let x = number(3.0);
    let h = &x * &x;
    let y = &h * 2.0;
    h.unchain_backward();
    y.backward().unwrap();
    assert_eq!(grad_of(&h), [2.0]);
    assert!(x.grad().is_none());

    let (a, b) = (&x + 1.0, &x + 2.0);
    let c = &a * &b;
    a.unchain();
    c.backward().unwrap();
    assert_eq!(grad_of(&x), [4.0], "only through b");
    c.unchain_backward();
    c.backward().unwrap();
    assert_eq!(grad_of(&x), [4.0]);
}

#[test]
fn detached_values_carry_no_gradient() {
    let x = number(3.0);
    (x.detach() * &x).backward().unwrap();
    assert_eq!(grad_of(&x), [3.0]);
    assert!(!x.detach().requires_grad());
}

#[test]
fn volatile_flags() {
    let x = number(3.0).with_volatile(Flag::On);
    let w = number(2.0);
    let p = Parameter::new(Array::scalar(5.0f64));
    let h = &x * &p;
    assert_eq!((h.volatile(), h.requires_grad(), h.item::<f64>().unwrap()), (Flag::On, false, 15.0));
    let error = (&h * &w).check().unwrap_err();
    assert!(error.to_string().contains("volatile"), "{error}");
    assert_eq!(error.operation(), "multiply");
    assert!(F::sum(&h, None, false).volatile() == Flag::On);
    assert!(h.backward().is_err());
    // A fixed extractor below, a trained predictor above.
    let feature = h.with_volatile(Flag::Off);
    (&feature * &w).backward().unwrap();
    assert_eq!(grad_of(&feature), [2.0]);
    assert_eq!(grad_of(&w), [15.0]);
    assert!(p.grad().is_none());
    let auto = p.var() * 2.0;
    assert_eq!((auto.volatile(), auto.requires_grad()), (Flag::Auto, true));
}

#[test]
fn backprop_modes() {
    let x = number(3.0);
    let _off = no_backprop_mode();
    let y = &x * &x;
    assert!(!y.requires_grad() && !F::sum(&x, None, false).requires_grad());
    assert_eq!(y.backward().unwrap_err().kind(), ErrorKind::State);
    {
        let _on = force_backprop_mode();
        assert!((&x * &x).requires_grad());
    }
    assert!(!(&x * &x).requires_grad());
    assert!((number(1.0).with_volatile(Flag::Off) * 2.0).requires_grad(), "off by hand always records");
}

#[test]
fn parameters_gather_the_gradients_of_all_uses() {
    let w = Parameter::uninitialized(|shape| Array::full(shape, 2.0, Dtype::F64)).with_name("W");
    let error = (number(1.0) * &w).backward().unwrap_err();
    assert!(error.to_string().contains("`W` has no value yet"), "{error}");
    assert!(error.to_string().contains("tests/autograd.rs"), "{error}");
    w.initialize(3).unwrap();
    w.initialize(3).unwrap();
    let (a, b) = ((w.var() * 3.0).sum(), w.var().sum());
    a.backward().unwrap();
    b.backward().unwrap();
    assert_eq!(w.grad().unwrap().to_vec::<f64>().unwrap(), [4.0; 3]);
    w.set(w.array().unwrap() + 1.0);
    assert!(w.grad().is_some(), "the gradient survives an update");
    assert_eq!(w.var().name().as_deref(), Some("W"));
    w.cleargrad();
    w.add_grad(&Array::ones(3, Dtype::F64)).unwrap();
    w.add_grad(&Array::ones(3, Dtype::F64)).unwrap();
    assert_eq!(w.grad().unwrap().to_vec::<f64>().unwrap(), [2.0; 3]);
    assert!(w.add_grad(&Array::ones(2, Dtype::F64)).is_err());
    w.set_requires_grad(false);
    assert!(!(w.var() * 2.0).requires_grad());
    let other = w.copy();
    assert!(other != w && other.id() != w.id() && w.clone() == w);
    other.set(Array::zeros(5, Dtype::F64));
    assert_eq!((other.size(), w.size()), (5, 3));
}

#[test]
fn an_initializer_that_fails_leaves_the_parameter_uninitialized() {
    let wrong = Parameter::uninitialized(|_| Array::zeros(7, Dtype::F32));
    let error = wrong.initialize(3).unwrap_err();
    assert!(error.to_string().contains("(7,) != (3,)"), "{error}");
    assert!(!wrong.is_initialized());
}

// ---- functions

/// (x * y, x + y); keeps a place for what backward was told.
struct MulAndAdd;

impl Function for MulAndAdd {
    fn name(&self) -> &'static str {
        "mul_and_add"
    }
    fn type_check(&self, inputs: &[Array]) -> std::result::Result<(), Mismatch> {
        type_check::same_shape("x", &inputs[0], "y", &inputs[1])
    }
    fn forward(&self, inputs: &[Array]) -> Outputs {
        (&inputs[0] * &inputs[1], &inputs[0] + &inputs[1]).into()
    }
    fn backward(&self, c: &BackwardContext<'_>) -> Gradients {
        (c.gy(0) * c.input(1) + c.gy(1), c.gy(0) * c.input(0) + c.gy(1)).into()
    }
}

#[test]
fn functions_of_two_outputs() {
    let (x, y) = (number(3.0), number(5.0));
    let [product, sum] = apply(MulAndAdd, [&x, &y]).many();
    (&product * &sum).backward().unwrap();
    // d/dx x y (x + y) = 2xy + y^2
    assert_eq!((grad_of(&x), grad_of(&y)), (vec![55.0], vec![39.0]));
    x.cleargrad();
    product.backward().unwrap();
    assert_eq!(grad_of(&x), [5.0], "the other output counts as zero");
    x.cleargrad();
    sum.set_grad(Array::scalar(10.0f64)).unwrap();
    product.backward().unwrap();
    assert_eq!(grad_of(&x), [15.0], "unless its gradient was set");
    x.cleargrad();
    drop(sum);
    product.backward().unwrap();
    assert_eq!(grad_of(&x), [5.0], "nobody is left who could have set it");
}

#[test]
fn functions_of_two_outputs_twice_differentiated() {
    let (x, y) = (number(3.0), number(5.0));
    let [product, sum] = apply(MulAndAdd, [&x, &y]).many();
    let z = &product * &sum;
    let first = grad_with([&z], [&x], GradOptions { create_graph: true, ..GradOptions::default() }).unwrap();
    let second = grad([first[0].as_ref().unwrap()], [&x, &y]).unwrap();
    let values: Vec<f64> = second.iter().map(|g| g.as_ref().unwrap().item().unwrap()).collect();
    assert_eq!(values, [10.0, 16.0]); // 2y, 2x + 2y
}

#[test]
fn type_checks_name_the_users_line() {
    let (x, y) = (leaf(&[1.0]), leaf(&[1.0, 2.0]));
    let line = line!() + 1;
    let [product, sum] = apply(MulAndAdd, [&x, &y]).many();
    let error = sum.backward().unwrap_err();
    assert_eq!(error.kind(), ErrorKind::InvalidType);
    let text = error.to_string();
    assert!(text.starts_with("InvalidType in mul_and_add (tests/tests/autograd.rs:"), "{text}");
    assert!(text.contains(&format!("autograd.rs:{line}:")), "{text}");
    assert!(text.ends_with("\n  Expect: x.shape == y.shape\n  Actual: (1,) != (2,)"), "{text}");
    assert_eq!(product.check().unwrap_err().to_string(), text);
}

#[test]
fn the_first_error_travels() {
    let x = Variable::new(Array::ones([2, 3], Dtype::F64));
    let line = line!() + 1;
    let bad = &x + Array::ones([4, 5], Dtype::F64);
    let later = F::reshape((bad.exp() * 2.0).sum(), [17]);
    let error = later.backward().unwrap_err();
    assert_eq!(error.location().map(|at| at.line()), Some(line), "{error}");
    assert!(error.location().unwrap().file().ends_with("autograd.rs"), "{error}");
    assert_eq!(later.item::<f64>().unwrap_err().to_string(), error.to_string());
    assert_eq!(later.dims::<1>().unwrap_err().to_string(), error.to_string());
    assert!(later.check().is_err() && later.error().is_some() && !later.requires_grad());
    let line = line!() + 1;
    let error = F::reshape(&x, [4]).check().unwrap_err();
    assert_eq!(error.location().map(|at| at.line()), Some(line), "{error}");
    let line = line!() + 1;
    let error = F::sum(&x, 2, false).check().unwrap_err();
    assert_eq!(error.location().map(|at| at.line()), Some(line), "{error}");
}

#[test]
fn attempts_catch_errors_as_failed_variables() {
    let x = leaf(&[1.0, 2.0]);
    let y = attempt(|| {
        let [rows, _] = x.dims()?;
        Ok(&x * rows as f64)
    });
    assert!(y.error().is_some_and(|e| e.to_string().contains("ndim == 2")));
    assert!((y + 1.0).backward().is_err());
}

/// A function whose backward returns what it is told to.
struct Odd(fn(&BackwardContext<'_>) -> Gradients, Retain);

impl Function for Odd {
    fn name(&self) -> &'static str {
        "odd"
    }
    fn forward(&self, inputs: &[Array]) -> Outputs {
        (&inputs[0] * 1.0).into()
    }
    fn retain(&self) -> Retain {
        self.1
    }
    fn backward(&self, c: &BackwardContext<'_>) -> Gradients {
        (self.0)(c)
    }
}

#[test]
fn errors_in_a_backward_name_the_forward_call() {
    let cases: [(Odd, &str); 4] = [
        (Odd(|c| c.input(0).clone().into(), Retain::none()), "`retain` does not name"),
        (Odd(|_| Variable::constant(Array::zeros(7, Dtype::F64)).into(), Retain::none()), "(7,) != (2,)"),
        (Odd(|c| (c.gy(0).clone(), c.gy(0).clone()).into(), Retain::none()), "2 > 1"),
        (Odd(|c| (c.gy(0) + Array::zeros([3, 3, 3], Dtype::F64)).into(), Retain::none()), "(2,) and (3, 3, 3)"),
    ];
    for (function, expected) in cases {
        let x = leaf(&[1.0, 2.0]);
        let line = line!() + 1;
        let h = apply(function, [&x]).one();
        let y = (h.exp() * &x).sum();
        let error = y.backward().unwrap_err();
        assert!(error.to_string().contains(expected), "{error}");
        if !expected.contains("and") {
            assert_eq!(error.location().map(|at| at.line()), Some(line), "{error}");
        }
        assert!(x.grad().is_none(), "gradients are as before");
        assert!(y.backward().is_err(), "and again");
    }
}

#[test]
fn a_gradient_may_be_smaller_or_larger_where_it_broadcasts() {
    let x = leaf(&[1.0, 2.0]);
    apply(Odd(|c| c.gy(0).sum().into(), Retain::none()), [&x]).one().sum().backward().unwrap();
    assert_eq!(grad_of(&x), [2.0, 2.0]);
    x.cleargrad();
    let large = Odd(|c| (c.gy(0) * Array::ones([3, 2], Dtype::F64)).into(), Retain::none());
    apply(large, [&x]).one().sum().backward().unwrap();
    assert_eq!(grad_of(&x), [3.0, 3.0]);
}

#[test]
fn first_order_functions_say_so() {
    struct Cube;
    impl Function for Cube {
        fn name(&self) -> &'static str {
            "cube"
        }
        fn forward(&self, inputs: &[Array]) -> Outputs {
            (&inputs[0] * &inputs[0] * &inputs[0]).into()
        }
        fn backward(&self, c: &BackwardContext<'_>) -> Gradients {
            let x = c.input(0).data();
            let gx = c.gy(0).data() * x * x * 3.0;
            Variable::first_order_only(gx, self.name(), c.location()).into()
        }
    }
    let x = number(2.0);
    let line = line!() + 1;
    let y = apply(Cube, [&x]).one();
    y.backward().unwrap();
    assert_eq!(grad_of(&x), [12.0]);
    let options = GradOptions { create_graph: true, ..GradOptions::default() };
    let gx = grad_with([&y], [&x], options).unwrap()[0].clone().unwrap();
    assert_eq!(gx.item::<f64>().unwrap(), 12.0);
    let error = grad([&gx], [&x]).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unsupported);
    assert!(error.to_string().contains("first derivatives only"), "{error}");
    assert_eq!(error.location().map(|at| at.line()), Some(line));
}

// ---- depth and memory

#[test]
fn a_million_operations_need_no_stack() {
    let work = || -> Result<()> {
        let x = number(0.0);
        let mut h = &x + 1.0;
        for _ in 0..1_000_000 {
            h += 1.0;
        }
        assert_eq!(h.rank(), 1_000_001);
        h.backward()?;
        assert_eq!(h.item::<f64>()?, 1_000_001.0);
        assert_eq!(x.grad().unwrap().item::<f64>()?, 1.0);
        drop(h);
        // The same through functions, and unchained.
        let mut h = number(1.0);
        for _ in 0..200_000 {
            h = F::reshape(F::reshape(h, [1]), ());
        }
        h.backward()?;
        let end = h.clone();
        h.unchain_backward();
        drop((h, end));
        Ok(())
    };
    std::thread::Builder::new().stack_size(2 << 20).spawn(work).unwrap().join().unwrap().unwrap();
}

#[test]
fn retained_differentiable_gradients_need_no_stack_either() {
    let work = || -> Result<()> {
        let x = number(1.0);
        let mut h = &x * 1.0;
        for _ in 0..20_000 {
            h *= 1.0;
        }
        h.backward_with().retain_grad().create_graph().run()?;
        x.cleargrad();
        drop(h);
        Ok(())
    };
    std::thread::Builder::new().stack_size(2 << 20).spawn(work).unwrap().join().unwrap().unwrap();
}

#[test]
fn one_graph_may_be_walked_by_several_threads() {
    let x = leaf(&[1.0, 2.0, 3.0]);
    let mut h = &x * 1.0;
    for _ in 0..50 {
        h = (&h + &h) * 0.5;
    }
    let y = h.sum();
    std::thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| (0..50).for_each(|_| y.backward().unwrap()));
        }
    });
    assert_eq!(grad_of(&x), [200.0; 3]);
}

// ---- configuration, debug mode, hooks

#[test]
fn debug_mode_finds_the_operation_that_made_the_nan() {
    let _debug = debug_mode(true);
    let x = leaf(&[1.0, -1.0]);
    let line = line!() + 1;
    let y = x.log();
    let error = y.error().expect("failed at once").clone();
    assert_eq!(error.kind(), ErrorKind::NaN);
    assert_eq!(error.operation(), "log");
    assert_eq!(error.location().map(|at| at.line()), Some(line), "{error}");

    // NaN that appears in backward only: the derivative of sqrt at 0 times 0.
    let z = leaf(&[0.0, 1.0]);
    let line = line!() + 1;
    let root = z.sqrt();
    let y = (&root * Array::zeros(2, Dtype::F64)).sum();
    let error = y.backward().unwrap_err();
    assert_eq!((error.kind(), error.operation()), (ErrorKind::NaN, "sqrt"));
    assert_eq!(error.location().map(|at| at.line()), Some(line), "{error}");
    drop(_debug);
    assert!(x.log().check().is_ok());
}

#[test]
fn debug_mode_checks_functions_too() {
    let _debug = debug_mode(true);
    let x = leaf(&[f64::INFINITY, f64::NEG_INFINITY]);
    let error = F::sum(&x, None, false).check().unwrap_err();
    assert_eq!((error.kind(), error.operation()), (ErrorKind::NaN, "sum"));
}

#[test]
fn type_checks_can_be_turned_off() {
    let _off = using_config(|c| c.type_check = false);
    let (x, y) = (leaf(&[1.0]), leaf(&[1.0, 2.0]));
    let [product, _] = apply(MulAndAdd, [&x, &y]).many();
    assert_eq!(product.to_vec::<f64>().unwrap(), [1.0, 2.0]);
}

#[test]
fn timers_see_both_passes() {
    let timer = TimerHook::new();
    let x = leaf(&[1.0, 2.0]);
    {
        let _measuring = timer.enter();
        x.exp().sum().backward().unwrap();
    }
    let _ = x.exp();
    let names: Vec<_> = timer.call_history().into_iter().map(|(name, _)| name).collect();
    assert_eq!(names, ["exp", "sum", "sum", "exp"]);
}

#[test]
fn print_hooks_show_inputs_and_gradients() {
    #[derive(Clone, Default)]
    struct Text(std::rc::Rc<std::cell::RefCell<Vec<u8>>>);
    impl std::io::Write for Text {
        fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
            self.0.borrow_mut().extend_from_slice(bytes);
            Ok(bytes.len())
        }
        fn flush(&mut self) -> std::io::Result<()> {
            Ok(())
        }
    }
    let text = Text::default();
    let x = leaf(&[1.0, 2.0]);
    {
        let _printing = PrintHook::to(text.clone()).enter();
        F::sum(&x, None, false).backward().unwrap();
    }
    let text = String::from_utf8(text.0.borrow().clone()).unwrap();
    assert!(text.contains("function\tsum\ninput data\n  (2), float64: "), "{text}");
    assert!(text.contains("backward\tsum\n"), "{text}");
    assert!(text.contains("output gradient\n  float64: 1"), "{text}");
}
