//! What the generated text looks like.

use Dtype::{BF16, Bool, F16, F32, F64, I64, U64};

use super::{Recorder, rows};
use crate::cuda::emit::{map, map_name};
use crate::cuda::layout::Layout;
use crate::cuda::reduce::{ReduceLayout, reduce, reduce_name};
use crate::dtype::Dtype;
use crate::error::ErrorKind;
use crate::kernel::ReduceOp;
use crate::op::Op;
use crate::program::Program;

/// tanh(x * a + s) over contiguous arrays.
fn chain() -> Program {
    let mut r = Recorder::default();
    let (x, a, s) = (r.input(F32), r.input(F32), r.scalar(F32));
    let product = r.op(Op::Mul, &[x, a]);
    let sum = r.op(Op::Add, &[product, s]);
    let y = r.op(Op::Tanh, &[sum]);
    r.write(y);
    r.0
}

fn emit_map(program: &Program, shape: &[usize], operands: &[&[isize]]) -> String {
    map(&map_name(program), program, &Layout::map(shape, operands).class).unwrap().text()
}

#[test]
fn elementwise_chain() {
    let dense = rows(&[64, 100]);
    insta::assert_snapshot!(emit_map(&chain(), &[64, 100], &[&dense, &dense, &dense]));
}

#[test]
fn broadcast_and_strided() {
    // A transposed matrix, a row vector and a single number.
    let mut r = Recorder::default();
    let (x, row, one) = (r.input(F64), r.input(F64), r.input(F64));
    let sum = r.op(Op::Add, &[x, row]);
    let y = r.op(Op::Div, &[sum, one]);
    r.write(y);
    insta::assert_snapshot!(emit_map(&r.0, &[30, 20], &[&[1, 30], &[0, 1], &[0, 0], &rows(&[30, 20])]));
}

#[test]
fn more_than_32_bits() {
    let mut r = Recorder::default();
    let (x, y) = (r.input(F32), r.input(F32));
    let sum = r.op(Op::Add, &[x, y]);
    r.write(sum);
    let shape = [1 << 17, 1 << 16];
    insta::assert_snapshot!(emit_map(&r.0, &shape, &[&rows(&shape), &[1, 0], &rows(&shape)]));
}

#[test]
fn several_outputs() {
    // The cell and the output of an LSTM; the gates are slices of one array.
    let mut r = Recorder::default();
    let [input, forget, output, update, cell] = [(); 5].map(|()| r.input(F32));
    let gate = [input, forget, output].map(|x| r.op(Op::Sigmoid, &[x]));
    let candidate = r.op(Op::Tanh, &[update]);
    let kept = r.op(Op::Mul, &[gate[1], cell]);
    let added = r.op(Op::Mul, &[gate[0], candidate]);
    let next = r.op(Op::Add, &[kept, added]);
    let shown = r.op(Op::Tanh, &[next]);
    let hidden = r.op(Op::Mul, &[gate[2], shown]);
    r.write(next);
    r.write(hidden);
    let (slice, dense) = ([400, 1], rows(&[32, 100]));
    insta::assert_snapshot!(emit_map(&r.0, &[32, 100], &[&slice, &slice, &slice, &slice, &dense, &dense, &dense]));
}

#[test]
fn half_precision() {
    let mut r = Recorder::default();
    let (x, y, s) = (r.input(F16), r.input(BF16), r.scalar(F16));
    let product = r.op(Op::Mul, &[x, s]);
    let negated = r.op(Op::Neg, &[product]);
    let wide = r.instr(Op::Cast, F16, F32, &[negated]);
    let other = r.instr(Op::Cast, BF16, F32, &[y]);
    let larger = r.op(Op::Maximum, &[wide, other]);
    let narrow = r.instr(Op::Cast, F32, BF16, &[larger]);
    r.write(negated);
    r.write(narrow);
    insta::assert_snapshot!(emit_map(&r.0, &[500], &[&[1], &[1], &[1], &[1]]));
}

#[test]
fn random_source() {
    // Dropout: keep where the random number is not below the ratio.
    let mut r = Recorder::default();
    let x = r.input(F32);
    let [seed, offset] = [(); 2].map(|()| r.scalar(U64));
    let (ratio, scale, zero) = (r.scalar(F32), r.scalar(F32), r.scalar(F32));
    let random = r.instr(Op::Uniform, U64, F32, &[seed, offset]);
    let keep = r.instr(Op::GreaterEqual, F32, Bool, &[random, ratio]);
    let scaled = r.op(Op::Mul, &[x, scale]);
    let y = r.op(Op::Select, &[keep, scaled, zero]);
    r.write(y);
    insta::assert_snapshot!(emit_map(&r.0, &[8, 8], &[&rows(&[8, 8]), &rows(&[8, 8])]));
}

