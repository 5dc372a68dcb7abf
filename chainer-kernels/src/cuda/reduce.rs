//! The CUDA C of reductions: a program's value combined over some axes, in an order that depends on sizes only.
//!
//! The index space is walked by two indices, over the kept and over the reduced axes. The threads of a block stand as LANES, which
//! share the reduced elements of one output, by SLOTS, the outputs that the block works on. Each lane combines its elements in
//! order, then the lanes are combined as a tree in shared memory. Forms:
//!
//! - [`Form::Rows`]: lanes are neighbouring threads, for a memory order in which the reduced axes lie innermost (also the full
//!   reduction, of one output);
//! - [`Form::Columns`]: slots are neighbouring threads, for kept axes innermost.
//!
//! Where an output has more elements than a block should take alone, the reduction has two passes: the first combines chunks of a
//! fixed size, the second combines the chunks.

use smallvec::SmallVec;

use crate::cuda::Source;
use crate::cuda::emit::{Live, Operand, Operands, Writer, headers, is_source, operations, register};
use crate::cuda::expression::{is_half, memory_type, register_type};
use crate::cuda::layout::{BLOCK, Class, Layout, MAX_BLOCKS};
use crate::dtype::Dtype;
use crate::error::{Error, ErrorKind, Result};
use crate::kernel::{Reduce, ReduceOp};
use crate::program::{Program, Value};
use crate::shape::Strides;
use crate::view::View;

/// How the threads of a block divide the work.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Form {
    /// Neighbouring threads take neighbouring reduced elements of one output.
    Rows {
        /// Threads an output, a power of two up to [`BLOCK`].
        lanes: u32,
    },
    /// Neighbouring threads take neighbouring outputs.
    Columns,
}

/// Outputs of a block that reduces columns: as many as a warp has threads.
const COLUMN_SLOTS: u32 = 32;
/// Elements that one thread combines before a second pass pays.
const ELEMENTS_A_THREAD: usize = 256;
/// Rows up to this length get a warp each, longer ones a block each.
const WARP_ROW: usize = 1024;
/// The y dimension of a grid is limited to 2^16 - 1.
const MAX_CHUNKS: usize = (1 << 16) - 1;

impl Form {
    fn lanes(self) -> u32 {
        match self {
            Form::Rows { lanes } => lanes,
            Form::Columns => BLOCK / COLUMN_SLOTS,
        }
    }

    fn slots(self) -> u32 {
        BLOCK / self.lanes()
    }
}

/// The part of a reduction's layout that belongs to its kernels' identity.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct ReduceClass {
    /// Walks over the kept and the reduced axes. Operands: inputs, result, outputs, and the element's position where the program
    /// has a source.
    pub class: Class,
    /// How threads divide the work.
    pub form: Form,
    /// Whether chunks are combined by a second kernel.
    pub two_passes: bool,
}

/// A reduction's class and run-time values.
#[derive(Clone, Debug)]
pub struct ReduceLayout {
    /// What belongs to the kernels' identity.
    pub class: ReduceClass,
    layout: Layout,
    chunk: usize,
    chunks: usize,
}

impl ReduceLayout {
    /// The layout of a reduction of `shape` over `axes`. `operands` are the strides of the inputs, the result (any stride on
    /// reduced axes, where its size is 1) and the program's outputs.
    pub fn new(program: &Program, shape: &[usize], axes: &[usize], operands: &[&[isize]]) -> ReduceLayout {
        let mut operands: Vec<Strides> = operands.iter().map(|strides| Strides::from_slice(strides)).collect();
        if let Some(result) = operands.get_mut(program.inputs.len()) {
            axes.iter().for_each(|&axis| result[axis] = 0);
        }
        if has_source(program) {
            operands.push(crate::Shape::new(shape).strides());
        }
        let part = |reduced: bool| -> (SmallVec<[usize; 4]>, Vec<Strides>) {
            let chosen: SmallVec<[usize; 4]> = (0..shape.len()).filter(|axis| axes.contains(axis) == reduced).collect();
            let dims = chosen.iter().map(|&axis| shape[axis]).collect();
            (dims, operands.iter().map(|strides| chosen.iter().map(|&axis| strides[axis]).collect()).collect())
        };
        let (kept, reduced) = (part(false), part(true));
        let layout = Layout::new(&[(&kept.0, kept.1), (&reduced.0, reduced.1)]);

        let length = layout.count(1);
        let innermost = (0..shape.len()).rev().find(|&axis| shape[axis] != 1);
        let form = match innermost {
            Some(axis) if !axes.contains(&axis) && length > 1 => Form::Columns,
            _ if length > WARP_ROW => Form::Rows { lanes: BLOCK },
            _ => Form::Rows { lanes: 32 },
        };
        let unit = form.lanes() as usize * ELEMENTS_A_THREAD;
        let mut chunk = unit;
        while length.div_ceil(chunk) > MAX_CHUNKS {
            chunk *= 2;
        }
        let chunks = length.div_ceil(chunk).max(1);
        let class = ReduceClass { class: layout.class.clone(), form, two_passes: chunks > 1 };
        ReduceLayout { class, layout, chunk, chunks }
    }

