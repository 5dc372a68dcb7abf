//! What a compiled call takes and returns.

use chainer_kernels::{Error, Result};

use crate::{Array, Variable};

/// What a compiled closure takes: variables, arrays, plain values (a graph belongs to one value of them), tuples and lists of these.
pub trait Arguments {
    /// Shows each array, and writes down everything else that the call may depend on.
    fn describe(&mut self, arrays: &mut dyn FnMut(&mut Variable), plain: &mut Vec<u64>);
}

impl Arguments for Variable {
    fn describe(&mut self, arrays: &mut dyn FnMut(&mut Variable), _: &mut Vec<u64>) {
        arrays(self);
    }
}

impl Arguments for Array {
    fn describe(&mut self, arrays: &mut dyn FnMut(&mut Variable), _: &mut Vec<u64>) {
        let mut variable = Variable::constant(self.clone());
        arrays(&mut variable);
        *self = variable.into_data();
    }
}

impl<T: Arguments> Arguments for Vec<T> {
    fn describe(&mut self, arrays: &mut dyn FnMut(&mut Variable), plain: &mut Vec<u64>) {
        plain.push(self.len() as u64);
        self.iter_mut().for_each(|value| value.describe(arrays, plain));
    }
}

impl<T: Arguments> Arguments for Option<T> {
    fn describe(&mut self, arrays: &mut dyn FnMut(&mut Variable), plain: &mut Vec<u64>) {
        plain.push(self.is_some() as u64);
        if let Some(value) = self {
            value.describe(arrays, plain);
        }
    }
}

macro_rules! plain {
    ($($ty:ty)*) => {$(
        impl Arguments for $ty {
            fn describe(&mut self, _: &mut dyn FnMut(&mut Variable), plain: &mut Vec<u64>) {
                plain.push(*self as u64);
            }
        }
    )*};
}
plain! { bool u8 i8 u16 i16 u32 i32 u64 i64 usize isize char }

impl Arguments for f64 {
    fn describe(&mut self, _: &mut dyn FnMut(&mut Variable), plain: &mut Vec<u64>) {
        plain.push(self.to_bits());
    }
}

impl Arguments for f32 {
    fn describe(&mut self, _: &mut dyn FnMut(&mut Variable), plain: &mut Vec<u64>) {
        plain.push(self.to_bits() as u64);
    }
}

/// What a compiled closure returns: variables, tuples and lists of them, nothing, or a `Result` of these.
pub trait Returned: Sized {
    /// Shows each variable.
    fn variables(&mut self, visit: &mut dyn FnMut(&mut Variable));

    /// The error that it carries, if it can carry one.
    fn failure(&self) -> Option<Error> {
        None
    }

    /// The value that carries an error.
    fn failed(error: Error) -> Self;

    /// A copy without the memory of the variables, to be filled in.
    fn template(&self) -> Self;
}

impl Returned for Variable {
    fn variables(&mut self, visit: &mut dyn FnMut(&mut Variable)) {
        visit(self);
    }
    fn failure(&self) -> Option<Error> {
        self.error().cloned()
    }
    fn failed(error: Error) -> Self {
        Variable::failed(error)
    }
    fn template(&self) -> Self {
        Variable::constant(Array::scalar(0f32))
    }
}

impl<T: Returned> Returned for Vec<T> {
    fn variables(&mut self, visit: &mut dyn FnMut(&mut Variable)) {
        self.iter_mut().for_each(|value| value.variables(visit));
    }
    fn failure(&self) -> Option<Error> {
        self.iter().find_map(T::failure)
    }
    fn failed(error: Error) -> Self {
        vec![T::failed(error)]
    }
    fn template(&self) -> Self {
        self.iter().map(T::template).collect()
    }
}

impl<T: Returned> Returned for Result<T> {
    fn variables(&mut self, visit: &mut dyn FnMut(&mut Variable)) {
        if let Ok(value) = self {
            value.variables(visit);
        }
    }
    fn failure(&self) -> Option<Error> {
        match self {
            Ok(value) => value.failure(),
            Err(error) => Some(error.clone()),
        }
    }
    fn failed(error: Error) -> Self {
        Err(error)
    }
    fn template(&self) -> Self {
        match self {
            Ok(value) => Ok(value.template()),
            Err(error) => Err(error.clone()),
        }
    }
}

macro_rules! tuples {
    ($($($name:ident)*;)*) => {$(
        #[allow(non_snake_case, unused_variables)]
        impl<$($name: Arguments),*> Arguments for ($($name,)*) {
            fn describe(&mut self, arrays: &mut dyn FnMut(&mut Variable), plain: &mut Vec<u64>) {
                let ($($name,)*) = self;
                $($name.describe(arrays, plain);)*
            }
        }

        #[allow(non_snake_case, unused_variables)]
        impl<$($name: Returned),*> Returned for ($($name,)*) {
            fn variables(&mut self, visit: &mut dyn FnMut(&mut Variable)) {
                let ($($name,)*) = self;
                $($name.variables(visit);)*
            }
            fn failure(&self) -> Option<Error> {
                let ($($name,)*) = self;
                None$(.or_else(|| $name.failure()))*
            }
            fn failed(error: Error) -> Self {
                ($($name::failed(error.clone()),)*)
            }
            fn template(&self) -> Self {
                let ($($name,)*) = self;
                ($($name.template(),)*)
            }
        }
    )*};
}
tuples! {
    A;
    A B;
    A B C;
    A B C D;
    A B C D E;
    A B C D E F;
}

impl Arguments for () {
    fn describe(&mut self, _: &mut dyn FnMut(&mut Variable), _: &mut Vec<u64>) {}
}

/// An error has nowhere to go: it is printed. Closures that can fail return `Result<()>`.
impl Returned for () {
    fn variables(&mut self, _: &mut dyn FnMut(&mut Variable)) {}
    fn failed(error: Error) -> Self {
        eprintln!("chainer: a compiled call that returns nothing has failed: {error}");
    }
    fn template(&self) -> Self {}
}
