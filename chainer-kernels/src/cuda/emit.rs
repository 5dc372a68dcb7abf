//! The CUDA C of elementwise programs: one thread an element, in steps of the grid.

use std::fmt::Write;

use crate::cuda::Source;
use crate::cuda::expression::{expression, is_constant, is_half, loaded, memory_type, register_type, stored};
use crate::cuda::layout::{Access, BLOCK, Class, Field, Step};
use crate::dtype::Dtype;
use crate::error::{Error, Result};
use crate::op::Op;
use crate::program::{Program, ScalarBits, Value};

/// A name for the kernel of an elementwise program, for profiles: `map_multiply_add_tanh`.
pub fn map_name(program: &Program) -> String {
    let words = operations(program);
    if words.is_empty() { "map_copy".to_owned() } else { format!("map_{}", words.join("_")) }
}

/// The first operations of a program, casts and copies left out.
pub(super) fn operations(program: &Program) -> Vec<&'static str> {
    const WORDS: usize = 5;
    let mut words: Vec<&str> = Vec::new();
    for instr in &program.instrs {
        if !matches!(instr.op, Op::Identity | Op::Cast) && words.last() != Some(&instr.op.name()) {
            words.push(instr.op.name());
        }
    }
    if words.len() > WORDS {
        words.truncate(WORDS);
        words.push("and_more");
    }
    words
}

/// The kernel of an elementwise program. `class` comes from [`crate::cuda::layout::Layout::map`] over the program's inputs, then
/// its outputs. `name` must not be that of a function of C, which is why [`map_name`] puts `map_` before the operations.
///
/// The kernel's parameters are the inputs, the outputs (pointers to each one's first element), the layout's struct and, where the
/// program has scalars, a struct of them ([`pack_scalars`]). It may be launched with any number of blocks of [`BLOCK`] threads. As
/// [`crate::kernel::Kernel::Map`] allows, an output may share its memory with an input of the same layout, so no pointer is
/// declared `__restrict__`; every thread reads an element's inputs before it writes the element's outputs.
///
/// # Errors
///
/// `InvalidValue` where the class was made for another number of operands or the name is no C identifier, `Unsupported` where an
/// operation is not defined for its dtype.
///
/// ```
/// use chainer_kernels::cuda::{emit::map, layout::Layout};
/// use chainer_kernels::program::{Instr, Program, Value};
/// use chainer_kernels::{Dtype, Op};
///
/// let args = [Value::Input(0), Value::Scalar(0), Value::Scalar(0)];
/// let scaled = Instr { op: Op::Mul, dtype: Dtype::F32, out: Dtype::F32, args };
/// let program = Program::new(vec![Dtype::F32], vec![Dtype::F32], vec![scaled], vec![0]);
/// let source = map("scale", &program, &Layout::map(&[100], &[&[1], &[1]]).class)?;
/// assert!(source.text().contains("const float v0 = x0 * s0;"));
/// # Ok::<(), chainer_kernels::Error>(())
/// ```
pub fn map(name: &str, program: &Program, class: &Class) -> Result<Source> {
    let operands = Operands::of_map(program);
    let live = Live::of(program, None);
    let mut text = Writer::new(name, class, &operands, &live, &["size"], &["index"])?;
    text.open_namespace();
    text.space_struct(&[]);
    text.scalar_struct(program);
    text.operand_comments(&[]);
    text.signature(name, program, &[]);
    text.scalar_registers(program);
    text.fixed_loads(program);
    let index = text.index_type();
    text.line(&format!("const {index} step = ({index})gridDim.x * blockDim.x;"));
    text.open(&format!(
        "for ({index} index = ({index})blockIdx.x * blockDim.x + threadIdx.x; index < space.size; index += step) {{"
    ));
    text.coordinates(0, &text.element_operands(program));
    text.element(program, "index")?;
    text.close();
    text.close();
    text.close_namespace();
    Ok(Source { headers: headers(program), body: text.finish(), entries: vec![name.to_owned()] })
}

