//! Links: recorded parameters and persistent values, a sequence of calls on one object, one backward pass through all of them.

mod basic;
mod connection;
pub mod loss;
mod recurrent;

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use chainer::initializers::Initializer;
use chainer::serializers::{DictionarySerializer, Entry, Serializer, Store};
use chainer::{Array, Dtype, Forward, Link, Result, Variable, functions as F, using_config};
use chainer_tests::golden::{Arguments, Call, Case, Context, Failure, Layout, Outcome, Recorded};
use serde::Deserialize;
use serde_json::{Map, Value};

use super::function;

/// Calls a method by its name.
type CallMethod = dyn Fn(&str, &Call<'_, Variable>) -> function::Made;

/// Reads an attribute by its name.
type Attribute = dyn Fn(&str) -> Outcome<Array>;

/// A link that was made, and how a case reaches what `dyn Link` does not show.
pub struct Made {
    /// The link.
    pub link: Arc<dyn Link>,
    /// The same as a layer of a network, where it is one.
    pub forward: Option<Arc<dyn Forward>>,
    /// Calls it. A method other than the call itself is named.
    pub call: Box<CallMethod>,
    /// An attribute, such as the state of a recurrent link.
    pub attribute: Box<Attribute>,
}

impl Made {
    /// A link of one variable that is only called.
    pub fn layer(link: impl Forward) -> Made {
        let link = Arc::new(link);
        let forward: Arc<dyn Forward> = link.clone();
        let called = forward.clone();
        Made {
            link,
            forward: Some(forward),
            call: Box::new(move |method, c| match method {
                "__call__" => Ok(called.forward(c.get("x")?).into()),
                other => Err(Failure::NotImplemented(format!("method {other}"))),
            }),
            attribute: Box::new(|name| Err(format!("there is no attribute {name:?}").into())),
        }
    }

    /// A link with methods and attributes.
    pub fn with_attributes<L: Link>(
        link: L,
        call: impl Fn(&L, &str, &Call<'_, Variable>) -> function::Made + 'static,
        attribute: fn(&L, &str) -> Outcome<Array>,
    ) -> Made {
        let link = Arc::new(link);
        let (called, asked) = (link.clone(), link.clone());
        Made {
            link,
            forward: None,
            call: Box::new(move |method, arguments| call(&called, method, arguments)),
            attribute: Box::new(move |name| attribute(&asked, name)),
        }
    }
}

/// Makes a link.
pub type Adapter = fn(&Constructor<'_>) -> Outcome<Made>;

const CHAPTERS: &[&[(&str, Adapter)]] = &[basic::ADAPTERS, connection::ADAPTERS, loss::ADAPTERS, recurrent::ADAPTERS];

/// What a link is made of: arguments and arrays.
pub struct Constructor<'a> {
    /// The arguments that are no arrays.
    pub args: Arguments<'a>,
    arrays: BTreeMap<String, Vec<Array>>,
    read: RefCell<BTreeSet<String>>,
}

impl<'a> Constructor<'a> {
    /// Arguments without arrays.
    pub fn new(args: &'a Map<String, Value>) -> Self {
        Constructor { args: Arguments::new(args), arrays: BTreeMap::new(), read: RefCell::default() }
    }

    fn of(context: &Context<'a>) -> Outcome<Self> {
        let mut constructor = Constructor::new(&context.case.args);
        let keys: Option<Map<String, Value>> = context.case.field("ctor_arrays")?;
        for (name, key) in keys.unwrap_or_default() {
            let keys = match &key {
                Value::Array(keys) => keys.iter().collect(),
                key => vec![key],
            };
            let array = |key: &Value| {
                let key = key.as_str().ok_or_else(|| Failure::Wrong(format!("constructor argument {name}: {key}")))?;
                context.recorded.array(key, Layout::RowMajor)
            };
            let arrays = keys.into_iter().map(array).collect::<Outcome<Vec<Array>>>()?;
            constructor.arrays.insert(name, arrays);
        }
        Ok(constructor)
    }

    /// An argument that is an array.
    pub fn array(&self, name: &str) -> Option<Array> {
        self.arrays(name)?.first().cloned()
    }

    /// An argument that is a tuple of arrays.
    pub fn arrays(&self, name: &str) -> Option<Vec<Array>> {
        self.read.borrow_mut().insert(name.to_owned());
        self.arrays.get(name).cloned()
    }

    /// An argument that gives a parameter its first value: an array or a number.
    pub fn initializer(&self, name: &str) -> Outcome<Option<Arc<dyn Initializer>>> {
        Ok(match self.array(name) {
            Some(array) => Some(Arc::new(array)),
            None => match self.args.opt_float(name)? {
                Some(number) => Some(Arc::new(number)),
                None => None,
            },
        })
    }

    /// An argument that is a function of one variable.
    pub fn activation(&self, name: &str, default: fn(Variable) -> Variable) -> Outcome<fn(Variable) -> Variable> {
        Ok(match self.args.raw(name).map(|function| function["fn"].as_str().unwrap_or_default()) {
            None => default,
            Some("relu") => F::relu,
            Some("tanh") => F::tanh,
            Some("sigmoid") => F::sigmoid,
            Some("elu") => F::elu,
            Some("leaky_relu") => F::leaky_relu,
            Some("softplus") => F::softplus,
            Some("identity") => |x| x,
            Some(other) => return Err(Failure::NotImplemented(format!("the activation {other}"))),
        })
    }

    /// Makes a link of this name; fails if an argument was not read.
    pub fn make(&self, name: &str) -> Outcome<Made> {
        let found = CHAPTERS.iter().copied().flatten().find(|(known, _)| *known == name);
        let (_, adapter) = found.ok_or_else(|| Failure::NotImplemented(name.to_owned()))?;
        let made = adapter(self)?;
        let read = self.read.borrow();
        let arrays = self.arrays.keys().map(String::as_str).filter(|name| !read.contains(*name));
        let unread: Vec<&str> = self.args.unread().into_iter().chain(arrays).collect();
        if unread.is_empty() { Ok(made) } else { Err(format!("the adapter does not read {unread:?}").into()) }
    }
}

/// One of the calls of a line.
#[derive(Deserialize)]
struct LinkCall {
    #[serde(default)]
    inputs: Map<String, Value>,
    #[serde(default)]
    args: Map<String, Value>,
    #[serde(default)]
    outputs: Value,
    #[serde(default)]
    method: Option<String>,
    #[serde(default)]
    plain: Vec<String>,
}

/// Runs a case.
pub fn run(context: &Context<'_>) -> Outcome {
    [Layout::RowMajor, Layout::ColumnMajor]
        .into_iter()
        .try_for_each(|layout| check(context, layout).map_err(|failure| failure.at(format!("{layout:?} inputs"))))
}

fn check(context: &Context<'_>, layout: Layout) -> Outcome {
    let case = context.case;
    let dtype = match case.field::<String>("dtype")?.as_str() {
        "f16" => Dtype::F16,
        "f64" => Dtype::F64,
        _ => Dtype::F32,
    };
    let _dtype = using_config(|config| config.dtype = dtype);
    let made = Constructor::of(context)?.make(&case.name)?;
    check_initial_values(context, &*made.link)?;
    restore(context, &*made.link)?;

    let calls: Vec<LinkCall> = case.field("calls")?;
    let inputs = variables(case, &calls, context.inputs(layout)?)?;
    let mut outputs = Vec::new();
    for (number, line) in calls.iter().enumerate() {
        let call = Call::new(&line.args, &line.inputs, &inputs);
        let method = line.method.as_deref().unwrap_or("__call__");
        let made = (made.call)(method, &call).map_err(|failure| failure.at(format!("call {number}")))?;
        call.all_read()?;
        if !line.outputs.is_null() {
            outputs.extend(made.numbered(&line.outputs)?);
        }
    }
    for (number, output) in &outputs {
        context.check(&format!("out{number}"), output.data())?;
    }
    for name in context.recorded.keys_below("state:") {
        context.check(&format!("state:{name}"), &(made.attribute)(name)?)?;
    }
    check_persistent_values(context, &*made.link)?;
    if !case.diff {
        return Ok(());
    }
    function::check_gradients(context, &inputs, &outputs, layout)?;
    for (path, param) in made.link.named_params() {
        function::check_gradient(context, &format!("gparam:{}", path.trim_start_matches('/')), param.grad().as_ref())?;
    }
    Ok(())
}

/// The values right after construction. A parameter without a size yet gets the recorded one.
fn check_initial_values(context: &Context<'_>, link: &dyn Link) -> Outcome {
    let params: BTreeMap<String, _> = link.named_params().into_iter().collect();
    let mut names: Vec<&str> = params.keys().map(|path| path.trim_start_matches('/')).collect();
    let mut wanted: Vec<String> = context.case.field("params")?;
    names.sort_unstable();
    wanted.sort_unstable();
    if names != wanted {
        return Err(format!("parameters {names:?}, expected {wanted:?}").into());
    }
    for path in context.case.field::<Vec<String>>("init")? {
        let key = format!("init:{path}");
        let (Some(param), Some(Entry::Array { shape, .. })) =
            (params.get(&format!("/{path}")), context.recorded.find(&key))
        else {
            continue;
        };
        if !param.is_initialized() {
            param.initialize(&shape[..])?;
        }
        context.check(&key, &param.array()?)?;
    }
    Ok(())
}

/// Gives parameters and persistent values their recorded values, as a snapshot does.
fn restore(context: &Context<'_>, link: &dyn Link) -> Outcome {
    let mut entries = Entries(BTreeMap::new());
    for key in ["param:", "persistent:"] {
        for path in context.recorded.keys_below(key) {
            entries.0.insert(path.to_owned(), context.recorded.get(&format!("{key}{path}"))?.clone());
        }
    }
    Ok(link.serialize(&mut Serializer::new(&mut entries))?)
}

fn check_persistent_values(context: &Context<'_>, link: &dyn Link) -> Outcome {
    let mut saved = DictionarySerializer::new();
    link.serialize(&mut Serializer::new(&mut saved))?;
    for path in context.recorded.keys_below("after_persistent:") {
        let key = format!("after_persistent:{path}");
        let entry = saved.get(path).ok_or_else(|| format!("{key}: there is no such persistent value"))?;
        let saved = Recorded::new([(key.clone(), entry.clone())]);
        context.check(&key, &saved.array(&key, Layout::RowMajor)?)?;
    }
    Ok(())
}

fn variables(case: &Case, calls: &[LinkCall], arrays: Vec<Array>) -> Outcome<Vec<Variable>> {
    let mut case = case.clone();
    // The numbers of inputs run over all calls.
    for (number, call) in calls.iter().enumerate() {
        for name in &call.plain {
            let numbers = call.inputs.get(name).cloned().unwrap_or_default();
            case.inputs.insert(format!("{number}/{name}"), numbers);
            case.plain.push(format!("{number}/{name}"));
        }
    }
    function::variables(&case, arrays)
}

/// Recorded values as a file would hold them.
struct Entries(BTreeMap<String, Entry>);

impl Store for Entries {
    fn is_loading(&self) -> bool {
        true
    }
    fn put(&mut self, _: &str, _: Entry) -> Result<()> {
        Ok(())
    }
    fn get(&mut self, path: &str) -> Result<Option<Entry>> {
        Ok(self.0.get(path).cloned())
    }
    fn describe(&self) -> String {
        "the recorded values".to_owned()
    }
}
