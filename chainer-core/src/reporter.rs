//! Collecting named values where they arise: a model reports its loss, and who runs the model sees it as `main/loss`.
//!
//! A [`Reporter`] knows the names of observers (links). While it runs something ([`Reporter::observe`]), everything that is
//! [`report`]ed on this thread lands in one [`Observation`], under the name of the observer that reported it.

use std::any::{Any, TypeId};
use std::cell::RefCell;
use std::collections::HashMap;
use std::marker::PhantomData;
use std::sync::Arc;

use chainer_kernels::{Array, Result};

use crate::Variable;

/// Who reports a value: an object's address and type. The type tells an object from its first field.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct ObserverId {
    address: usize,
    kind: TypeId,
}

impl ObserverId {
    /// The identity of an object; `None` for objects of no size, which all share their addresses.
    pub fn of<T: Any + ?Sized>(object: &T) -> Option<ObserverId> {
        let address = || std::ptr::from_ref(object).cast::<()>().addr();
        (size_of_val(object) > 0).then(|| ObserverId { address: address(), kind: TypeId::of::<T>() })
    }
}

/// Something that can report values under its own name.
pub trait Observer {
    /// Its identity, if it has one.
    fn observer_id(&self) -> Option<ObserverId>;
}

/// One observed value. Reading it may have to compute it.
#[derive(Clone, Debug)]
pub enum Observed {
    /// A plain number.
    Number(f64),
    /// A variable, with the graph that it was computed by while that exists.
    Variable(Variable),
}

impl Observed {
    /// The value as a number; `None` if it is not a single one.
    ///
    /// # Errors
    /// The value has failed.
    pub fn number(&self) -> Result<Option<f64>> {
        match self {
            Observed::Number(value) => Ok(Some(*value)),
            Observed::Variable(value) => {
                value.check()?;
                if value.ndim() == 0 { value.item().map(Some) } else { Ok(None) }
            }
        }
    }
}

/// A value that can be reported: numbers, variables, arrays.
pub trait ReportValue {
    /// The value as an observation keeps it, without computing it.
    fn observed(&self) -> Observed;
}

impl ReportValue for Observed {
    fn observed(&self) -> Observed {
        self.clone()
    }
}

impl ReportValue for Variable {
    fn observed(&self) -> Observed {
        Observed::Variable(self.clone())
    }
}

impl ReportValue for Array {
    fn observed(&self) -> Observed {
        Observed::Variable(Variable::constant(self.clone()))
    }
}

macro_rules! numbers {
    ($($ty:ty),*) => {$(
        impl ReportValue for $ty {
            fn observed(&self) -> Observed {
                Observed::Number(*self as f64)
            }
        }
    )*};
}
numbers!(f32, f64, i32, i64, u32, u64, usize);

/// Named values, in the order in which they were reported.
#[derive(Clone, Debug, Default)]
pub struct Observation {
    values: Vec<(String, Observed)>,
}

impl Observation {
    /// No values.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a value, or replaces the one of this name.
    pub fn insert(&mut self, name: impl Into<String>, value: impl ReportValue) {
        let (name, value) = (name.into(), value.observed());
        match self.values.iter_mut().find(|(known, _)| *known == name) {
            Some((_, old)) => *old = value,
            None => self.values.push((name, value)),
        }
    }

    /// The value of a name.
    pub fn get(&self, name: &str) -> Option<&Observed> {
        self.values.iter().find(|(known, _)| known == name).map(|(_, value)| value)
    }

    /// The number of a name; `None` if there is no such name or it is not a single number.
    ///
    /// # Errors
    /// The value has failed.
    pub fn number(&self, name: &str) -> Result<Option<f64>> {
        self.get(name).map_or(Ok(None), Observed::number)
    }

    /// All values that are single numbers.
    ///
    /// # Errors
    /// A value has failed.
    pub fn numbers(&self) -> Result<Vec<(&str, f64)>> {
        let mut numbers = Vec::with_capacity(self.values.len());
        for (name, value) in &self.values {
            if let Some(number) = value.number()? {
                numbers.push((name.as_str(), number));
            }
        }
        Ok(numbers)
    }

