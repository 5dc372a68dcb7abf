//! Generated kernels executed: the host's C++ compiler takes them with a small header (`host.hpp`) in place of what NVRTC has built
//! in, and their results are compared with the CPU backend's.
//!
//! This checks meaning (operations, index arithmetic, parameter structs, the order of combining), not CUDA: instructions of the
//! GPU, memory ordering and speed it cannot see. Where there is no C++ compiler the tests print that and skip.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;

use libloading::Library;
use proptest::prelude::*;
use proptest::strategy::ValueTree;
use proptest::test_runner::TestRunner;

use super::compile::any_program;
use super::{GROUP, every_instruction, grouped, joined, rows};
use crate::backend::Backend;
use crate::cuda::emit::{map, pack_scalars};
use crate::cuda::layout::{BLOCK, Layout};
use crate::cuda::reduce::{ReduceLayout, accumulator_bytes, reduce};
use crate::cuda::{HEADERS, Source};
use crate::kernel::{Kernel, Map, Reduce, ReduceOp};
use crate::program::{Program, ScalarBits, Value};
use crate::shape::Strides;
use crate::{Dtype, Op, Scalar, Shape, View};

/// A generated file, compiled for the host.
struct Host {
    library: Library,
    folder: PathBuf,
}

/// The C function of an entry: pointers, the layout's struct and its size, the scalars' struct and its size, the grid.
type Run = unsafe extern "C" fn(*const *mut u8, *const u8, usize, *const u8, usize, u32, u32) -> i32;

impl Host {
    /// Compiles; `None` after saying that there is no compiler. `pointers` are the number of pointer parameters of each entry.
    fn compile(name: &str, source: &Source, pointers: &[usize], scalars: &[bool]) -> Option<Host> {
        let folder = std::env::temp_dir().join(format!("chainer-host-{name}-{}", std::process::id()));
        std::fs::create_dir_all(&folder).unwrap();
        let mut text = include_str!("host.hpp").to_owned();
        for (header, content) in HEADERS {
            if source.headers.contains(&header) {
                text.push_str(&host_header(header, content));
            }
        }
        text.push_str(&source.body);
        for ((entry, count), has_scalars) in source.entries.iter().zip(pointers).zip(scalars) {
            text.push_str(&wrapper(entry, *count, *has_scalars));
        }
        let (file, library) = (folder.join("kernels.cpp"), folder.join("kernels.so"));
        std::fs::write(&file, text).unwrap();
        if let Err(reason) = build(&file, &library) {
            use std::io::Write;
            let _ = writeln!(std::io::stderr(), "skipped: generated kernels are not executed on the host: {reason}");
            std::fs::remove_dir_all(&folder).unwrap();
            return None;
        }
        // SAFETY: the library holds functions and plain statics only; nothing runs when it is opened.
        let library = unsafe { Library::new(&library) }.unwrap();
        Some(Host { library, folder })
    }

    /// Runs an entry to its end.
    fn run(&self, entry: &str, pointers: &[*mut u8], space: &[u8], scalars: &[u8], grid: (u32, u32)) {
        // SAFETY: `wrapper` gave the function this type.
        let run = unsafe { self.library.get::<Run>(format!("run_{entry}")) }.unwrap();
        // SAFETY: the pointers lead to the memory of views that the kernel's layout was made from; the wrapper refuses structs of
        // another size.
        let status = unsafe {
            run(pointers.as_ptr(), space.as_ptr(), space.len(), scalars.as_ptr(), scalars.len(), grid.0, grid.1)
        };
        assert_eq!(status, 0, "{entry}: the kernel's structs have other sizes than the packed bytes");
    }
}

impl Drop for Host {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.folder);
    }
}

