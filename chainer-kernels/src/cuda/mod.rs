//! The CUDA backend: so far the emitter of CUDA C for fused programs, and NVRTC, which compiles it.
//!
//! - [`layout`]: what of the operands' shapes and strides belongs to a kernel's identity, and what is a run-time parameter;
//! - [`expression`]: the CUDA C of one instruction;
//! - [`emit`]: the kernel of an elementwise program;
//! - [`reduce`]: the kernels of a reduction with its prologue program;
//! - `nvrtc`: finding the compiler, compiling, the disk cache (feature `cuda`).
//!
//! What generated kernels share is CUDA C under `kernels/`; see [`HEADERS`].
//!
//! Invariant: source text is a function of the program and the layout class alone. It holds no size, no stride and no value, so
//! that equal work compiles once.

pub mod emit;
pub mod expression;
pub mod layout;
#[cfg(any(test, feature = "cuda"))]
pub mod nvrtc;
pub mod reduce;

#[cfg(test)]
mod tests;

/// The header files that generated kernels include, by name. Their folder is inside the crate, not at the workspace's root
/// (where a link leads to it), because a published crate cannot embed files from outside its own folder.
pub const HEADERS: [(&str, &str); 6] = [
    ("types.cuh", include_str!("../../kernels/types.cuh")),
    ("half.cuh", include_str!("../../kernels/half.cuh")),
    ("math.cuh", include_str!("../../kernels/math.cuh")),
    ("philox.cuh", include_str!("../../kernels/philox.cuh")),
    ("special.cuh", include_str!("../../kernels/special.cuh")),
    ("reduce.cuh", include_str!("../../kernels/reduce.cuh")),
];

/// Generated CUDA C.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct Source {
    /// Those of [`HEADERS`] that the body needs.
    pub headers: Vec<&'static str>,
    /// The parameter structs and the kernels, in a namespace of their own inside that of the headers.
    pub body: String,
    /// The names of the kernels, in the order in which they are launched.
    pub entries: Vec<String>,
}

impl Source {
    /// The whole file.
    pub fn text(&self) -> String {
        let includes: String = self.headers.iter().map(|header| format!("#include \"{header}\"\n")).collect();
        format!("{includes}\n{}", self.body)
    }
}
