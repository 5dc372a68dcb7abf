//! Indexing by arrays: reading, writing and adding, by NumPy's rules.
//!
//! An index expression is a view (slices and numbers) and a gather: the indexed axes are brought together, merged into one, and their
//! index arrays into one array of places, so that one kernel takes or scatters.

use std::panic::Location;
use std::sync::Arc;

use super::index::{Part, fit, view};
use super::{IntoIndices, check_all, one, or_failed};
use crate::array::{Array, ArrayOps, IntoOperand, OperandValue};
use crate::backend;
use crate::dtype::Dtype;
use crate::error::{Error, ErrorKind, Result};
use crate::kernel::{HostKernel, Kernel, ScatterMode};
use crate::shape::Shape;
use crate::view::View;

/// How an expression with index arrays gathers from its view.
struct Gather {
    /// The view's axes in the order in which the indexed ones stand together.
    order: Vec<isize>,
    /// The view's shape in that order, the indexed axes merged.
    merged: Shape,
    /// Where the merged axis stands.
    axis: usize,
    /// Places on the merged axis.
    places: Array,
    /// The view's shape, in that order, unmerged.
    permuted: Shape,
}

impl Gather {
    /// The shape of what is gathered.
    fn shape(&self) -> Shape {
        let (before, after) = (&self.merged[..self.axis], &self.merged[self.axis + 1..]);
        before.iter().chain(self.places.shape().iter()).chain(after).copied().collect()
    }

    /// The view, arranged for the gather.
    fn arrange(&self, view: &Array) -> Array {
        view.permute(&self.order).reshape(&self.merged)
    }

    /// The view back from its arrangement.
    fn restore(&self, arranged: &Array) -> Array {
        let mut back = vec![0; self.order.len()];
        for (to, &from) in self.order.iter().enumerate() {
            back[from as usize] = to as isize;
        }
        arranged.reshape(&self.permuted).permute(&back)
    }
}

/// The view and, if the expression has index arrays, the gather.
fn plan(operation: &'static str, x: &Array, mut parts: Vec<Part>) -> Result<(Vec<Part>, Option<Gather>)> {
    let gap = parts.iter().position(|p| matches!(p, Part::Gap));
    gap.map(|gap| parts.remove(gap));
    if !parts.iter().any(|p| matches!(p, Part::Array { .. })) {
        return Ok((parts, None));
    }
    // Beside index arrays a number is one too: it takes part in where the gathered axes go.
    for part in &mut parts {
        if let Part::Fixed { axis, element } = *part {
            *part = Part::Array { axis, indices: Array::scalar(element as i64) };
        }
    }
    let dims = view(x, &parts).shape().clone();
    let indexed: Vec<usize> =
        parts.iter().enumerate().filter(|(_, p)| matches!(p, Part::Array { .. })).map(|(i, _)| i).collect();
    let together = indexed.windows(2).all(|pair| pair[1] == pair[0] + 1 && gap != Some(pair[1]));
    let axis = if together { indexed[0] } else { 0 };
    let mut order: Vec<usize> = (0..dims.ndim()).filter(|i| !indexed.contains(i)).collect();
    order.splice(axis..axis, indexed.iter().copied());
    let permuted: Shape = order.iter().map(|&i| dims[i]).collect();
    let count = indexed.len();
    let sizes = &permuted[axis..axis + count];
    let merged: Shape = permuted[..axis]
        .iter()
        .copied()
        .chain([sizes.iter().product()])
        .chain(permuted[axis + count..].iter().copied())
        .collect();
    let arrays: Vec<(usize, Array)> = parts
        .iter()
        .filter_map(|part| match part {
            Part::Array { axis, indices } => Some((*axis, indices.clone())),
            _ => None,
        })
        .collect();
    let mut shape = Shape::default();
    for (_, indices) in &arrays {
        shape = shape.broadcast(indices.shape()).ok_or_else(|| {
            let shapes: Vec<String> = arrays.iter().map(|(_, a)| format!("{:?}", a.shape())).collect();
            Error::mismatch(operation, "index arrays that broadcast", shapes.join(" and "))
        })?;
    }
    let places = if let [(_, indices)] = &arrays[..] {
        indices.clone()
    } else {
        let kernel = Ravel { operation, axes: arrays.iter().map(|a| a.0).collect(), sizes: sizes.to_vec() };
        let inputs: Vec<Array> = arrays.iter().map(|(_, a)| a.broadcast_to(&shape)).collect();
        let inputs: Vec<&Array> = inputs.iter().collect();
        one(Array::call(Kernel::Host(Arc::new(kernel)), &inputs, &[(shape, Dtype::I64)]))
    };
    let order = order.into_iter().map(|i| i as isize).collect();
    Ok((parts, Some(Gather { order, merged, axis, places, permuted })))
}

