//! What an adapter sees of a case: inputs by parameter name, arguments, and whether it has read them all.

use std::cell::RefCell;
use std::collections::BTreeSet;

use serde_json::{Map, Value};

use super::{Arguments, Outcome};

/// How the elements of the inputs lie in memory. Results must not depend on it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Layout {
    /// The last axis is contiguous.
    RowMajor,
    /// The first axis is contiguous: to a row-major library, a transposed view.
    ColumnMajor,
}

/// One call: inputs (arrays or variables) and arguments.
pub struct Call<'a, T> {
    /// The arguments that are no arrays.
    pub args: Arguments<'a>,
    names: &'a Map<String, Value>,
    values: &'a [T],
    read: RefCell<BTreeSet<&'a str>>,
}

impl<'a, T> Call<'a, T> {
    /// A call whose parameter `names` are given as numbers of `values`.
    pub fn new(args: &'a Map<String, Value>, names: &'a Map<String, Value>, values: &'a [T]) -> Self {
        Call { args: Arguments::new(args), names, values, read: RefCell::default() }
    }

    fn structure(&self, name: &str) -> Option<&'a Value> {
        let (key, value) = self.names.get_key_value(name)?;
        self.read.borrow_mut().insert(key);
        Some(value).filter(|value| !value.is_null())
    }

    fn required(&self, name: &str) -> Outcome<&'a Value> {
        let given: Vec<&String> = self.names.keys().collect();
        self.structure(name).ok_or_else(|| format!("input {name:?} is missing; there are {given:?}").into())
    }

    fn value(&self, name: &str, number: &Value) -> Outcome<&'a T> {
        let index = number.as_u64().ok_or_else(|| format!("input {name:?}: {number} is no input number"))?;
        let count = self.values.len();
        self.values.get(index as usize).ok_or_else(|| format!("input {name:?}: {index} of {count} inputs").into())
    }

    fn values(&self, name: &str, list: &Value) -> Outcome<Vec<&'a T>> {
        let list = list.as_array().ok_or_else(|| format!("input {name:?}: expected a list, found {list}"))?;
        list.iter().map(|number| self.value(name, number)).collect()
    }

    /// The input of a parameter.
    pub fn get(&self, name: &str) -> Outcome<&'a T> {
        self.value(name, self.required(name)?)
    }

    /// The input of an optional parameter.
    pub fn opt(&self, name: &str) -> Outcome<Option<&'a T>> {
        self.structure(name).map(|number| self.value(name, number)).transpose()
    }

    /// Whether an input was passed for the parameter. Does not count as reading it.
    pub fn has(&self, name: &str) -> bool {
        self.names.get(name).is_some_and(|value| !value.is_null())
    }

    /// A list of inputs.
    pub fn list(&self, name: &str) -> Outcome<Vec<&'a T>> {
        self.values(name, self.required(name)?)
    }

    /// A list of lists of inputs.
    pub fn lists(&self, name: &str) -> Outcome<Vec<Vec<&'a T>>> {
        let lists = self.required(name)?;
        let lists = lists.as_array().ok_or_else(|| format!("input {name:?}: expected lists, found {lists}"))?;
        lists.iter().map(|list| self.values(name, list)).collect()
    }

    /// Fails if an argument or input was not read: the adapter would compute something else than was recorded.
    pub fn all_read(&self) -> Outcome {
        let read = self.read.borrow();
        let inputs = self.names.iter().filter(|(name, value)| !value.is_null() && !read.contains(name.as_str()));
        let unread: Vec<&str> = inputs.map(|(name, _)| name.as_str()).chain(self.args.unread()).collect();
        if unread.is_empty() { Ok(()) } else { Err(format!("the adapter does not read {unread:?}").into()) }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn inputs_are_found_by_name_and_forgotten_ones_are_reported() {
        let Value::Object(names) = json!({"x": 1, "xs": [0, 2], "ws": [[0], [1, 2]], "b": null}) else { panic!() };
        let Value::Object(args) = json!({"axis": 0}) else { panic!() };
        let call = Call::new(&args, &names, &['a', 'b', 'c']);
        assert_eq!(call.get("x").unwrap(), &'b');
        assert_eq!(call.opt("b").unwrap(), None);
        assert_eq!(call.opt("absent").unwrap(), None);
        assert!(call.get("b").unwrap_err().to_string().contains("missing"));
        assert_eq!(call.list("xs").unwrap(), [&'a', &'c']);
        assert!(call.list("x").is_err());
        let message = call.all_read().unwrap_err().to_string();
        assert!(message.contains("ws") && message.contains("axis"), "{message}");
        assert_eq!(call.lists("ws").unwrap(), [vec![&'a'], vec![&'b', &'c']]);
        call.args.ignore("axis");
        call.all_read().unwrap();
    }
}
