//! What `#[elementwise]` records and how it becomes a function of variables: one node of the graph and, fused with its neighbours, one
//! kernel.
//!
//! - `expr`: the recorded expression, `methods`: what is recorded under Rust's names, `print`: as a formula;
//! - `fold`: what constants alone decide;
//! - `derivative`: the derivative, again as an expression, by the table that variables use (`recorded` is what that table sees);
//! - `plan`: an expression as a list of steps; `function`: application to variables;
//! - `scalar_math`: elements as Rust sees them.

mod derivative;
mod expr;
mod fold;
mod function;
mod methods;
mod plan;
mod print;
mod recorded;
mod scalar_math;

pub use expr::Expr;
pub use function::Elementwise;
pub(crate) use recorded::{Recorded, Recording};
pub use scalar_math::{ElementType, ScalarMath};
