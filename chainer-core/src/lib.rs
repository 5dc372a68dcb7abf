//! Chainer for Rust.

extern crate self as chainer;

#[doc(hidden)]
#[path = "macro_support.rs"]
pub mod __private;
mod as_variable;
mod backward;
pub mod computational_graph;
mod config;
pub mod dataset;
pub mod datasets;
mod derivatives;
mod elementwise;
mod expression;
pub mod flag;
mod forward;
mod function;
pub mod function_hooks;
pub mod functions;
mod grad;
pub mod gradient_check;
mod gradient_shape;
mod graph;
pub mod initializers;
pub mod iterators;
mod link;
pub mod links;
mod methods;
mod operators;
pub mod optimizer;
pub mod optimizers;
mod parameter;
pub mod prelude;
pub mod reporter;
pub mod serializers;
mod shuffle;
mod summary;
pub mod training;
pub mod type_check;
mod variable;
mod walk;

pub use chainer_kernels::{
    Array, ArrayOps, Axes, Device, Dtype, Element, Error, ErrorKind, Result, Scalar, Shape, bf16, f16, flush_all,
    hooks, random,
};

pub use chainer_macros::{chain, elementwise, fallible, function};

pub use chainer_kernels::cpu::{set_num_threads, threads};

pub use as_variable::{AsOptVariable, AsVariable, AsVariables, Variables};
pub use backward::{Backward, backward};
pub use config::{
    Config, ConfigGuard, UseCudnn, config, debug_mode, force_backprop_mode, is_debug, no_backprop_mode, set_debug,
    using_config,
};
pub use elementwise::Operand;
pub use expression::{ElementType, Expr, ScalarMath};
pub use flag::Flag;
pub use forward::{Args, Forward};
pub use function::{Applied, BackwardContext, Function, Gradients, Outputs, Retain, apply, apply_at};
pub use grad::{GradOptions, grad, grad_with};
pub use link::{Link, LinkField, Persist, PersistentValue, State};
pub use optimizer::{Optimizer, UpdateRule};
pub use parameter::Parameter;
pub use shuffle::set_seed;
pub use summary::{DictSummary, Summary};
pub use type_check::Mismatch;
pub use variable::{Variable, attempt};
