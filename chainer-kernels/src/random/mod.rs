//! Random numbers that depend on nothing but a seed and a position, so that every device gives the same and no state is stored.

pub mod philox;
