//! Every function, by chapter: the plain function with the defaults, the type that holds its settings where it has any, the name in
//! Chainer where that has it, and what it computes.
#![doc = include_str!("activation.md")]
#![doc = include_str!("array.md")]
#![doc = include_str!("connection.md")]
#![doc = include_str!("evaluation.md")]
#![doc = include_str!("loss.md")]
#![doc = include_str!("math.md")]
#![doc = include_str!("noise.md")]
#![doc = include_str!("normalization.md")]
#![doc = include_str!("pooling.md")]
#![doc = include_str!("utility.md")]
