//! [`WalkerAlias`] and what else draws samples.

use chainer_kernels::random::{Generator, default_generator};
use chainer_kernels::{ArrayOps, ops};

use crate::{Array, Dtype, Error, Result, Shape};

/// Draws integers: what [`F::negative_sampling`](crate::functions::negative_sampling()) takes its negative samples from. A
/// [`WalkerAlias`] is one, and so is a closure of a shape.
pub trait Sampler: Send + Sync {
    /// An integer array of a shape. What cannot be drawn is a failed array.
    fn sample(&self, shape: &Shape) -> Array;
}

impl<F: Fn(&Shape) -> Array + Send + Sync> Sampler for F {
    fn sample(&self, shape: &Shape) -> Array {
        self(shape)
    }
}

/// Draws numbers `0..n` with given probabilities, each in constant time, by Walker's alias method (*An efficient method for generating
/// discrete random variables with general distributions*, 1977; the tables are made as Vose does, 1991).
///
/// ```
/// use chainer::utils::WalkerAlias;
/// let dice = WalkerAlias::new([1.0, 0.0, 3.0])?;
/// let drawn = dice.sample([100, 10]).to_vec::<i32>()?;
/// assert!(drawn.iter().all(|&number| number == 0 || number == 2));
/// assert_eq!(dice.probabilities(), [0.25, 0.0, 0.75]);
/// # Ok::<(), chainer::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct WalkerAlias {
    probabilities: Vec<f64>,
    /// The share of each column that is the column's own number; the rest is its alias.
    own: Array,
    alias: Array,
}

impl WalkerAlias {
    /// The distribution with these probabilities, or whatever is proportional to them, such as counts.
    ///
    /// # Errors
    /// There is none, one is negative or not finite, or all are 0.
    pub fn new(probs: impl IntoIterator<Item = impl Into<f64>>) -> Result<WalkerAlias> {
        let refuse = |expect: &str, actual: String| Err(Error::value("WalkerAlias", expect, actual));
        let probs: Vec<f64> = probs.into_iter().map(Into::into).collect();
        if let Some((i, bad)) = probs.iter().enumerate().find(|(_, p)| !p.is_finite() || **p < 0.0) {
            return refuse("probs >= 0, and finite", format!("probs[{i}] = {bad}"));
        }
        if probs.len() > i32::MAX as usize {
            return refuse("numbers that int32 holds", format!("len(probs) = {}", probs.len()));
        }
        // Scaled first: the sum of what is finite may not be.
        let largest = probs.iter().fold(0.0, |largest: f64, &p| largest.max(p));
        let sum: f64 = probs.iter().map(|p| p / largest).sum();
        if largest == 0.0 {
            return refuse("sum(probs) > 0", format!("0 of {} numbers", probs.len()));
        }
        let probabilities: Vec<f64> = probs.iter().map(|p| p / largest / sum).collect();
        let (own, alias) = tables(&probabilities);
        let n = probabilities.len();
        Ok(WalkerAlias { probabilities, own: Array::from_vec(own, n), alias: Array::from_vec(alias, n) })
    }

    /// The probabilities; they add up to 1.
    pub fn probabilities(&self) -> &[f64] {
        &self.probabilities
    }

    /// An int32 array of numbers, drawn from the process's own generator ([`random::seed`](crate::random::seed)).
    #[track_caller]
    pub fn sample(&self, shape: impl Into<Shape>) -> Array {
        self.sample_from(default_generator(), shape)
    }

    /// An int32 array of numbers, drawn from a generator.
    #[track_caller]
    pub fn sample_from(&self, generator: &Generator, shape: impl Into<Shape>) -> Array {
        let n = self.probabilities.len();
        // One number chooses the column and the place in it. float64: with many columns little of a float32 would be left for the
        // place.
        let place = generator.uniform(shape, 0.0, 1.0, Dtype::F64) * n as f64;
        let column = (&place).floor().minimum((n - 1) as f64);
        let rest = place - &column;
        let column = column.astype(Dtype::I32);
        let own = rest.less(ops::take(&self.own, &column, 0));
        own.select(&column, ops::take(&self.alias, &column, 0))
    }
}

