//! The optimizers: how a parameter changes by its gradient. [`crate::Optimizer`] does the rest.
//!
//! In the formulas, p is the parameter, g its gradient, and everything else a hyperparameter or a state that starts at zero.

mod ada;
mod adam;
mod rmsprop;
mod sgd;
mod smorms3;

pub use ada::{AdaDelta, AdaGrad};
pub use adam::Adam;
pub use rmsprop::{RMSprop, RMSpropGraves};
pub use sgd::{MomentumSGD, NesterovAG, SGD};
pub use smorms3::SMORMS3;

/// Declares a rule: its hyperparameters with their defaults, its states, its arithmetic.
macro_rules! rule {
    (
        $(#[$doc:meta])*
        $name:ident { $($(#[$hyper_doc:meta])* $hyper:ident = $default:literal),* $(,)? }
        state $keys:expr;
        $(keeps_zero_rows $keeps:literal;)?
        $(init |$key:ident, $value:ident| $init:expr;)?
        $(lr |$rate:ident, $updates:ident| $lr:expr;)?
        update |$this:ident, $t:pat_param, $param:ident, $grad:ident, $state:pat_param| $update:expr
    ) => {
        $(#[$doc])*
        #[derive(Clone, Debug)]
        pub struct $name {
            $($(#[$hyper_doc])* pub $hyper: f64,)*
        }

        impl Default for $name {
            fn default() -> Self {
                $name { $($hyper: $default),* }
            }
        }

        impl $name {
            $(
                #[doc = concat!("The same rule with another `", stringify!($hyper), "` (default ", stringify!($default), ").")]
                pub fn $hyper(mut self, $hyper: f64) -> Self {
                    self.$hyper = $hyper;
                    self
                }
            )*
        }

        impl $crate::UpdateRule for $name {
            fn name(&self) -> &'static str {
                stringify!($name)
            }
            fn state_keys(&self) -> &'static [&'static str] {
                &$keys
            }
            $(fn keeps_zero_rows(&self) -> bool {
                $keeps
            })?
            $(fn init_state(&self, $key: &str, $value: &$crate::Array) -> $crate::Array {
                $init
            })?
            $(fn lr(&self, $updates: usize) -> Option<f64> {
                let $rate = self;
                $lr
            })?
            fn update_one(
                &self,
                $t: usize,
                $param: $crate::Array,
                $grad: $crate::Array,
                state: &mut [$crate::Array],
            ) -> $crate::Array {
                let $this = self;
                let $state = state else { return $crate::optimizers::wrong_states(stringify!($name)) };
                $update
            }
            fn hyperparameter(&self, name: &str) -> Option<f64> {
                match name {
                    $(stringify!($hyper) => Some(self.$hyper),)*
                    _ => None,
                }
            }
            fn hyperparameter_mut(&mut self, name: &str) -> Option<&mut f64> {
                match name {
                    $(stringify!($hyper) => Some(&mut self.$hyper),)*
                    _ => None,
                }
            }
            fn hyperparameter_names(&self) -> &'static [&'static str] {
                &[$(stringify!($hyper)),*]
            }
        }
    };
}
use rule;

/// A state list of another length than the rule's keys.
#[cold]
fn wrong_states(rule: &'static str) -> crate::Array {
    crate::Array::failed(crate::Error::mismatch(rule, "one state for each of state_keys()", "another number of states"))
}

/// The old value of a state, out of its place, so that nothing but the new value refers to it.
fn take(state: &mut crate::Array) -> crate::Array {
    std::mem::replace(state, crate::Array::scalar(0f32))
}

/// `state + factor * (target - state)`.
fn moved(state: &mut crate::Array, factor: f64, target: crate::Array) {
    let old = take(state);
    *state = &old + (target - &old) * factor;
}
