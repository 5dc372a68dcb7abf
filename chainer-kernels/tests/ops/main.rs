//! The operations of `chainer_kernels::ops` by their values, on every layout, and their refusals of bad input.

mod indexing;
mod products;
mod rearranging;
mod refusals;
mod threads;

use chainer_kernels::{Array, ArrayOps, Dtype};

/// Row-major 0, 1, 2 … of a shape.
fn counting(shape: &[usize]) -> Array {
    Array::from_vec((0..shape.iter().product::<usize>() as i64).collect(), shape)
}

/// Numbers from -0.5 to 0.5.
fn random(shape: &[usize], dtype: Dtype, seed: u64) -> Array {
    let mut state = seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1;
    let values: Vec<f64> = (0..shape.iter().product::<usize>())
        .map(|_| {
            state = state.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407);
            (state >> 40) as f64 / (1u64 << 24) as f64 - 0.5
        })
        .collect();
    Array::from_vec(values, shape).astype(dtype)
}

/// The integers of an array of any dtype.
#[track_caller]
fn integers(array: &Array) -> Vec<i64> {
    array.astype(Dtype::I64).to_vec().unwrap()
}

/// The text of an array's error, pending ones computed.
#[track_caller]
fn refusal(array: &Array) -> String {
    array.force().map(|_| ()).expect_err("the operation succeeded").to_string()
}
