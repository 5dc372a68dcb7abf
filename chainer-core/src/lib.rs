//! Chainer for Rust.

pub mod serializers;
