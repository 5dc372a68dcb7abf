//! Recorded expressions as functions of variables.

use std::panic::Location;
use std::sync::{Arc, OnceLock};

use chainer_kernels::{IntoOperand, Op, OperandValue, Scalar};
use smallvec::SmallVec;

use super::derivative::derivative;
use super::expr::{Expr, Kind, Target};
use super::fold::numbers_of;
use super::plan::{Plan, Slot, Step};
use crate::elementwise::Term;
use crate::{
    Array, ArrayOps, BackwardContext, Dtype, Function, Gradients, Mismatch, Outputs, Retain, Shape, Variable,
    Variables, apply_at, config,
};

/// What the wrapper of an `#[elementwise]` function of `N` arguments refers to: the function before it meets arrays.
pub struct Elementwise<const N: usize> {
    name: &'static str,
    arguments: [&'static str; N],
    dtypes: [Dtype; N],
    result: Dtype,
    trace: fn(&[Expr; N]) -> Expr,
    traced: OnceLock<Arc<Traced>>,
}

impl<const N: usize> Elementwise<N> {
    /// The function called `name`: its arguments' names and types, its result's type, and what records it.
    pub const fn new(
        name: &'static str,
        arguments: [&'static str; N],
        dtypes: [Dtype; N],
        result: Dtype,
        trace: fn(&[Expr; N]) -> Expr,
    ) -> Self {
        Elementwise { name, arguments, dtypes, result, trace, traced: OnceLock::new() }
    }

    /// Applies the function.
    #[track_caller]
    pub fn apply(&self, arguments: [Term<'_>; N]) -> Variable {
        let traced = self.traced.get_or_init(|| Arc::new(self.record()));
        // Numbers take the dtype of the variables beside them.
        let dtype = |term: &Term<'_>| match term {
            Term::Variable(x) => Some(x.dtype()),
            Term::Owned(x) => Some(x.dtype()),
            Term::Array(x) => Some(x.dtype()),
            Term::Scalar(_) => None,
        };
        let float = arguments.iter().filter_map(dtype).filter(|dtype| dtype.is_float()).reduce(Dtype::promote);
        let float = float.unwrap_or(config().dtype);
        let input = |(term, declared): (Term<'_>, Dtype)| match term {
            Term::Variable(x) => x.clone(),
            Term::Owned(x) => x,
            Term::Array(x) => Variable::constant(x.clone()),
            Term::Scalar(value) => {
                let dtype = match value {
                    Scalar::Bool(_) => Dtype::Bool,
                    Scalar::Float(_) => float,
                    Scalar::Int(_) | Scalar::UInt(_) if declared.is_float() => float,
                    Scalar::Int(_) | Scalar::UInt(_) => declared,
                };
                Variable::constant(Array::full((), value, dtype))
            }
        };
        let inputs: Variables = arguments.into_iter().zip(self.dtypes).map(input).collect();
        apply_at(Box::new(Traced::function(traced)), inputs, Location::caller()).one()
    }

    fn record(&self) -> Traced {
        let arguments: [Expr; N] = std::array::from_fn(|i| Expr::argument(i, Kind::of(self.dtypes[i])));
        let inputs = self.arguments.iter().zip(self.dtypes).map(|(name, dtype)| Input { name, kind: Kind::of(dtype) });
        let mut floats: SmallVec<[Dtype; 2]> = SmallVec::new();
        floats.extend(self.dtypes.iter().copied().chain([self.result]).filter(|dtype| dtype.is_float()));
        Traced::new(self.name, inputs.collect(), (self.trace)(&arguments), floats)
    }
}

/// An argument of a recorded function.
#[derive(Clone, Copy)]
struct Input {
    name: &'static str,
    kind: Kind,
}

/// A recorded function, shared by its applications; with its derivatives, which are recorded when they are first needed.
struct Traced {
    name: &'static str,
    inputs: Vec<Input>,
    expression: Expr,
    plan: Plan,
    /// The float types of the signature: they stand for the arrays' dtype.
    floats: SmallVec<[Dtype; 2]>,
    derivatives: Vec<OnceLock<Option<Derivative>>>,
}

/// The gradient of one input, as a function.
struct Derivative {
    function: Arc<Traced>,
    /// What its arguments are: inputs of the original function by number, then (that number being theirs) the gradient of the result.
    sources: Vec<usize>,
}

impl Traced {
    fn new(name: &'static str, inputs: Vec<Input>, expression: Expr, floats: SmallVec<[Dtype; 2]>) -> Traced {
        let derivatives = inputs.iter().map(|_| OnceLock::new()).collect();
        let plan = Plan::of(&expression);
        Traced { name, inputs, expression, plan, floats, derivatives }
    }