    /// The layout of a [`Reduce`] over its views.
    pub fn of_reduce(reduce: &Reduce, inputs: &[View], outputs: &[View]) -> ReduceLayout {
        let operands: Vec<&[isize]> = inputs.iter().chain(outputs).map(View::strides).collect();
        ReduceLayout::new(&reduce.program, &reduce.shape, &reduce.axes, &operands)
    }

    /// The bytes of the struct that both kernels receive by value.
    pub fn parameters(&self) -> Vec<u8> {
        let mut bytes = self.layout.parameters();
        self.layout.push(&mut bytes, self.chunk as i64);
        self.layout.push(&mut bytes, self.chunks as i64);
        bytes
    }

    /// The grid of the first kernel: blocks of outputs by chunks. An x of 0 means that there is nothing to do.
    pub fn grid(&self) -> (u32, u32) {
        (self.blocks(self.class.form), self.chunks as u32)
    }

    /// The grid of the second kernel, where there is one.
    pub fn finish_blocks(&self) -> u32 {
        self.blocks(FINISH)
    }

    fn blocks(&self, form: Form) -> u32 {
        self.layout.count(0).div_ceil(form.slots() as usize).min(MAX_BLOCKS) as u32
    }

    /// The number of partial results between the passes; 0 where there is one pass.
    pub fn partials(&self) -> usize {
        if self.class.two_passes { self.layout.count(0) * self.chunks } else { 0 }
    }
}

/// The second pass: there are never many partial results, and they lie one after the other.
const FINISH: Form = Form::Rows { lanes: 32 };

fn has_source(program: &Program) -> bool {
    program.instrs.iter().any(|i| is_source(i.op))
}

/// Bytes of one partial result.
pub fn accumulator_bytes(op: ReduceOp, dtype: Dtype) -> usize {
    match op {
        // A value and an int64, aligned to the latter.
        ReduceOp::ArgMax | ReduceOp::ArgMin => 16,
        ReduceOp::Sum | ReduceOp::Prod if dtype.is_float() => 8,
        _ if is_half(dtype) => 4,
        _ => dtype.size(),
    }
}

/// The struct of `reduce.cuh` that combines the values of a dtype.
fn reduction(op: ReduceOp, dtype: Dtype) -> Result<String> {
    let register = register_type(dtype);
    Ok(match (op, dtype) {
        (ReduceOp::Any, Dtype::Bool) | (ReduceOp::Sum | ReduceOp::Max, Dtype::Bool) => "Any".to_owned(),
        (ReduceOp::All, Dtype::Bool) | (ReduceOp::Prod | ReduceOp::Min, Dtype::Bool) => "All".to_owned(),
        (ReduceOp::Any | ReduceOp::All, _) => {
            return Err(Error::new(
                ErrorKind::Unsupported,
                op.name(),
                format!("Expect: a bool value (the recorder casts)\nActual: {dtype}"),
            ));
        }
        (ReduceOp::Sum, dtype) if dtype.is_float() => "Sum".to_owned(),
        (ReduceOp::Prod, dtype) if dtype.is_float() => "Product".to_owned(),
        (ReduceOp::Sum, _) => format!("IntegerSum<{register}>"),
        (ReduceOp::Prod, _) => format!("IntegerProduct<{register}>"),
        (ReduceOp::Max, _) => format!("Maximum<{register}>"),
        (ReduceOp::Min, _) => format!("Minimum<{register}>"),
        (ReduceOp::ArgMax, _) => format!("ArgMaximum<{register}>"),
        (ReduceOp::ArgMin, _) => format!("ArgMinimum<{register}>"),
    })
}

