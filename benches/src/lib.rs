//! What the benchmarks share: the workload of the fused chain, in our arrays and as a hand-written loop.

use chainer_kernels::{Array, ArrayOps, Dtype, random::Generator};

/// `tanh(x*a+b) * sigmoid(x-c) + exp(-x*x)`: ten operations over four arrays.
pub fn w7(x: &Array, a: &Array, b: &Array, c: &Array) -> Array {
    (x * a + b).tanh() * (x - c).sigmoid() + (-(x * x)).exp()
}

/// Uniform numbers in [-1, 1), computed.
pub fn uniform(seed: u64, shape: &[usize]) -> Array {
    let array = Generator::new(seed).uniform(shape, -1.0, 1.0, Dtype::F32).copy();
    array.force().expect("memory for the inputs");
    array
}

/// Five operations, `((x * y + z) - x) * y + z`, over slices: what one compiled loop takes. The compiler turns
/// it into SIMD code by itself.
pub fn hand_written_chain(x: &[f32], y: &[f32], z: &[f32], out: &mut [f32]) {
    for (((out, x), y), z) in out.iter_mut().zip(x).zip(y).zip(z) {
        *out = ((x * y + z) - x) * y + z;
    }
}

/// The same chain over arrays.
pub fn chain(x: &Array, y: &Array, z: &Array) -> Array {
    ((x * y + z) - x) * y + z
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_chains_agree() {
        let [x, y, z] = [1, 2, 3].map(|seed| uniform(seed, &[1000]));
        let ours = chain(&x, &y, &z).to_vec::<f32>().unwrap();
        let [x, y, z] = [x, y, z].map(|a| a.to_vec::<f32>().unwrap());
        let mut by_hand = vec![0.0; 1000];
        hand_written_chain(&x, &y, &z, &mut by_hand);
        assert_eq!(ours, by_hand);
    }
}