/// The bytes of the struct of scalars that a kernel receives by value: each at its natural alignment.
pub fn pack_scalars(dtypes: &[Dtype], bits: &[ScalarBits]) -> Vec<u8> {
    let mut bytes = Vec::new();
    let mut align = 1;
    for (dtype, bits) in dtypes.iter().zip(bits) {
        let size = dtype.size();
        bytes.resize(bytes.len().next_multiple_of(size), 0);
        bytes.extend_from_slice(&bits.to_le_bytes()[..size]);
        align = align.max(size);
    }
    bytes.resize(bytes.len().next_multiple_of(align), 0);
    bytes
}

/// The headers that a program needs.
pub(super) fn headers(program: &Program) -> Vec<&'static str> {
    let mut headers = vec!["types.cuh", "math.cuh"];
    let mut dtypes = program.inputs.iter().chain(&program.scalars).copied();
    if dtypes.any(is_half) || program.instrs.iter().any(|i| is_half(i.dtype) || is_half(i.out)) {
        headers.insert(1, "half.cuh");
    }
    if program.instrs.iter().any(|i| matches!(i.op, Op::Uniform | Op::Normal)) {
        headers.push("philox.cuh");
    }
    if program.instrs.iter().any(|i| matches!(i.op, Op::Digamma | Op::Polygamma)) {
        headers.push("special.cuh");
    }
    headers
}

/// An operand of a kernel, in the order of the layout's operands.
pub(super) struct Operand {
    /// Its pointer's name.
    pub name: String,
    /// `None` for the position of an element, which has an address but no memory.
    pub dtype: Option<Dtype>,
}

pub(super) struct Operands(pub Vec<Operand>);

impl Operands {
    pub(super) fn inputs(program: &Program) -> Vec<Operand> {
        let named = |(i, &dtype): (usize, &Dtype)| Operand { name: format!("in{i}"), dtype: Some(dtype) };
        program.inputs.iter().enumerate().map(named).collect()
    }

    pub(super) fn outputs(program: &Program) -> Vec<Operand> {
        let dtype = |&instr: &u16| Some(program.dtype(Value::Instr(instr)));
        let named = |(i, instr)| Operand { name: format!("out{i}"), dtype: dtype(instr) };
        program.outputs.iter().enumerate().map(named).collect()
    }

    fn of_map(program: &Program) -> Operands {
        let mut operands = Operands::inputs(program);
        operands.extend(Operands::outputs(program));
        Operands(operands)
    }
}

/// The parts of a program that something written depends on. Nothing else is computed, loaded or declared.
pub(super) struct Live {
    instrs: Vec<bool>,
    inputs: Vec<bool>,
    scalars: Vec<bool>,
}

impl Live {
    /// What the outputs and the reduced value need.
    pub(super) fn of(program: &Program, reduced: Option<Value>) -> Live {
        let mut live = Live {
            instrs: vec![false; program.instrs.len()],
            inputs: vec![false; program.inputs.len()],
            scalars: vec![false; program.scalars.len()],
        };
        program.outputs.iter().for_each(|&instr| live.mark(Value::Instr(instr)));
        reduced.into_iter().for_each(|value| live.mark(value));
        // Operands stand before their users.
        for (i, instr) in program.instrs.iter().enumerate().rev() {
            if live.instrs[i] && !is_constant(instr.op, instr.dtype) {
                instr.operands().iter().for_each(|&operand| live.mark(operand));
            }
        }
        live
    }

    fn mark(&mut self, value: Value) {
        match value {
            Value::Input(i) => self.inputs[i as usize] = true,
            Value::Scalar(i) => self.scalars[i as usize] = true,
            Value::Instr(i) => self.instrs[i as usize] = true,
        }
    }

    /// Whether an element's position is needed.
    pub(super) fn position(&self, program: &Program) -> bool {
        program.instrs.iter().zip(&self.instrs).any(|(instr, &live)| live && is_source(instr.op))
    }
}

/// Whether an operation depends on the place of the element.
pub(super) fn is_source(op: Op) -> bool {
    matches!(op, Op::Index | Op::Uniform | Op::Normal)
}

/// Writes a kernel line by line. Coordinates along walk `w` are called by its index's first letter and the axis: `i0`, `k1`, `r2`.
pub(super) struct Writer<'a> {
    text: String,
    indent: usize,
    name: &'a str,
    class: &'a Class,
    operands: &'a [Operand],
    live: &'a Live,
    counts: &'a [&'a str],
    indices: &'a [&'a str],
}

