//! Every function of Chainer's library at one medium size, forward and forward with backward, as a table:
//!
//! ```text
//! cargo bench -p chainer-benches --bench functions                             times
//! cargo bench -p chainer-benches --bench functions -- lstm                     of the functions whose names contain "lstm"
//! CHAINER_PYTHON=python cargo bench -p chainer-benches --bench functions       beside those of the Chainer that this Python has
//! ```
//!
//! What is known not to be faster than the reference: `normalize` forward takes a pass more, which finds the largest element, so that squares
//! do not leave the range of the dtype; `decov` is as fast as its matrix product, half of which both sides save; `erfinv`, `erfcinv`,
//! `digamma` and `lgamma` are computed in float64 here.
//!
//! Every function of the index has a row: `cargo test -p chainer-benches --bench functions` fails otherwise. Some rows have no reference,
//! because Chainer has no such function.
//!
//! The rows (`rows.rs`) name the inputs' shapes and the call in both languages; `reference.py` runs the latter. Times are medians.

mod rows;

use std::collections::BTreeSet;
use std::io::Write;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use chainer::{Array, Variable, backward};
use chainer_kernels::random::Generator;
use chainer_kernels::{ArrayOps, Dtype};

/// One function: its name, its call in Python (on the list `x`), its inputs, and its call here.
struct Row {
    /// The name in the function index; what comes after a comma says which of several calls it is.
    name: &'static str,
    /// Empty where Chainer has no such function.
    python: &'static str,
    /// Inputs, separated by spaces: `f4x3` float32 of shape (4, 3) between 0.1 and 0.9, `g4x3` between -0.9
    /// and 0.9, `h4x3` between 1.1 and 1.9, `p4x4` a symmetric positive definite matrix, `i10:4` int32 of shape (4,) below 10, `b:4` bools.
    inputs: &'static str,
    call: fn(&[Variable]) -> Vec<Variable>,
}

/// Medians in milliseconds.
#[derive(Clone, Copy)]
struct Times {
    forward: f64,
    both: f64,
}

/// The chapters of the function index.
const INDEX: [&str; 10] = [
    include_str!("../../../chainer-core/src/functions/index/activation.md"),
    include_str!("../../../chainer-core/src/functions/index/array.md"),
    include_str!("../../../chainer-core/src/functions/index/connection.md"),
    include_str!("../../../chainer-core/src/functions/index/evaluation.md"),
    include_str!("../../../chainer-core/src/functions/index/loss.md"),
    include_str!("../../../chainer-core/src/functions/index/math.md"),
    include_str!("../../../chainer-core/src/functions/index/noise.md"),
    include_str!("../../../chainer-core/src/functions/index/normalization.md"),
    include_str!("../../../chainer-core/src/functions/index/pooling.md"),
    include_str!("../../../chainer-core/src/functions/index/utility.md"),
];

fn main() {
    let mut rows = rows::rows();
    check_names(&rows);
    // `cargo bench` says so; `cargo test` only wants to know whether a function has been forgotten.
    if !std::env::args().any(|argument| argument == "--bench") {
        return;
    }
    let filter = std::env::args().skip(1).find(|argument| !argument.starts_with('-')).unwrap_or_default();
    rows.retain(|row| row.name.contains(&filter));
    let reference = std::env::var("CHAINER_PYTHON").map(|python| reference(&python, &rows)).unwrap_or_default();

    println!("{:40} {:>11} {:>11} {:>9} {:>9}", "", "forward, ms", "both, ms", "faster", "faster");
    let mut slower = Vec::new();
    for (i, row) in rows.iter().enumerate() {
        let times = measure(row);
        print!("{:40} {:11.3} {:11.3}", row.name, times.forward, times.both);
        match reference.get(i).copied().flatten() {
            Some(theirs) => {
                let ratios = [theirs.forward / times.forward, theirs.both / times.both];
                println!(" {:8.1}x {:8.1}x", ratios[0], ratios[1]);
                if ratios.iter().any(|ratio| *ratio < 1.0) {
                    slower.push(row.name);
                }
            }
            None => println!(),
        }
    }
    if !reference.is_empty() {
        println!("slower than the reference: {}", if slower.is_empty() { "none".into() } else { slower.join(", ") });
    }
}