/// The accumulator `total` as an element of the result.
fn result_value(op: ReduceOp, dtype: Dtype) -> String {
    match (op, dtype) {
        (ReduceOp::ArgMax | ReduceOp::ArgMin, _) => "total.place".to_owned(),
        // One rounding, from double.
        (ReduceOp::Sum | ReduceOp::Prod, Dtype::F32) => "(float)total".to_owned(),
        (_, dtype) if is_half(dtype) => format!("to_{dtype}(total)"),
        _ => "total".to_owned(),
    }
}

/// A name for the kernels of a reduction, for profiles: `reduce_sum_square`.
pub fn reduce_name(program: &Program, op: ReduceOp) -> String {
    let words: Vec<&str> = std::iter::once(op.name()).chain(operations(program)).collect();
    format!("reduce_{}", words.join("_"))
}

/// The kernels of a reduction: one, or where the class has two passes `NAME_partial` and `NAME_finish`.
///
/// Parameters of the only kernel: inputs, result, outputs, the layout's struct, scalars as for [`crate::cuda::emit::map`]. With
/// two passes the first has `partials` (see [`accumulator_bytes`] and [`ReduceLayout::partials`]) behind the outputs and leaves
/// `result` alone; the second takes `partials`, `result` and the layout's struct. Blocks of [`BLOCK`] threads; the first kernel's
/// grid is [`ReduceLayout::grid`], because blocks of one x share outputs.
///
/// # Errors
///
/// As [`crate::cuda::emit::map`]; `Unsupported` for `Any` and `All` of anything but bool.
pub fn reduce(name: &str, program: &Program, op: ReduceOp, value: Value, class: &ReduceClass) -> Result<Source> {
    let dtype = program.dtype(value);
    let result_dtype = if matches!(op, ReduceOp::ArgMax | ReduceOp::ArgMin) { Dtype::I64 } else { dtype };
    let mut operands = Operands::inputs(program);
    let result = operands.len();
    operands.push(Operand { name: "result".to_owned(), dtype: Some(result_dtype) });
    operands.extend(Operands::outputs(program));
    let position = operands.len();
    if has_source(program) {
        operands.push(Operand { name: "position".to_owned(), dtype: None });
    }
    let operands = Operands(operands);
    let reduction = reduction(op, dtype)?;
    let live = Live::of(program, Some(value));
    let counts = ["kept_size", "reduced_size"];
    let mut text = Writer::new(name, &class.class, &operands, &live, &counts, &["kept", "reduced"])?;
    text.open_namespace();
    text.space_struct(&["chunk", "chunks"]);
    text.scalar_struct(program);
    text.line(&format!("typedef {reduction} Reduction;"));
    text.line("typedef Reduction::Accumulator Accumulator;");
    text.blank();

    let first = if class.two_passes { format!("{name}_partial") } else { name.to_owned() };
    let form = class.form;
    let order = match form {
        Form::Rows { lanes } => format!("{lanes} neighbouring threads (lanes) share an output"),
        Form::Columns => format!("{} neighbouring threads (slots) have an output each", form.slots()),
    };
    text.operand_comments(&[order]);
    let partials = "Accumulator* partials".to_owned();
    text.signature(&first, program, if class.two_passes { std::slice::from_ref(&partials) } else { &[] });
    text.scalar_registers(program);
    text.fixed_loads(program);
    open_outputs(&mut text, form);
    let (index, offset) = (text.index_type(), text.offset_type());

    text.open("if (kept < space.kept_size) {");
    let used = text.element_operands(program);
    text.coordinates(0, &used);
    for &i in &used {
        if let Some(at) = text.offset(0, i) {
            text.line(&format!("const {offset} {}_kept = {at};", operands.0[i].name));
        }
    }
    let range = if class.two_passes {
        text.line(&format!("const {index} begin = blockIdx.y * space.chunk;"));
        text.line(&format!("const {index} end = min(begin + space.chunk, space.reduced_size);"));
        format!("{index} reduced = begin + lane; reduced < end; reduced += {}", form.lanes())
    } else {
        format!("{index} reduced = lane; reduced < space.reduced_size; reduced += {}", form.lanes())
    };
    text.open(&format!("for ({range}) {{"));
    text.coordinates(1, &used);
    if used.contains(&position) {
        let at = text.subscript(position);
        text.line(&format!("const {index} position = {at};"));
    }
    text.element(program, "position")?;
    let value = register(value);
    text.line(&format!("total = Reduction::combine(total, Reduction::of({value}, reduced));"));
    text.close();
    text.close();
    combine(&mut text, form);
    if class.two_passes {
        text.open("if (lane == 0 && kept < space.kept_size) {");
        text.line("partials[kept * space.chunks + blockIdx.y] = total;");
        text.close();
    } else {
        store_result(&mut text, result, op, dtype);
    }
    text.close();
    text.close();

    if class.two_passes {
        text.blank();
        let finish = format!("{name}_finish");
        text.line("// Combines the chunks of each output.");
        text.head(
            &finish,
            &[
                "const Accumulator* partials".to_owned(),
                format!("{}* result", memory_type(result_dtype)),
                "const Space space".to_owned(),
            ],
        );
        open_outputs(&mut text, FINISH);
        text.open("if (kept < space.kept_size) {");
        text.open(&format!("for ({index} chunk = lane; chunk < space.chunks; chunk += {}) {{", FINISH.lanes()));
        text.line("total = Reduction::combine(total, partials[kept * space.chunks + chunk]);");
        text.close();
        text.close();
        combine(&mut text, FINISH);
        store_result(&mut text, result, op, dtype);
        text.close();
        text.close();
        text.close_namespace();
        let entries = vec![first, finish];
        return Ok(Source { headers: reduce_headers(program), body: text.finish(), entries });
    }
    text.close_namespace();
    Ok(Source { headers: reduce_headers(program), body: text.finish(), entries: vec![first] })
}

