//! [`scaled_dot_product_attention`].

use std::ops::Range;

use chainer_kernels::ops::{self, Index};
use chainer_kernels::{ArrayOps, flush_all};

use crate::functions::{at_least_f32, refused, settings, sum, swap_axes};
use crate::type_check::{self, Checked};
use crate::{
    Array, AsVariable, BackwardContext, Dtype, Function, Gradients, Outputs, Retain, Shape, Variable, apply, config,
};

settings! {
    /// [`scaled_dot_product_attention`] with settings.
    ScaledDotProductAttention() {
        /// What the products are multiplied by; `None` (the default) is `1 / sqrt(D)`.
        scale: into Option<f64> = None,
        /// Whether position i of q takes part only with the positions 0 to i of k (default false).
        causal: bool = false,
        /// Which positions of k each position of q takes part with (bools), or what is added to their scaled products (floats); of a
        /// shape that broadcasts to (…, Lq, Lk). It has no gradient. Default: all.
        mask: into Option<Array> = None,
    }
}

/// Rows of q, and rows of k and v, that meet at a time. What is computed of the meeting is all that is ever in memory of the products.
const BLOCK: usize = if cfg!(test) { 16 } else { 256 };

/// The positions 0 to `length` in blocks.
fn blocks(length: usize) -> impl Iterator<Item = Range<usize>> {
    (0..length).step_by(BLOCK).map(move |start| start..(start + BLOCK).min(length))
}

/// Some of the elements along one of the last two axes.
fn part(x: &Array, axis: isize, range: &Range<usize>) -> Array {
    let mut entries = vec![Index::Ellipsis, Index::from(range.start as isize..range.end as isize)];
    if axis == -2 {
        entries.push(Index::from(..));
    }
    x.slice(entries)
}

fn transposed(x: &Array) -> Array {
    x.swap_axes(-1, -2)
}

/// The positions of a range, as int64, along the last axis but one or the last.
fn positions(range: &Range<usize>, axis: isize) -> Array {
    let numbers = Array::from_vec((range.start as i64..range.end as i64).collect(), range.len());
    numbers.expand_dims(if axis == -2 { -1 } else { 0 })
}

impl ScaledDotProductAttention {
    fn factor(&self, q: &Shape) -> f64 {
        self.scale.unwrap_or_else(|| 1.0 / (q[q.ndim() - 1].max(1) as f64).sqrt())
    }

    /// The shape of the products.
    fn products(q: &Shape, k: &Shape) -> Shape {
        let mut shape = q.to_vec();
        shape.pop();
        shape.push(k[k.ndim() - 2]);
        shape.into()
    }

    /// Whether no row of q takes part with these rows of k.
    fn skips(&self, rows: &Range<usize>, columns: &Range<usize>) -> bool {
        self.causal && columns.start >= rows.end
    }

    /// What the mask says of some rows and columns: whether they take part, and what is added.
    fn masks(&self, all: &Shape, rows: &Range<usize>, columns: &Range<usize>) -> (Option<Array>, Option<Array>) {
        let given = self.mask.as_ref().map(|mask| part(&part(&mask.broadcast_to(all), -2, rows), -1, columns));
        let (given, added) = match given {
            Some(mask) if mask.dtype() != Dtype::Bool => (None, Some(mask)),
            given => (given, None),
        };
        let past = (self.causal && columns.end > rows.start + 1)
            .then(|| positions(rows, -2).greater_equal(positions(columns, -1)));
        let kept = match (given, past) {
            (Some(given), Some(past)) => Some(given.logical_and(past)),
            (given, past) => given.or(past),
        };
        (kept, added)
    }

    /// The scaled products of rows of q, which are scaled already, and rows of k; -inf where they do not take part.
    fn scores(&self, q: &Array, k: &Array, all: &Shape, rows: &Range<usize>, columns: &Range<usize>) -> Array {
        let mut scores = ops::matmul(q, &transposed(k));
        let (kept, added) = self.masks(all, rows, columns);
        if let Some(added) = added {
            scores = &scores + added.astype(scores.dtype());
        }
        match kept {
            Some(kept) => kept.select(scores, f64::NEG_INFINITY),
            None => scores,
        }
    }

