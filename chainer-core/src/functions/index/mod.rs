//! Every function, by chapter. A row holds the plain function, which has the defaults; the type with its settings, where it has any; the
//! name in `chainer.functions`, where Chainer has the function; and what it computes. The last table holds the types of arguments.
//!
//! All names of Chainer's reference are there. Two are spelled otherwise: `where` is a word of Rust, so it is [`where_`](super::where_());
//! `swapaxes` is [`swap_axes`](super::swap_axes()). Settings that the reference passes as keywords are methods here, and `train`,
//! `use_cudnn` and `deterministic` are none of them: whether we train is in the [configuration](crate::config()).
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
#![doc = include_str!("arguments.md")]