    /// The names and values, in the order of reporting.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &Observed)> {
        self.values.iter().map(|(name, value)| (name.as_str(), value))
    }

    /// The names, in the order of reporting.
    pub fn names(&self) -> Vec<&str> {
        self.iter().map(|(name, _)| name).collect()
    }

    /// Adds everything of another observation.
    pub fn merge(&mut self, other: Observation) {
        for (name, value) in other.values {
            self.insert(name, value);
        }
    }

    /// Cuts the variables off from the graphs that computed them, which frees the memory of these.
    pub fn detach(&mut self) {
        for (_, value) in &mut self.values {
            if let Observed::Variable(variable) = value {
                *variable = variable.detach();
            }
        }
    }

    /// Forgets all values.
    pub fn clear(&mut self) {
        self.values.clear();
    }
}

/// The names of observers.
#[derive(Clone, Debug, Default)]
pub struct Reporter {
    names: Arc<HashMap<ObserverId, String>>,
}

impl Reporter {
    /// A reporter that knows no observer.
    pub fn new() -> Self {
        Self::default()
    }

    /// Gives an observer its name, which is put before the names of the values that it reports.
    pub fn add_observer(&mut self, name: impl Into<String>, observer: &(impl Observer + ?Sized)) {
        self.add_observer_id(name, observer.observer_id());
    }

    /// Gives an identity its name. `None`, an object of no size, stays without: its values appear under their bare names.
    pub fn add_observer_id(&mut self, name: impl Into<String>, id: Option<ObserverId>) {
        if let Some(id) = id {
            Arc::make_mut(&mut self.names).insert(id, name.into());
        }
    }

    /// Runs `f` and collects what is reported meanwhile on this thread, with the names of this reporter.
    pub fn observe<T>(&self, f: impl FnOnce() -> T) -> (T, Observation) {
        observe(self.names.clone(), f)
    }

    /// Starts to collect what is reported on this thread, until the returned guard is finished or dropped: [`Reporter::observe`] for
    /// code that is no closure. Guards end in the opposite order of their making.
    pub fn collect(&self) -> Collecting {
        Collecting::new(self.names.clone())
    }
}

/// What is being collected, innermost last.
struct Scope {
    names: Arc<HashMap<ObserverId, String>>,
    observation: Observation,
}

thread_local! {
    static SCOPES: RefCell<Vec<Scope>> = const { RefCell::new(Vec::new()) };
}

/// Collects what is reported on this thread while it exists; see [`Reporter::collect`].
#[must_use = "what is reported is collected for as long as this exists"]
pub struct Collecting {
    /// The place of its scope among those of this thread.
    depth: usize,
    /// The scope belongs to this thread.
    _thread: PhantomData<*const ()>,
}

impl Collecting {
    fn new(names: Arc<HashMap<ObserverId, String>>) -> Self {
        SCOPES.with_borrow_mut(|scopes| {
            scopes.push(Scope { names, observation: Observation::new() });
            Collecting { depth: scopes.len() - 1, _thread: PhantomData }
        })
    }

    /// Ends the collection and returns what was reported.
    pub fn finish(self) -> Observation {
        let take =
            |scopes: &mut Vec<Scope>| scopes.get_mut(self.depth).map(|scope| std::mem::take(&mut scope.observation));
        SCOPES.with_borrow_mut(take).unwrap_or_default()
    }
}

/// Ends the scope also when what is observed panics.
impl Drop for Collecting {
    fn drop(&mut self) {
        SCOPES.with_borrow_mut(|scopes| scopes.truncate(self.depth));
    }
}

fn observe<T>(names: Arc<HashMap<ObserverId, String>>, f: impl FnOnce() -> T) -> (T, Observation) {
    let collecting = Collecting::new(names);
    let result = f();
    (result, collecting.finish())
}

/// Reports values of `observer` to whoever is collecting on this thread; does nothing if nobody is.
///
/// ```
/// use chainer::reporter::{Observer, ObserverId, Reporter, report};
///
/// struct Model(f32);
/// impl Observer for Model {
///     fn observer_id(&self) -> Option<ObserverId> {
///         ObserverId::of(self)
///     }
/// }
///
/// let model = Model(0.5);
/// let mut reporter = Reporter::new();
/// reporter.add_observer("main", &model);
/// let ((), observation) = reporter.observe(|| report(&model, [("loss", &model.0)]));
/// assert_eq!(observation.number("main/loss")?, Some(0.5));
/// # Ok::<(), chainer_kernels::Error>(())
/// ```
pub fn report<const N: usize>(observer: &(impl Observer + ?Sized), values: [(&str, &dyn ReportValue); N]) {
    report_as(observer.observer_id(), &values);
}