#[test]
fn row_reduction_with_prologue_and_output() {
    // The sum of exp(x - m) along rows; exp is written besides.
    let mut r = Recorder::default();
    let (x, m) = (r.input(F32), r.input(F32));
    let difference = r.op(Op::Sub, &[x, m]);
    let exp = r.op(Op::Exp, &[difference]);
    r.write(exp);
    let dense = rows(&[50, 10]);
    let layout = ReduceLayout::new(&r.0, &[50, 10], &[1], &[&dense, &[1, 0], &[1, 1], &dense]);
    assert_eq!((layout.grid(), layout.partials()), ((7, 1), 0));
    let source = reduce(&reduce_name(&r.0, ReduceOp::Sum), &r.0, ReduceOp::Sum, exp, &layout.class).unwrap();
    insta::assert_snapshot!(source.text());
}

#[test]
fn column_reduction() {
    let mut r = Recorder::default();
    let x = r.input(F16);
    let layout = ReduceLayout::new(&r.0, &[128, 300], &[0], &[&rows(&[128, 300]), &[300, 1]]);
    assert_eq!((layout.grid(), layout.partials()), ((10, 1), 0));
    let source = reduce(&reduce_name(&r.0, ReduceOp::Max), &r.0, ReduceOp::Max, x, &layout.class).unwrap();
    insta::assert_snapshot!(source.text());
}

#[test]
fn full_reduction_in_two_passes() {
    let mut r = Recorder::default();
    let x = r.input(F32);
    let square = r.op(Op::Square, &[x]);
    let layout = ReduceLayout::new(&r.0, &[1000, 1000], &[0, 1], &[&rows(&[1000, 1000]), &[1, 1]]);
    assert_eq!((layout.grid(), layout.partials(), layout.finish_blocks()), ((1, 16), 16, 1));
    let source = reduce(&reduce_name(&r.0, ReduceOp::Sum), &r.0, ReduceOp::Sum, square, &layout.class).unwrap();
    assert_eq!(source.entries, ["reduce_sum_square_partial", "reduce_sum_square_finish"]);
    insta::assert_snapshot!(source.text());
}

#[test]
fn arg_reduction_of_a_middle_axis_with_positions() {
    let mut r = Recorder::default();
    let x = r.input(F64);
    let index = r.instr(Op::Index, I64, F64, &[]);
    let sum = r.op(Op::Add, &[x, index]);
    let shape = [4, 5, 6];
    let layout = ReduceLayout::new(&r.0, &shape, &[1], &[&rows(&shape), &[6, 6, 1]]);
    let source = reduce(&reduce_name(&r.0, ReduceOp::ArgMax), &r.0, ReduceOp::ArgMax, sum, &layout.class).unwrap();
    insta::assert_snapshot!(source.text());
}

#[test]
fn bad_requests_are_errors() {
    let class = Layout::map(&[4], &[&[1], &[1], &[1]]).class;
    let too_few = Layout::map(&[4], &[&[1]]).class;
    assert_eq!(map("kernel", &chain(), &too_few).unwrap_err().kind(), ErrorKind::InvalidValue);
    for name in ["", "2d", "a-b", "x; evil"] {
        assert_eq!(map(name, &chain(), &class).unwrap_err().kind(), ErrorKind::InvalidValue, "{name:?}");
    }
    let integer_root = super::single(Op::Sqrt, I64, I64);
    let error = map("root", &integer_root, &Layout::map(&[4], &[&[1], &[1]]).class).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unsupported);
    assert!(error.to_string().contains("sqrt") && error.to_string().contains("int64"), "{error}");

    let mut r = Recorder::default();
    let x = r.input(F32);
    let layout = ReduceLayout::new(&r.0, &[4], &[0], &[&[1], &[0]]);
    assert_eq!(reduce("any", &r.0, ReduceOp::Any, x, &layout.class).unwrap_err().kind(), ErrorKind::Unsupported);
}

#[test]
fn names_tell_what_a_kernel_does() {
    assert_eq!(map_name(&chain()), "map_multiply_add_tanh");
    let mut r = Recorder::default();
    let mut x = r.input(F32);
    for _ in 0..4 {
        x = r.op(Op::Exp, &[x]);
        x = r.op(Op::Neg, &[x]);
    }
    assert_eq!(map_name(&r.0), "map_exp_negative_exp_negative_exp_and_more");
    assert_eq!(map_name(&super::single(Op::Cast, F32, F16)), "map_copy");
}
