//! Orthogonal systems.

use chainer_kernels::ArrayOps;

use super::{Initializer, Source};
use crate::{Array, Dtype, Error, Shape};

/// Rows that are orthogonal to each other and of length `scale` (1.1 by default; Saxe et al., *Exact solutions to the nonlinear
/// dynamics of learning in deep linear neural networks*, arXiv:1312.6120). Axes after the first count as one, which must not be
/// shorter than the first.
///
/// ```
/// use chainer::initializers::{Initializer, Orthogonal};
/// use chainer::Dtype;
/// let w = Orthogonal::new(1.0).generate(&[2, 3].into(), Dtype::F64).to_vec::<f64>()?;
/// let dot = |a: &[f64], b: &[f64]| a.iter().zip(b).map(|(x, y)| x * y).sum::<f64>();
/// assert!((dot(&w[..3], &w[..3]) - 1.0).abs() < 1e-12);
/// assert!(dot(&w[..3], &w[3..]).abs() < 1e-12);
/// assert!(Orthogonal::default().generate(&[3, 2].into(), Dtype::F32).is_failed());
/// # Ok::<(), chainer::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct Orthogonal {
    /// The rows' length.
    pub scale: f64,
    dtype: Option<Dtype>,
    source: Source,
}

impl Orthogonal {
    /// The initializer of a scale.
    pub fn new(scale: f64) -> Self {
        Orthogonal { scale, dtype: None, source: Source::default() }
    }

    /// The same initializer for one dtype, whatever the parameter's default.
    pub fn with_dtype(mut self, dtype: Dtype) -> Self {
        self.dtype = Some(dtype);
        self
    }

    /// The same initializer drawing from a generator of its own, which starts at `seed`.
    pub fn with_seed(mut self, seed: u64) -> Self {
        self.source = Source::seeded(seed);
        self
    }
}

impl Default for Orthogonal {
    /// Scale 1.1.
    fn default() -> Self {
        Orthogonal::new(1.1)
    }
}

impl Initializer for Orthogonal {
    fn generate(&self, shape: &Shape, dtype: Dtype) -> Array {
        let rows = shape.first().copied().unwrap_or(1);
        let columns = shape.iter().skip(1).product::<usize>();
        if rows > columns {
            let expect = "shape[0] <= shape[1] * shape[2] * … (no more vectors than dimensions)";
            return Array::failed(Error::mismatch(
                "Orthogonal",
                expect,
                format_args!("{rows} > {columns} (shape {shape:?})"),
            ));
        }
        let drawn = self.source.generator().normal([rows, columns], 0.0, 1.0, Dtype::F64);
        match drawn.to_vec::<f64>() {
            Ok(mut values) => {
                orthogonalize(&mut values, columns.max(1));
                Array::from_vec(values, shape).mul(self.scale).astype(dtype)
            }
            Err(error) => Array::failed(error),
        }
    }
    fn dtype(&self) -> Option<Dtype> {
        self.dtype
    }
}

/// Makes the rows orthonormal, one after the other. Normal rows treated so are distributed evenly over all orthonormal systems.
fn orthogonalize(rows: &mut [f64], columns: usize) {
    let dot = |a: &[f64], b: &[f64]| a.iter().zip(b).map(|(x, y)| x * y).sum::<f64>();
    for start in (0..rows.len()).step_by(columns) {
        let (done, rest) = rows.split_at_mut(start);
        let row = &mut rest[..columns];
        // The second pass removes what rounding left of the first.
        for _ in 0..2 {
            for other in done.chunks_exact(columns) {
                let part = dot(row, other);
                row.iter_mut().zip(other).for_each(|(x, y)| *x -= part * y);
            }
        }
        let length = dot(row, row).sqrt();
        row.iter_mut().for_each(|x| *x /= length);
    }
}
