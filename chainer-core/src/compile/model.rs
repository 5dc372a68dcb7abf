//! Models whose calls run as graphs: `#[chain(static_graph)]` above `impl Forward for ..`.

use std::any::TypeId;
use std::cell::RefCell;

use super::{Cache, Work};
use crate::{Args, Error, ErrorKind, Link, Variable};

/// Models of a thread at most; the oldest goes.
const MODELS: usize = 64;

/// Which model it is. Graphs hold the parameters, so that no others can come to have their identities.
#[derive(PartialEq)]
struct Identity {
    kind: TypeId,
    address: usize,
    parameters: Vec<usize>,
}

thread_local! {
    static GRAPHS: RefCell<Vec<(Identity, Cache)>> = const { RefCell::new(Vec::new()) };
}

/// A call of a model's `forward`, which the macro has taken out of it.
struct Call<'a, A: Args + ?Sized>(&'a dyn Fn(A::Ref<'_>) -> Variable);

impl<A: Args + ?Sized> Work<Variable> for Call<'_, A> {
    fn call(&mut self, arguments: &[Variable]) -> Variable {
        A::with(arguments, self.0).unwrap_or_else(|| {
            Variable::failed(Error::new(ErrorKind::State, "static_graph", "an argument has been lost"))
        })
    }
    fn variables(returned: &mut Variable, visit: &mut dyn FnMut(&mut Variable)) {
        visit(returned);
    }
    fn failure(returned: &Variable) -> Option<Error> {
        returned.error().cloned()
    }
    fn failed(error: Error) -> Variable {
        Variable::failed(error)
    }
    fn template(_: &Variable) -> Variable {
        Variable::constant(crate::Array::scalar(0f32))
    }
}

/// Runs `forward`, or the graph that was made of it for this model and arguments of this kind.
#[doc(hidden)]
pub fn static_forward<L: Link, A: Args + ?Sized>(
    model: &L,
    arguments: A::Ref<'_>,
    forward: &dyn Fn(A::Ref<'_>) -> Variable,
) -> Variable {
    if super::is_active() {
        return forward(arguments);
    }
    let identity = Identity {
        kind: TypeId::of::<L>(),
        address: std::ptr::from_ref(model).addr(),
        parameters: model.params().iter().map(crate::Parameter::id).collect(),
    };
    // Taken out while it runs: the model may call others, or itself.
    let known = GRAPHS.with_borrow_mut(|graphs| {
        graphs.iter().position(|(known, _)| *known == identity).map(|at| graphs.remove(at).1)
    });
    let mut cache = known.unwrap_or_default();
    let variables = A::variables(arguments);
    let result = cache.run(&variables, Vec::new(), &mut Call::<A>(forward));
    GRAPHS.with_borrow_mut(|graphs| {
        if graphs.len() >= MODELS {
            graphs.remove(0);
        }
        graphs.push((identity, cache));
    });
    result
}