    /// The result of some rows of q, and the logarithm of the sum of exponentials of their scores; infinite where there is none.
    fn attend(&self, q: &Array, k: &Array, v: &Array, all: &Shape, rows: &Range<usize>) -> [Array; 2] {
        let mut state: Option<[Array; 3]> = None;
        let length = all[all.ndim() - 1];
        for columns in blocks(length).filter(|columns| !self.skips(rows, columns)) {
            let scores = self.scores(q, &part(k, -2, &columns), all, rows, &columns);
            let v = part(v, -2, &columns);
            let mut largest = (&scores).max(-1, true);
            if let Some([before, _, _]) = &state {
                largest = largest.maximum(before);
            }
            // Nothing has taken part yet where the largest is -inf.
            let shift = (&largest).isfinite().select(&largest, 0.0);
            let shares = (scores - &shift).exp();
            let (mut sum, mut weighted) = ((&shares).sum(-1, true), ops::matmul(&shares, &v));
            if let Some([before, sum_before, weighted_before]) = state.take() {
                let rescale = (before - shift).exp();
                sum += sum_before * &rescale;
                weighted += weighted_before * rescale;
            }
            if length > BLOCK {
                // Otherwise the products of all blocks would be there at once.
                flush_all([&largest, &sum, &weighted]);
            }
            state = Some([largest, sum, weighted]);
        }
        let Some([largest, sum, weighted]) = state else {
            let mut shape = q.shape().to_vec();
            let mut with_last = |size: usize| -> Shape {
                shape.pop();
                shape.push(size);
                Shape::new(&shape)
            };
            let y = Array::zeros(with_last(v.shape()[v.ndim() - 1]), q.dtype());
            return [y, Array::full(with_last(1), f64::INFINITY, q.dtype())];
        };
        let none = (&sum).equal(0.0);
        let y = weighted / (&none).select(1.0, &sum);
        [y, none.select(f64::INFINITY, largest + sum.log())]
    }
}

impl Function for ScaledDotProductAttention {
    fn name(&self) -> &'static str {
        "scaled_dot_product_attention"
    }
    fn type_check(&self, inputs: &[Array]) -> Checked {
        let (q, k, v) = (&inputs[0], &inputs[1], &inputs[2]);
        type_check::float("q", q)?;
        type_check::min_ndim("q", q, 2)?;
        let ndim = q.ndim();
        for (name, x) in [("k", k), ("v", v)] {
            type_check::same_dtype("q", q, name, x)?;
            type_check::equal(format_args!("{name}.ndim"), x.ndim(), "q.ndim", ndim)?;
            (0..ndim - 2).try_for_each(|i| type_check::same_size("q", q, i, name, x, i))?;
        }
        type_check::equal("q.shape[-1]", q.shape()[ndim - 1], "k.shape[-1]", k.shape()[ndim - 1])?;
        type_check::equal("k.shape[-2]", k.shape()[ndim - 2], "v.shape[-2]", v.shape()[ndim - 2])?;
        let Some(mask) = &self.mask else { return Ok(()) };
        let kind = mask.dtype().kind();
        type_check::expect(matches!(kind, 'b' | 'f'), "mask.dtype.kind == b or f", format_args!("{kind}"))?;
        let all = Self::products(q.shape(), k.shape());
        let fits = mask.shape().broadcast(&all).as_ref() == Some(&all);
        let expect = format_args!("mask.shape broadcasts to q.shape[:-1] + (k.shape[-2],) = {all:?}");
        type_check::expect(fits, expect, format_args!("mask.shape = {:?}", mask.shape()))
    }
    /// The result, and the logarithm of the sum of exponentials of each row's scores.
    fn forward(&self, inputs: &[Array]) -> Outputs {
        if let Some(failed) = refused(self, inputs) {
            return failed;
        }
        let dtype = inputs[0].dtype();
        let [q, k, v] = [0, 1, 2].map(|i| (&inputs[i]).astype(at_least_f32(dtype)));
        let all = Self::products(q.shape(), k.shape());
        let q = &q * self.factor(q.shape());
        let rows = blocks(all[all.ndim() - 2]);
        let (y, normalizers): (Vec<Array>, Vec<Array>) =
            rows.map(|rows| <(_, _)>::from(self.attend(&part(&q, -2, &rows), &k, &v, &all, &rows))).unzip();
        let joined = |parts: &[Array], last: usize| match parts {
            [] => {
                let mut shape = q.shape().to_vec();
                shape.pop();
                shape.push(last);
                Array::zeros(shape, q.dtype())
            }
            [part] => part.clone(),
            parts => ops::concatenate(&parts.iter().collect::<Vec<_>>(), -2),
        };
        (joined(&y, v.shape()[v.ndim() - 1]).astype(dtype), joined(&normalizers, 1)).into()
    }
    fn retain(&self) -> Retain {
        Retain::all()
    }
    fn backward(&self, c: &BackwardContext<'_>) -> Gradients {
        let Some(gy) = c.grad_output(0) else { return Gradients::none() };
        let [q, k, v] = [0, 1, 2].map(|i| c.input(i));
        if config().enable_backprop {
            return self.whole_gradients(q, k, v, gy);
        }
        let wants = [0, 1, 2].map(|i| c.wants(i));
        let gradients = self.block_gradients([q, k, v, c.output(0), gy].map(Variable::data), c.output(1).data(), wants);
        gradients.map(|gradient| gradient.map(Variable::constant)).into()
    }
}

