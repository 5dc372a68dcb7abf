//! Functions on functions.

use chainer::{Variable, functions as F};
use chainer_tests::golden::{Call, Outcome};

use super::{Adapter, Made};

/// The adapters.
pub const ADAPTERS: &[(&str, Adapter)] = &[("forget", forget)];

fn forget(call: &Call<'_, Variable>) -> Made {
    let formula = Formula::parse(call.args.text("func")?)?;
    Ok(F::forget(move |xs: &[Variable]| formula.value(xs), call.list("xs")?).into())
}

/// A formula over variables that are named by single letters; the first letter of those that occur is the first variable.
enum Formula {
    Input(usize),
    Number(f64),
    Unary(fn(&Variable) -> Variable, Box<Formula>),
    Binary(fn(Variable, Variable) -> Variable, Box<Formula>, Box<Formula>),
}

impl Formula {
    fn parse(text: &str) -> Outcome<Formula> {
        let mut parser = Parser { text, rest: text, names: Vec::new() };
        let is_name = |c: char| c.is_ascii_alphabetic();
        parser.names = text.split(|c: char| !is_name(c)).filter(|word| word.len() == 1 && *word != "F").collect();
        parser.names.sort_unstable();
        parser.names.dedup();
        let formula = parser.sum()?;
        if parser.rest.trim().is_empty() { Ok(formula) } else { parser.unexpected() }
    }

    fn value(&self, xs: &[Variable]) -> Variable {
        match self {
            Formula::Input(i) => xs[*i].clone(),
            Formula::Number(number) => Variable::constant(chainer::Array::full((), *number, xs[0].dtype())),
            Formula::Unary(f, x) => f(&x.value(xs)),
            Formula::Binary(f, a, b) => f(a.value(xs), b.value(xs)),
        }
    }
}

struct Parser<'a> {
    text: &'a str,
    rest: &'a str,
    names: Vec<&'a str>,
}

impl<'a> Parser<'a> {
    fn unexpected<T>(&self) -> Outcome<T> {
        Err(format!("cannot read {:?} in the formula {:?}", self.rest, self.text).into())
    }

    /// Whether `token` comes next; if so, it is gone.
    fn eat(&mut self, token: &str) -> bool {
        let rest = self.rest.trim_start().strip_prefix(token);
        self.rest = rest.unwrap_or(self.rest);
        rest.is_some()
    }

    /// The longest run of characters that fit.
    fn run(&mut self, fits: impl Fn(char) -> bool) -> &'a str {
        let rest = self.rest.trim_start();
        let (word, rest) = rest.split_at(rest.find(|c| !fits(c)).unwrap_or(rest.len()));
        self.rest = rest;
        word
    }

    fn sum(&mut self) -> Outcome<Formula> {
        let mut left = self.product()?;
        loop {
            let f: fn(Variable, Variable) -> Variable = match () {
                _ if self.eat("+") => |a, b| a + b,
                _ if self.eat("-") => |a, b| a - b,
                _ => return Ok(left),
            };
            left = Formula::Binary(f, left.into(), self.product()?.into());
        }
    }

    fn product(&mut self) -> Outcome<Formula> {
        let mut left = self.factor()?;
        loop {
            let f: fn(Variable, Variable) -> Variable = match () {
                _ if self.eat("*") => |a, b| a * b,
                _ if self.eat("/") => |a, b| a / b,
                _ => return Ok(left),
            };
            left = Formula::Binary(f, left.into(), self.factor()?.into());
        }
    }

    fn factor(&mut self) -> Outcome<Formula> {
        if self.eat("-") {
            return Ok(Formula::Unary(|x| -x, self.factor()?.into()));
        }
        let base = self.atom()?;
        if self.eat("**") {
            return Ok(Formula::Binary(|a, b| a.pow(b), base.into(), self.factor()?.into()));
        }
        Ok(base)
    }

    fn atom(&mut self) -> Outcome<Formula> {
        if self.eat("(") {
            let inside = self.sum()?;
            return if self.eat(")") { Ok(inside) } else { self.unexpected() };
        }
        let number = self.run(|c| c.is_ascii_digit() || c == '.');
        if let Ok(number) = number.parse() {
            return Ok(Formula::Number(number));
        }
        self.eat("F.");
        let name = self.run(|c| c.is_ascii_alphanumeric() || c == '_');
        if let Some(i) = self.names.iter().position(|known| *known == name) {
            return Ok(Formula::Input(i));
        }
        let f: fn(&Variable) -> Variable = match name {
            "exp" => |x| F::exp(x),
            "log" => |x| F::log(x),
            "relu" => |x| F::relu(x),
            "sigmoid" => |x| F::sigmoid(x),
            "sin" => |x| F::sin(x),
            "cos" => |x| F::cos(x),
            "sqrt" => |x| F::sqrt(x),
            "square" => |x| F::square(x),
            "tanh" => |x| F::tanh(x),
            _ => return self.unexpected(),
        };
        Ok(Formula::Unary(f, self.atom()?.into()))
    }
}
