//! Functions on functions.

mod forget;

pub use forget::{ForgetOutput, forget};
