//! What a kernel does with its product: a program that runs over each block of the product on the thread that has just computed
//! it, while the block is in that processor's cache.

use std::ops::Range;

use smallvec::SmallVec;

use super::compiled::Compiled;
use super::map::{PARALLEL, estimate, execute_compiled};
use super::space::{Operand, Space};
use super::strided::fresh;
use super::{gemm, pool, run, wrong_arity};
use crate::error::Result;
use crate::kernel::Epilogue;
use crate::op::Op;
use crate::program::{Program, ScalarBits, Value};
use crate::shape::{Strides, collapse};
use crate::view::View;

/// Bytes of a product that are computed before their epilogue: enough to make up for walking the program, few enough to stay in cache.
pub(super) const BLOCK_BYTES: usize = 128 << 10;

/// An epilogue and the arrays of an execution.
pub(super) struct After<'a> {
    program: &'a Compiled,
    scalars: &'a [ScalarBits],
    /// Input 0 of the program.
    product: View,
    /// The others.
    others: &'a [View],
    outputs: &'a [View],
    /// Estimated nanoseconds on one thread.
    work: f32,
}

impl<'a> After<'a> {
    /// Of the arrays beside the product's operands; `outputs` are row-major.
    pub(super) fn new(
        operation: &'static str,
        epilogue: &'a Epilogue,
        others: &'a [View],
        outputs: &'a [View],
    ) -> Result<After<'a>> {
        let program = epilogue.program.compiled()?;
        let ([first, ..], true) = (outputs, program.inputs == others.len() + 1 && program.outputs == outputs.len())
        else {
            return Err(wrong_arity(operation));
        };
        let product = match home(&epilogue.program) {
            Some(output) => outputs[output].clone(),
            None => fresh(epilogue.program.inputs[0], &first.shape)?,
        };
        let work = estimate(program, product.shape.size(), &[std::slice::from_ref(&product), others, outputs]);
        Ok(After { program, scalars: &epilogue.scalars, product, others, outputs, work })
    }

    /// Where the product is to be written, row-major.
    pub(super) fn product(&self) -> &View {
        &self.product
    }

    /// Runs the program over the whole product, on several threads.
    pub(super) fn run_whole(&self) {
        let inputs: SmallVec<[View; 6]> = std::iter::once(&self.product).chain(self.others).cloned().collect();
        execute_compiled(self.program, self.scalars, &self.product.shape, &inputs, self.outputs);
    }

    /// What the program adds to the operations of a product's element: as many as take its time.
    pub(super) fn flops(&self) -> usize {
        (self.work / self.product.shape.size().max(1) as f32 * gemm::FLOPS_A_NANOSECOND) as usize
    }

    /// The program over blocks, if all operands walk the product's axes as items (those before `rows`), rows (before `columns`) and
    /// columns, and if one thread will not have to do work for several, where the product is cut into so many `pieces`.
    pub(super) fn blocks(&self, rows: usize, columns: usize, pieces: usize) -> Option<Blocks<'_>> {
        if pieces < 2 && self.work >= PARALLEL && pool::threads() > 1 {
            return None;
        }
        let shape = &self.product.shape[..];
        let mut operands: SmallVec<[Placed; 8]> = SmallVec::new();
        for view in std::iter::once(&self.product).chain(self.others).chain(self.outputs) {
            let (base, size, strides) = (view.ptr(), view.dtype.size(), &view.strides[..]);
            let step = |axes: Range<usize>| Some(step(&shape[axes.clone()], &strides[axes])? * size as isize);
            let items = strides[..rows].iter().map(|stride| stride * size as isize).collect();
            operands.push(Placed { base, size, items, row: step(rows..columns)?, column: step(columns..shape.len())? });
        }
        let mut items = SmallVec::from_slice(&shape[..rows]);
        // One axis of items where all operands see one.
        let steps = |operand: &Placed| step(&shape[..rows], &operand.items);
        if let Some(steps) = operands.iter().map(steps).collect::<Option<SmallVec<[isize; 8]>>>() {
            operands.iter_mut().zip(steps).for_each(|(operand, step)| operand.items = SmallVec::from_slice(&[step]));
            items = SmallVec::from_slice(&[shape[..rows].iter().product()]);
        }
        let size = |axes: Range<usize>| shape[axes].iter().product();
        Some(Blocks { after: self, items, rows: size(rows..columns), columns: size(columns..shape.len()), operands })
    }
}

