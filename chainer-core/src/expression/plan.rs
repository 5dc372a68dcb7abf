//! An expression as a list of steps, so that applying it walks no graph and what is shared is recorded once.

use std::collections::HashMap;

use chainer_kernels::{Op, Scalar};
use smallvec::SmallVec;

use super::expr::{Body, Expr, Kind, Target};

/// The steps of an expression, operands before users.
pub(super) struct Plan {
    pub(super) steps: Vec<Step>,
    pub(super) result: Slot,
}

/// One operation.
pub(super) enum Step {
    Apply(Op, SmallVec<[Slot; 3]>),
    Cast(Target, Slot),
}

/// Where an operand comes from.
#[derive(Clone, Copy)]
pub(super) enum Slot {
    Input(usize),
    Number(Scalar, Kind),
    Step(usize),
}

impl Plan {
    pub(super) fn of(expression: &Expr) -> Plan {
        let mut steps = Vec::new();
        let result = add(expression, &mut steps, &mut HashMap::new());
        Plan { steps, result }
    }
}

fn add(expression: &Expr, steps: &mut Vec<Step>, known: &mut HashMap<usize, Slot>) -> Slot {
    if let Some(slot) = known.get(&expression.identity()) {
        return *slot;
    }
    let slot = match expression.body() {
        Body::Input(i) => Slot::Input(*i),
        Body::Number(value) => Slot::Number(*value, expression.kind()),
        body => {
            let operands: SmallVec<[Slot; 3]> =
                expression.arguments().iter().map(|operand| add(operand, steps, known)).collect();
            steps.push(match body {
                Body::Cast(target, _) => Step::Cast(*target, operands[0]),
                Body::Apply(op, _) => Step::Apply(*op, operands),
                Body::Input(_) | Body::Number(_) => return operands[0],
            });
            Slot::Step(steps.len() - 1)
        }
    };
    known.insert(expression.identity(), slot);
    slot
}

impl Expr {
    /// The arguments that the expression reads, in ascending order.
    pub(super) fn inputs(&self) -> Vec<usize> {
        let mut found = std::collections::BTreeSet::new();
        let mut seen = std::collections::HashSet::new();
        let mut work = vec![self.clone()];
        while let Some(expression) = work.pop() {
            if let Body::Input(i) = expression.body() {
                found.insert(*i);
            }
            if seen.insert(expression.identity()) {
                work.extend(expression.arguments());
            }
        }
        found.into_iter().collect()
    }

    /// The expression over its own arguments only: what was argument `sources[k]` becomes argument `k`.
    pub(super) fn renumbered(&self, sources: &[usize]) -> Expr {
        renumber(self, sources, &mut HashMap::new())
    }
}

fn renumber(expression: &Expr, sources: &[usize], known: &mut HashMap<usize, Expr>) -> Expr {
    if let Some(known) = known.get(&expression.identity()) {
        return known.clone();
    }
    let renumbered = match expression.body() {
        Body::Input(i) => Expr::argument(sources.iter().position(|s| s == i).unwrap_or(*i), expression.kind()),
        Body::Number(_) => expression.clone(),
        Body::Apply(..) | Body::Cast(..) => {
            let arguments: Vec<Expr> =
                expression.arguments().iter().map(|operand| renumber(operand, sources, known)).collect();
            expression.with_arguments(&arguments)
        }
    };
    known.insert(expression.identity(), renumbered.clone());
    renumbered
}