    fn function(self: &Arc<Traced>) -> Application {
        Application { traced: self.clone() }
    }

    /// The gradient of input `i`: the derivative times the gradient of the result.
    fn derivative(&self, i: usize) -> Option<&Derivative> {
        self.derivatives[i].get_or_init(|| self.differentiate(i)).as_ref()
    }

    fn differentiate(&self, i: usize) -> Option<Derivative> {
        let slope = derivative(&self.expression, i)?;
        let count = self.inputs.len();
        let gradient = Expr::argument(count, Kind::Float);
        let product = if slope.is_number(1.0) { gradient } else { gradient.mul(slope) };
        let sources = product.inputs();
        let expression = product.renumbered(&sources);
        let inputs = sources.iter().map(|&source| match self.inputs.get(source) {
            Some(input) => *input,
            None => Input { name: "gy", kind: Kind::Float },
        });
        let function = Traced::new(self.name, inputs.collect(), expression, self.floats.clone());
        Some(Derivative { function: Arc::new(function), sources })
    }

    /// The dtype in which floats are computed.
    fn float(&self, inputs: &[Array]) -> Dtype {
        let floats = inputs.iter().map(Array::dtype).filter(|dtype| dtype.is_float());
        floats.reduce(Dtype::promote).unwrap_or(config().dtype)
    }
}

/// A recorded function, applied.
struct Application {
    traced: Arc<Traced>,
}

impl Function for Application {
    fn name(&self) -> &'static str {
        self.traced.name
    }

    fn type_check(&self, inputs: &[Array]) -> Result<(), Mismatch> {
        let mut shape = Shape::default();
        for (place, (input, array)) in self.traced.inputs.iter().zip(inputs).enumerate() {
            let (name, dtype) = (input.name, array.dtype());
            let (fits, kind) = match input.kind {
                Kind::Float => (dtype.is_float(), 'f'),
                Kind::Int => (dtype.is_integer(), 'i'),
                Kind::Bool => (dtype == Dtype::Bool, 'b'),
            };
            if !fits {
                return Err(Mismatch::new(
                    format!("{name}.dtype.kind == {kind}"),
                    format!("{} != {kind}", dtype.kind()),
                ));
            }
            match shape.broadcast(array.shape()) {
                Some(joined) => shape = joined,
                None => {
                    let before: Vec<&str> = self.traced.inputs[..place].iter().map(|input| input.name).collect();
                    let expect = format!("{name}.shape broadcasts with the shape of ({})", before.join(", "));
                    return Err(Mismatch::new(expect, format!("{:?} and {shape:?}", array.shape())));
                }
            }
        }
        Ok(())
    }

    fn forward(&self, inputs: &[Array]) -> Outputs {
        let shape = inputs.iter().fold(Shape::default(), |shape, x| shape.broadcast(x.shape()).unwrap_or(shape));
        let float = self.traced.float(inputs);
        Run { traced: &self.traced, inputs, float, values: Vec::with_capacity(self.traced.plan.steps.len()) }
            .result(&shape)
            .into()
    }

    fn retain(&self) -> Retain {
        let mut retain = Retain::none();
        let count = self.traced.inputs.len();
        for i in 0..count {
            if let Some(derivative) = self.traced.derivative(i) {
                retain = derivative.sources.iter().filter(|&&s| s < count).fold(retain, |retain, &s| retain.input(s));
            }
        }
        retain
    }