impl ScaledDotProductAttention {
    /// The gradients of q, k and v that are wanted, block by block.
    fn block_gradients(&self, arrays: [&Array; 5], normalizers: &Array, wants: [bool; 3]) -> [Option<Array>; 3] {
        let wide = at_least_f32(arrays[0].dtype());
        let [q, k, v, y, gy] = arrays.map(|array| array.astype(wide));
        let all = Self::products(q.shape(), k.shape());
        let factor = self.factor(q.shape());
        let q = q * factor;
        // What the gradient of each row's shares has in common.
        let common = (&gy * y).sum(-1, true);
        flush_all([&q, &common]);
        let many = all[all.ndim() - 1].max(all[all.ndim() - 2]) > BLOCK;
        let mut gq: Vec<Option<Array>> = vec![None; blocks(all[all.ndim() - 2]).count()];
        let (mut gk, mut gv) = (Vec::new(), Vec::new());
        for columns in blocks(all[all.ndim() - 1]) {
            let (k, v) = (part(&k, -2, &columns), part(&v, -2, &columns));
            let (mut gk_here, mut gv_here): (Option<Array>, Option<Array>) = (None, None);
            let rows = blocks(all[all.ndim() - 2]).zip(&mut gq).filter(|(rows, _)| !self.skips(rows, &columns));
            for (rows, gq_here) in rows {
                let [q, gy, common, normalizers] = [&q, &gy, &common, normalizers].map(|x| part(x, -2, &rows));
                let shares = (self.scores(&q, &k, &all, &rows, &columns) - normalizers).exp();
                if wants[2] {
                    add(&mut gv_here, ops::matmul(&transposed(&shares), &gy));
                }
                if wants[0] || wants[1] {
                    let gscores = shares * (ops::matmul(&gy, &transposed(&v)) - common);
                    if wants[0] {
                        add(gq_here, ops::matmul(&gscores, &k));
                    }
                    if wants[1] {
                        add(&mut gk_here, ops::matmul(&transposed(&gscores), &q));
                    }
                }
                if many {
                    flush_all([&*gq_here, &gk_here, &gv_here].into_iter().flatten());
                }
            }
            let zeros = |like: &Array| Array::zeros_like(like);
            gk.push(gk_here.unwrap_or_else(|| zeros(&k)));
            gv.push(gv_here.unwrap_or_else(|| zeros(&v)));
        }
        let gq: Vec<Array> = blocks(all[all.ndim() - 2])
            .zip(gq)
            .map(|(rows, gradient)| gradient.unwrap_or_else(|| Array::zeros_like(&part(&q, -2, &rows))))
            .collect();
        let joined = |parts: Vec<Array>, like: &Array| match &parts[..] {
            [] => Array::zeros_like(like),
            parts => ops::concatenate(&parts.iter().collect::<Vec<_>>(), -2),
        };
        [wants[0].then(|| joined(gq, &q) * factor), wants[1].then(|| joined(gk, &k)), wants[2].then(|| joined(gv, &v))]
    }