/// Index arrays of several axes → places on the axes merged, with the bounds of each checked.
#[derive(Debug)]
struct Ravel {
    operation: &'static str,
    axes: Vec<usize>,
    sizes: Vec<usize>,
}

impl HostKernel for Ravel {
    fn name(&self) -> &str {
        "ravel_indices"
    }

    fn execute(&self, inputs: &[View], outputs: &[View]) -> Result<()> {
        let [out] = outputs else { return Err(Error::new(ErrorKind::State, "ravel_indices", "one output expected")) };
        let mut places = vec![0i64; out.shape.size()];
        for (view, (&axis, &size)) in inputs.iter().zip(self.axes.iter().zip(&self.sizes)) {
            for (n, value) in crate::cpu::integers(view).into_iter().enumerate() {
                let from_front = if value < 0 { value + size as i64 } else { value };
                if !(0..size as i64).contains(&from_front) {
                    let message = format!("index {value} is out of bounds for axis {axis} of size {size}");
                    return Err(Error::new(ErrorKind::IndexOutOfBounds, self.operation, message));
                }
                places[n] = places[n] * size as i64 + from_front;
            }
        }
        crate::cpu::write_row_major(out, &places)
    }
}

/// A value for the elements that an expression names: of the base's dtype and their shape.
fn fitted(operation: &'static str, value: &Array, dtype: Dtype, shape: &Shape) -> Result<Array> {
    value.check()?;
    // Leading axes of size 1 beyond the target's do not count.
    let extra = value.ndim().saturating_sub(shape.ndim());
    let value = if extra > 0 && value.shape()[..extra].iter().all(|&d| d == 1) {
        value.reshape(&value.shape()[extra..])
    } else {
        value.clone()
    };
    let stretched = (&value).astype(dtype).broadcast_to(shape);
    if stretched.is_failed() {
        let expect = format!("a value that broadcasts to {shape:?}");
        return Err(Error::mismatch(operation, expect, format_args!("{:?}", value.shape())));
    }
    Ok(stretched)
}

/// `base` with `value` written (or added, each as often as its place is named) where `indices` say; a new array.
fn scattered(
    operation: &'static str,
    base: &Array,
    indices: Vec<super::Index>,
    value: &Array,
    mode: ScatterMode,
) -> Result<Array> {
    check_all([base, value])?;
    let (parts, gather) = plan(operation, base, fit(operation, base.shape(), &indices)?)?;
    let window = view(base, &parts);
    let Some(gather) = gather else {
        // No place is named twice.
        let value = fitted(operation, value, base.dtype(), window.shape())?;
        return match mode {
            ScatterMode::Add if base.fill_value().is_some_and(|v| v.as_f64() == 0.0) => {
                Ok(placed(base, &parts, &value))
            }
            ScatterMode::Add => Ok(base + placed(base, &parts, &value)),
            ScatterMode::Set => overwritten(base, &parts, &value),
        };
    };
    let updates = fitted(operation, value, base.dtype(), &gather.shape())?;
    let arranged = gather.arrange(&window);
    let kernel = Kernel::Scatter { axis: gather.axis, mode };
    let output = (arranged.shape().clone(), base.dtype());
    let window = gather.restore(&one(Array::call(kernel, &[&arranged, &gather.places, &updates], &[output])));
    let whole = parts.iter().all(|part| match part {
        Part::Slice { axis, start, step, size } => *start == 0 && *step == 1 && *size == base.shape()[*axis],
        Part::Array { .. } => true,
        _ => false,
    });
    if whole { Ok(window) } else { overwritten(base, &parts, &window) }
}

/// A copy of `base` with the view that `parts` make replaced.
fn overwritten(base: &Array, parts: &[Part], value: &Array) -> Result<Array> {
    let mut copy = base.clone();
    write(&mut copy, parts, value)?;
    Ok(copy)
}

