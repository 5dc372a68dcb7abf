//! The inputs on which a row is checked: a few cases in the reduced set, many in the full one.

use std::collections::BTreeSet;
use std::panic::{AssertUnwindSafe, catch_unwind};

use chainer::{Array, Variable};
use chainer_kernels::Index;

use crate::row::Row;

/// The shapes of all inputs.
type Shapes = Vec<Vec<usize>>;

/// How the elements of an array lie in memory.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Layout {
    RowMajor,
    /// The axes in reverse order.
    Transposed,
    /// Every second element of the last axis of a larger array, from its end.
    Strided,
    /// The elements along the first axis of more than one are one and the same: that axis has stride 0.
    Repeated,
}

const LAYOUTS: [Layout; 4] = [Layout::Transposed, Layout::RowMajor, Layout::Strided, Layout::Repeated];

/// Where the values of an input come from.
#[derive(Clone, Copy, Debug)]
pub enum Values {
    /// Multiples of 1/64: float16 holds them, and no finite difference comes near a kink unless it starts there.
    Grid,
    /// Any.
    Dense,
}

/// Inputs of which a row has at least one case, unless it says why not.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Kind {
    /// Elements that are equal: views of stride 0.
    Repeated,
    /// A size of 0.
    Empty,
    /// A size of 1.
    Single,
}

/// All of them.
pub const KINDS: [Kind; 3] = [Kind::Repeated, Kind::Empty, Kind::Single];

/// What a row is checked on.
#[derive(Clone, Debug)]
pub struct Case {
    pub shapes: Shapes,
    pub layout: Layout,
    pub values: Values,
    pub seed: u64,
}

impl Case {
    /// The first one.
    pub fn of(row: &Row) -> Case {
        Case { shapes: row.shapes.clone(), layout: Layout::Transposed, values: Values::Grid, seed: 7 }
    }

    /// The inputs, all different.
    pub fn inputs(&self, row: &Row) -> Vec<Array> {
        let array = |(i, shape): (usize, &Vec<usize>)| self.filled(shape, row.domain, i as u64, row.zeros);
        self.shapes.iter().enumerate().map(array).collect()
    }

    /// An array of numbers between `low` and `high`, all different. Those of other `number`s are others.
    pub fn array(&self, shape: &[usize], domain: (f64, f64), number: u64) -> Array {
        self.filled(shape, domain, number, false)
    }

    /// The same, a third of it zeros if they are asked for.
    fn filled(&self, shape: &[usize], (low, high): (f64, f64), number: u64, zeros: bool) -> Array {
        let mut draws = Draws::new(self.seed + number);
        let mut seen: Vec<f64> = Vec::new();
        let mut next = move || loop {
            if zeros && draws.next() < 1.0 / 3.0 {
                return 0.0;
            }
            let x = low + (high - low) * draws.next();
            let (x, apart) = match self.values {
                Values::Grid => ((x * 64.0).round() / 64.0, 1.0 / 64.0),
                Values::Dense => (x, 1e-3),
            };
            // The grid has only so many places.
            if x.abs() >= apart && (seen.len() > 150 || seen.iter().all(|other| (x - other).abs() >= apart)) {
                seen.push(x);
                return x;
            }
        };
        laid_out(&mut next, shape, self.layout)
    }

    /// Whether the inputs are of this kind.
    pub fn is(&self, kind: Kind) -> bool {
        let has = |size: usize| self.shapes.iter().any(|shape| shape.contains(&size));
        let repeats = |shape: &Vec<usize>| shape.iter().product::<usize>() > 1;
        match kind {
            Kind::Repeated => self.layout == Layout::Repeated && self.shapes.iter().any(repeats),
            Kind::Empty => has(0),
            Kind::Single => has(1),
        }
    }

    /// How many elements there are.
    fn size(&self) -> usize {
        self.shapes.iter().map(|shape| shape.iter().product::<usize>()).sum()
    }
}

/// Numbers of the grid.
pub fn numbers(shape: &[usize], domain: (f64, f64), seed: u64) -> Array {
    let case = Case { shapes: Vec::new(), layout: Layout::Transposed, values: Values::Grid, seed };
    case.array(shape, domain, 0)
}

/// The reduced set: the first case of a row, and the smallest one of each other kind.
pub fn few_cases(row: &Row) -> Vec<Case> {
    let all = all_cases(row);
    let mut cases = vec![all[0].clone()];
    for kind in KINDS {
        if !cases.iter().any(|case| case.is(kind)) {
            cases.extend(all.iter().filter(|case| case.is(kind)).min_by_key(|case| case.size()).cloned());
        }
    }
    cases
}