impl Sampler for WalkerAlias {
    fn sample(&self, shape: &Shape) -> Array {
        self.sample_from(default_generator(), shape.clone())
    }
}

/// Columns of equal probability, each of which belongs to its own number below a threshold and to another number above.
fn tables(probabilities: &[f64]) -> (Vec<f64>, Vec<i32>) {
    let n = probabilities.len();
    let mut own: Vec<f64> = probabilities.iter().map(|p| p * n as f64).collect();
    let mut alias: Vec<i32> = (0..n as i32).collect();
    let (mut small, mut large): (Vec<usize>, Vec<usize>) = (0..n).partition(|&i| own[i] < 1.0);
    while let (Some(&from), Some(to)) = (large.last(), small.pop()) {
        alias[to] = from as i32;
        own[from] -= 1.0 - own[to];
        if own[from] < 1.0 {
            large.pop();
            small.push(from);
        }
    }
    // The columns that are left add up to their number, so each of them misses 1 by rounding only.
    small.into_iter().chain(large).for_each(|i| own[i] = 1.0);
    (own, alias)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The probability of each number by the tables.
    fn of_tables(own: &[f64], alias: &[i32]) -> Vec<f64> {
        let n = own.len() as f64;
        let mut sums = vec![0.0; own.len()];
        for (i, (own, &alias)) in own.iter().zip(alias).enumerate() {
            sums[i] += own / n;
            sums[alias as usize] += (1.0 - own) / n;
        }
        sums
    }

    #[test]
    fn the_tables_give_the_probabilities() {
        let generator = Generator::new(1);
        for n in 1..60 {
            let draw = |low, high| generator.uniform(n, low, high, Dtype::F64).to_vec::<f64>().unwrap();
            let magnitudes = draw(-12.0, 12.0);
            // A third of the numbers never comes, the others are of all magnitudes.
            let counts: Vec<f64> = magnitudes
                .iter()
                .zip(draw(-0.5, 1.0))
                .map(|(m, sign)| if sign < 0.0 { 0.0 } else { m.exp() })
                .collect();
            let sum: f64 = counts.iter().sum();
            let Ok(walker) = WalkerAlias::new(counts.iter().copied()) else {
                assert_eq!(sum, 0.0);
                continue;
            };
            let (own, alias) = tables(walker.probabilities());
            for (got, count) in of_tables(&own, &alias).iter().zip(&counts) {
                assert!((got - count / sum).abs() < 1e-12, "{got} for {}", count / sum);
            }
            let drawn = walker.sample_from(&generator, 200).to_vec::<i32>().unwrap();
            assert!(drawn.iter().all(|&number| counts[number as usize] > 0.0), "never means never");
        }
    }

    #[test]
    fn numbers_come_as_often_as_they_should() {
        let n = 100_000;
        let walker = WalkerAlias::new([1u32, 2, 3, 4]).unwrap();
        let drawn = walker.sample_from(&Generator::new(3), n);
        assert_eq!((drawn.dtype(), drawn.shape()), (Dtype::I32, &n.into()));
        let drawn = drawn.to_vec::<i32>().unwrap();
        for (number, p) in walker.probabilities().iter().enumerate() {
            let share = drawn.iter().filter(|&&d| d == number as i32).count() as f64 / n as f64;
            // Five standard deviations.
            assert!((share - p).abs() < 5.0 * (p * (1.0 - p) / n as f64).sqrt(), "{number}: {share} for {p}");
        }
    }

    #[test]
    fn what_is_no_distribution_is_refused() {
        for (probs, part) in [
            (vec![], "sum(probs) > 0"),
            (vec![0.0, 0.0], "0 of 2 numbers"),
            (vec![1.0, -1.0], "probs[1] = -1"),
            (vec![f64::NAN], "probs[0] = NaN"),
            (vec![f64::INFINITY, 1.0], "probs[0] = inf"),
        ] {
            let error = WalkerAlias::new(probs).unwrap_err().to_string();
            assert!(error.contains(part), "{error}");
        }
        assert_eq!(WalkerAlias::new([f64::MAX, f64::MAX]).unwrap().probabilities(), [0.5, 0.5]);
    }
}
