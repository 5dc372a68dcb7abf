//! Compiling what was traced: a call runs define-by-run once for each kind of arguments, its kernels are captured as a graph, and later
//! calls run the optimised graph.
//!
//! - `values`: what compiled closures take and return; `traced`: what states may hold;
//! - `session`: what a call touches beside its arguments; `cells`: parameters and gradients among it;
//! - `flow`: gradients through calls that only compute forward;
//! - `model`: `#[chain(static_graph)]`;
//! - `record`: from a call to its graphs; `variant`: a graph bound to what it stands for;
//! - `cache`: the graphs by what they were captured for; `compare`: two captures of the same work; `explain`: a graph for people.

mod cache;
mod cells;
mod compare;
mod explain;
mod flow;
mod model;
mod record;
mod session;
mod traced;
mod values;
mod variant;

use std::marker::PhantomData;
use std::sync::Arc;

pub use chainer_kernels::graph::passes::Passes;
pub use chainer_kernels::graph::{MemoryReport, Recomputed};

pub(crate) use cache::{Cache, Work};
pub(crate) use cells::{STATE, touch_parameter};
#[doc(hidden)]
pub use model::static_forward;
pub(crate) use session::{
    Cell, Effect, cleared, consumed, effect, is_active, observe, only_once, overwrite, touch, walked,
};
pub(crate) use traced::{Access, known};
pub use traced::{Slot, Traced};
pub use values::{Arguments, Returned};

use crate::{Args, Error, Forward, Variable};

/// A closure whose calls run as graphs; see [`compile`].
pub struct Compiled<A, R, F, Kind = ByClosure> {
    function: F,
    cache: Cache,
    _types: PhantomData<fn(A) -> (R, Kind)>,
}

/// Compiles a closure: a call traces it define-by-run, and calls with arguments of the same shapes and dtypes run what was traced as one
/// optimised graph: without tape, planning or allocation, with work fused across what was computed at separate times. Results are
/// the same bit for bit.
///
/// The closure is a whole training step or any part of it that calls `backward` itself: forward, backward, hooks, updates. Everything that
/// changes beside its arguments is followed: parameters, [`State`](crate::State)s (hidden states, running statistics), optimizers (learning
/// rates and step counts too), random numbers, reported values. What a graph returns is new memory and has no history.
///
/// ```
/// use chainer::{compile, prelude::*, functions as F, links as L, optimizers, Array};
/// let model = L::Linear::new(2, 1);
/// let mut optimizer = optimizers::Adam::default().setup(&model);
/// let mut step = compile(move |(x, y): (Variable, Variable)| -> chainer::Result<Variable> {
///     let loss = F::mean_squared_error(model.forward(&x), &y);
///     model.cleargrads();
///     loss.backward()?;
///     optimizer.update()?;
///     Ok(loss)
/// });
/// let (x, y) = (Array::from([[1.0f32, 2.0], [3.0, -1.0]]), Array::from([[1.0f32], [0.0]]));
/// let batch = || (Variable::constant(x.clone()), Variable::constant(y.clone()));
/// let first = step.call(batch())?.item::<f32>()?;
/// for _ in 0..20 {
///     step.call(batch())?;
/// }
/// assert!(step.call(batch())?.item::<f32>()? < first);
/// assert_eq!((step.captures(), step.replays()), (1, 21));
/// # Ok::<(), chainer::Error>(())
/// ```
///
/// A forward computation can be compiled as well: gradients flow through its results (once; they cannot be differentiated again). So can a
/// model, as `Arc<M>` with `M: Forward`:
///
/// ```
/// use chainer::{compile, prelude::*, links as L, Array, Dtype};
/// use std::sync::Arc;
/// let model = Arc::new(L::Linear::new(3, 2));
/// let mut forward = compile(model.clone());
/// for _ in 0..3 {
///     let y = forward.call(Variable::constant(Array::ones([4, 3], Dtype::F32)));
///     model.cleargrads();
///     y.sum().backward()?;
/// }
/// assert_eq!(model.params()[1].grad().unwrap().to_vec::<f32>()?, [4.0, 4.0]);
/// assert_eq!(forward.replays(), 2);
/// # Ok::<(), chainer::Error>(())
/// ```
///
/// # What cannot be a graph
/// A call that reads a value on the host (`item`, `to_vec`, printing), that draws numbers on the host, or that changes a state of another
/// kind runs define-by-run, now and later, and says so once, with the line. So does one that hooks of functions or debug mode watch. What
/// a graph cannot know is Rust's own: a plain value that the closure holds is what it was when the call was traced, and so is an array that
/// is neither argument nor parameter nor state. [`Compiled::verify_every`] looks for such mistakes.
pub fn compile<A, R, F, Kind>(function: F) -> Compiled<A, R, F, Kind>
where
    A: Arguments,
    R: Returned + 'static,
    F: Compilable<A, R, Kind>,
{
    Compiled { function, cache: Cache::default(), _types: PhantomData }
}

/// What [`compile`] takes: closures, and models as `Arc<M>` with `M: Forward<A>`. `Kind` tells the two apart.
pub trait Compilable<A, R, Kind> {
    /// The call itself.
    fn call(&mut self, arguments: A) -> R;
}

/// [`Compilable`]: a closure.
pub struct ByClosure;

/// [`Compilable`]: a model.
pub struct ByModel;

impl<A, R, F: FnMut(A) -> R> Compilable<A, R, ByClosure> for F {
    fn call(&mut self, arguments: A) -> R {
        self(arguments)
    }
}

