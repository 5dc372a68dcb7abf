//! The structure of what a function returns: one value, a tuple, a tuple of lists.

use serde_json::Value;

use super::Outcome;

/// A value, or a list of such.
#[derive(Clone, Debug, PartialEq)]
pub enum Nested<T> {
    /// A single value.
    One(T),
    /// A tuple or a list.
    Many(Vec<Nested<T>>),
}

impl<T> Nested<T> {
    /// A tuple of single values.
    pub fn tuple(values: impl IntoIterator<Item = T>) -> Self {
        Nested::Many(values.into_iter().map(Nested::One).collect())
    }

    /// The values by the numbers that `structure` (a number or nested lists of numbers) gives them.
    ///
    /// A tuple of one and a bare value are the same: which of them a function returns is settled by its Rust type.
    pub fn numbered(self, structure: &Value) -> Outcome<Vec<(usize, T)>> {
        let mut out = Vec::new();
        self.number_into(structure, &mut out)?;
        Ok(out)
    }

    fn number_into(self, structure: &Value, out: &mut Vec<(usize, T)>) -> Outcome {
        match (self, structure) {
            (Nested::One(value), Value::Number(number)) => {
                let number = number.as_u64().ok_or_else(|| format!("{number} is no output number"))?;
                out.push((number as usize, value));
                Ok(())
            }
            (Nested::Many(values), Value::Array(parts)) if values.len() == parts.len() => {
                values.into_iter().zip(parts).try_for_each(|(value, part)| value.number_into(part, out))
            }
            (one @ Nested::One(_), Value::Array(parts)) if parts.len() == 1 => one.number_into(&parts[0], out),
            (Nested::Many(mut values), Value::Number(_)) if values.len() == 1 => {
                values.remove(0).number_into(structure, out)
            }
            (Nested::One(_), _) => Err(format!("returned one value, expected {structure}").into()),
            (Nested::Many(values), _) => {
                Err(format!("returned a tuple of {}, expected {structure}", values.len()).into())
            }
        }
    }
}

impl<T> From<T> for Nested<T> {
    fn from(value: T) -> Self {
        Nested::One(value)
    }
}

impl<T> From<Vec<T>> for Nested<T> {
    fn from(values: Vec<T>) -> Self {
        Nested::tuple(values)
    }
}

impl<T> From<(T, T)> for Nested<T> {
    fn from((a, b): (T, T)) -> Self {
        Nested::tuple([a, b])
    }
}

impl<T> From<(T, T, T)> for Nested<T> {
    fn from((a, b, c): (T, T, T)) -> Self {
        Nested::tuple([a, b, c])
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn values_take_the_numbers_of_the_structure() {
        let value = Nested::Many(vec![Nested::One('h'), Nested::tuple(['x', 'y'])]);
        assert_eq!(value.clone().numbered(&json!([0, [2, 1]])).unwrap(), [(0, 'h'), (2, 'x'), (1, 'y')]);
        assert_eq!(Nested::tuple(['a']).numbered(&json!(3)).unwrap(), [(3, 'a')]);
        assert_eq!(Nested::One('a').numbered(&json!([3])).unwrap(), [(3, 'a')]);
        assert!(value.clone().numbered(&json!([0, [1]])).is_err());
        assert!(value.numbered(&json!(0)).is_err());
        assert!(Nested::One('a').numbered(&json!([0, 1])).is_err());
    }
}
