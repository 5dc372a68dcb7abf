//! What users read when they err: every file of `tests/ui/fail` says, on the line where the error has to point, what it has to say
//! (`//~ sentence`). Files of `tests/ui/pass` compile without a warning.
//!
//! Only the marked sentences are compared, so that a compiler that words its own messages differently does not fail the test.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use serde_json::Value;

/// Compiles single files against the library that this test was linked with.
struct Compiler {
    dependencies: PathBuf,
    library: PathBuf,
    output: tempfile::TempDir,
}

impl Compiler {
    fn new() -> Compiler {
        let executable = std::env::current_exe().unwrap();
        let dependencies = executable.parent().unwrap().to_owned();
        // Of several builds of the library the newest is as new as its source: this test depends on it.
        let is_library = |path: &PathBuf| {
            let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
            name.starts_with("libchainer-") && name.ends_with(".rlib")
        };
        let built = |path: &PathBuf| path.metadata().and_then(|data| data.modified()).unwrap();
        let files = std::fs::read_dir(&dependencies).unwrap().map(|entry| entry.unwrap().path());
        let library = files.filter(is_library).max_by_key(built).expect("the library was built");
        Compiler { dependencies, library, output: tempfile::tempdir().unwrap() }
    }

    /// The compiler's messages about a file.
    fn diagnostics(&self, file: &Path) -> Vec<Diagnostic> {
        let name = file.file_stem().unwrap().to_string_lossy();
        let output = Command::new(std::env::var_os("RUSTC").unwrap_or_else(|| "rustc".into()))
            .arg(file)
            .args(["--edition=2024", "--crate-type=bin", "--emit=metadata", "--error-format=json", "--crate-name"])
            .arg(format!("ui_{name}"))
            .arg("-L")
            .arg(format!("dependency={}", self.dependencies.display()))
            .arg("--extern")
            .arg(format!("chainer={}", self.library.display()))
            .arg("-o")
            .arg(self.output.path().join(format!("{name}.rmeta")))
            // Where the macros look up what the library is called.
            .env("CARGO_MANIFEST_DIR", env!("CARGO_MANIFEST_DIR"))
            .output()
            .unwrap();
        let text = String::from_utf8_lossy(&output.stderr).into_owned();
        let found: Vec<Diagnostic> = text.lines().filter_map(Diagnostic::parse).collect();
        assert!(output.status.success() || !found.is_empty(), "{}: {text}", file.display());
        found
    }
}

struct Diagnostic {
    level: String,
    /// The lines that it points at.
    lines: Vec<u64>,
    /// Message, labels, notes and helps.
    text: String,
}

impl Diagnostic {
    fn parse(line: &str) -> Option<Diagnostic> {
        let value: Value = serde_json::from_str(line).ok()?;
        let level = value["level"].as_str()?.to_owned();
        let spans = value["spans"].as_array()?;
        let mut text = value["message"].as_str()?.to_owned();
        for span in spans {
            text += "\n";
            text += span["label"].as_str().unwrap_or_default();
        }
        for child in value["children"].as_array()? {
            text += "\n";
            text += child["message"].as_str().unwrap_or_default();
        }
        let lines =
            spans.iter().filter(|span| span["is_primary"] == true).filter_map(|span| span["line_start"].as_u64());
        Some(Diagnostic { level, lines: lines.collect(), text })
    }
}

fn files(folder: &str) -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("ui").join(folder);
    let mut files: Vec<PathBuf> = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.sort();
    files
}

/// Runs `check` over the files on a few threads; what it returns are complaints.
fn over(files: &[PathBuf], check: impl Fn(&Path) -> Option<String> + Sync) {
    let (next, complaints) = (AtomicUsize::new(0), Mutex::new(Vec::new()));
    let threads = std::thread::available_parallelism().map_or(1, usize::from);
    std::thread::scope(|scope| {
        for _ in 0..threads {
            scope.spawn(|| {
                while let Some(file) = files.get(next.fetch_add(1, Ordering::Relaxed)) {
                    if let Some(complaint) = check(file) {
                        complaints.lock().unwrap().push(format!("{}: {complaint}", file.display()));
                    }
                }
            });
        }
    });
    let complaints = complaints.into_inner().unwrap();
    assert!(complaints.is_empty(), "{} of {} files:\n{}", complaints.len(), files.len(), complaints.join("\n"));
}

#[test]
fn mistakes_are_explained_where_they_are_made() {
    let (compiler, files) = (Compiler::new(), files("fail"));
    assert!(files.len() >= 15, "found {} files", files.len());
    over(&files, |file| {
        let source = std::fs::read_to_string(file).unwrap();
        let expected: Vec<(u64, &str)> = (1u64..)
            .zip(source.lines())
            .filter_map(|(number, line)| Some((number, line.split_once("//~")?.1.trim())))
            .collect();
        let found = compiler.diagnostics(file);
        let errors: Vec<&Diagnostic> = found.iter().filter(|diagnostic| diagnostic.level == "error").collect();
        let missing: Vec<String> = expected
            .iter()
            .filter(|(line, sentence)| {
                !errors.iter().any(|error| error.lines.contains(line) && error.text.contains(sentence))
            })
            .map(|(line, sentence)| format!("line {line} should say: {sentence}"))
            .collect();
        if !expected.is_empty() && missing.is_empty() {
            return None;
        }
        let said: Vec<String> = errors.iter().map(|error| format!("{:?} {}", error.lines, error.text)).collect();
        Some(format!("{}\n  the compiler said:\n{}", missing.join("\n"), said.join("\n")))
    });
}

#[test]
fn good_code_compiles_without_warnings() {
    let (compiler, files) = (Compiler::new(), files("pass"));
    assert!(!files.is_empty());
    over(&files, |file| {
        let said: Vec<String> = compiler.diagnostics(file).into_iter().map(|diagnostic| diagnostic.text).collect();
        (!said.is_empty()).then(|| said.join("\n"))
    });
}
