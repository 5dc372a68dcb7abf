//! Conformance: every recorded case of the real Chainer whose name is implemented is run, forward and backward.
//!
//! ```text
//! cargo test -p chainer-tests --test golden                                      the cases of tests/golden
//! CHAINER_GOLDEN=folder cargo test -p chainer-tests --test golden                those of another folder with a manifest.jsonl
//! CHAINER_GOLDEN_REPORT=report.json cargo test -p chainer-tests --test golden    writes the counts and names as JSON, too
//! ```
//!
//! Relative paths start at the root of the workspace.
//!
//! The harness is `chainer_tests::golden`. Here stand the adapters, by kind and by name: adding a function means adding a line.

mod golden {
    pub mod function;
    pub mod link;
    pub mod optimizer;
    pub mod routine;
    pub mod snapshot;
    pub mod trajectory;
    pub mod util;
}

use std::io::Write;
use std::path::{Path, PathBuf};

use chainer_tests::golden::{Kind, Report, Set, run_set};

const KINDS: &[Kind] = &[
    Kind { name: "function", run: golden::function::run },
    Kind { name: "error", run: golden::function::run_error },
    Kind { name: "link", run: golden::link::run },
    Kind { name: "optimizer", run: golden::optimizer::run },
    Kind { name: "trajectory", run: golden::trajectory::run },
    Kind { name: "snapshot", run: golden::snapshot::run },
    Kind { name: "routine", run: golden::routine::run },
    Kind { name: "util", run: golden::util::run },
];

#[test]
fn recorded_cases_agree() {
    let own = Path::new(env!("CARGO_MANIFEST_DIR")).join("golden");
    let set = Set::open(&path_in("CHAINER_GOLDEN").unwrap_or(own)).unwrap_or_else(|error| panic!("{error}"));
    let report: Report = run_set(&set, KINDS);
    // Not through `println!`: the report is to be seen even if all is well.
    let printed = writeln!(std::io::stdout(), "\n{report}");
    printed.unwrap_or_else(|error| panic!("the report cannot be printed: {error}"));
    if let Some(path) = path_in("CHAINER_GOLDEN_REPORT") {
        report.write(&path).unwrap_or_else(|error| panic!("CHAINER_GOLDEN_REPORT: {}: {error}", path.display()));
    }
    let failed = report.failed().len();
    assert!(failed == 0, "{failed} of {} cases failed; they are named above", set.cases.len());
}

/// The path in an environment variable. Tests run in the folder of their crate; people think from the root of the workspace.
fn path_in(variable: &str) -> Option<PathBuf> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent()?;
    std::env::var_os(variable).map(|path| root.join(path))
}