    fn backward(&self, context: &BackwardContext<'_>) -> Gradients {
        let count = self.traced.inputs.len();
        let gradient = |i: usize| -> Option<Variable> {
            if !context.wants(i) {
                return None;
            }
            let derivative = self.traced.derivative(i)?;
            // A compact gradient does not say over how many elements an input was broadcast: those that were need the full one.
            let is_broadcast = context.input_shape(i) != context.output_shape(0);
            let gy = if is_broadcast { context.grad_output(0) } else { context.compact_grad_output(0) }?;
            if derivative.sources == [count] && derivative.function.plan.steps.is_empty() {
                return Some(gy.cast(context.input_dtype(i)));
            }
            let inputs: Variables = derivative
                .sources
                .iter()
                .map(|&source| if source < count { context.input(source).clone() } else { gy.clone() })
                .collect();
            let gx = apply_at(Box::new(derivative.function.function()), inputs, context.location()).one();
            Some(gx.cast(context.input_dtype(i)))
        };
        (0..count).map(gradient).collect()
    }
}

/// A value of a run. Numbers (arguments, too, that are one) stay numbers: what they alone decide costs no kernel.
#[derive(Clone)]
enum Value {
    Array(Array),
    Number(Scalar, Kind),
}

/// One run of a plan over arrays.
struct Run<'a> {
    traced: &'a Traced,
    inputs: &'a [Array],
    float: Dtype,
    values: Vec<Value>,
}

impl Run<'_> {
    /// The result, of shape `shape`.
    fn result(mut self, shape: &Shape) -> Array {
        let plan = &self.traced.plan;
        for step in &plan.steps {
            let value = match step {
                Step::Cast(target, slot) => Value::Array(self.array(self.value(*slot)).astype(self.target(*target))),
                Step::Apply(op, slots) => self.apply(*op, slots),
            };
            self.values.push(value);
        }
        let result = match self.value(plan.result) {
            Value::Number(value, kind) => return Array::full(shape, value, self.dtype(kind)),
            Value::Array(array) => array,
        };
        if result.is_failed() || result.shape() == shape { result } else { result.broadcast_to(shape) }
    }

    /// The dtype of a number of some kind.
    fn dtype(&self, kind: Kind) -> Dtype {
        match kind {
            Kind::Float => self.float,
            Kind::Int => Dtype::I64,
            Kind::Bool => Dtype::Bool,
        }
    }

    fn target(&self, target: Target) -> Dtype {
        match target {
            Target::Dtype(dtype) if !self.traced.floats.contains(&dtype) => dtype,
            _ => self.float,
        }
    }

    fn value(&self, slot: Slot) -> Value {
        let i = match slot {
            Slot::Number(value, kind) => return Value::Number(value, kind),
            Slot::Step(i) => return self.values[i].clone(),
            Slot::Input(i) => i,
        };
        let (array, kind) = (&self.inputs[i], self.traced.inputs[i].kind);
        match array.fill_value() {
            Some(value) if kind == Kind::Float && array.ndim() == 0 => Value::Number(value, kind),
            _ if kind == Kind::Float => Value::Array(array.astype(self.float)),
            _ => Value::Array(array.clone()),
        }
    }

    fn array(&self, value: Value) -> Array {
        match value {
            Value::Array(array) => array,
            Value::Number(value, kind) => Array::full((), value, self.dtype(kind)),
        }
    }

    fn apply(&self, op: Op, slots: &[Slot]) -> Value {
        let values: SmallVec<[Value; 3]> = slots.iter().map(|slot| self.value(*slot)).collect();
        let number = |value: &Value| match value {
            Value::Number(value, _) => Some(*value),
            Value::Array(_) => None,
        };
        if let Value::Number(_, kind) = values[0]
            && let Some(numbers) = values.iter().map(number).collect::<Option<SmallVec<[Scalar; 3]>>>()
            && let Some(folded) = numbers_of(op, kind, &numbers)
        {
            let kind = if matches!(folded, Scalar::Bool(_)) { Kind::Bool } else { kind };
            return Value::Number(folded, kind);
        }
        // Among numbers alone nothing says their dtype; the condition of a select does not either.
        let deciding = if op == Op::Select { &values[1..] } else { &values[..] };
        let all_numbers = deciding.iter().all(|value| number(value).is_some());
        let operand = |value: &Value| match value {
            Value::Number(value, _) if !all_numbers => OperandValue::Scalar(*value),
            value => self.array(value.clone()).into_operand(),
        };
        Value::Array(match &values[..] {
            [x] => Array::map(op, [operand(x)]),
            [x, y] => Array::map(op, [operand(x), operand(y)]),
            [x, y, z] => Array::map(op, [operand(x), operand(y), operand(z)]),
            _ => unreachable!("operations have one to three operands"),
        })
    }
}
