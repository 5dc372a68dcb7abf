//! What the methods of a [`Function`](crate::Function) return: outputs, gradients, and what to keep.

use smallvec::SmallVec;

use crate::{Array, Error, Result, Variable};

/// What [`Function::forward`](crate::Function::forward) returns: one array or several.
///
/// ```
/// use chainer::{Array, Outputs};
/// let one: Outputs = Array::scalar(1.0f32).into();
/// let two: Outputs = (Array::scalar(1.0f32), Array::scalar(2.0f32)).into();
/// assert_eq!((one.0.len(), two.0.len()), (1, 2));
/// ```
#[derive(Clone, Debug)]
pub struct Outputs(pub SmallVec<[Array; 2]>);

impl From<Array> for Outputs {
    fn from(y: Array) -> Self {
        Outputs(smallvec::smallvec![y])
    }
}
impl From<(Array, Array)> for Outputs {
    fn from((a, b): (Array, Array)) -> Self {
        Outputs(smallvec::smallvec![a, b])
    }
}
impl From<(Array, Array, Array)> for Outputs {
    fn from((a, b, c): (Array, Array, Array)) -> Self {
        Outputs(smallvec::smallvec![a, b, c])
    }
}
impl From<Vec<Array>> for Outputs {
    fn from(ys: Vec<Array>) -> Self {
        Outputs(ys.into())
    }
}
impl<const N: usize> From<[Array; N]> for Outputs {
    fn from(ys: [Array; N]) -> Self {
        Outputs(ys.into_iter().collect())
    }
}
impl FromIterator<Array> for Outputs {
    fn from_iter<I: IntoIterator<Item = Array>>(ys: I) -> Self {
        Outputs(ys.into_iter().collect())
    }
}
impl From<Error> for Outputs {
    fn from(error: Error) -> Self {
        Array::failed(error).into()
    }
}
impl<T: Into<Outputs>> From<Result<T>> for Outputs {
    fn from(result: Result<T>) -> Self {
        result.map_or_else(|error| error.into(), Into::into)
    }
}

/// What [`Function::backward`](crate::Function::backward) returns: for each input its gradient, or `None` where there is none. Missing entries at the end count
/// as `None`.
///
/// A gradient may be smaller than its input where it broadcasts to it; a larger one is summed over the axes that the function
/// broadcast.
#[derive(Clone, Debug, Default)]
pub struct Gradients(pub SmallVec<[Option<Variable>; 4]>);

impl Gradients {
    /// No input has a gradient.
    pub fn none() -> Self {
        Gradients::default()
    }
}

impl From<Variable> for Gradients {
    fn from(gx: Variable) -> Self {
        Gradients(smallvec::smallvec![Some(gx)])
    }
}
impl From<Option<Variable>> for Gradients {
    fn from(gx: Option<Variable>) -> Self {
        Gradients(smallvec::smallvec![gx])
    }
}
impl From<Vec<Option<Variable>>> for Gradients {
    fn from(gxs: Vec<Option<Variable>>) -> Self {
        Gradients(gxs.into())
    }
}
impl From<Vec<Variable>> for Gradients {
    fn from(gxs: Vec<Variable>) -> Self {
        gxs.into_iter().map(Some).collect()
    }
}
impl<const N: usize> From<[Option<Variable>; N]> for Gradients {
    fn from(gxs: [Option<Variable>; N]) -> Self {
        gxs.into_iter().collect()
    }
}
impl FromIterator<Option<Variable>> for Gradients {
    fn from_iter<I: IntoIterator<Item = Option<Variable>>>(gxs: I) -> Self {
        Gradients(gxs.into_iter().collect())
    }
}
macro_rules! gradient_tuples {
    ($(($($name:ident),*);)*) => {$(
        #[allow(non_snake_case)]
        impl<$($name: Into<Option<Variable>>),*> From<($($name,)*)> for Gradients {
            fn from(($($name,)*): ($($name,)*)) -> Self {
                Gradients(smallvec::smallvec![$($name.into()),*])
            }
        }
    )*};
}
gradient_tuples! { (A, B); (A, B, C); (A, B, C, D); (A, B, C, D, E); (A, B, C, D, E, F); }

/// Which inputs and outputs [`Function::backward`](crate::Function::backward) reads.
///
/// ```
/// use chainer::Retain;
/// let of_sigmoid = Retain::none().output(0);
/// assert!(of_sigmoid.keeps_output(0) && !of_sigmoid.keeps_input(0));
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Retain {
    // Bit i stands for number i, the last bit for everything from 63 on.
    inputs: u64,
    outputs: u64,
}

impl Retain {
    const fn bit(i: usize) -> u64 {
        1 << if i < 63 { i } else { 63 }
    }
    /// Nothing.
    pub const fn none() -> Self {
        Retain { inputs: 0, outputs: 0 }
    }
    /// All inputs.
    pub const fn inputs() -> Self {
        Retain { inputs: u64::MAX, outputs: 0 }
    }
    /// All outputs.
    pub const fn outputs() -> Self {
        Retain { inputs: 0, outputs: u64::MAX }
    }
    /// All inputs and outputs.
    pub const fn all() -> Self {
        Retain { inputs: u64::MAX, outputs: u64::MAX }
    }
    /// Input `i` too.
    pub const fn input(mut self, i: usize) -> Self {
        self.inputs |= Retain::bit(i);
        self
    }
    /// Output `i` too.
    pub const fn output(mut self, i: usize) -> Self {
        self.outputs |= Retain::bit(i);
        self
    }
    /// Whether input `i` is kept.
    pub const fn keeps_input(self, i: usize) -> bool {
        self.inputs & Retain::bit(i) != 0
    }
    /// Whether output `i` is kept.
    pub const fn keeps_output(self, i: usize) -> bool {
        self.outputs & Retain::bit(i) != 0
    }
}