impl<'a> Writer<'a> {
    pub(super) fn new(
        name: &'a str,
        class: &'a Class,
        operands: &'a Operands,
        live: &'a Live,
        counts: &'a [&'a str],
        indices: &'a [&'a str],
    ) -> Result<Self> {
        let first = name.chars().next().unwrap_or('0');
        if first.is_ascii_digit() || !name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_') {
            return Err(Error::value("cuda", "name is a C identifier", format_args!("{name:?}")));
        }
        let expected = operands.0.len();
        if class.walks.len() != counts.len() || class.walks.iter().any(|walk| walk.access.len() != expected) {
            let actual: Vec<usize> = class.walks.iter().map(|walk| walk.access.len()).collect();
            return Err(Error::value(
                "cuda",
                format_args!("class has {} walks of {expected} operands", counts.len()),
                format_args!("walks of {actual:?} operands"),
            ));
        }
        Ok(Writer { text: String::new(), indent: 0, name, class, operands: &operands.0, live, counts, indices })
    }

    pub(super) fn finish(self) -> String {
        self.text
    }

    pub(super) fn line(&mut self, line: &str) {
        let _ = writeln!(self.text, "{:width$}{line}", "", width = self.indent * 4);
    }

    pub(super) fn blank(&mut self) {
        self.text.push('\n');
    }

    pub(super) fn open(&mut self, line: &str) {
        self.line(line);
        self.indent += 1;
    }

    pub(super) fn close(&mut self) {
        self.indent -= 1;
        self.line("}");
    }

    /// Kernels and their parameter structs stand in a namespace named as the kernel, so that several fit into one file.
    pub(super) fn open_namespace(&mut self) {
        self.line(&format!("namespace chainer::{} {{", self.name));
        self.blank();
    }

    pub(super) fn close_namespace(&mut self) {
        self.blank();
        self.line(&format!("}}  // namespace chainer::{}", self.name));
    }

    pub(super) fn index_type(&self) -> &'static str {
        if self.class.wide { "uint64" } else { "uint32" }
    }

    pub(super) fn offset_type(&self) -> &'static str {
        if self.class.wide { "int64" } else { "int32" }
    }

    /// What fields of a walk begin with: nothing where there is only one.
    fn prefix(&self, walk: usize) -> String {
        if self.class.walks.len() == 1 { String::new() } else { format!("{}_", self.indices[walk]) }
    }

    fn field_name(&self, field: Field) -> String {
        match field {
            Field::Count { walk } => self.counts[walk].to_owned(),
            Field::Axis { walk, axis } => format!("{}axis{axis}", self.prefix(walk)),
            Field::Step { walk, operand, axis } => {
                let number = match self.class.walks[walk].access[operand] {
                    Access::Scaled => String::new(),
                    _ => axis.to_string(),
                };
                format!("{}_{}step{number}", self.operands[operand].name, self.prefix(walk))
            }
        }
    }

    /// The struct of the layout's fields, and of `more` counts behind them.
    pub(super) fn space_struct(&mut self, more: &[&str]) {
        let (index, offset) = (self.index_type(), self.offset_type());
        self.line("// Sizes and steps of one launch.");
        self.open("struct Space {");
        for field in self.class.fields() {
            let name = self.field_name(field);
            let declared = match field {
                Field::Count { .. } => index,
                Field::Axis { .. } if self.class.wide => "WideAxis",
                Field::Axis { .. } => "Axis",
                Field::Step { .. } => offset,
            };
            self.line(&format!("{declared} {name};"));
        }
        for name in more {
            self.line(&format!("{index} {name};"));
        }
        self.indent -= 1;
        self.line("};");
        self.blank();
    }

    pub(super) fn scalar_struct(&mut self, program: &Program) {
        if program.scalars.is_empty() {
            return;
        }
        self.line("// Run-time parameters of the program.");
        self.open("struct Scalars {");
        for (i, &dtype) in program.scalars.iter().enumerate() {
            self.line(&format!("{} s{i};", memory_type(dtype)));
        }
        self.indent -= 1;
        self.line("};");
        self.blank();
    }

    /// What each pointer is and how it is walked.
    pub(super) fn operand_comments(&mut self, more: &[String]) {
        for (i, operand) in self.operands.iter().enumerate() {
            let Some(dtype) = operand.dtype else { continue };
            let ways: Vec<String> = (0..self.class.walks.len()).map(|walk| self.describe(walk, i)).collect();
            let name = &operand.name;
            self.line(&format!("// {name}: {dtype}, {}", ways.join("; ")));
        }
        for line in more {
            self.line(&format!("// {line}"));
        }
    }

    fn describe(&self, walk: usize, operand: usize) -> String {
        let along = if self.class.walks.len() == 1 { String::new() } else { format!("{}: ", self.indices[walk]) };
        let way = match &self.class.walks[walk].access[operand] {
            Access::Fixed => "one element for all".to_owned(),
            Access::Linear => "contiguous".to_owned(),
            Access::Scaled => "strided".to_owned(),
            Access::Strided(steps) => {
                let fixed: Vec<String> =
                    (0..steps.len()).filter(|&i| steps[i] == Step::Fixed).map(|i| i.to_string()).collect();
                let axes = steps.len();
                match fixed.len() {
                    0 => format!("strided over {axes} axes"),
                    1 => format!("strided over {axes} axes, broadcast along axis {}", fixed[0]),
                    _ => format!("strided over {axes} axes, broadcast along axes {}", fixed.join(", ")),
                }
            }
        };
        along + &way
    }

    /// The kernel's head, up to its opening brace. `before` are parameters that stand before the space.
    pub(super) fn signature(&mut self, kernel: &str, program: &Program, before: &[String]) {
        let mut parameters: Vec<String> = Vec::new();
        for operand in self.operands {
            let Some(dtype) = operand.dtype else { continue };
            let constant = if operand.name.starts_with("in") { "const " } else { "" };
            parameters.push(format!("{constant}{}* {}", memory_type(dtype), operand.name));
        }
        parameters.extend_from_slice(before);
        parameters.push("const Space space".to_owned());
        if !program.scalars.is_empty() {
            parameters.push("const Scalars scalars".to_owned());
        }
        self.head(kernel, &parameters);
    }

    pub(super) fn head(&mut self, kernel: &str, parameters: &[String]) {
        self.line(&format!("extern \"C\" __global__ void __launch_bounds__({BLOCK})"));
        const LINE: usize = 110;
        let list = parameters.join(", ");
        if kernel.len() + list.len() < LINE {
            self.line(&format!("{kernel}({list})"));
        } else {
            self.line(&format!("{kernel}("));
            self.line(&format!("    {})", parameters.join(",\n    ")));
        }
        self.line("{");
        self.indent += 1;
    }

    /// Run-time scalars as registers.
    pub(super) fn scalar_registers(&mut self, program: &Program) {
        for (i, &dtype) in program.scalars.iter().enumerate().filter(|(i, _)| self.live.scalars[*i]) {
            let value = loaded(dtype, &format!("scalars.s{i}"));
            self.line(&format!("const {} s{i} = {value};", register_type(dtype)));
        }
    }

    /// The coordinates of a walk's index along the axes that one of `operands` moves along.
    pub(super) fn coordinates(&mut self, walk: usize, operands: &[usize]) {
        let axes = self.class.walks[walk].axes;
        let moves = |axis: usize| {
            operands.iter().any(|&operand| match &self.class.walks[walk].access[operand] {
                Access::Strided(steps) => steps[axis] != Step::Fixed,
                _ => false,
            })
        };
        let Some(outermost) = (0..axes).find(|&axis| moves(axis)) else { return };
        let (index, offset) = (self.index_type(), self.offset_type());
        let name = self.indices[walk];
        let letter = &name[..1];
        let mut lines = vec![
            "// The coordinates along the merged axes, innermost first.".to_owned(),
            format!("{index} {name}_rest = {name};"),
        ];
        for axis in (outermost.max(1)..axes).rev() {
            let field = self.field_name(Field::Axis { walk, axis });
            let taken = format!("take_axis({name}_rest, space.{field});");
            lines.push(if moves(axis) { format!("const {offset} {letter}{axis} = ({offset}){taken}") } else { taken });
        }
        if outermost == 0 {
            lines.push(format!("const {offset} {letter}0 = ({offset}){name}_rest;"));
        }
        lines.iter().for_each(|line| self.line(line));
    }

    /// The operands that are read or written for each element.
    pub(super) fn element_operands(&self, program: &Program) -> Vec<usize> {
        let used = |i: &usize| match self.operands[*i].name.as_str() {
            "result" => false,
            "position" => self.live.position(program),
            _ => self.live.inputs.get(*i).copied().unwrap_or(true),
        };
        (0..self.operands.len()).filter(used).collect()
    }

    /// An operand's offset along a walk; `None` where it does not move.
    pub(super) fn offset(&self, walk: usize, operand: usize) -> Option<String> {
        let name = self.indices[walk];
        let step = |axis| format!("space.{}", self.field_name(Field::Step { walk, operand, axis }));
        match &self.class.walks[walk].access[operand] {
            Access::Fixed => None,
            Access::Linear => Some(name.to_owned()),
            Access::Scaled => Some(format!("({}){name} * {}", self.offset_type(), step(0))),
            Access::Strided(steps) => {
                let term = |(axis, kind): (usize, &Step)| match kind {
                    Step::Fixed => None,
                    Step::Unit => Some(format!("{}{axis}", &name[..1])),
                    Step::Any => Some(format!("{}{axis} * {}", &name[..1], step(axis))),
                };
                let terms: Vec<String> = steps.iter().enumerate().filter_map(term).collect();
                Some(terms.join(" + "))
            }
        }
    }

    /// Whether an operand is the same element everywhere.
    fn is_fixed(&self, operand: usize) -> bool {
        self.class.walks.iter().all(|walk| walk.access[operand] == Access::Fixed)
    }

    /// The subscript of an operand: in a reduction the first walk's part is a variable of its own, `in0_kept`.
    pub(super) fn subscript(&self, operand: usize) -> String {
        let last = self.class.walks.len() - 1;
        let outer = (0..last)
            .filter(|&walk| self.class.walks[walk].access[operand] != Access::Fixed)
            .map(|walk| format!("{}_{}", self.operands[operand].name, self.indices[walk]));
        let terms: Vec<String> = outer.chain(self.offset(last, operand)).collect();
        if terms.is_empty() { "0".to_owned() } else { terms.join(" + ") }
    }

    /// Loads the inputs that are the same element everywhere, once.
    pub(super) fn fixed_loads(&mut self, program: &Program) {
        for i in 0..program.inputs.len() {
            if self.live.inputs[i] && self.is_fixed(i) {
                self.load(program, i);
            }
        }
    }

    fn load(&mut self, program: &Program, input: usize) {
        let dtype = program.inputs[input];
        let value = loaded(dtype, &format!("{}[{}]", self.operands[input].name, self.subscript(input)));
        self.line(&format!("const {} x{input} = {value};", register_type(dtype)));
    }

    /// Loads, instructions and stores of one element. `position` is the expression of its row-major index.
    pub(super) fn element(&mut self, program: &Program, position: &str) -> Result<()> {
        for i in 0..program.inputs.len() {
            if self.live.inputs[i] && !self.is_fixed(i) {
                self.load(program, i);
            }
        }
        for (i, instr) in program.instrs.iter().enumerate().filter(|(i, _)| self.live.instrs[*i]) {
            let names: Vec<String> = instr.operands().iter().map(|&value| register(value)).collect();
            let names: Vec<&str> = names.iter().map(String::as_str).collect();
            let value = expression(instr, &names, position)?;
            self.line(&format!("const {} v{i} = {value};", register_type(instr.out)));
        }
        let first = self.operands.iter().position(|o| o.name == "out0").unwrap_or(0);
        for (i, &instr) in program.outputs.iter().enumerate() {
            let value = stored(program.dtype(Value::Instr(instr)), &register(Value::Instr(instr)));
            self.line(&format!("out{i}[{}] = {value};", self.subscript(first + i)));
        }
        Ok(())
    }
}

/// The register of a value.
pub(super) fn register(value: Value) -> String {
    match value {
        Value::Input(i) => format!("x{i}"),
        Value::Scalar(i) => format!("s{i}"),
        Value::Instr(i) => format!("v{i}"),
    }
}
