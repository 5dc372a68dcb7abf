//! Mean and standard deviation of numbers that come one at a time.

use chainer_kernels::Result;

use crate::serializers::{Serializable, Serializer};

/// Mean and standard deviation of a sequence of numbers, kept as their count, sum and sum of squares.
///
/// ```
/// use chainer::Summary;
///
/// let mut summary = Summary::new();
/// for value in [1.0, 2.0, 4.0] {
///     summary.add(value);
/// }
/// let (mean, deviation) = summary.make_statistics();
/// assert!((mean - 7.0 / 3.0).abs() < 1e-12);
/// assert!((deviation - (14.0_f64 / 9.0).sqrt()).abs() < 1e-12);
/// ```
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Summary {
    sum: f64,
    sum_of_squares: f64,
    count: usize,
}

impl Summary {
    /// A summary of no numbers yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a number.
    pub fn add(&mut self, value: f64) {
        self.sum += value;
        self.sum_of_squares += value * value;
        self.count += 1;
    }

    /// How many numbers were added.
    pub fn count(&self) -> usize {
        self.count
    }

    /// The mean; NaN if no number was added.
    pub fn compute_mean(&self) -> f64 {
        self.sum / self.count as f64
    }

    /// The mean and the population standard deviation.
    pub fn make_statistics(&self) -> (f64, f64) {
        let mean = self.compute_mean();
        // Rounding may leave a tiny negative difference where all numbers are equal. (`max` would turn NaN into 0.)
        let variance = self.sum_of_squares / self.count as f64 - mean * mean;
        (mean, if variance < 0.0 { 0.0 } else { variance.sqrt() })
    }
}

impl Serializable for Summary {
    fn serialize(&mut self, s: &mut Serializer<'_>) -> Result<()> {
        s.value("_x", &mut self.sum)?;
        s.value("_x2", &mut self.sum_of_squares)?;
        s.value("_n", &mut self.count)
    }
}

/// A [`Summary`] a name: of a sequence of sets of named numbers, in which names may be absent.
///
/// ```
/// use chainer::DictSummary;
///
/// let mut summary = DictSummary::new();
/// summary.add([("a", 1.0), ("b", 2.0)]);
/// summary.add([("a", 3.0)]);
/// assert_eq!(summary.compute_mean(), [("a".to_owned(), 2.0), ("b".to_owned(), 2.0)]);
/// ```
#[derive(Clone, Debug, Default, PartialEq)]
pub struct DictSummary {
    summaries: Vec<(String, Summary)>,
}

impl DictSummary {
    /// A summary of nothing yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a set of named numbers.
    pub fn add<K: AsRef<str>>(&mut self, values: impl IntoIterator<Item = (K, f64)>) {
        for (name, value) in values {
            let name = name.as_ref();
            let at = self.summaries.iter().position(|(known, _)| known == name).unwrap_or_else(|| {
                self.summaries.push((name.to_owned(), Summary::new()));
                self.summaries.len() - 1
            });
            self.summaries[at].1.add(value);
        }
    }

    /// The mean of every name, in the order in which the names first came.
    pub fn compute_mean(&self) -> Vec<(String, f64)> {
        self.summaries.iter().map(|(name, summary)| (name.clone(), summary.compute_mean())).collect()
    }

    /// The mean of every name, followed by its standard deviation under the name with `.std` appended.
    pub fn make_statistics(&self) -> Vec<(String, f64)> {
        let both = |(name, summary): &(String, Summary)| {
            let (mean, deviation) = summary.make_statistics();
            [(name.clone(), mean), (format!("{name}.std"), deviation)]
        };
        self.summaries.iter().flat_map(both).collect()
    }
}

impl Serializable for DictSummary {
    fn serialize(&mut self, s: &mut Serializer<'_>) -> Result<()> {
        let names = self.summaries.iter().map(|(name, _)| serde_json::Value::from(name.as_str()).to_string());
        // With Python's spaces, so that the entry is Chainer's to the byte.
        let mut text = format!("[{}]", names.collect::<Vec<String>>().join(", "));
        s.value("_names", &mut text)?;
        if s.is_loading() {
            let names: Vec<String> = serde_json::from_str(&text)
                .map_err(|error| s.error("_names", &format!("expected a JSON list of names: {error}")))?;
            self.summaries = names.into_iter().map(|name| (name, Summary::new())).collect();
        }
        let mut all = s.child("_summaries");
        for (i, (_, summary)) in self.summaries.iter_mut().enumerate() {
            summary.serialize(&mut all.child(&i.to_string()))?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::serializers::{load_npz, save_npz};

    #[test]
    fn statistics_match_the_formula() {
        let mut summary = DictSummary::new();
        summary.add([("a", 1.0), ("b", 2.0)]);
        summary.add([("a", 3.0)]);
        let got = summary.make_statistics();
        let want = [("a", 2.0), ("a.std", 1.0), ("b", 2.0), ("b.std", 0.0)];
        assert!(got.iter().zip(want).all(|((k, x), (name, y))| k == name && x == &y), "{got:?}");
    }

    #[test]
    fn nothing_and_nan_stay_nan() {
        assert!(Summary::new().compute_mean().is_nan());
        let mut summary = Summary::new();
        summary.add(f64::NAN);
        assert!(summary.make_statistics().1.is_nan());
    }

    #[test]
    fn the_state_comes_back() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("summary.npz");
        let mut summary = DictSummary::new();
        summary.add([("main/loss", 0.5), ("näme \"quoted\"", 2.0)]);
        summary.add([("main/loss", 0.25)]);
        save_npz(&path, &mut summary).unwrap();
        let mut restored = DictSummary::new();
        load_npz(&path, &mut restored).unwrap();
        assert_eq!(restored, summary);
    }
}