/// All cases of a row: those of its own shapes in every layout, and one on each of the other shapes that the function takes.
pub fn all_cases(row: &Row) -> Vec<Case> {
    let layouts = || LAYOUTS.into_iter().filter(|layout| row.takes(Kind::Repeated) || *layout != Layout::Repeated);
    let case = |shapes: &Shapes, layout, seed| Case { shapes: shapes.clone(), layout, values: Values::Dense, seed };
    let mut cases = vec![Case::of(row)];
    cases.extend(layouts().zip(1..).map(|(layout, i)| case(&row.shapes, layout, 1000 * i)));
    if row.fixed.is_some() {
        return cases;
    }
    let must = taken_shapes(row);
    let others: BTreeSet<Shapes> = other_shapes(row).union(&must).cloned().collect();
    let others = others.into_iter().zip(layouts().cycle()).zip(5..);
    let others = others.map(|((shapes, layout), i)| case(&shapes, layout, 1000 * i));
    let taken = |case: &Case| {
        let known = KINDS.into_iter().all(|kind| row.takes(kind) || !case.is(kind));
        known && (must.contains(&case.shapes) || is_taken(row, case))
    };
    cases.extend(others.filter(taken));
    cases
}

/// Whether the function gives results for the inputs of a case: type checks say which shapes fit it, and whatever it takes it has to
/// differentiate. (So do panics; the check reports them.) The mean of nothing is not a number, and has no derivative.
fn is_taken(row: &Row, case: &Case) -> bool {
    let inputs: Vec<Variable> = case.inputs(row).into_iter().map(Variable::constant).collect();
    let defined = |values: Vec<f64>| !case.is(Kind::Empty) || values.iter().all(|value| value.is_finite());
    let outputs = catch_unwind(AssertUnwindSafe(|| (row.f)(&inputs)));
    outputs.map_or(true, |ys| !ys.is_empty() && ys.iter().all(|y| y.data().to_f64_vec().is_ok_and(defined)))
}

/// Shapes that the function has to take: any at all where it works element by element, and what broadcasts where operands do.
fn taken_shapes(row: &Row) -> BTreeSet<Shapes> {
    let mut all = BTreeSet::new();
    if row.elementwise || row.broadcasts {
        all.extend(COMMON.map(|shape| vec![shape.to_vec(); row.shapes.len()]));
    }
    if row.broadcasts {
        for (i, shape) in row.shapes.iter().enumerate() {
            let mut add = |shape: Vec<usize>| {
                let mut shapes = row.shapes.clone();
                shapes[i] = shape;
                all.insert(shapes);
            };
            add(Vec::new());
            add([&[1, 1], &shape[..]].concat());
            for axis in 0..shape.len() {
                add(shape[axis..].to_vec());
                let mut one = shape.clone();
                one[axis] = 1;
                add(one);
            }
        }
    }
    all
}

/// Shapes of every rank.
const COMMON: [&[usize]; 5] = [&[], &[1], &[5], &[1, 1, 1], &[2, 0, 3]];

/// Shapes like those of the row: sizes of 0, of 1, and larger ones in place of a size, everywhere it occurs, along an axis of all inputs,
/// and in a single place, where it broadcasts if the function does that; inputs without their first axis; one shape for all inputs.
fn other_shapes(row: &Row) -> BTreeSet<Shapes> {
    let own = &row.shapes;
    let mut all = BTreeSet::new();
    let mut add = |change: &dyn Fn(usize, usize, usize) -> usize| {
        let changed = own
            .iter()
            .enumerate()
            .map(|(input, shape)| shape.iter().enumerate().map(|(axis, &size)| change(input, axis, size)).collect());
        all.insert(changed.collect::<Shapes>());
    };
    for (i, shape) in own.iter().enumerate() {
        for (a, &size) in shape.iter().enumerate() {
            for new in [0, 1, size + 1] {
                add(&|_, _, old| if old == size { new } else { old });
                add(&|_, axis, old| if axis == a && old == size { new } else { old });
                add(&|input, axis, old| if (input, axis) == (i, a) { new } else { old });
            }
        }
    }
    for i in 0..own.len() {
        let mut fewer = own.clone();
        if fewer[i].len() > 1 {
            fewer[i].remove(0);
            all.insert(fewer);
        }
    }
    all.extend(COMMON.map(|shape| vec![shape.to_vec(); own.len()]));
    all.remove(own);
    all
}

/// Numbers from 0 to 1.
struct Draws(u64);

impl Draws {
    fn new(seed: u64) -> Self {
        Draws(seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1)
    }

    fn next(&mut self) -> f64 {
        self.0 = self.0.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407);
        (self.0 >> 33) as f64 / (1u64 << 31) as f64
    }
}

/// An array of such a shape.
fn laid_out(next: &mut impl FnMut() -> f64, shape: &[usize], layout: Layout) -> Array {
    let mut filled = |shape: &[usize]| {
        let size: usize = shape.iter().product();
        Array::from_vec((0..size).map(|_| next()).collect::<Vec<f64>>(), shape)
    };
    match (layout, shape) {
        (Layout::RowMajor, _) | (_, []) => filled(shape),
        (Layout::Transposed, _) => filled(&shape.iter().rev().copied().collect::<Vec<_>>()).transpose(),
        (Layout::Strided, [lead @ .., last]) => {
            let wide = filled(&[lead, &[2 * last]].concat());
            wide.slice([Index::Ellipsis, Index::Slice(None, None, Some(-2))])
        }
        (Layout::Repeated, _) => {
            let mut once = shape.to_vec();
            if let Some(size) = once.iter_mut().find(|size| **size > 1) {
                *size = 1;
            }
            filled(&once).broadcast_to(shape)
        }
    }
}
