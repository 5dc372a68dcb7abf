//! The macros of Chainer for Rust. Use them through `chainer::prelude::*`.
//!
//! - [`macro@chain`] makes a link of a struct or an enum;
//! - [`macro@function`] makes a differentiable function of a forward and a backward;
//! - [`macro@elementwise`] makes a function of variables, one kernel with its derivative, of a function of scalars;
//! - [`macro@fallible`] allows `?` in a function that returns a `Variable`.
//!
//! Each macro lives in a folder of its own, in which parsing (which leaves all mistakes it finds in a `Context`, at the user's tokens)
//! stands apart from the writing of code. Generated code names nothing but `chainer::__private`, under whatever name the user's
//! `Cargo.toml` gives the library.

mod chain;
mod context;
mod elementwise;
mod fallible;
mod function;
mod library;
mod text;

use proc_macro::TokenStream;

/// Makes a link of a struct or an enum: `params`, `named_params`, `children`, `cleargrads`, `copyparams`, serialization and the other
/// methods of `Link`, and `Debug` as a tree with shapes.
///
/// ```
/// use chainer::{Array, Dtype, prelude::*};
///
/// #[derive(Clone, Copy)]
/// enum Activation {
///     Tanh,
///     Sigmoid,
/// }
///
/// #[chain]
/// struct Layer {
///     #[chain(name = "W")] // the name in paths and files; default: the field's
///     w: Parameter,
///     b: Option<Parameter>,
///     #[persistent] // saved with the parameters
///     calls: State<usize>,
///     #[plain] // data of a type of your own
///     activation: Activation,
///     size: usize, // data of a known type
/// }
///
/// #[chain]
/// struct Model<P> {
///     first: P,
///     others: Vec<P>, // children `others/0`, `others/1`, …
///     #[chain(skip)] // kept out: not trained, not saved
///     teacher: Layer,
/// }
///
/// let layer = || Layer {
///     w: Parameter::new(Array::ones([2, 3], Dtype::F32)),
///     b: None,
///     calls: State::new(0),
///     activation: Activation::Tanh,
///     size: 2,
/// };
/// let model = Model { first: layer(), others: vec![layer()], teacher: layer() };
/// let names: Vec<String> = model.named_params().into_iter().map(|(name, _)| name).collect();
/// assert_eq!(names, ["/first/W", "/others/0/W"]);
/// ```
///
/// # Fields
/// A field's *type* decides what it is (see `LinkField`), so generic parameters and type aliases work:
///
/// - links (`#[chain]` types, and `Box`, `Arc`, `Box<dyn Forward>` of them) are children;
/// - `Parameter`s are parameters;
/// - `Option`, `Vec`, arrays, `BTreeMap` and tuples of these are looked through;
/// - numbers, `bool`, `String`, `PathBuf`, `Duration`, `PhantomData`, `Variable`, `Array`, `State` and functions over variables are
///   plain data.
///
/// Every other type is an error, lest a link whose `#[chain]` was forgotten silently never trains: data of your own types carries
/// `#[plain]`. A field under `#[persistent]` is a `State` of an array, a number, a `bool`, a `String` or a list of numbers: threads
/// share a model, so what changes in it is a cell.
///
/// # Enums
/// A variant that wraps one link shows what that link shows, without a name of its own; other variants name their fields as structs do.
///
/// # Restrictions
/// A chain owns what it holds (no lifetimes) and can be shared between threads (no `Cell`, no `Rc`). `Debug` is written by the macro.
/// `Clone` cannot be derived, because parameters are handles: a clone would share them.
///
/// `#[chain(crate = path)]` says where the library is, if it is not a dependency of the crate.
///
/// # Static graphs
/// Above `impl Forward for ..`, `#[chain(static_graph)]` compiles the model's calls as `chainer::compile` does: a call is traced once for
/// each kind of arguments, and later calls run the optimised graph; gradients flow through it. Each thread has graphs of its own. They know
/// the model by its address and parameters: a plain field that is changed afterwards is not noticed.
///
/// ```
/// use chainer::{links as L, functions as F, prelude::*, Array, Dtype};
///
/// #[chain]
/// struct Net { l1: L::Linear, l2: L::Linear }
///
/// #[chain(static_graph)]
/// impl Forward for Net {
///     fn forward(&self, x: &Variable) -> Variable {
///         self.l2.forward(&F::relu(self.l1.forward(x)))
///     }
/// }
///
/// let net = Net { l1: L::Linear::new(4, 8), l2: L::Linear::new(8, 2) };
/// let x = Variable::constant(Array::ones([3, 4], Dtype::F32));
/// let first = net.forward(&x).to_vec::<f32>()?;
/// assert_eq!(net.forward(&x).to_vec::<f32>()?, first);
/// net.forward(&x).sum().backward()?;
/// assert!(net.l1.params()[0].grad().is_some());
/// # Ok::<(), chainer::Error>(())
/// ```
#[proc_macro_attribute]
pub fn chain(attribute: TokenStream, item: TokenStream) -> TokenStream {
    chain::chain(attribute.into(), item.into()).into()
}