/// Zeros like `base` with `value` in the view that `parts` make: borders around it, and gaps inside it for steps.
fn placed(base: &Array, parts: &[Part], value: &Array) -> Array {
    // New axes go, numbers' axes come back with size 1.
    let dims: Shape = parts
        .iter()
        .filter_map(|part| match part {
            Part::Slice { size, .. } => Some(*size),
            Part::Fixed { .. } => Some(1),
            _ => None,
        })
        .collect();
    let mut value = value.reshape(dims);
    let mut widths = smallvec::SmallVec::new();
    let axes = parts.iter().filter(|p| !matches!(p, Part::New));
    for (axis, part) in axes.enumerate() {
        let total = base.shape()[axis];
        let (start, step, size) = match *part {
            Part::Slice { start, step, size, .. } => (start, step, size),
            Part::Fixed { element, .. } => (element, 1, 1),
            _ => continue,
        };
        if size == 0 {
            widths.push((0, total));
            continue;
        }
        let gap = step.unsigned_abs();
        let first = if step < 0 { start - (size - 1) * gap } else { start };
        if step < 0 {
            value = super::flip(&value, axis as isize);
        }
        let mut span = size;
        if gap > 1 && size > 1 {
            // Each element begins a run of `gap`; the last run is cut short.
            span = (size - 1) * gap + 1;
            let mut spread = smallvec::SmallVec::from_elem((0, 0), value.ndim() + 1);
            spread[axis + 1] = (0, gap - 1);
            let wide = super::pad::bordered(&value.expand_dims(axis as isize + 1), spread, crate::Scalar::Int(0));
            let mut dims = value.shape().to_vec();
            dims[axis] = size * gap;
            let wide = wide.reshape(&dims);
            let mut cut: Vec<Part> =
                dims.iter().enumerate().map(|(axis, &size)| Part::Slice { axis, start: 0, step: 1, size }).collect();
            cut[axis] = Part::Slice { axis, start: 0, step: 1, size: span };
            value = view(&wide, &cut);
        }
        widths.push((first, total - first - span));
    }
    if widths.iter().all(|w| *w == (0, 0)) {
        value
    } else {
        super::pad::bordered(&value, widths, crate::Scalar::Int(0))
    }
}

/// Writes `value` over the view that `parts` make of `x`. Nobody else sees `x` change.
fn write(x: &mut Array, parts: &[Part], value: &Array) -> Result<()> {
    // Computed first: the value may depend on x.
    let source = value.ready_view()?;
    let target = x.unique_view()?;
    let window = view(&Array::from_view(target), parts).ready_view()?;
    if window.shape.size() == 0 {
        return Ok(());
    }
    // A join of one array is a copy into any layout.
    let line = |view: View| if view.shape.ndim() > 0 { view } else { view.broadcast(&Shape::new(&[1])) };
    backend::execute(x.device(), &Kernel::Concat { axis: 0 }, &[line(source)], &[line(window)])
}

/// `base` with `updates` added where `indices` say, each as often as its place is named: the gradient of [`Array::get_item`]. A new
/// array; `updates` broadcast.
///
/// ```
/// use chainer_kernels::{Array, Dtype, ops::scatter_add};
/// let i = Array::from([0i64, 2, 0]);
/// let y = scatter_add(&Array::zeros(3, Dtype::F32), &i, &Array::from([1.0f32, 10.0, 100.0]));
/// assert_eq!(y.to_vec::<f32>()?, [101.0, 0.0, 10.0]);
/// let y = scatter_add(&Array::zeros([2, 3], Dtype::F32), (.., 1..), &Array::from([1.0f32, 2.0]));
/// assert_eq!(y.to_vec::<f32>()?, [0.0, 1.0, 2.0, 0.0, 1.0, 2.0]);
/// # Ok::<(), chainer_kernels::Error>(())
/// ```
#[track_caller]
pub fn scatter_add(base: &Array, indices: impl IntoIndices, updates: &Array) -> Array {
    let indices = indices.into_indices();
    or_failed(Location::caller(), || scattered("scatter_add", base, indices, updates, ScatterMode::Add))
}