fn reduce_headers(program: &Program) -> Vec<&'static str> {
    let mut headers = headers(program);
    headers.push("reduce.cuh");
    headers
}

/// The loop over the outputs of a block, up to the declaration of `total`. Every thread of the block runs it equally often,
/// because [`combine`] waits for all of them.
fn open_outputs(text: &mut Writer, form: Form) {
    let (lanes, slots) = (form.lanes(), form.slots());
    let index = text.index_type();
    text.line(&format!("__shared__ Accumulator shared[{BLOCK}];"));
    match form {
        Form::Rows { lanes: BLOCK } => text.line("const uint32 lane = threadIdx.x;"),
        Form::Rows { .. } => {
            text.line(&format!("const uint32 lane = threadIdx.x % {lanes};"));
            text.line(&format!("const uint32 slot = threadIdx.x / {lanes};"));
        }
        Form::Columns => {
            text.line(&format!("const uint32 lane = threadIdx.x / {slots};"));
            text.line(&format!("const uint32 slot = threadIdx.x % {slots};"));
        }
    }
    if slots == 1 {
        text.open(&format!("for ({index} kept = blockIdx.x; kept < space.kept_size; kept += gridDim.x) {{"));
    } else {
        text.line(&format!("const {index} step = ({index})gridDim.x * {slots};"));
        text.open(&format!(
            "for ({index} first = ({index})blockIdx.x * {slots}; first < space.kept_size; first += step) {{"
        ));
        text.line(&format!("const {index} kept = first + slot;"));
    }
    text.line("Accumulator total = Reduction::identity();");
}

/// Combines the lanes of each output.
fn combine(text: &mut Writer, form: Form) {
    let step = match form {
        Form::Rows { .. } => 1,
        Form::Columns => form.slots(),
    };
    text.line(&format!("total = combine_lanes<Reduction, {}, {step}>(total, lane, shared);", form.lanes()));
}

fn store_result(text: &mut Writer, result: usize, op: ReduceOp, dtype: Dtype) {
    text.open("if (lane == 0 && kept < space.kept_size) {");
    text.coordinates(0, &[result]);
    let at = text.offset(0, result).unwrap_or_else(|| "0".to_owned());
    text.line(&format!("result[{at}] = {};", result_value(op, dtype)));
    text.close();
}