    /// The gradients as functions that can be differentiated. All products are in memory.
    fn whole_gradients(&self, q: &Variable, k: &Variable, v: &Variable, gy: &Variable) -> Gradients {
        let all = Self::products(q.shape(), k.shape());
        let (rows, columns) = (0..all[all.ndim() - 2], 0..all[all.ndim() - 1]);
        let wide = at_least_f32(q.dtype());
        let [q, k, v, gy] = [q, k, v, gy].map(|x| x.cast(wide));
        let factor = self.factor(q.shape());
        let flipped = |x: &Variable| swap_axes(x, -1, -2);
        let mut scores = q.matmul(flipped(&k)) * factor;
        let (kept, added) = self.masks(&all, &rows, &columns);
        if let Some(added) = added {
            scores += added.astype(wide);
        }
        if let Some(kept) = kept {
            scores = Variable::constant(kept).select(scores, f64::NEG_INFINITY);
        }
        let shares = if scores.size() == 0 {
            scores
        } else {
            let largest = scores.data().max(-1, true);
            let exponentials = (scores - (&largest).isfinite().select(&largest, 0.0)).exp();
            let total = sum(&exponentials, -1, true);
            exponentials / total.equal(0.0).select(1.0, &total)
        };
        let gshares = gy.matmul(flipped(&v));
        let common = sum(&gshares * &shares, -1, true);
        let gscores = &shares * (gshares - common) * factor;
        [gscores.matmul(k), flipped(&gscores).matmul(q), flipped(&shares).matmul(gy)].map(Some).into()
    }

    /// Applies the function.
    #[track_caller]
    pub fn call(self, q: impl AsVariable, k: impl AsVariable, v: impl AsVariable) -> Variable {
        if let Some(error) = self.mask.as_ref().and_then(Array::error) {
            return Variable::failed(error.clone());
        }
        let [y, _] = apply(self, [q.as_variable(), k.as_variable(), v.as_variable()]).many();
        y
    }
}

fn add(sum: &mut Option<Array>, more: Array) {
    *sum = Some(match sum.take() {
        Some(sum) => sum + more,
        None => more,
    });
}

/// Scaled dot-product attention: means of the rows of v, weighted by how well the rows of k go with a row of q (Vaswani et al.,
/// arXiv:1706.03762).
///
/// q is (…, Lq, D), k (…, Lk, D), v (…, Lk, Dv) with the same leading axes (batch, heads); the result is (…, Lq, Dv):
/// `softmax(q k^T / sqrt(D)) v`. [`ScaledDotProductAttention`] has another scale, and takes rows out: causally (row i of q sees the rows
/// 0 to i of k), or by a mask. A row that sees nothing gives zeros.
///
/// The products are computed in blocks, forward and backward, so that memory grows with Lq and Lk and not with their product (Rabe and
/// Staats, arXiv:2112.05682; Dao et al., arXiv:2205.14135). Second derivatives need the whole product in memory. Half precision is
/// computed in float32.
///
/// # Errors
/// The result fails if shapes or dtypes do not fit; all have the same float dtype.
///
/// ```
/// use chainer::{functions as F, Array, Dtype, Variable};
/// let q = Variable::new(Array::zeros([1, 2, 4], Dtype::F32));
/// let k = Variable::new(Array::zeros([1, 3, 4], Dtype::F32));
/// let v = Variable::new(Array::from([[[0.0f32], [2.0], [7.0]]]));
/// assert_eq!(F::scaled_dot_product_attention(&q, &k, &v).to_vec::<f32>()?, [3.0, 3.0]);
/// let causal = F::ScaledDotProductAttention::new().causal(true).call(&q, &k, &v);
/// assert_eq!(causal.to_vec::<f32>()?, [0.0, 1.0]);
/// let mask = Array::from([[false, true, true], [false, false, false]]);
/// let masked = F::ScaledDotProductAttention::new().mask(mask).call(&q, &k, &v);
/// assert_eq!(masked.to_vec::<f32>()?, [4.5, 0.0]);
/// # Ok::<(), chainer::Error>(())
/// ```
#[track_caller]
pub fn scaled_dot_product_attention(q: impl AsVariable, k: impl AsVariable, v: impl AsVariable) -> Variable {
    ScaledDotProductAttention::new().call(q, k, v)
}

