//! The rows of the table, and what they are made of.

use chainer::{Array, Dtype, Element, Variable};

use crate::cases::Kind;

/// Why a mean is not checked on empty inputs.
pub const MEAN_OF_NOTHING: &str = "the mean of nothing is not a number";

/// The function of a row.
pub type Differentiable = Box<dyn Fn(&[Variable]) -> Vec<Variable>>;

/// One function with its arguments.
pub struct Row {
    pub name: &'static str,
    /// The shapes of the inputs.
    pub shapes: Vec<Vec<usize>>,
    /// Where the inputs come from.
    pub domain: (f64, f64),
    pub f: Differentiable,
    /// Whether any shape will do.
    pub elementwise: bool,
    /// Whether the function makes sense in half precision at all (sums of rounding errors do not).
    pub half: bool,
    /// Whether it has second derivatives. Asking for them where it has none is an error.
    pub twice: bool,
    /// Whether the inputs are operands that broadcast against each other.
    pub broadcasts: bool,
    /// Whether a third of the elements are zero.
    pub zeros: bool,
    /// Kinds of inputs that the row cannot be checked on, and why.
    pub without: Vec<(Kind, &'static str)>,
    /// Why it is checked on its own shapes only.
    pub fixed: Option<&'static str>,
}

/// The name of a function, its result for an empty batch, and the shape of that.
pub type Empty = (&'static str, Variable, &'static [usize]);

/// A function of one input of shape (2, 3) that is finite for huge numbers, with its gradient: everything with exponentials or squares
/// inside.
pub type Huge = (&'static str, fn(&Variable) -> Variable);

/// Zeros.
pub fn x(shape: &[usize]) -> Variable {
    Variable::new(Array::zeros(shape, Dtype::F32))
}

impl Row {
    pub fn domain(mut self, low: f64, high: f64) -> Self {
        self.domain = (low, high);
        self
    }

    pub fn elementwise(mut self) -> Self {
        self.elementwise = true;
        self
    }

    /// There are first derivatives only.
    pub fn once(mut self) -> Self {
        self.twice = false;
        self
    }

    pub fn not_in_half(mut self) -> Self {
        self.half = false;
        self
    }

    /// The inputs broadcast against each other.
    pub fn broadcasts(mut self) -> Self {
        self.broadcasts = true;
        self
    }

    /// A third of the elements are zero.
    pub fn zeros(mut self) -> Self {
        self.zeros = true;
        self
    }

    /// The row cannot be checked on inputs of this kind.
    pub fn without(mut self, kind: Kind, reason: &'static str) -> Self {
        self.without.push((kind, reason));
        self
    }

    /// No two elements may be equal.
    pub fn distinct(self) -> Self {
        self.without(Kind::Repeated, "a kink: the derivative jumps where elements are equal")
    }

    /// The row cannot be checked on other shapes than its own.
    pub fn fixed(mut self, reason: &'static str) -> Self {
        self.fixed = Some(reason);
        self
    }

    pub fn takes(&self, kind: Kind) -> bool {
        self.without.iter().all(|(other, _)| *other != kind)
    }
}

/// The sizes of a variable. None of a failed one: it has no shape, and functions pass it on before they look at anything else.
pub fn sizes(x: &Variable) -> Vec<usize> {
    if x.check().is_ok() { x.shape().to_vec() } else { Vec::new() }
}

/// The size of an axis, or 0 if there is no such axis.
pub fn size(x: &Variable, axis: usize) -> usize {
    sizes(x).get(axis).copied().unwrap_or_default()
}

/// An argument of such a shape: these values again and again.
pub fn cycled<T: Element + Copy>(values: &[T], shape: &[usize]) -> Array {
    Array::from_vec(values.iter().copied().cycle().take(shape.iter().product()).collect::<Vec<T>>(), shape)
}

/// A function of one output.
pub fn row(name: &'static str, shapes: &[&[usize]], f: impl Fn(&[Variable]) -> Variable + 'static) -> Row {
    rows(name, shapes, move |xs| vec![f(xs)])
}

/// A function of several outputs.
pub fn rows(name: &'static str, shapes: &[&[usize]], f: impl Fn(&[Variable]) -> Vec<Variable> + 'static) -> Row {
    let shapes = shapes.iter().map(|shape| shape.to_vec()).collect();
    Row {
        name,
        shapes,
        domain: (-2.0, 2.0),
        f: Box::new(f),
        elementwise: false,
        half: true,
        twice: true,
        broadcasts: false,
        zeros: false,
        without: Vec::new(),
        fixed: None,
    }
}

/// A function of one input of any shape.
pub fn unary(name: &'static str, f: impl Fn(&Variable) -> Variable + 'static) -> Row {
    row(name, &[&[3, 4]], move |xs| f(&xs[0])).elementwise()
}
