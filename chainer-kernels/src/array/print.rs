//! Arrays as text, the way NumPy prints them.

use std::fmt;

use super::Array;
use crate::dtype::{Dtype, Element};
use crate::scalar::Scalar;

/// Above this many elements only the borders are printed.
const SUMMARY: usize = 1000;
/// Elements at each border.
const EDGE: usize = 3;

impl fmt::Display for Array {
    /// Prints the elements (computing them first), or the error of a failed array.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let view = match self.ready_view() {
            Ok(view) => view,
            Err(error) => return write!(f, "<failed: {error}>"),
        };
        crate::graph::host_read("print", &view, None);
        if view.shape.size() == 0 {
            return if view.shape.ndim() == 1 { f.write_str("[]") } else { write!(f, "[] (shape {:?})", view.shape) };
        }
        let shape = view.shape.to_vec();
        let shown = |dim: usize| -> Vec<Option<usize>> {
            if self.size() > SUMMARY && dim > 2 * EDGE {
                (0..EDGE).map(Some).chain([None]).chain((dim - EDGE..dim).map(Some)).collect()
            } else {
                (0..dim).map(Some).collect()
            }
        };
        let element = |index: &[usize]| -> Scalar {
            let steps: isize = index.iter().zip(&view.strides).map(|(&i, s)| i as isize * s).sum();
            // SAFETY: the index lies inside the shape, so the element lies inside the buffer; `T` is its type.
            crate::with_element!(view.dtype, T => unsafe { view.ptr_as::<T>().offset(steps).read() }.to_scalar())
        };
        // Two passes over what is shown: the widest element, then the text.
        let mut width = 0;
        let mut index = vec![0; shape.len()];
        visit(&shape, &shown, 0, &mut index, &mut |event| {
            if let Event::Element(index) = event {
                width = width.max(text(element(index), view.dtype).len());
            }
            Ok(())
        })?;
        let mut first = true;
        visit(&shape, &shown, 0, &mut index, &mut |event| match event {
            Event::Element(index) => {
                let space = if first { "" } else { " " };
                first = false;
                write!(f, "{space}{:>width$}", text(element(index), view.dtype))
            }
            Event::Open => {
                first = true;
                f.write_str("[")
            }
            Event::Close => {
                first = false;
                f.write_str("]")
            }
            Event::Gap => f.write_str(" ..."),
            Event::Row(depth, blank) => write!(f, "{}{:>depth$}", "\n".repeat(blank), ""),
        })
    }
}

enum Event<'a> {
    Open,
    Close,
    Gap,
    /// A new row at this depth after that many line ends.
    Row(usize, usize),
    Element(&'a [usize]),
}

fn visit(
    shape: &[usize],
    shown: &dyn Fn(usize) -> Vec<Option<usize>>,
    axis: usize,
    index: &mut Vec<usize>,
    out: &mut dyn FnMut(Event<'_>) -> fmt::Result,
) -> fmt::Result {
    if axis == shape.len() {
        return out(Event::Element(index));
    }
    out(Event::Open)?;
    for (n, i) in shown(shape[axis]).into_iter().enumerate() {
        if n > 0 && axis + 1 < shape.len() {
            out(Event::Row(axis + 1, shape.len() - axis - 1))?;
        }
        match i {
            Some(i) => {
                index[axis] = i;
                visit(shape, shown, axis + 1, index, out)?;
            }
            None => out(Event::Gap)?,
        }
    }
    out(Event::Close)
}

fn text(value: Scalar, dtype: Dtype) -> String {
    match value {
        Scalar::Bool(x) => if x { "True" } else { "False" }.to_owned(),
        Scalar::Int(x) => x.to_string(),
        Scalar::UInt(x) => x.to_string(),
        Scalar::Float(x) => {
            let digits = if dtype == Dtype::F64 { 8 } else { 6 };
            let magnitude = x.abs();
            if x.is_nan() {
                "nan".to_owned()
            } else if x.is_infinite() {
                if x > 0.0 { "inf" } else { "-inf" }.to_owned()
            } else if magnitude != 0.0 && !(1e-4..1e8).contains(&magnitude) {
                format!("{x:.digits$e}")
            } else {
                let text = format!("{x:.digits$}");
                text.trim_end_matches('0').to_owned()
            }
        }
    }
}

impl fmt::Debug for Array {
    /// dtype, shape and state, without computing anything; the elements of small arrays that are computed.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.error() {
            Some(error) => write!(f, "Array(failed: {error})"),
            None if self.is_pending() => write!(f, "Array({}{:?}, pending)", self.dtype(), self.node().shape),
            None if self.size() <= 32 => write!(f, "Array({}{:?}, {self})", self.dtype(), self.node().shape),
            None => write!(f, "Array({}{:?})", self.dtype(), self.node().shape),
        }
    }
}
