//! Random numbers that depend on nothing but a seed and a position, so that every device gives the same and no state is stored.

mod generator;
pub mod philox;
mod repeat;

pub use generator::{Generator, default_generator, seed};
pub use repeat::{Draws, record_draws, repeat_draws};