/// `base` with `updates` written where `indices` say; of several updates of one place the last stays. A new array; `updates` broadcast.
///
/// ```
/// use chainer_kernels::{Array, ops::scatter_set};
/// let x = Array::from([1.0f32, 2.0, 3.0]);
/// let y = scatter_set(&x, &Array::from([true, false, true]), &Array::scalar(0.0f32));
/// assert_eq!(y.to_vec::<f32>()?, [0.0, 2.0, 0.0]);
/// # Ok::<(), chainer_kernels::Error>(())
/// ```
#[track_caller]
pub fn scatter_set(base: &Array, indices: impl IntoIndices, updates: &Array) -> Array {
    let indices = indices.into_indices();
    or_failed(Location::caller(), || scattered("scatter_set", base, indices, updates, ScatterMode::Set))
}

impl Array {
    /// The elements that an index expression names, by NumPy's rules: basic entries give a view, arrays of integers or bools a copy. A
    /// mask has to be read by the host.
    ///
    /// Index arrays broadcast against each other; their axes stand where the indexed axes stood if those are neighbours, in front
    /// otherwise. Indices outside their axis fail when the array is computed, with their value and the axis in the message.
    ///
    /// ```
    /// use chainer_kernels::{Array, ArrayOps};
    /// let x = Array::from([[1i32, 2, 3], [4, 5, 6]]);
    /// assert_eq!(x.get_item((.., Array::from([2i64, 0]))).to_vec::<i32>()?, [3, 1, 6, 4]);
    /// assert_eq!(x.get_item((Array::from([0i64, 1]), Array::from([2i64, 0]))).to_vec::<i32>()?, [3, 4]);
    /// assert_eq!(x.get_item(&x.clone().remainder(2).equal(0)).to_vec::<i32>()?, [2, 4, 6]);
    /// # Ok::<(), chainer_kernels::Error>(())
    /// ```
    #[track_caller]
    pub fn get_item(&self, indices: impl IntoIndices) -> Array {
        const NAME: &str = "get_item";
        let indices = indices.into_indices();
        or_failed(Location::caller(), || {
            self.check()?;
            let (parts, gather) = plan(NAME, self, fit(NAME, self.shape(), &indices)?)?;
            let window = view(self, &parts);
            Ok(match gather {
                None => window,
                Some(gather) => {
                    let output = (gather.shape(), self.dtype());
                    let inputs = [&gather.arrange(&window), &gather.places];
                    one(Array::call(Kernel::Take { axis: gather.axis }, &inputs, &[output]))
                }
            })
        })
    }

    /// Writes a value over the elements that an index expression names. Other holders of the elements keep what they had.
    ///
    /// # Errors
    /// The array's or the value's own error; a value that does not broadcast to the named elements; indices outside their axis. The
    /// array is then unchanged.
    ///
    /// ```
    /// use chainer_kernels::Array;
    /// let mut x = Array::from([[1.0f32, 2.0], [3.0, 4.0]]);
    /// x.set_item((.., 1), 0.0)?;
    /// x.set_item((0,), &Array::from([7.0f32, 8.0]))?;
    /// assert_eq!(x.to_vec::<f32>()?, [7.0, 8.0, 3.0, 0.0]);
    /// # Ok::<(), chainer_kernels::Error>(())
    /// ```
    #[track_caller]
    pub fn set_item(&mut self, indices: impl IntoIndices, value: impl IntoOperand) -> Result<()> {
        const NAME: &str = "set_item";
        let at = Location::caller();
        let indices = indices.into_indices();
        let run = || {
            self.check()?;
            let value = match value.into_operand() {
                OperandValue::Array(array) => array,
                OperandValue::Scalar(scalar) => Array::full((), scalar, self.dtype()),
            };
            if !indices.iter().any(|i| matches!(i, super::Index::Array(_) | super::Index::Mask(_))) {
                let parts = fit(NAME, self.shape(), &indices)?;
                let shape = view(self, &parts).shape().clone();
                let value = fitted(NAME, &value, self.dtype(), &shape)?;
                return write(self, &parts, &value);
            }
            let changed = scattered(NAME, self, indices, &value, ScatterMode::Set)?;
            changed.force()?;
            *self = changed;
            Ok(())
        };
        run().map_err(|error: Error| error.at(at))
    }
}