#[cfg(test)]
mod tests {
    use chainer_kernels::random::Generator;

    use super::*;
    use crate::{GradOptions, Result, functions as F, grad_with};

    fn numbers(seed: u64, shape: &[usize]) -> Array {
        let drawn = Generator::new(seed).uniform(shape, -1.0, 1.0, Dtype::F64);
        Array::from_vec(drawn.to_vec::<f64>().unwrap(), shape)
    }

    /// The result and the gradients, by the whole product.
    fn whole(q: &Variable, k: &Variable, v: &Variable, kept: Option<&Array>) -> Variable {
        let scores = q.matmul(swap_axes(k, -1, -2)) * 0.3;
        let scores = match kept {
            Some(kept) => Variable::constant(kept.clone()).select(scores, -1e30),
            None => scores,
        };
        F::Softmax::new().axis(-1).call(scores).matmul(v)
    }

    fn results(f: impl Fn(&Variable, &Variable, &Variable) -> Variable, create_graph: bool) -> Result<Vec<Vec<f64>>> {
        let shapes: [&[usize]; 3] = [&[2, LONG, 3], &[2, LONG + 20, 3], &[2, LONG + 20, 2]];
        let [q, k, v] = [0, 1, 2].map(|i| Variable::new(numbers(i as u64, shapes[i])));
        let y = f(&q, &k, &v);
        let gy = Variable::constant(numbers(9, &[2, LONG, 2]));
        let options = GradOptions { grad_outputs: vec![Some(gy)], create_graph };
        let gradients = grad_with([&y], [&q, &k, &v], options)?;
        [y].into_iter().chain(gradients.into_iter().flatten()).map(|x| x.to_vec()).collect()
    }

    /// More than two blocks, the last of them not full.
    const LONG: usize = 2 * BLOCK + 3;

    fn assert_close(got: &[Vec<f64>], want: &[Vec<f64>]) {
        assert_eq!(got.len(), want.len());
        for (got, want) in got.iter().flatten().zip(want.iter().flatten()) {
            assert!((got - want).abs() < 1e-12, "{got} for {want}");
        }
    }

    #[test]
    fn blocks_give_what_the_whole_product_gives() {
        let attention = |mask: Option<&Array>, causal: bool| {
            ScaledDotProductAttention::new().scale(0.3).causal(causal).mask(mask.cloned())
        };
        let causal = positions(&(0..LONG), -2).greater_equal(positions(&(0..LONG + 20), -1));
        let mask = Generator::new(5).uniform([LONG, LONG + 20], 0.0, 1.0, Dtype::F32).greater(0.4);
        let both = (&mask).logical_and(&causal);
        for (given, is_causal, kept) in [
            (None, false, None),
            (None, true, Some(&causal)),
            (Some(&mask), false, Some(&mask)),
            (Some(&mask), true, Some(&both)),
        ] {
            let want = results(|q, k, v| whole(q, k, v, kept), false).unwrap();
            for create_graph in [false, true] {
                let got = results(|q, k, v| attention(given, is_causal).call(q, k, v), create_graph).unwrap();
                assert_close(&got, &want);
            }
        }
    }

    #[test]
    fn rows_that_see_nothing_give_zeros_and_no_gradient() {
        let [q, k, v] = [1, 2, 3].map(|seed| Variable::new(numbers(seed, &[LONG, 2])));
        let mask = positions(&(0..LONG), -2).greater_equal(10).broadcast_to([LONG, LONG]);
        let y = ScaledDotProductAttention::new().mask(mask).call(&q, &k, &v);
        y.sum().backward().unwrap();
        assert_eq!(y.to_vec::<f64>().unwrap()[..20], [0.0; 20]);
        assert_eq!(q.grad().unwrap().to_vec::<f64>().unwrap()[..20], [0.0; 20]);
        for gradient in [q.grad(), k.grad(), v.grad()] {
            assert!(gradient.unwrap().to_vec::<f64>().unwrap().iter().all(|g| g.is_finite()));
        }
    }
}
