//! A folder of recorded cases: the lines of its `manifest.jsonl` and the arrays of their npz files.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use chainer::serializers::{Entry, NpzDeserializer, Store};
use chainer_kernels::{Array, with_element};
use ndarray::{ArrayD, IxDyn, ShapeBuilder};
use serde::Deserialize;
use serde_json::{Map, Value};

use super::call::Layout;
use super::compare::Tolerance;
use super::{Failure, Outcome};

/// A folder with a `manifest.jsonl` and the files that its lines name.
pub struct Set {
    /// The folder.
    pub folder: PathBuf,
    /// The lines of the manifest, in order.
    pub cases: Vec<Case>,
}

impl Set {
    /// Reads the manifest of a folder.
    pub fn open(folder: &Path) -> Result<Set, String> {
        let path = folder.join("manifest.jsonl");
        let text = std::fs::read_to_string(&path).map_err(|error| format!("{}: {error}", path.display()))?;
        let parse = |(number, line): (usize, &str)| {
            serde_json::from_str(line).map_err(|error| format!("{}:{}: {error}", path.display(), number + 1))
        };
        let lines = text.lines().enumerate().filter(|(_, line)| !line.trim().is_empty());
        Ok(Set { folder: folder.to_owned(), cases: lines.map(parse).collect::<Result<_, _>>()? })
    }
}

/// One line of a manifest. Fields that only one kind has stand in `more`.
#[derive(Deserialize, Debug, Clone)]
pub struct Case {
    /// Unique within the set.
    pub id: String,
    /// The chapter: function, error, link, optimizer, routine, util, model, trajectory, snapshot.
    pub kind: String,
    /// The documented name of what is called.
    pub name: String,
    /// The arguments that are no arrays.
    #[serde(default)]
    pub args: Map<String, Value>,
    /// The npz file with the arrays, inside the set.
    pub file: Option<String>,
    /// Parameter names to input numbers.
    #[serde(default)]
    pub inputs: Map<String, Value>,
    /// The structure of the returned value, as output numbers.
    #[serde(default)]
    pub outputs: Value,
    /// Whether gradients were recorded.
    #[serde(default)]
    pub diff: bool,
    /// Relative tolerance.
    #[serde(default)]
    pub rtol: f64,
    /// Absolute tolerance.
    #[serde(default)]
    pub atol: f64,
    /// What the absolute tolerance is a multiple of.
    pub atol_is: Option<String>,
    /// Parameters that are passed as plain arrays.
    #[serde(default)]
    pub plain: Vec<String>,
    /// Floating inputs that receive no gradient.
    #[serde(default)]
    pub no_grad: Vec<usize>,
    /// Keys for which later versions of Chainer give something else.
    #[serde(default)]
    pub v7_differs: Vec<String>,
    /// What is special about the case.
    #[serde(default)]
    pub tags: Vec<String>,
    /// What a kind has beyond this.
    #[serde(flatten)]
    pub more: Map<String, Value>,
}

impl Case {
    /// The tolerance of the line.
    pub fn tolerance(&self) -> Outcome<Tolerance> {
        let scaled = match self.atol_is.as_deref() {
            None => false,
            Some("times max|expected|") => true,
            Some(other) => return Err(format!("atol_is {other:?} is unknown").into()),
        };
        Ok(Tolerance { rtol: self.rtol, atol: self.atol, scaled })
    }

    /// A field that only some kinds have, as the type that the caller expects.
    pub fn field<T: serde::de::DeserializeOwned>(&self, key: &str) -> Outcome<T> {
        let value = self.more.get(key).cloned().unwrap_or(Value::Null);
        serde_json::from_value(value).map_err(|error| format!("field {key:?} of the line: {error}").into())
    }
}

/// The recorded arrays of a case by key.
#[derive(Default)]
pub struct Recorded {
    entries: BTreeMap<String, Entry>,
}

impl Recorded {
    /// Arrays by key.
    pub fn new(entries: impl IntoIterator<Item = (String, Entry)>) -> Recorded {
        Recorded { entries: entries.into_iter().collect() }
    }

    /// Reads an npz file.
    pub fn open(path: &Path) -> Outcome<Recorded> {
        let mut file = NpzDeserializer::open(path)?;
        let mut entries = BTreeMap::new();
        for key in file.keys() {
            if let Some(entry) = file.get(&key)? {
                entries.insert(key, entry);
            }
        }
        Ok(Recorded { entries })
    }

    /// The array of a key, if it was recorded.
    pub fn find(&self, key: &str) -> Option<&Entry> {
        self.entries.get(key)
    }

    /// The array of a key that has to be there.
    pub fn get(&self, key: &str) -> Outcome<&Entry> {
        self.find(key).ok_or_else(|| format!("{key:?} was not recorded; there are {:?}", self.keys()).into())
    }

    /// The keys in alphabetical order.
    pub fn keys(&self) -> Vec<&str> {
        self.entries.keys().map(String::as_str).collect()
    }

    /// The keys that start with `prefix`, without it.
    pub fn keys_below(&self, prefix: &str) -> Vec<&str> {
        self.entries.keys().filter_map(|key| key.strip_prefix(prefix)).collect()
    }

    /// The array of a key that has to be there, as the library's.
    pub fn array(&self, key: &str, layout: Layout) -> Outcome<Array> {
        to_array(self.get(key)?, layout).map_err(|failure| failure.at(key))
    }
}

/// A recorded array as the library's, in a memory layout.
fn to_array(entry: &Entry, layout: Layout) -> Outcome<Array> {
    let Entry::Array { dtype, shape, .. } = entry else {
        return Err(format!("expected an array, found {entry:?}").into());
    };
    let array = with_element!(*dtype, T => {
        let values = entry.to_vec::<T>().map_err(Failure::Wrong)?;
        match layout {
            Layout::RowMajor => Array::from_vec(values, &shape[..]),
            Layout::ColumnMajor => {
                let rows = ArrayD::from_shape_vec(IxDyn(shape), values).map_err(|error| error.to_string())?;
                let mut columns = ArrayD::<T>::default(IxDyn(shape).f());
                columns.assign(&rows);
                Array::from(columns)
            }
        }
    });
    array.check()?;
    Ok(array)
}
