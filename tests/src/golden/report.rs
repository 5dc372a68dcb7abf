//! What a run found: counts by kind, failed cases with their first mismatch, names without an adapter.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::path::Path;

use serde_json::{Value, json};

use super::{Case, Failure, Outcome};

/// The counts of a kind.
#[derive(Default, Clone, PartialEq, Eq, Debug)]
pub struct Count {
    /// All cases.
    pub cases: usize,
    /// Those that agree.
    pub passed: usize,
    /// Those that differ, or could not be run.
    pub failed: usize,
    /// Those whose name has no adapter.
    pub not_implemented: usize,
    /// Those whose file is not in the folder.
    pub skipped: usize,
}

/// What a run found.
#[derive(Default, Debug)]
pub struct Report {
    kinds: Vec<(String, Count)>,
    failed: Vec<(String, String)>,
    not_implemented: BTreeMap<String, BTreeSet<String>>,
    skipped: Vec<String>,
}

impl Report {
    /// Counts a case that was run.
    pub fn add(&mut self, case: &Case, outcome: &Outcome) {
        let count = self.count_mut(&case.kind);
        count.cases += 1;
        match outcome {
            Ok(()) => count.passed += 1,
            Err(Failure::NotImplemented(name)) => {
                count.not_implemented += 1;
                self.not_implemented.entry(case.kind.clone()).or_default().insert(name.clone());
            }
            Err(failure) => {
                count.failed += 1;
                self.failed.push((case.id.clone(), failure.to_string()));
            }
        }
    }

    /// Counts a case whose file is not there.
    pub fn skip(&mut self, case: &Case) {
        let count = self.count_mut(&case.kind);
        count.cases += 1;
        count.skipped += 1;
        self.skipped.push(case.id.clone());
    }

    fn count_mut(&mut self, kind: &str) -> &mut Count {
        let place = self.kinds.iter().position(|(name, _)| name == kind).unwrap_or_else(|| {
            self.kinds.push((kind.to_owned(), Count::default()));
            self.kinds.len() - 1
        });
        &mut self.kinds[place].1
    }

    /// The counts of a kind; zeros if it had no case.
    pub fn count(&self, kind: &str) -> Count {
        self.kinds.iter().find(|(name, _)| name == kind).map(|(_, count)| count.clone()).unwrap_or_default()
    }

    /// Failed cases: id and first mismatch.
    pub fn failed(&self) -> &[(String, String)] {
        &self.failed
    }

    /// Everything as JSON.
    pub fn to_json(&self) -> Value {
        let kind = |(name, c): &(String, Count)| {
            let mut count = json!({
                "cases": c.cases, "passed": c.passed, "failed": c.failed, "not_implemented": c.not_implemented,
            });
            if c.skipped > 0 {
                count["skipped"] = json!(c.skipped);
            }
            (name.clone(), count)
        };
        let failed = |(id, mismatch): &(String, String)| json!({"id": id, "mismatch": mismatch});
        let names: BTreeSet<&String> = self.not_implemented.values().flatten().collect();
        json!({
            "kinds": self.kinds.iter().map(kind).collect::<serde_json::Map<_, _>>(),
            "failed": self.failed.iter().map(failed).collect::<Vec<_>>(),
            "not_implemented": names,
            // A function and a routine may share a name.
            "not_implemented_by_kind": self.not_implemented,
            "skipped": self.skipped,
        })
    }

    /// Writes the JSON to a file.
    pub fn write(&self, path: &Path) -> std::io::Result<()> {
        std::fs::write(path, format!("{:#}\n", self.to_json()))
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{:<12}{:>7}{:>8}{:>8}{:>17}", "kind", "cases", "passed", "failed", "not implemented")?;
        for (name, c) in &self.kinds {
            write!(f, "{name:<12}{:>7}{:>8}{:>8}{:>17}", c.cases, c.passed, c.failed, c.not_implemented)?;
            if c.skipped > 0 {
                write!(f, "  ({} skipped: no file)", c.skipped)?;
            }
            writeln!(f)?;
        }
        for (kind, names) in &self.not_implemented {
            let names: Vec<&str> = names.iter().map(String::as_str).collect();
            writeln!(f, "not implemented, {kind}: {}", names.join(", "))?;
        }
        if !self.skipped.is_empty() {
            writeln!(f, "skipped: {}", self.skipped.join(", "))?;
        }
        for (id, mismatch) in &self.failed {
            writeln!(f, "FAILED {id}: {mismatch}")?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn case(kind: &str, id: &str) -> Case {
        serde_json::from_value(json!({"id": id, "kind": kind, "name": "n"})).unwrap()
    }

    #[test]
    fn the_json_has_the_documented_form() {
        let mut report = Report::default();
        report.add(&case("function", "f/1"), &Ok(()));
        report.add(&case("function", "f/2"), &Err("out0: [0] is 1, expected 2".into()));
        report.add(&case("routine", "r/1"), &Err(Failure::NotImplemented("copy".to_owned())));
        report.add(&case("function", "f/3"), &Err(Failure::NotImplemented("copy".to_owned())));
        report.skip(&case("model", "m/1"));
        let json = report.to_json();
        let function = json!({"cases": 3, "passed": 1, "failed": 1, "not_implemented": 1});
        assert_eq!(json["kinds"]["function"], function);
        assert_eq!(json["kinds"]["model"]["skipped"], 1);
        assert_eq!(json["failed"], json!([{"id": "f/2", "mismatch": "out0: [0] is 1, expected 2"}]));
        assert_eq!(json["not_implemented"], json!(["copy"]));
        assert_eq!(json["not_implemented_by_kind"], json!({"function": ["copy"], "routine": ["copy"]}));
        let text = report.to_string();
        assert!(text.contains("FAILED f/2: out0") && text.contains("not implemented, routine: copy"), "{text}");
    }
}