/// A header with the GPU's conversion instructions replaced.
fn host_header(name: &str, content: &str) -> String {
    let mut content = content.replace("#pragma once", "");
    if name == "half.cuh" {
        for (instruction, call) in [
            ("asm(\"cvt.f32.f16 %0, %1;\" : \"=f\"(wide) : \"h\"(x.bits));", "wide = widen_half(x.bits);"),
            ("asm(\"cvt.rn.f16.f32 %0, %1;\" : \"=h\"(bits) : \"f\"(x));", "bits = narrow_half(x);"),
            ("asm(\"cvt.rn.f16.f64 %0, %1;\" : \"=h\"(bits) : \"d\"(x));", "bits = narrow_half(x);"),
        ] {
            assert!(content.contains(instruction), "half.cuh has changed: {instruction}");
            content = content.replace(instruction, call);
        }
    }
    content
}

/// A C function that calls a kernel once for each thread.
fn wrapper(entry: &str, pointers: usize, scalars: bool) -> String {
    // `NAME_partial` and `NAME_finish` stand in the namespace of `NAME`.
    let space = entry.trim_end_matches("_partial").trim_end_matches("_finish");
    let mut arguments: Vec<String> = (0..pointers).map(|i| format!("Pointer{{pointers[{i}]}}")).collect();
    arguments.push(format!("*(const chainer::{space}::Space*)space"));
    let mut wanted = "0".to_owned();
    if scalars {
        arguments.push(format!("*(const chainer::{space}::Scalars*)scalars"));
        wanted = format!("sizeof(chainer::{space}::Scalars)");
    }
    let arguments = arguments.join(", ");
    let at_once = entry.starts_with("reduce");
    format!(
        "extern \"C\" int run_{entry}(void** pointers, const void* space, size_t space_size, const void* scalars, size_t \
         scalars_size, unsigned x, unsigned y) {{\n    (void)scalars;\n    if (space_size != \
         sizeof(chainer::{space}::Space) || scalars_size != {wanted}) return 1;\n    launch(x, y, {BLOCK}, {at_once}, [&] {{ \
         chainer::{space}::{entry}({arguments}); }});\n    return 0;\n}}\n"
    )
}

fn build(file: &Path, library: &Path) -> Result<(), String> {
    let mut command = Command::new(std::env::var_os("CXX").unwrap_or_else(|| "c++".into()));
    command.args(["-std=c++17", "-O0", "-ffp-contract=off", "-fPIC", "-shared", "-pthread", "-w", "-o"]);
    match command.arg(library).arg(file).output() {
        Ok(output) if output.status.success() => Ok(()),
        Ok(output) => panic!("{}", String::from_utf8_lossy(&output.stderr)),
        Err(error) => Err(format!("{:?}: {error}", command.get_program())),
    }
}

/// Memory of `size` elements around a view of it, so that strides of either sign up to twice the dense ones fit.
fn view(dtype: Dtype, shape: &[usize], strides: &Strides) -> View {
    let (mut low, mut high) = (0isize, 0isize);
    for (&dim, &stride) in shape.iter().zip(strides) {
        let reach = (dim as isize - 1).max(0) * stride;
        low += reach.min(0);
        high += reach.max(0);
    }
    let buffer = crate::cpu::Cpu.allocate((high - low + 1) as usize * dtype.size()).unwrap();
    View { buffer, dtype, shape: Shape::new(shape), strides: strides.clone(), offset: -low as usize }
}

/// The addresses of a view's elements in row-major order.
fn addresses(view: &View) -> Vec<*mut u8> {
    let dims = view.shape.dims();
    (0..view.shape.size())
        .map(|index| {
            let (mut rest, mut at) = (index, 0isize);
            for (&dim, &stride) in dims.iter().zip(&view.strides).rev() {
                at += (rest % dim) as isize * stride;
                rest /= dim;
            }
            view.ptr().wrapping_offset(at * view.dtype.size() as isize)
        })
        .collect()
}

fn write(view: &View, values: impl Fn(usize) -> Scalar) {
    for (i, address) in addresses(view).into_iter().enumerate() {
        let bytes = values(i).to_bits(view.dtype).to_le_bytes();
        // SAFETY: the address of an element of the view, which nobody else holds.
        unsafe { std::ptr::copy_nonoverlapping(bytes.as_ptr(), address, view.dtype.size()) };
    }
}