/// Reports values without an observer, under their bare names.
pub fn report_values<const N: usize>(values: [(&str, &dyn ReportValue); N]) {
    report_as(None, &values);
}

fn report_as(id: Option<ObserverId>, values: &[(&str, &dyn ReportValue)]) {
    SCOPES.with_borrow_mut(|scopes| {
        let Some(Scope { names, observation }) = scopes.last_mut() else { return };
        let name = id.and_then(|id| names.get(&id));
        for (key, value) in values {
            observation.insert(name.map_or_else(|| (*key).to_owned(), |name| join(name, key)), value.observed());
        }
    });
}

/// `main` and `loss` make `main/loss`; a name that ends in its own separator (`my_observer:`) is joined without one.
fn join(name: &str, key: &str) -> String {
    if name.ends_with([':', '/']) { format!("{name}{key}") } else { format!("{name}/{key}") }
}

/// Whether what is reported on this thread is collected.
pub(crate) fn is_collecting() -> bool {
    SCOPES.with_borrow(|scopes| !scopes.is_empty())
}

/// Runs `f` and collects what is reported meanwhile, with the names of the reporter that is collecting now. What `f` reports is then
/// not seen outside.
pub fn report_scope<T>(f: impl FnOnce() -> T) -> (T, Observation) {
    let names = SCOPES.with_borrow(|scopes| scopes.last().map(|scope| scope.names.clone())).unwrap_or_default();
    observe(names, f)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[repr(C)]
    struct Outer {
        inner: Inner,
    }
    struct Inner(#[allow(dead_code)] u8);
    struct Nothing;
    impl Observer for Outer {
        fn observer_id(&self) -> Option<ObserverId> {
            ObserverId::of(self)
        }
    }
    impl Observer for Inner {
        fn observer_id(&self) -> Option<ObserverId> {
            ObserverId::of(self)
        }
    }
    impl Observer for Nothing {
        fn observer_id(&self) -> Option<ObserverId> {
            ObserverId::of(self)
        }
    }

    #[test]
    fn an_object_and_its_first_field_are_two_observers() {
        let model = Outer { inner: Inner(0) };
        let mut reporter = Reporter::new();
        reporter.add_observer("main", &model);
        reporter.add_observer("main/inner", &model.inner);
        reporter.add_observer("nothing", &Nothing);
        reporter.add_observer("my_observer:", &Inner(1));
        let ((), seen) = reporter.observe(|| {
            report(&model, [("loss", &1.0)]);
            report(&model.inner, [("loss", &2.0)]);
            report(&Nothing, [("bare", &3usize)]);
            report_values([("lr", &0.5)]);
        });
        let seen = seen.numbers().unwrap();
        assert_eq!(seen, [("main/loss", 1.0), ("main/inner/loss", 2.0), ("bare", 3.0), ("lr", 0.5)]);
        assert_eq!(join("my_observer:", "x"), "my_observer:x");
    }

    #[test]
    fn only_single_numbers_are_numbers_and_failures_surface() {
        let mut seen = Observation::new();
        seen.insert("loss", Variable::new(Array::scalar(0.5f32)));
        seen.insert("weights", Array::from([1.0f32]));
        assert_eq!(seen.numbers().unwrap(), [("loss", 0.5)]);
        seen.detach();
        seen.insert("loss", Array::from_vec(vec![1.0f32], [2]));
        assert!(seen.numbers().is_err() && seen.number("weights").unwrap().is_none());
    }

    #[test]
    fn scopes_nest_and_end_with_a_panic() {
        let reporter = Reporter::new();
        let (inner, outer) = reporter.observe(|| {
            report_values([("a", &1)]);
            let ((), inner) = report_scope(|| report_values([("b", &2)]));
            let _ = std::panic::catch_unwind(|| reporter.observe(|| panic!("in the model")));
            report_values([("c", &3)]);
            inner
        });
        assert_eq!(inner.names(), ["b"]);
        assert_eq!(outer.names(), ["a", "c"]);
        report_values([("nobody listens", &1)]);
    }
}
