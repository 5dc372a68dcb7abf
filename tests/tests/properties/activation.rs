//! Activations, noise and normalizations: what is fused, on how many threads, and in which dtype, must not show.

use chainer::{Array, ArrayOps, Dtype, GradOptions, Result, Variable, functions as F, grad_with};
use chainer_kernels::cpu::set_num_threads;
use chainer_kernels::random::{Generator, record_draws, repeat_draws};
use proptest::prelude::*;

use crate::{assert_near, full_shapes, refused};

pub type Function = (&'static str, fn(&Variable) -> Variable);

/// Functions of single elements, of any shape with an axis.
const ELEMENTWISE: &[Function] = &[
    ("clipped_relu", |x| F::ClippedRelu::new().z(1.5).call(x)),
    ("crelu", |x| F::Crelu::new().axis(-1).call(x)),
    ("dropout", |x| F::dropout(x, 0.3)),
    ("elu", |x| F::elu(x)),
    ("gaussian", |x| F::gaussian(x, x)),
    ("gelu", |x| F::gelu(x)),
    ("gelu, approximate", |x| F::Gelu::new().approximate(true).call(x)),
    ("hard_sigmoid", |x| F::hard_sigmoid(x)),
    ("hard_tanh", |x| F::hard_tanh(x)),
    ("leaky_relu", |x| F::leaky_relu(x)),
    ("log_sigmoid", |x| F::log_sigmoid(x)),
    ("mish", |x| F::mish(x)),
    ("prelu", |x| F::prelu(x, Array::full((), 0.3, x.dtype()))),
    ("relu", |x| F::relu(x)),
    ("selu", |x| F::selu(x)),
    ("sigmoid", |x| F::sigmoid(x)),
    ("silu", |x| F::Silu::new().beta(1.5).call(x)),
    ("softplus", |x| F::Softplus::new().beta(0.5).call(x)),
    ("swish", |x| F::swish(x, Array::full((), -0.7, x.dtype()))),
    ("tanh", |x| F::tanh(x)),
    ("zoneout", |x| F::zoneout(x, x.square(), 0.4)),
];

/// Functions of samples, of matrices.
const OF_SAMPLES: &[Function] = &[
    ("attention", |x| F::ScaledDotProductAttention::new().causal(true).call(x, x, x)),
    ("batch_normalization", |x| F::batch_normalization(x, channels(x, 1.3), channels(x, 0.2))),
    ("group_normalization", |x| F::group_normalization(x, 1, channels(x, 1.3), channels(x, 0.2))),
    ("layer_normalization", |x| F::layer_normalization(x, channels(x, 1.3), channels(x, 0.2))),
    ("local_response_normalization", |x| F::LocalResponseNormalization::new().alpha(0.1).call(x)),
    ("log_softmax", |x| F::log_softmax(x)),
    ("maxout", |x| F::maxout(x, 1)),
    ("normalize", |x| F::normalize(x)),
    ("rms_norm", |x| F::rms_norm(x, channels(x, 1.3))),
    ("simplified_dropconnect", |x| F::simplified_dropconnect(x, x, None)),
    ("softmax", |x| F::softmax(x)),
];

fn channels(x: &Variable, value: f64) -> Array {
    Array::full(x.shape()[1], value, x.dtype())
}

/// Numbers from -3 to 3.
pub fn numbers(shape: &[usize], seed: u64, dtype: Dtype) -> Array {
    let drawn = Generator::new(seed).uniform(shape, -3.0, 3.0, Dtype::F64).astype(dtype).copy();
    // Read, so that it is no pending draw.
    drawn.force().map_or_else(Array::failed, Array::clone)
}

/// The result of functions one after the other, and the gradient at x. With `eager` every value is computed where it stands.
pub fn chained(functions: &[Function], x: &Array, eager: bool) -> Result<[Array; 2]> {
    let x = Variable::new(x.clone());
    let mut y = x.clone();
    for (_, function) in functions {
        y = function(&y);
        if eager {
            y.data().force()?;
        }
    }
    let gy = numbers(y.shape(), 5, y.dtype());
    let options = GradOptions { grad_outputs: vec![Some(Variable::constant(gy))], create_graph: false };
    let gx = grad_with([&y], [&x], options)?.remove(0).map_or_else(|| Array::zeros_like(x.data()), Variable::into_data);
    Ok([y.into_data(), gx])
}

pub fn bits(arrays: [Array; 2]) -> Result<Vec<u64>> {
    let mut all = Vec::new();
    for array in arrays {
        all.extend(array.to_f64_vec()?.into_iter().map(f64::to_bits));
    }
    Ok(all)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn fused_functions_equal_single_ones_bit_for_bit(
        shape in full_shapes(),
        seed: u64,
        steps in prop::collection::vec(0..ELEMENTWISE.len(), 1..6),
        dtype in prop::sample::select(vec![Dtype::F16, Dtype::BF16, Dtype::F32, Dtype::F64]),
    ) {
        let x = numbers(&shape, seed, dtype);
        let functions: Vec<Function> = steps.into_iter().map(|step| ELEMENTWISE[step]).collect();
        let names: Vec<&str> = functions.iter().map(|(name, _)| *name).collect();
        let (lazy, draws) = record_draws(|| chained(&functions, &x, false).and_then(bits));
        let eager = repeat_draws(&draws, || chained(&functions, &x, true).and_then(bits));
        prop_assert_eq!(lazy.map_err(refused)?, eager.map_err(refused)?, "{:?}", names);
    }

    #[test]
    fn float32_is_near_float64(rows in 1usize..5, columns in 2usize..6, seed: u64, number in 0..ELEMENTWISE.len() + OF_SAMPLES.len()) {
        let function = ELEMENTWISE.iter().chain(OF_SAMPLES).copied().nth(number).unwrap_or(ELEMENTWISE[0]);
        // Draws of float64 are other numbers than those of float32.
        if function.0 == "gaussian" {
            return Ok(());
        }
        // Away from the places where gradients jump.
        let x = (numbers(&[rows, columns], seed, Dtype::F64) * 16.0).floor() / 16.0 + 0.03125;
        let (exact, draws) = record_draws(|| chained(&[function], &x, true));
        let near = repeat_draws(&draws, || chained(&[function], &x.astype(Dtype::F32), true));
        assert_near(function.0, &near.map_err(refused)?, &exact.map_err(refused)?)?;
    }
}

#[test]
fn results_do_not_depend_on_the_number_of_threads() {
    let before = chainer_kernels::cpu::threads();
    let (wide, matrix) = (numbers(&[32, 1024], 3, Dtype::F32), numbers(&[280, 12], 4, Dtype::F32));
    let functions = ELEMENTWISE.iter().map(|f| (f, &wide)).chain(OF_SAMPLES.iter().map(|f| (f, &matrix)));
    for (&function, x) in functions {
        set_num_threads(1);
        let (one, draws) = record_draws(|| chained(&[function], x, false).and_then(bits));
        for threads in [2, 5] {
            set_num_threads(threads);
            let several = repeat_draws(&draws, || chained(&[function], x, false).and_then(bits));
            assert!(one.as_ref().ok() == several.as_ref().ok() && one.is_ok(), "{} on {threads} threads", function.0);
        }
    }
    set_num_threads(before);
}