fn read(view: &View) -> Vec<u64> {
    let element = |address: *mut u8| {
        let mut bytes = [0; 8];
        // SAFETY: the address of an element of the view.
        unsafe { std::ptr::copy_nonoverlapping(address, bytes.as_mut_ptr(), view.dtype.size()) };
        u64::from_le_bytes(bytes)
    };
    addresses(view).into_iter().map(element).collect()
}

/// The number that bits of a dtype stand for.
fn number(dtype: Dtype, bits: u64) -> f64 {
    match dtype {
        Dtype::F16 => half::f16::from_bits(bits as u16).to_f64(),
        Dtype::BF16 => half::bf16::from_bits(bits as u16).to_f64(),
        Dtype::F32 => f32::from_bits(bits as u32) as f64,
        Dtype::F64 => f64::from_bits(bits),
        _ => bits as f64,
    }
}

/// Equal bits (any NaN for any NaN), or within `ulps` units of the dtype's precision.
fn agree(dtype: Dtype, a: u64, b: u64, ulps: f64) -> bool {
    if a == b || !dtype.is_float() {
        return a == b;
    }
    let (x, y) = (number(dtype, a), number(dtype, b));
    let (epsilon, tiniest) = match dtype {
        Dtype::F16 => (2f64.powi(-10), 2f64.powi(-24)),
        Dtype::BF16 => (2f64.powi(-7), 2f64.powi(-133)),
        Dtype::F32 => (2f64.powi(-23), 2f64.powi(-149)),
        _ => (2f64.powi(-52), 2f64.powi(-1074)),
    };
    x.is_nan() && y.is_nan() || (x - y).abs() <= ulps * (epsilon * x.abs().max(y.abs())).max(tiniest)
}

/// Values at which operations differ: ends of ranges, signs, halves, what rounds.
const CORNERS: [f64; 22] = [
    0.0,
    -0.0,
    1.0,
    -1.0,
    2.0,
    -2.0,
    3.0,
    -3.0,
    0.5,
    -0.5,
    2.5,
    -7.0,
    31.0,
    63.0,
    64.0,
    127.0,
    -128.0,
    1e-3,
    40000.0,
    f64::NAN,
    f64::INFINITY,
    f64::NEG_INFINITY,
];

fn corner(dtype: Dtype, i: usize) -> Scalar {
    let x = CORNERS[i % CORNERS.len()];
    match (dtype, i % CORNERS.len()) {
        (d, 17) if d.is_integer() && d.kind() == 'i' => Scalar::Int(i64::MIN >> (64 - 8 * d.size())),
        (d, 18..) if d.is_integer() => Scalar::Int(-1),
        (Dtype::Bool, i) => Scalar::Bool(i % 2 == 1),
        (d, _) if d.is_integer() => Scalar::Int(x as i64),
        _ => Scalar::Float(x),
    }
}

/// What differs between the CPU's functions and the C library's is their last bits; beside a root of the cosine that is much.
fn ulps(op: Op) -> f64 {
    match op {
        Op::Normal => 4096.0,
        op if is_exact(op) => 0.0,
        _ => 64.0,
    }
}

/// The operations that have one right result.
fn is_exact(op: Op) -> bool {
    use Op::*;
    !matches!(
        op,
        Normal | Cbrt | Exp | Exp2 | Expm1 | Log | Log2 | Log10 | Log1p | Sin | Cos | Tan | Arcsin | Arccos | Arctan
    ) && !matches!(
        op,
        Sinh | Cosh | Tanh | Arcsinh | Arccosh | Arctanh | Sigmoid | Softplus | Erf | Erfc | Pow | Arctan2
    ) && !matches!(
        op,
        Erfinv | Erfcinv | Lgamma | Digamma | Polygamma | Hypot | Logaddexp | Logaddexp2 | Deg2rad | Rad2deg
    )
}

