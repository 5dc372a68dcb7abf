//! The arguments of a case that are no arrays, with errors that name the argument.
//!
//! What was read is remembered: an argument that the adapter forgot makes the case fail, so that it cannot pass by luck.

use std::cell::RefCell;
use std::collections::BTreeSet;

use chainer_kernels::Dtype;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};

use super::{Failure, Outcome};

/// One element of an index: what stands between the brackets of `x[1, 2:4, None]`.
#[derive(Clone, Debug, PartialEq)]
pub enum Index {
    /// A number.
    Int(isize),
    /// `start:stop:step`.
    Slice(Option<isize>, Option<isize>, Option<isize>),
    /// `...`
    Ellipsis,
    /// A new axis of size 1.
    NewAxis,
    /// The input of this name: an array of indices or a mask.
    Input(String),
}

/// Arguments by parameter name. An absent one takes the default that the adapter names.
pub struct Arguments<'a> {
    map: &'a Map<String, Value>,
    read: RefCell<BTreeSet<&'a str>>,
}

impl<'a> Arguments<'a> {
    /// The arguments of a line, or of a call within a line.
    pub fn new(map: &'a Map<String, Value>) -> Self {
        Arguments { map, read: RefCell::default() }
    }

    /// The value as it stands in the line; `None` if it is absent.
    pub fn raw(&self, name: &str) -> Option<&'a Value> {
        let (key, value) = self.map.get_key_value(name)?;
        self.read.borrow_mut().insert(key);
        Some(value)
    }

    /// The value; `None` if it is absent or null.
    fn given(&self, name: &str) -> Option<&'a Value> {
        self.raw(name).filter(|value| !value.is_null())
    }

    fn convert<T>(&self, name: &str, what: &str, convert: impl Fn(&'a Value) -> Option<T>) -> Outcome<Option<T>> {
        let Some(value) = self.given(name) else { return Ok(None) };
        let wrong = || Failure::Wrong(format!("argument {name:?}: expected {what}, found {value}"));
        convert(value).map(Some).ok_or_else(wrong)
    }

    fn require<T>(&self, name: &str, value: Option<T>) -> Outcome<T> {
        let given: Vec<&String> = self.map.keys().collect();
        value.ok_or_else(|| format!("argument {name:?} is missing; there are {given:?}").into())
    }

    /// Whether the argument is there and not null. Does not count as reading it.
    pub fn has(&self, name: &str) -> bool {
        self.map.get(name).is_some_and(|value| !value.is_null())
    }

    /// The names that nobody has read.
    pub fn unread(&self) -> Vec<&'a str> {
        let read = self.read.borrow();
        self.map.keys().map(String::as_str).filter(|name| !read.contains(name)).collect()
    }

    /// Says that the argument means nothing here, such as a device.
    pub fn ignore(&self, name: &str) {
        self.raw(name);
    }

    /// A whole number, or `None` (absent or null).
    pub fn opt_int(&self, name: &str) -> Outcome<Option<isize>> {
        self.convert(name, "a whole number", integer)
    }

    /// A whole number.
    pub fn int(&self, name: &str) -> Outcome<isize> {
        self.require(name, self.opt_int(name)?)
    }

    /// A whole number, or its default.
    pub fn int_or(&self, name: &str, default: isize) -> Outcome<isize> {
        Ok(self.opt_int(name)?.unwrap_or(default))
    }

    /// A size or count, or `None`.
    pub fn opt_size(&self, name: &str) -> Outcome<Option<usize>> {
        self.convert(name, "a whole number of at least 0", |v| integer(v)?.try_into().ok())
    }

    /// A size or count.
    pub fn size(&self, name: &str) -> Outcome<usize> {
        self.require(name, self.opt_size(name)?)
    }

    /// A size or count, or its default.
    pub fn size_or(&self, name: &str, default: usize) -> Outcome<usize> {
        Ok(self.opt_size(name)?.unwrap_or(default))
    }

    /// A number, or `None`.
    pub fn opt_float(&self, name: &str) -> Outcome<Option<f64>> {
        self.convert(name, "a number", float)
    }

    /// A number.
    pub fn float(&self, name: &str) -> Outcome<f64> {
        self.require(name, self.opt_float(name)?)
    }

    /// A number, or its default.
    pub fn float_or(&self, name: &str, default: f64) -> Outcome<f64> {
        Ok(self.opt_float(name)?.unwrap_or(default))
    }

    /// Numbers, one or a list.
    pub fn floats(&self, name: &str) -> Outcome<Vec<f64>> {
        let list = self.convert(name, "a number or a list of numbers", |v| match v {
            Value::Array(list) => list.iter().map(float).collect(),
            one => Some(vec![float(one)?]),
        })?;
        self.require(name, list)
    }

    /// A flag, or its default.
    pub fn flag(&self, name: &str, default: bool) -> Outcome<bool> {
        Ok(self.convert(name, "true or false", Value::as_bool)?.unwrap_or(default))
    }

    /// A text, or `None`.
    pub fn opt_text(&self, name: &str) -> Outcome<Option<&'a str>> {
        self.convert(name, "a text", Value::as_str)
    }

    /// A text.
    pub fn text(&self, name: &str) -> Outcome<&'a str> {
        self.require(name, self.opt_text(name)?)
    }

    /// A text, or its default.
    pub fn text_or(&self, name: &str, default: &'static str) -> Outcome<&'a str> {
        Ok(self.opt_text(name)?.unwrap_or(default))
    }

    /// Refuses any other text than the one that the library does: `reduce == "mean"`.
    pub fn only(&self, name: &str, value: &'static str) -> Outcome {
        match self.opt_text(name)? {
            None => Ok(()),
            Some(text) if text == value => Ok(()),
            Some(other) => Err(Failure::NotImplemented(format!("{name}={other}"))),
        }
    }

    /// Axes: `None` (absent or null: all of them), one, or a list.
    pub fn axes(&self, name: &str) -> Outcome<Option<Vec<isize>>> {
        self.convert(name, "an axis or a list of axes", one_or_many)
    }

    /// Whole numbers, one or a list.
    pub fn ints(&self, name: &str) -> Outcome<Vec<isize>> {
        self.require(name, self.axes(name)?)
    }

    /// Sizes, one or a list; `None` if absent or null.
    pub fn opt_sizes(&self, name: &str) -> Outcome<Option<Vec<usize>>> {
        self.convert(name, "a size or a list of sizes", |v| {
            one_or_many(v)?.into_iter().map(|n| n.try_into().ok()).collect()
        })
    }

    /// Sizes, one or a list.
    pub fn sizes(&self, name: &str) -> Outcome<Vec<usize>> {
        self.require(name, self.opt_sizes(name)?)
    }

    /// "int or pair of ints": height and width; `None` if absent or null.
    pub fn opt_pair(&self, name: &str) -> Outcome<Option<(usize, usize)>> {
        match self.opt_sizes(name)?.as_deref() {
            None => Ok(None),
            Some(&[both]) => Ok(Some((both, both))),
            Some(&[height, width]) => Ok(Some((height, width))),
            Some(other) => Err(format!("argument {name:?}: expected one or two sizes, found {other:?}").into()),
        }
    }

    /// "int or pair of ints", or its default.
    pub fn pair_or(&self, name: &str, default: usize) -> Outcome<(usize, usize)> {
        Ok(self.opt_pair(name)?.unwrap_or((default, default)))
    }

    /// "int or pair of ints".
    pub fn pair(&self, name: &str) -> Outcome<(usize, usize)> {
        self.require(name, self.opt_pair(name)?)
    }

    /// "int or tuple of ints", one number for each of `ndim` axes; `None` if absent or null.
    pub fn opt_tuple(&self, name: &str, ndim: usize) -> Outcome<Option<Vec<usize>>> {
        match self.opt_sizes(name)? {
            Some(sizes) if sizes.len() == 1 && !matches!(self.given(name), Some(Value::Array(_))) => {
                Ok(Some(vec![sizes[0]; ndim]))
            }
            Some(sizes) if sizes.len() != ndim => {
                Err(format!("argument {name:?}: expected {ndim} sizes, found {sizes:?}").into())
            }
            sizes => Ok(sizes),
        }
    }

    /// "int or tuple of ints", or its default on every axis.
    pub fn tuple_or(&self, name: &str, ndim: usize, default: usize) -> Outcome<Vec<usize>> {
        Ok(self.opt_tuple(name, ndim)?.unwrap_or_else(|| vec![default; ndim]))
    }

    /// "int or pairs": what padding adds before and after each of `ndim` axes.
    pub fn pad_width(&self, name: &str, ndim: usize) -> Outcome<Vec<(usize, usize)>> {
        let pairs = |value: &Value| -> Option<Vec<(usize, usize)>> {
            let number = |v: &Value| v.as_u64().map(|n| n as usize);
            let pair = |v: &Value| match v {
                Value::Array(both) if both.len() == 2 => Some((number(&both[0])?, number(&both[1])?)),
                Value::Array(one) if one.len() == 1 => Some((number(&one[0])?, number(&one[0])?)),
                other => Some((number(other)?, number(other)?)),
            };
            match value {
                Value::Array(list) if list.iter().all(Value::is_array) => {
                    let each = list.iter().map(pair).collect::<Option<Vec<_>>>()?;
                    Some(if each.len() == 1 { vec![each[0]; ndim] } else { each })
                }
                other => Some(vec![pair(other)?; ndim]),
            }
        };
        self.require(name, self.convert(name, "a width, a pair or pairs of widths", pairs)?)
    }

    /// Any structure that `serde` can make of the value.
    pub fn parsed<T: DeserializeOwned>(&self, name: &str) -> Outcome<T> {
        let value = self.require(name, self.raw(name))?;
        T::deserialize(value).map_err(|error| format!("argument {name:?}: {error}").into())
    }

    /// An element type, or `None`.
    pub fn opt_dtype(&self, name: &str) -> Outcome<Option<Dtype>> {
        self.convert(name, "the name of a dtype", |v| v.as_str()?.parse().ok())
    }

    /// An element type.
    pub fn dtype(&self, name: &str) -> Outcome<Dtype> {
        self.require(name, self.opt_dtype(name)?)
    }

    /// What stands between the brackets of an index.
    pub fn index(&self, name: &str) -> Outcome<Vec<Index>> {
        let list = self.convert(name, "a list of index elements", |v| v.as_array()?.iter().map(index).collect())?;
        self.require(name, list)
    }
}