/// Makes a differentiable function of an `impl` block: the function's struct, its implementation of `Function`, and a wrapper in snake
/// case that takes variables.
///
/// ```
/// use chainer::{Array, prelude::*};
///
/// /// w = x * y + z
/// #[function]
/// impl MulAdd {
///     #[type_check(x: Float[n, m], y: x.dtype[n, m], z: x.dtype[n, m])]
///     fn forward(&self, x: &Array, y: &Array, z: &Array) -> Array {
///         x * y + z
///     }
///     fn backward(&self, x: &Variable, y: &Variable, gw: &Variable) -> (Variable, Variable, Variable) {
///         (gw * y, gw * x, gw.clone())
///     }
/// }
///
/// let [x, y, z] = [2.0f32, 3.0, 4.0].map(|v| Variable::new(Array::from([[v]])));
/// let w = mul_add(&x, &y, &z);
/// assert_eq!(w.to_vec::<f32>()?, [10.0]);
/// w.backward()?;
/// assert_eq!(x.grad().unwrap().to_vec::<f32>()?, [3.0]);
/// # Ok::<(), chainer::Error>(())
/// ```
///
/// # forward
/// Its arguments are the inputs: `&Array`, `Option<&Array>` (may be absent) or `&[Array]` (any number). It returns an `Array`, a tuple
/// of arrays or a `Vec<Array>`, or a `Result` of one of these. `pub fn forward` makes struct and wrapper public.
///
/// One output is named after the gradient that `backward` takes (`gw` names it `w`); several are named by `#[outputs(c, h)]`.
///
/// # backward
/// Its arguments are read by their names: one that is named as in `forward` is a saved input, one named as an output a saved output,
/// and `g` + output its gradient (zeros where nothing flows back; as `Option<&Variable>`, `None`). Only what it names is kept. Where the
/// shape is enough, write `x: &Shape`: then the value is not kept. A leading `_` is ignored.
///
/// It returns one gradient for each input: `Variable`, `Option<Variable>`, and `Vec<Variable>` for a list of inputs. It works over
/// variables, so that the gradient can itself be differentiated. Over arrays (`x: &Array, gy: &Array`, returning `Array`) it gives
/// first derivatives only, and asking for the second is an error that says so. Without `backward` there is no gradient.
///
/// `forward_cpu` and `forward_cuda` (also `backward_cpu` and `backward_cuda`) take the place of one method where one text cannot serve
/// both kinds of device.
///
/// # Settings
/// ```
/// use chainer::{Array, prelude::*};
///
/// #[function(slope: f64 = 0.2, offset: f64)]
/// impl LeakyShift {
///     pub fn forward(&self, x: &Array) -> Array {
///         x.maximum(x * self.slope) + self.offset
///     }
///     fn backward(&self, x: &Variable, gy: &Variable) -> Variable {
///         x.greater_equal(0.0).select(gy, gy * self.slope)
///     }
/// }
/// let x = Array::from([-1.0f32, 1.0]);
/// assert_eq!(leaky_shift(&x, 1.0).to_vec::<f32>()?, [0.8, 2.0]);
/// assert_eq!(LeakyShift::new(1.0).slope(0.5).call(&x).to_vec::<f32>()?, [0.5, 2.0]);
/// # Ok::<(), chainer::Error>(())
/// ```
/// A setting without a default is an argument of the wrapper, after the inputs; one with a default is set on the struct, whose `call`
/// applies it. A block with a `fn new` is that of a struct of your own, and the wrapper takes the arguments of `new` after the inputs.
/// `#[function(name = other)]` names the wrapper, `crate = path` the library.
///
/// # type_check
/// `#[type_check(x: Float[n, c, ..], w: x.dtype[K, c / self.groups], b: Any[_]; c % self.groups == 0)]` above `forward`:
///
/// - the dtype: `Float`, `Int`, `Bool`, `Any`, a given one such as `f32`, or that of another input;
/// - in brackets the axes: a lower-case name binds the size where it stands first and is compared from then on; `_` is any size, `..`
///   any number of axes (once); everything else, such as an upper-case constant, is an expression that is compared;
/// - after `;` conditions over the sizes and `self`.
///
/// An absent optional input is not checked; of a list of inputs each is. The comparison costs nothing but itself: the texts are made
/// when the program is compiled. What fails is told in Chainer's words, with the caller's position:
/// ```text
/// InvalidType in mul_add (src/main.rs:31:18)
///   Expect: x.shape[1] == z.shape[1]
///   Actual: 2 != 3
/// ```
#[proc_macro_attribute]
pub fn function(attribute: TokenStream, item: TokenStream) -> TokenStream {
    function::function(attribute.into(), item.into()).into()
}