/// Every function of the index has a row, and every row is of a function of the index.
fn check_names(rows: &[Row]) {
    let entries = INDEX.iter().flat_map(|chapter| chapter.lines()).filter_map(|line| line.strip_prefix("| [`"));
    let functions: BTreeSet<&str> = entries.filter_map(|entry| entry.split('`').next()).collect();
    let timed: BTreeSet<&str> = rows.iter().filter_map(|row| row.name.split(',').next()).collect();
    let forgotten: Vec<_> = functions.difference(&timed).collect();
    assert!(forgotten.is_empty(), "functions of the index without a row in rows.rs: {forgotten:?}");
    let unknown: Vec<_> = timed.difference(&functions).collect();
    assert!(unknown.is_empty(), "rows of functions that the index does not have: {unknown:?}");
}

/// The inputs of a row.
fn inputs(row: &Row) -> Vec<Variable> {
    let generator = Generator::new(1);
    let input = |text: &str| {
        let (kind, shape) = match text.split_once(':') {
            Some((kind, shape)) => (kind, shape),
            None => text.split_at(1),
        };
        let shape: Vec<usize> = shape.split('x').map(|size| size.parse().expect("a size")).collect();
        let array = match kind.split_at(1) {
            ("i", below) => {
                let below = below.parse().expect("a bound");
                generator.uniform(&shape[..], 0.0, below, Dtype::F32).astype(Dtype::I32)
            }
            ("b", _) => generator.uniform(&shape[..], 0.0, 1.0, Dtype::F32).greater(0.5),
            ("g", _) => generator.uniform(&shape[..], -0.9, 0.9, Dtype::F32).copy(),
            ("h", _) => generator.uniform(&shape[..], 1.1, 1.9, Dtype::F32).copy(),
            ("p", _) => {
                let a = generator.uniform(&shape[..], 0.1, 0.9, Dtype::F32).copy();
                let diagonal = chainer_kernels::ops::eye(shape[0], None, 0, Dtype::F32) * shape[0] as f64;
                (&a + a.transpose() + diagonal).copy()
            }
            _ => generator.uniform(&shape[..], 0.1, 0.9, Dtype::F32).copy(),
        };
        array.force().expect("memory for the inputs");
        if array.dtype().is_float() { Variable::new(array) } else { Variable::constant(array) }
    };
    row.inputs.split(' ').map(input).collect()
}

fn measure(row: &Row) -> Times {
    let inputs = inputs(row);
    let grads: Vec<Array> = (row.call)(&inputs)
        .iter()
        .map(|y| {
            let ones = Array::ones(y.shape(), y.dtype()).copy();
            ones.force().unwrap_or_else(|error| panic!("{}: {error}", row.name));
            ones
        })
        .collect();
    let forward = || {
        let outputs = (row.call)(&inputs);
        for y in &outputs {
            y.data().force().unwrap_or_else(|error| panic!("{}: {error}", row.name));
        }
        outputs
    };
    let both = || {
        inputs.iter().for_each(Variable::cleargrad);
        let outputs = forward();
        let roots: Vec<&Variable> = outputs.iter().filter(|y| y.requires_grad()).collect();
        for (y, grad) in outputs.iter().zip(&grads).filter(|(y, _)| y.requires_grad()) {
            y.set_grad(grad.clone()).unwrap_or_else(|error| panic!("{}: {error}", row.name));
        }
        if !roots.is_empty() {
            backward(&roots[..]).run().unwrap_or_else(|error| panic!("{}: {error}", row.name));
        }
    };
    Times { forward: median(|| drop(forward())), both: median(both) }
}

/// The median time of a call in milliseconds.
fn median(mut f: impl FnMut()) -> f64 {
    (0..3).for_each(|_| f());
    let start = Instant::now();
    let mut times = Vec::new();
    while times.len() < 7 || start.elapsed() < Duration::from_millis(60) {
        let call = Instant::now();
        f();
        times.push(call.elapsed().as_secs_f64() * 1e3);
    }
    times.sort_by(f64::total_cmp);
    times[times.len() / 2]
}

/// The same rows in Python.
fn reference(python: &str, rows: &[Row]) -> Vec<Option<Times>> {
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/benches/functions/reference.py");
    let child = Command::new(python).arg(script).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn();
    let mut child = child.unwrap_or_else(|error| panic!("CHAINER_PYTHON={python}: {error}"));
    let mut pipe = child.stdin.take().expect("a pipe");
    for row in rows {
        writeln!(pipe, "{}\t{}", row.inputs, row.python).expect("Python reads");
    }
    drop(pipe);
    let output = child.wait_with_output().expect("Python ends");
    let line = |line: &str| {
        let (forward, both) = line.split_once(' ')?;
        Some(Times { forward: forward.parse().ok()?, both: both.parse().ok()? })
    };
    String::from_utf8_lossy(&output.stdout).lines().map(line).collect()
}
