//! Runs the cases of a set on a few threads. A panic in one is that case's failure.

use std::cell::RefCell;
use std::panic::{AssertUnwindSafe, catch_unwind, set_hook, take_hook};
use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, Once, PoisonError};

use chainer::serializers::Entry;
use chainer_kernels::Array;

use super::compare::same_form;
use super::{Case, Failure, Layout, Outcome, Recorded, Report, Set, compare, compare_json, is_exempt};

/// A kind of cases, and how one of them is run.
pub struct Kind {
    /// As the manifest spells it.
    pub name: &'static str,
    /// Runs a case: makes the calls and compares.
    pub run: fn(&Context<'_>) -> Outcome,
}

/// A case that is being run.
pub struct Context<'a> {
    /// Its line.
    pub case: &'a Case,
    /// Its arrays.
    pub recorded: &'a Recorded,
    /// The folder of the set, for files that are named in the line.
    pub folder: &'a Path,
}

impl Context<'_> {
    /// The arrays `in0`, `in1` …
    pub fn inputs(&self, layout: Layout) -> Outcome<Vec<Array>> {
        let keys = (0..).map(|k| format!("in{k}"));
        keys.take_while(|key| self.recorded.find(key).is_some()).map(|key| self.recorded.array(&key, layout)).collect()
    }

    /// Compares an array with the recorded one of this key, by the rules of the line and the table of exemptions.
    pub fn check(&self, key: &str, got: &Array) -> Outcome {
        let want = self.recorded.get(key)?;
        let outcome = match want {
            Entry::Array { dtype, shape, .. } if self.is_exempt(key) => same_form(got, *dtype, shape),
            want => compare(got, want, self.case.tolerance()?),
        };
        outcome.map_err(|failure| failure.at(key))
    }

    /// Compares a JSON value with the line's `expected`.
    pub fn expect(&self, got: serde_json::Value) -> Outcome {
        let want: serde_json::Value = self.case.field("expected")?;
        compare_json(&got, &want, self.case.tolerance()?, "expected")
    }

    /// Whether the numbers of a key are not compared.
    pub fn is_exempt(&self, key: &str) -> bool {
        is_exempt(self.case, key)
    }

    /// That nothing of this name is there.
    pub fn not_implemented(&self) -> Failure {
        Failure::NotImplemented(self.case.name.clone())
    }
}

/// Runs every case.
pub fn run_set(set: &Set, kinds: &[Kind]) -> Report {
    record_panics();
    let threads = std::thread::available_parallelism().map_or(1, |n| n.get()).min(set.cases.len().max(1));
    let next = AtomicUsize::new(0);
    let outcomes: Vec<Mutex<Option<Outcome>>> = set.cases.iter().map(|_| Mutex::new(None)).collect();
    std::thread::scope(|scope| {
        for _ in 0..threads {
            scope.spawn(|| {
                loop {
                    let place = next.fetch_add(1, Ordering::Relaxed);
                    let Some(case) = set.cases.get(place) else { break };
                    *outcomes[place].lock().unwrap_or_else(PoisonError::into_inner) = run_case(set, case, kinds);
                }
            });
        }
    });
    let mut report = Report::default();
    for (case, outcome) in set.cases.iter().zip(&outcomes) {
        match &*outcome.lock().unwrap_or_else(PoisonError::into_inner) {
            Some(outcome) => report.add(case, outcome),
            None => report.skip(case),
        }
    }
    report
}

/// Runs one case; `None` if its file is not there.
fn run_case(set: &Set, case: &Case, kinds: &[Kind]) -> Option<Outcome> {
    let path = case.file.as_ref().map(|file| set.folder.join(file));
    if path.as_ref().is_some_and(|path| !path.exists()) {
        return None;
    }
    let Some(kind) = kinds.iter().find(|kind| kind.name == case.kind) else {
        return Some(Err(Failure::NotImplemented(case.name.clone())));
    };
    PANIC.set(Some(None));
    let outcome = catch_unwind(AssertUnwindSafe(|| {
        // Snapshots are the program's own files, not recorded arrays.
        let recorded = match path.filter(|_| case.kind != "snapshot") {
            Some(path) => Recorded::open(&path)?,
            None => Recorded::default(),
        };
        (kind.run)(&Context { case, recorded: &recorded, folder: &set.folder })
    }));
    let message = PANIC.take().flatten();
    Some(outcome.unwrap_or_else(|_| Err(format!("panicked: {}", message.unwrap_or_default()).into())))
}

thread_local! {
    /// `Some` while a case runs; its message once it has panicked.
    static PANIC: RefCell<Option<Option<String>>> = const { RefCell::new(None) };
}

/// Panics of cases are kept as messages; all others are printed as always.
fn record_panics() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        let default = take_hook();
        set_hook(Box::new(move |info| {
            let recorded = PANIC.with_borrow_mut(|panic| {
                let Some(message) = panic else { return false };
                *message = Some(info.to_string().replace('\n', " "));
                true
            });
            if !recorded {
                default(info);
            }
        }));
    });
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::golden::Count;

    fn set(names: &[&str]) -> Set {
        let case = |name: &&str| {
            serde_json::from_value(json!({"id": format!("k/{name}"), "kind": "k", "name": name, "rtol": 1e-6})).unwrap()
        };
        Set { folder: "absent".into(), cases: names.iter().map(case).collect() }
    }

    fn run(context: &Context<'_>) -> Outcome {
        let recorded = Recorded::new([("out0".to_owned(), Entry::array(vec![2], &[1.0f32, 2.0]))]);
        let context = Context { recorded: &recorded, ..*context };
        match context.case.name.as_str() {
            "right" => context.check("out0", &Array::from([1.0f32, 2.0])),
            "wrong" => context.check("out0", &Array::from([1.0f32, 2.5])),
            "panics" => panic!("told to"),
            _ => Err(context.not_implemented()),
        }
    }

    #[test]
    fn wrong_numbers_and_panics_fail_and_end_nothing() {
        let kinds = [Kind { name: "k", run }];
        let report = run_set(&set(&["wrong", "right", "panics", "absent", "right"]), &kinds);
        assert_eq!(report.count("k"), Count { cases: 5, passed: 2, failed: 2, not_implemented: 1, skipped: 0 });
        let [(wrong, mismatch), (panics, message)] = report.failed() else { panic!("{report}") };
        assert_eq!((wrong.as_str(), mismatch.as_str()), ("k/wrong", "out0: [1] is 2.5, expected 2 (1 of 2 differ)"));
        assert!(panics == "k/panics" && message.contains("told to"), "{message}");
    }

    #[test]
    fn a_case_without_its_file_is_skipped_and_an_unknown_kind_counted() {
        let mut set = set(&["right", "right"]);
        set.cases[0].file = Some("nowhere.npz".to_owned());
        set.cases[1].kind = "other".to_owned();
        let report = run_set(&set, &[Kind { name: "k", run }]);
        assert_eq!(report.count("k").skipped, 1);
        assert_eq!(report.count("other").not_implemented, 1);
    }
}