/// Makes a function of variables of a function of scalars: applied to arrays of any shapes that broadcast and any float dtype, fused
/// with its neighbours into one kernel, differentiable to any order.
///
/// ```
/// use chainer::{Array, prelude::*};
///
/// /// Swish.
/// #[elementwise]
/// fn swish(x: f32, beta: f32) -> f32 {
///     x / (1.0 + (-beta * x).exp())
/// }
///
/// /// Huber's loss.
/// #[elementwise]
/// fn huber(x: f32, t: f32, delta: f32) -> f32 {
///     let distance = (x - t).abs();
///     if distance < delta {
///         0.5 * distance * distance
///     } else {
///         delta * (distance - 0.5 * delta)
///     }
/// }
///
/// let x = Variable::new(Array::from([-1.0f64, 0.0, 3.0]));
/// let y = huber(swish(&x, 1.0), 0.0, 1.0); // variables, arrays, parameters or numbers
/// y.sum().backward()?;
/// assert!(x.grad().is_some());
/// assert_eq!(swish::scalar(0.0, 1.0), 0.0); // the original function, of one element
/// # Ok::<(), chainer::Error>(())
/// ```
///
/// # What can stand in the body
/// `let` (also typed, and shadowing), constants, `if`/`else`, `+ - * / %`, comparisons, `&& || !`, bit operations of integers, casts
/// with `as`, calls of other elementwise functions, and these methods of Rust's floats: `abs`, `acos`, `acosh`, `asin`, `asinh`,
/// `atan`, `atan2`, `atanh`, `cbrt`, `ceil`, `clamp`, `copysign`, `cos`, `cosh`, `exp`, `exp2`, `exp_m1`, `floor`, `fract`, `hypot`,
/// `is_finite`, `is_infinite`, `is_nan`, `is_sign_negative`, `is_sign_positive`, `ln`, `ln_1p`, `log`, `log10`, `log2`, `max`, `min`,
/// `mul_add`, `powf`, `powi`, `recip`, `round`, `round_ties_even`, `signum`, `sin`, `sinh`, `sqrt`, `tan`, `tanh`, `to_degrees`,
/// `to_radians`, `trunc`; beside them `erf`, `erfc`, `logaddexp`, `rsqrt`, `sigmoid`, `softplus`.
///
/// There is no `mut`, no loop, no `match` and no `return`: every element is computed by the same straight text, and both branches of an
/// `if` may be computed. Names in upper case are constants.
///
/// # Types
/// The compiler checks the text as it stands, as `name::scalar`. For arrays, a type in the signature says the kind: a float argument
/// accepts every float dtype (several are promoted), an integer argument every integer dtype, `bool` bools. A cast to the float type
/// of the signature converts to the arrays' own float dtype; other casts convert to what they name. Numbers in the text have the
/// arrays' precision, also those written `1.0f32`.
///
/// Where Rust and arrays differ: integers wrap around, division by zero gives 0 rather than a panic, and a cast of a float to an
/// integer is defined for values that fit only.
///
/// # Derivatives
/// Comparisons, casts to integers, rounding and `signum` have none (they count as constants). An `if` differentiates the branch that
/// was taken: a slope of the other branch that is infinite does no harm. At ties, `max` and `min` give the gradient to the first;
/// `abs` has slope 0 at 0; `clamp` lets the gradient pass at its bounds.
///
/// `name::trace` records the expression; it prints as a formula. `#[elementwise(crate = path)]` says where the library is, if it is not
/// a dependency of the crate.
#[proc_macro_attribute]
pub fn elementwise(attribute: TokenStream, item: TokenStream) -> TokenStream {
    elementwise::elementwise(attribute.into(), item.into()).into()
}

/// Allows `?` in a function or method that returns a `Variable` (or an `Array`, or a tuple of them): the error becomes a failed value,
/// which travels on and surfaces where the value is read.
///
/// ```
/// use chainer::{Array, prelude::*};
///
/// #[fallible]
/// fn halve_rows(x: &Variable) -> Variable {
///     let [rows, columns] = x.dims()?;
///     if rows == 0 {
///         return x.clone();
///     }
///     x.reshape([rows / 2, 2 * columns])
/// }
///
/// let x = Variable::new(Array::from([[1.0f32], [2.0]]));
/// assert_eq!(halve_rows(&x).shape(), &[1, 2].into());
/// assert!(halve_rows(&x.reshape([2])).check().is_err());
/// ```
///
/// `return value` and the last expression are values, not `Ok(value)`. `#[fallible(crate = path)]` says where the library is, if it is
/// not a dependency of the crate.
#[proc_macro_attribute]
pub fn fallible(attribute: TokenStream, item: TokenStream) -> TokenStream {
    fallible::fallible(attribute.into(), item.into()).into()
}