/// The step of some axes if memory is walked along them as along one.
fn step(shape: &[usize], strides: &[isize]) -> Option<isize> {
    let mut axes = shape.iter().zip(strides).rev().filter(|(dim, _)| **dim != 1);
    let Some((&dim, &step)) = axes.next() else { return Some(0) };
    let mut next = step * dim as isize;
    for (&dim, &stride) in axes {
        if stride != next {
            return None;
        }
        next *= dim as isize;
    }
    Some(step)
}

/// The output whose memory the product may take: the product itself, or one of its dtype that is not written before the product is
/// read for the last time.
fn home(program: &Program) -> Option<usize> {
    let reads = |at: usize| program.instrs[at].operands().contains(&Value::Input(0));
    let last = (0..program.instrs.len()).rev().find(|&at| reads(at));
    let itself = |&at: &u16| program.instrs[at as usize].op == Op::Identity && reads(at as usize);
    let late =
        |&at: &u16| program.instrs[at as usize].out == program.inputs[0] && last.is_none_or(|last| last <= at as usize);
    let outputs = &program.outputs;
    outputs.iter().position(itself).or_else(|| outputs.iter().position(late))
}

/// An [`After`] whose operands are walked by item, row and column.
pub(super) struct Blocks<'a> {
    after: &'a After<'a>,
    /// Sizes of the axes before the rows: one where that is possible.
    items: SmallVec<[usize; 4]>,
    rows: usize,
    columns: usize,
    operands: SmallVec<[Placed; 8]>,
}

/// An operand: its first element and its steps in bytes.
struct Placed {
    base: *mut u8,
    size: usize,
    items: Strides,
    row: isize,
    column: isize,
}

// SAFETY: it only says where memory lies; `run` answers for what is read and written.
unsafe impl Sync for Blocks<'_> {}

impl Blocks<'_> {
    /// Runs the program over a block: the given columns of the given rows of the given items.
    ///
    /// # Safety
    /// The product's block is initialised, and nobody else uses it or this block of the outputs.
    pub(super) unsafe fn run(&self, items: Range<usize>, rows: Range<usize>, columns: Range<usize>) {
        if self.items.len() > 1 && items.len() > 1 {
            for item in items {
                // SAFETY: the caller's promise.
                unsafe { self.run(item..item + 1, rows.clone(), columns.clone()) };
            }
            return;
        }
        let After { program, scalars, .. } = *self.after;
        let start = |operand: &Placed| {
            let (mut at, mut rest) =
                (rows.start as isize * operand.row + columns.start as isize * operand.column, items.start);
            for (&dim, &stride) in self.items.iter().zip(&operand.items).rev() {
                at += (rest % dim) as isize * stride;
                rest /= dim;
            }
            operand.base.wrapping_offset(at)
        };
        let (row, item) = (self.columns, self.rows * self.columns);
        let steps = |operand: &Placed| [operand.items.last().copied().unwrap_or(0), operand.row, operand.column];
        let mut strides: SmallVec<[[isize; 3]; 12]> = self.operands.iter().map(steps).collect();
        if program.uses_index {
            strides.push([item as isize, row as isize, 1]);
        }
        let dims = [items.len(), rows.len(), columns.len()];
        let mut merged = collapse(&dims, strides.iter().map(|strides| &strides[..]), |_| false);
        let whole_rows = columns.len() == row && (items.len() == 1 || rows.len() == self.rows);
        let consecutive = whole_rows || rows.len() * items.len() == 1;
        // Indices count by ones along the last axis, so that one column of several is no row.
        if merged.dims.is_empty() || program.uses_index && !consecutive && columns.len() == 1 {
            merged.dims.push(1);
            merged.strides.iter_mut().for_each(|strides| strides.push(0));
        }
        let mut bases: SmallVec<[(*mut u8, usize); 12]> = self.operands.iter().map(|o| (start(o), o.size)).collect();
        let first = items.start * item + rows.start * row + columns.start;
        bases.push((std::ptr::null_mut::<u8>().wrapping_add(first), 1));
        let operands = bases.into_iter().zip(merged.strides);
        let space = Space {
            operands: operands.map(|((base, size), strides)| Operand { base, strides, size }).collect(),
            consecutive,
            dims: merged.dims,
        };
        // SAFETY: the caller's promise; views bound their elements.
        unsafe { run::run(&space, program, scalars, |_| {}) };
    }
}
