//! What holds for any input: inverses, symmetries and the laws of derivatives, over random shapes, values and memory layouts. A file a
//! chapter, as in the library.
//!
//! Values are small whole numbers: their sums are exact in every order, so results are compared bit for bit.

mod activation;
mod array;
mod connection;
mod loss;
mod math;
mod pooling;

use chainer::{Array, Variable};
use proptest::prelude::*;

/// Sizes of up to four axes, empty and single ones among them.
fn shapes() -> impl Strategy<Value = Vec<usize>> {
    prop::collection::vec(0usize..5, 0..=4)
}

/// Sizes of one to four axes without an empty one.
fn full_shapes() -> impl Strategy<Value = Vec<usize>> {
    prop::collection::vec(1usize..5, 1..=4)
}

/// Whole numbers from -8 to 8 in an array of a memory layout that `seed` says: row-major, with the axes in memory the other way round, or
/// with gaps.
fn whole_numbers(shape: &[usize], seed: u64) -> Array {
    let size: usize = shape.iter().product();
    let mut state = seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1;
    let mut draw = || {
        state = state.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407);
        ((state >> 33) % 17) as f64 - 8.0
    };
    let mut values = |count: usize| (0..count).map(|_| draw()).collect::<Vec<f64>>();
    match seed % 3 {
        0 => Array::from_vec(values(size), shape),
        1 => Array::from_vec(values(size), shape.iter().rev().copied().collect::<Vec<_>>()).transpose(),
        _ => {
            let doubled: Vec<usize> = shape.iter().copied().chain([2]).collect();
            let gaps = Array::from_vec(values(2 * size), doubled).transpose();
            let last: Vec<isize> = (0..shape.len() as isize).rev().collect();
            gaps.slice(0).permute(&last)
        }
    }
}

/// A variable of [`whole_numbers`].
fn variable(shape: &[usize], seed: u64) -> Variable {
    Variable::new(whole_numbers(shape, seed))
}

/// Shape and elements of a value.
fn contents(x: &Variable) -> chainer::Result<(Vec<usize>, Vec<f64>)> {
    x.check()?;
    Ok((x.shape().to_vec(), x.data().to_f64_vec()?))
}

/// A property's failure from an error.
fn refused(error: chainer::Error) -> TestCaseError {
    TestCaseError::fail(error.to_string())
}

/// Fails unless results in float32 are those in float64 up to rounding, relative to the largest of each array.
fn assert_near(name: &str, near: &[Array], exact: &[Array]) -> Result<(), TestCaseError> {
    for (near, exact) in near.iter().zip(exact) {
        let (near, exact) = (near.to_f64_vec().map_err(refused)?, exact.to_f64_vec().map_err(refused)?);
        let scale = exact.iter().fold(1.0, |largest: f64, x| largest.max(x.abs()));
        for (near, exact) in near.iter().zip(&exact) {
            prop_assert!((near - exact).abs() <= 2e-5 * scale, "{name}: {near} for {exact}");
        }
    }
    Ok(())
}