fn integer(value: &Value) -> Option<isize> {
    match value {
        // JSON made of Python floats spells whole numbers with a fraction.
        Value::Number(n) if n.is_f64() => n.as_f64().filter(|x| x.fract() == 0.0).map(|x| x as isize),
        other => other.as_i64().map(|n| n as isize),
    }
}

fn float(value: &Value) -> Option<f64> {
    match value {
        Value::Object(map) => match map.get("float")?.as_str()? {
            "inf" => Some(f64::INFINITY),
            "-inf" => Some(f64::NEG_INFINITY),
            "nan" => Some(f64::NAN),
            _ => None,
        },
        other => other.as_f64(),
    }
}

fn one_or_many(value: &Value) -> Option<Vec<isize>> {
    match value {
        Value::Array(list) => list.iter().map(integer).collect(),
        one => Some(vec![integer(one)?]),
    }
}

fn index(value: &Value) -> Option<Index> {
    let (kind, value) = value.as_object()?.iter().next()?;
    let bound = |v: &Value| if v.is_null() { Some(None) } else { integer(v).map(Some) };
    match (kind.as_str(), value) {
        ("int", n) => Some(Index::Int(integer(n)?)),
        ("slice", Value::Array(parts)) if parts.len() == 3 => {
            Some(Index::Slice(bound(&parts[0])?, bound(&parts[1])?, bound(&parts[2])?))
        }
        ("ellipsis", _) => Some(Index::Ellipsis),
        ("newaxis", _) => Some(Index::NewAxis),
        ("input", name) => Some(Index::Input(name.as_str()?.to_owned())),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn with<T>(value: Value, test: impl FnOnce(&Arguments<'_>) -> T) -> T {
        let Value::Object(map) = value else { panic!("the test gives an object") };
        test(&Arguments::new(&map))
    }

    #[test]
    fn what_is_not_read_is_known() {
        with(json!({"axis": 1, "train": true}), |a| {
            assert_eq!(a.int("axis").unwrap(), 1);
            assert_eq!(a.unread(), ["train"]);
            assert!(a.flag("train", false).unwrap());
            assert!(a.unread().is_empty());
        });
    }

    #[test]
    fn defaults_stand_for_absent_arguments_only() {
        with(json!({"axis": null, "eps": "x"}), |a| {
            assert_eq!(a.axes("axis").unwrap(), None);
            assert_eq!(a.float_or("alpha", 0.5).unwrap(), 0.5);
            let message = a.float_or("eps", 0.1).unwrap_err().to_string();
            assert_eq!(message, "argument \"eps\": expected a number, found \"x\"");
            assert!(a.int("axis").unwrap_err().to_string().contains("missing"));
        });
    }

    #[test]
    fn tuples_and_pairs_are_read() {
        with(json!({"k": 2, "s": [1, 2], "p": [[1, 2], [0, 3]], "z": {"float": "inf"}}), |a| {
            assert_eq!(a.pair("k").unwrap(), (2, 2));
            assert_eq!(a.pair("s").unwrap(), (1, 2));
            assert_eq!(a.tuple_or("k", 3, 1).unwrap(), [2, 2, 2]);
            assert_eq!(a.tuple_or("s", 2, 1).unwrap(), [1, 2]);
            assert!(a.tuple_or("s", 3, 1).is_err());
            assert_eq!(a.pad_width("p", 2).unwrap(), [(1, 2), (0, 3)]);
            assert_eq!(a.pad_width("k", 2).unwrap(), [(2, 2), (2, 2)]);
            assert_eq!(a.float("z").unwrap(), f64::INFINITY);
        });
    }

    #[test]
    fn indices_are_read() {
        let value = json!({"i": [{"int": -1}, {"slice": [null, 2, -1]}, {"ellipsis": true}, {"newaxis": true}, {"input": "m"}]});
        with(value, |a| {
            let want = [
                Index::Int(-1),
                Index::Slice(None, Some(2), Some(-1)),
                Index::Ellipsis,
                Index::NewAxis,
                Index::Input("m".to_owned()),
            ];
            assert_eq!(a.index("i").unwrap(), want);
        });
        with(json!({"i": [{"other": 1}]}), |a| assert!(a.index("i").is_err()));
    }
}
