//! The conformance harness: runs recorded cases of the real Chainer against this library and reports what agrees.
//!
//! - `set`: a folder of cases, a case, its recorded arrays;
//! - `arguments`, `call`: what an adapter reads of a case; whatever it forgets to read is a failure;
//! - `nested`: the structure of what a function returns; `compare`: the rules of "equal"; `exemptions`: where we differ on purpose;
//! - `runner`: runs every case on a few threads, survives panics; `report`: counts, names, JSON.
//!
//! Nothing here knows what a case's name means: the adapters stand in `tests/golden/`, by kind and by name.

mod arguments;
mod call;
mod compare;
mod exemptions;
mod failure;
mod nested;
mod report;
mod runner;
mod set;

pub use arguments::{Arguments, Index};
pub use call::{Call, Layout};
pub use compare::{Tolerance, compare, compare_json, difference};
pub use exemptions::{EXEMPTIONS, Exemption, is_exempt};
pub use failure::{Failure, Outcome};
pub use nested::Nested;
pub use report::{Count, Report};
pub use runner::{Context, Kind, run_set};
pub use set::{Case, Recorded, Set};
