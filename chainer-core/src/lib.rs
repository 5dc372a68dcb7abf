//! Chainer for Rust: define-by-run deep learning that compiles what it traces.
//!
//! Models are structs, forward passes are ordinary code, and gradients follow from what ran:
//!
//! ```
//! use chainer::prelude::*;
//! use chainer::{functions as F, links as L, optimizers};
//!
//! /// A perceptron that learns the exclusive or.
//! #[chain]
//! struct Mlp { l1: L::Linear, l2: L::Linear }
//!
//! impl Forward for Mlp {
//!     fn forward(&self, x: &Variable) -> Variable { self.l2.forward(&F::tanh(self.l1.forward(x))) }
//! }
//!
//! fn main() -> chainer::Result<()> {
//!     let model = Mlp { l1: L::Linear::new(None, 8), l2: L::Linear::new(None, 2) };
//!     let mut optimizer = optimizers::Adam::new(0.05).setup(&model);
//!     let x = Variable::constant(Array::from([[0.0f32, 0.0], [0.0, 1.0], [1.0, 0.0], [1.0, 1.0]]));
//!     let t = Variable::constant(Array::from([0i32, 1, 1, 0]));
//!     for _ in 0..200 {
//!         let loss = F::softmax_cross_entropy(model.forward(&x), &t);
//!         model.cleargrads();
//!         loss.backward()?;
//!         optimizer.update()?;
//!     }
//!     assert_eq!(F::accuracy(model.forward(&x), &t).item::<f32>()?, 1.0);
//!     Ok(())
//! }
//! ```
//!
//! - [`Variable`] and [`Array`] hold numbers, with and without a history; [`Variable::backward`] and [`grad()`] differentiate.
//! - [`functions`] and [`links`] are the library; [`#[function]`](macro@function) and [`#[elementwise]`](macro@elementwise) extend
//!   it, [`#[chain]`](macro@chain) turns a struct into a model.
//! - [`optimizers`] update [`Parameter`]s, [`training`] runs the loop around them, [`serializers`] save it all.
//! - Elementwise work is recorded and runs as fused kernels; [`hooks`] show what ran.
//!
//! Operations never panic on bad input: they return values that carry the first error to the next call that returns a [`Result`].

extern crate self as chainer;

#[doc(hidden)]
#[path = "macro_support.rs"]
pub mod __private;
mod as_variable;
mod backward;
pub mod compile;
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
mod row_gradient;
pub mod serializers;
mod shuffle;
mod summary;
pub mod training;
pub mod type_check;
pub mod utils;
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
pub use compile::{Compiled, compile};
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
pub use row_gradient::RowGradient;
pub use shuffle::set_seed;
pub use summary::{DictSummary, Summary};
pub use type_check::Mismatch;
pub use variable::{Variable, attempt};