fn run_map(
    host: &Host,
    entry: &str,
    program: &Program,
    bits: &[ScalarBits],
    shape: &[usize],
    views: &[View],
) -> Vec<View> {
    let (inputs, outputs) = views.split_at(program.inputs.len());
    let kernel =
        Map { program: Arc::new(program.clone()), scalars: bits.iter().copied().collect(), shape: Shape::new(shape) };
    let layout = Layout::of_map(&kernel, inputs, outputs);
    let pointers: Vec<*mut u8> = views.iter().map(View::ptr).collect();
    host.run(entry, &pointers, &layout.parameters(), &pack_scalars(&program.scalars, bits), (layout.blocks(), 1));
    let wanted: Vec<View> = outputs.iter().map(|out| view(out.dtype, shape, &rows(shape))).collect();
    crate::cpu::Cpu.execute(&Kernel::Map(kernel), inputs, &wanted).unwrap();
    wanted
}

#[test]
fn every_operation_gives_what_the_cpu_gives() {
    let all = every_instruction();
    let count = CORNERS.len();
    let shape = [count * count];
    let programs: Vec<Program> = all.chunks(GROUP).map(grouped).collect();
    let mut sources = Vec::new();
    for (i, program) in programs.iter().enumerate() {
        let operands = vec![&[1isize][..]; program.inputs.len() + program.outputs.len()];
        sources.push(map(&format!("map{i}"), program, &Layout::map(&shape, &operands).class).unwrap());
    }
    let pointers: Vec<usize> = programs.iter().map(|p| p.inputs.len() + p.outputs.len()).collect();
    let scalars: Vec<bool> = programs.iter().map(|p| !p.scalars.is_empty()).collect();
    let Some(host) = Host::compile("operations", &joined(&sources), &pointers, &scalars) else { return };

    let mut wrong = Vec::new();
    for (i, (program, instructions)) in programs.iter().zip(all.chunks(GROUP)).enumerate() {
        let outs = instructions.iter().map(|&(_, _, out)| out);
        let views: Vec<View> =
            program.inputs.iter().copied().chain(outs).map(|dtype| view(dtype, &shape, &rows(&shape))).collect();
        // Every corner meets every other.
        let operands = |at: usize| {
            program.instrs[at].operands().iter().filter_map(|value| match value {
                Value::Input(i) => Some(&views[*i as usize]),
                _ => None,
            })
        };
        for (at, &(op, ..)) in instructions.iter().enumerate() {
            let select = op == Op::Select;
            for (k, view) in operands(at).enumerate() {
                write(view, |i| match (k, select) {
                    (0, true) => Scalar::Bool(i % 3 == 0),
                    (0, false) | (1, true) => corner(view.dtype, i / count),
                    _ => corner(view.dtype, i % count),
                });
            }
        }
        let bits: Vec<ScalarBits> =
            (0..program.scalars.len() as u64).map(|k| 0x0123_4567_89ab_cdef >> (k % 5)).collect();
        let wanted = run_map(&host, &format!("map{i}"), program, &bits, &shape, &views);
        for (at, &(op, dtype, out)) in instructions.iter().enumerate() {
            let (got, wanted) = (read(&views[program.inputs.len() + at]), read(&wanted[at]));
            if let Some(k) = (0..got.len()).find(|&k| !agree(out, got[k], wanted[k], ulps(op))) {
                let shown: Vec<f64> = operands(at).map(|view| number(view.dtype, read(view)[k])).collect();
                let (x, y) = (number(out, got[k]), number(out, wanted[k]));
                wrong.push(format!("{} {dtype} -> {out} of {shown:?}: {x}, CPU {y}", op.name()));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// Strides under which no two elements share a place: dense, transposed, with gaps, backwards.
fn distinct_strides(shape: &[usize], kind: usize) -> Strides {
    let dense = rows(shape);
    let reversed: Vec<usize> = shape.iter().rev().copied().collect();
    match kind % 4 {
        0 => dense,
        1 => rows(&reversed).into_iter().rev().collect(),
        2 => dense.iter().map(|stride| stride * 2).collect(),
        _ => dense.iter().enumerate().map(|(axis, stride)| if axis % 2 == 0 { -stride } else { *stride }).collect(),
    }
}

/// As `distinct_strides`, or broadcast along some axes.
fn input_strides(shape: &[usize], kind: usize) -> Strides {
    let mut strides = distinct_strides(shape, kind);
    if kind.is_multiple_of(3) {
        strides.iter_mut().enumerate().for_each(|(axis, stride)| *stride *= ((kind / 12) >> axis & 1) as isize);
    }
    strides
}

struct Case {
    program: Program,
    shape: Vec<usize>,
    axes: Vec<usize>,
    inputs: Vec<View>,
    bits: Vec<ScalarBits>,
    kinds: Vec<usize>,
}

/// Programs of operations that have one right result, over arrays in any layout.
fn cases(count: usize) -> Vec<Case> {
    let strategy = (
        any_program(every_instruction().into_iter().filter(|(op, ..)| is_exact(*op)).collect()),
        prop::collection::vec(prop::sample::select(vec![1usize, 2, 3, 5, 8, 17]), 0..4),
        prop::collection::vec(0usize..96, 12),
        prop::collection::vec(any::<bool>(), 4),
    );
    let mut runner = TestRunner::deterministic();
    (0..count)
        .map(|_| {
            let (program, shape, kinds, reduced) = strategy.new_tree(&mut runner).unwrap().current();
            let axes = (0..shape.len()).filter(|&axis| reduced[axis]).collect();
            let inputs: Vec<View> = program
                .inputs
                .iter()
                .zip(&kinds)
                .map(|(&dtype, &kind)| {
                    let view = view(dtype, &shape, &input_strides(&shape, kind));
                    write(&view, |i| corner(dtype, i * 7 + kind));
                    view
                })
                .collect();
            let bits = program.scalars.iter().zip(&kinds).map(|(&d, &kind)| corner(d, kind).to_bits(d)).collect();
            Case { program, shape, axes, inputs, bits, kinds }
        })
        .collect()
}

impl Case {
    fn outputs(&self) -> Vec<View> {
        let strides = |kind: usize| distinct_strides(&self.shape, kind);
        let dtype = |&i: &u16| self.program.dtype(Value::Instr(i));
        self.program
            .outputs
            .iter()
            .zip(&self.kinds)
            .map(|(i, &k)| view(dtype(i), &self.shape, &strides(k / 4)))
            .collect()
    }

    fn check(&self, what: &str, got: &View, wanted: &View, ulps: f64) {
        let (a, b) = (read(got), read(wanted));
        for (at, (&x, &y)) in a.iter().zip(&b).enumerate() {
            let same = agree(got.dtype, x, y, ulps);
            assert!(same, "{what}, element {at}: {x:x}, CPU {y:x}\n{:?}\nshape {:?}", self.program, self.shape);
        }
    }
}

#[test]
fn random_programs_give_what_the_cpu_gives() {
    let cases = cases(120);
    let mut sources = Vec::new();
    let mut outputs = Vec::new();
    for (i, case) in cases.iter().enumerate() {
        outputs.push(case.outputs());
        let operands: Vec<&[isize]> = case.inputs.iter().chain(&outputs[i]).map(View::strides).collect();
        let class = Layout::map(&case.shape, &operands).class;
        sources.push(map(&format!("map{i}"), &case.program, &class).unwrap());
    }
    let pointers: Vec<usize> = cases.iter().map(|c| c.program.inputs.len() + c.program.outputs.len()).collect();
    let scalars: Vec<bool> = cases.iter().map(|c| !c.program.scalars.is_empty()).collect();
    let Some(host) = Host::compile("maps", &joined(&sources), &pointers, &scalars) else { return };
    for (i, case) in cases.iter().enumerate() {
        let views: Vec<View> = case.inputs.iter().chain(&outputs[i]).cloned().collect();
        let wanted = run_map(&host, &format!("map{i}"), &case.program, &case.bits, &case.shape, &views);
        for (got, wanted) in outputs[i].iter().zip(&wanted) {
            case.check(&format!("map{i}"), got, wanted, 0.0);
        }
    }
}

#[test]
fn reductions_give_what_the_cpu_gives() {
    const OPS: [ReduceOp; 6] =
        [ReduceOp::Sum, ReduceOp::Prod, ReduceOp::Max, ReduceOp::Min, ReduceOp::ArgMax, ReduceOp::ArgMin];
    let mut cases = cases(48);
    // Long enough for a block an output, and for two passes in both forms.
    let large: [(&[usize], &[usize]); 4] =
        [(&[3, 1500], &[1]), (&[70_000], &[0]), (&[5000, 3], &[0]), (&[2, 3000, 3], &[1, 2])];
    for (case, (shape, axes)) in cases.iter_mut().skip(1).step_by(5).zip(large) {
        case.shape = shape.to_vec();
        case.axes = axes.to_vec();
        for (input, &kind) in case.inputs.iter_mut().zip(&case.kinds) {
            *input = view(input.dtype, shape, &input_strides(shape, kind));
            write(input, |i| corner(input.dtype, i * 7 + kind));
        }
    }
    let mut sources = Vec::new();
    let mut plans = Vec::new();
    for (i, case) in cases.iter().enumerate() {
        let value = Value::Instr(case.program.outputs[0]);
        let dtype = case.program.dtype(value);
        let op = match dtype {
            Dtype::Bool => [ReduceOp::Any, ReduceOp::All][i % 2],
            _ => OPS[i % OPS.len()],
        };
        let is_place = matches!(op, ReduceOp::ArgMax | ReduceOp::ArgMin);
        let mut small = case.shape.clone();
        case.axes.iter().for_each(|&axis| small[axis] = 1);
        let result = view(if is_place { Dtype::I64 } else { dtype }, &small, &distinct_strides(&small, case.kinds[11]));
        let mut outputs = vec![result];
        outputs.extend(case.outputs());
        let kernel = Reduce {
            program: Arc::new(case.program.clone()),
            scalars: case.bits.iter().copied().collect(),
            shape: Shape::new(&case.shape),
            axes: case.axes.iter().copied().collect(),
            op,
            value,
        };
        let layout = ReduceLayout::of_reduce(&kernel, &case.inputs, &outputs);
        let source = reduce(&format!("reduce{i}"), &case.program, op, value, &layout.class).unwrap();
        sources.push(source.clone());
        plans.push((kernel, layout, outputs, source.entries, dtype));
    }
    assert!(plans.iter().filter(|plan| plan.1.class.two_passes).count() >= 2, "two passes are tested");
    let (mut pointers, mut scalars) = (Vec::new(), Vec::new());
    for (case, (_, _, _, entries, _)) in cases.iter().zip(&plans) {
        let arrays = case.program.inputs.len() + 1 + case.program.outputs.len();
        // With two passes the first has the partial results besides, the second only those and the result.
        pointers.extend(if entries.len() == 2 { vec![arrays + 1, 2] } else { vec![arrays] });
        scalars.extend([!case.program.scalars.is_empty(), false].into_iter().take(entries.len()));
    }
    let Some(host) = Host::compile("reductions", &joined(&sources), &pointers, &scalars) else { return };

    for (i, (case, (kernel, layout, outputs, entries, dtype))) in cases.iter().zip(&plans).enumerate() {
        let bytes = pack_scalars(&case.program.scalars, &case.bits);
        let mut pointers: Vec<*mut u8> = case.inputs.iter().chain(outputs).map(View::ptr).collect();
        let partials = crate::cpu::Cpu.allocate(layout.partials() * accumulator_bytes(kernel.op, *dtype)).unwrap();
        if entries.len() == 2 {
            pointers.push(partials.ptr());
        }
        host.run(&entries[0], &pointers, &layout.parameters(), &bytes, layout.grid());
        if let Some(finish) = entries.get(1) {
            let pointers = [partials.ptr(), outputs[0].ptr()];
            host.run(finish, &pointers, &layout.parameters(), &[], (layout.finish_blocks(), 1));
        }
        let wanted: Vec<View> = outputs.iter().map(|out| view(out.dtype, &out.shape, &rows(&out.shape))).collect();
        crate::cpu::Cpu.execute(&Kernel::Reduce(kernel.clone()), &case.inputs, &wanted).unwrap();
        for (got, wanted) in outputs.iter().zip(&wanted) {
            // Sums of floats are rounded from double, in another order.
            case.check(&format!("{} reduce{i} over {:?}", kernel.op.name(), case.axes), got, wanted, 1.0);
        }
    }
}