impl<A: Args + Arguments, M: Forward<A>> Compilable<A, Variable, ByModel> for Arc<M> {
    fn call(&mut self, mut arguments: A) -> Variable {
        let mut variables = Vec::new();
        arguments.describe(&mut |variable| variables.push(variable.clone()), &mut Vec::new());
        let lost = || Variable::failed(Error::new(crate::ErrorKind::State, "compile", "an argument has been lost"));
        A::with(&variables, &|arguments| self.forward(arguments)).unwrap_or_else(lost)
    }
}

/// A closure with the arguments of one call, whose variables are put in.
struct Closure<'a, A, F, Kind> {
    function: &'a mut F,
    arguments: Option<A>,
    _kind: PhantomData<Kind>,
}

impl<A: Arguments, R: Returned, F: Compilable<A, R, Kind>, Kind> Work<R> for Closure<'_, A, F, Kind> {
    fn call(&mut self, variables: &[Variable]) -> R {
        let Some(mut arguments) = self.arguments.take() else {
            return R::failed(Error::new(crate::ErrorKind::State, "compile", "called twice"));
        };
        let mut given = variables.iter();
        arguments
            .describe(&mut |place| *place = given.next().cloned().unwrap_or_else(|| place.clone()), &mut Vec::new());
        self.function.call(arguments)
    }
    fn variables(returned: &mut R, visit: &mut dyn FnMut(&mut Variable)) {
        returned.variables(visit);
    }
    fn failure(returned: &R) -> Option<Error> {
        returned.failure()
    }
    fn failed(error: Error) -> R {
        R::failed(error)
    }
    fn template(returned: &R) -> R {
        returned.template()
    }
}

impl<A: Arguments, R: Returned + 'static, F: Compilable<A, R, Kind>, Kind> Compiled<A, R, F, Kind> {
    /// Calls the closure, or runs its graph.
    pub fn call(&mut self, arguments: A) -> R {
        let (mut arguments, mut variables, mut plain) = (arguments, Vec::new(), Vec::new());
        arguments.describe(&mut |variable| variables.push(variable.clone()), &mut plain);
        let mut work = Closure { function: &mut self.function, arguments: Some(arguments), _kind: PhantomData };
        self.cache.run(&variables, plain, &mut work)
    }

    /// Chooses the passes that graphs go through; for tests and measurements.
    pub fn passes(mut self, passes: Passes) -> Self {
        self.cache.passes = passes;
        self
    }

    /// Bounds the memory of temporary tensors: where a graph needs more than `bytes` at one time, tensors that were cheap to make (never
    /// products, never random numbers) are forgotten and made again before they are read. Results stay the same bit for bit. Of a forward
    /// computation, the bound is for what waits for its gradients. [`CompiledGraph::recomputed`] says what was chosen; a bound below what
    /// must be kept is met as far as possible.
    ///
    /// ```
    /// use chainer::{compile, functions as F, prelude::*, Array, Dtype};
    /// let w = Parameter::new(Array::full([64, 64], 0.01, Dtype::F32));
    /// let shared = w.clone();
    /// let mut f = compile(move |x: Variable| -> chainer::Result<()> {
    ///     let h = F::exp(F::tanh(F::matmul(&x, &shared)));
    ///     shared.cleargrad();
    ///     F::sum(F::matmul(&h, &h) * &h, None, false).backward()
    /// }).memory_budget(40 << 10);
    /// f.call(Variable::constant(Array::ones([64, 64], Dtype::F32)))?;
    /// let report = f.graph().unwrap().recomputed().unwrap();
    /// assert!(report.bytes[1] <= report.bytes[0]);
    /// # Ok::<(), chainer::Error>(())
    /// ```
    pub fn memory_budget(mut self, bytes: usize) -> Self {
        self.cache.budget = Some(bytes);
        self
    }

    /// Traces every `n`-th call again and compares it with the graph: a first difference is named (a branch on data, a Rust value that has
    /// changed), and the call runs define-by-run from then on. 0, the default, never.
    pub fn verify_every(mut self, n: usize) -> Self {
        self.cache.verify = n;
        self
    }

    /// How many calls have run as graphs.
    pub fn replays(&self) -> usize {
        self.cache.replays
    }

    /// How many calls were captured.
    pub fn captures(&self) -> usize {
        self.cache.captures
    }

    /// The newest graph.
    pub fn graph(&self) -> Option<CompiledGraph<'_>> {
        self.cache.graph()
    }

    /// Measures the kernels of later runs, for [`CompiledGraph::explain`].
    pub fn measure(&mut self, on: bool) {
        self.cache.set_timed(on);
    }
}

/// A graph of a compiled closure, to be looked at.
pub struct CompiledGraph<'a> {
    variant: &'a variant::Variant,
}

impl CompiledGraph<'_> {
    /// How many kernels a run has.
    pub fn kernels(&self) -> usize {
        self.variant.executable.kernels()
    }

    /// How many kernels the traced call ran.
    pub fn captured_kernels(&self) -> usize {
        self.variant.captured.ops.len()
    }

    /// The memory that a run takes beside parameters, states and results.
    pub fn memory(&self) -> MemoryReport {
        self.variant.executable.memory()
    }

    /// What [`Compiled::memory_budget`] has changed in it.
    pub fn recomputed(&self) -> Option<Recomputed> {
        self.variant.recomputed
    }

    /// The graph as it was captured, in the DOT language of Graphviz.
    pub fn captured_dot(&self) -> String {
        self.variant.captured.to_dot()
    }

    /// The graph that runs, in the DOT language of Graphviz.
    pub fn dot(&self) -> String {
        self.variant.graph.to_dot()
    }

    /// The graph as text, a kernel a line.
    pub fn text(&self) -> String {
        self.variant.graph.to_string()
    }
}
