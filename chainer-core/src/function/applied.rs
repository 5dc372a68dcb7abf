//! [`Applied`]: the variables that an application made.

use smallvec::SmallVec;

use crate::{Error, ErrorKind, Variable};

/// The variables that an application made. Of a failed application it stands for any number of failed outputs.
#[must_use]
#[derive(Debug)]
pub struct Applied(SmallVec<[Variable; 2]>);

impl Applied {
    pub(super) fn new(outputs: SmallVec<[Variable; 2]>) -> Self {
        Applied(outputs)
    }

    pub(super) fn failed(error: Error) -> Self {
        Applied(smallvec::smallvec![Variable::failed(error)])
    }

    /// The only output.
    #[inline]
    pub fn one(self) -> Variable {
        let mut outputs = self.0;
        if outputs.len() == 1 { outputs.pop().unwrap_or_else(Applied::nothing) } else { wrong_count(&outputs, 1) }
    }

    /// The outputs of a function that has `N`.
    pub fn many<const N: usize>(self) -> [Variable; N] {
        if self.0.len() == N {
            let mut outputs = self.0.into_iter();
            return std::array::from_fn(|_| outputs.next().unwrap_or_else(Applied::nothing));
        }
        let failed = wrong_count(&self.0, N);
        std::array::from_fn(|_| failed.clone())
    }

    /// The outputs of a function that has `count`.
    pub fn list(self, count: usize) -> Vec<Variable> {
        if self.0.len() == count { self.0.into_vec() } else { vec![wrong_count(&self.0, count); count] }
    }

    /// All outputs, however many; a single failed one if the application failed.
    pub fn all(self) -> SmallVec<[Variable; 2]> {
        self.0
    }

    #[cold]
    fn nothing() -> Variable {
        Variable::failed(Error::new(ErrorKind::State, "apply", "the function returned no output"))
    }
}

/// The failed output that stands for all, or a failure that says that `forward` returned another number than expected.
#[cold]
fn wrong_count(outputs: &[Variable], expected: usize) -> Variable {
    if let Some(failed) = outputs.iter().find(|y| y.error().is_some()) {
        return failed.clone();
    }
    let actual = format!("{} != {expected}", outputs.len());
    Variable::failed(Error::mismatch("apply", format_args!("number of outputs == {expected}"), actual))
}
