//! A fused elementwise computation, independent of sizes and devices.
//!
//! A program is a straight line of typed instructions in single-assignment form. The CPU runs it block by block, CUDA compiles C
//! generated from it. It knows dtypes and structure only: shapes, strides and the values of scalars arrive with each execution, so
//! a changing learning rate or batch size compiles nothing.

use crate::dtype::Dtype;
use crate::op::Op;

/// Names a value inside a program.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Value {
    /// The element of an input array.
    Input(u16),
    /// A run-time parameter, the same for all elements.
    Scalar(u16),
    /// The result of an instruction.
    Instr(u16),
}

/// One instruction.
///
/// Invariant: operands are inputs, scalars or *earlier* instructions. Every operand of an instruction has dtype `dtype`, with these
/// exceptions: `Select`'s first operand is bool; the operands of `Uniform` and `Normal` are uint64 scalars; `Index` has none. Where
/// an operand has another dtype the recorder has put a `Cast` before (`Cast` converts from `dtype` to `out`).
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct Instr {
    /// What is computed.
    pub op: Op,
    /// The dtype of the operands, in which it is computed. Half precision is rounded after every instruction, so that a fused
    /// chain equals the unfused one bit for bit.
    pub dtype: Dtype,
    /// The dtype of the result: `dtype`, or bool for comparisons, or as `Cast`, `Index`, `Uniform`, `Normal`, `FrexpExponent` say.
    pub out: Dtype,
    /// The operands; only the first `op.arity()` count, the others are `Scalar(0)`.
    pub args: [Value; 3],
}

impl Instr {
    /// The operands that count.
    pub fn operands(&self) -> &[Value] {
        &self.args[..self.op.arity()]
    }
}

/// A fused elementwise computation. See the module.
#[derive(Clone, PartialEq, Eq, Hash, Debug, Default)]
pub struct Program {
    /// The dtypes of the input arrays.
    pub inputs: Vec<Dtype>,
    /// The dtypes of the run-time scalars.
    pub scalars: Vec<Dtype>,
    /// The instructions, operands before users.
    pub instrs: Vec<Instr>,
    /// The instructions (indices into `instrs`) whose results are written, one output array each, in ascending order.
    pub outputs: Vec<u16>,
    /// What the CPU made of it.
    pub(crate) cpu: Made<crate::cpu::CompiledPrograms>,
}

/// What a backend made of a program, kept beside it. Not part of the program's identity: copies start without.
#[derive(Default)]
pub(crate) struct Made<T>(pub(crate) T);

impl<T: Default> Clone for Made<T> {
    fn clone(&self) -> Self {
        Made::default()
    }
}
impl<T> PartialEq for Made<T> {
    fn eq(&self, _: &Self) -> bool {
        true
    }
}
impl<T> Eq for Made<T> {}
impl<T> std::hash::Hash for Made<T> {
    fn hash<H: std::hash::Hasher>(&self, _: &mut H) {}
}
impl<T> std::fmt::Debug for Made<T> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("..")
    }
}

impl Program {
    /// A program of these parts. The caller sees to the invariants of [`Instr`].
    pub fn new(inputs: Vec<Dtype>, scalars: Vec<Dtype>, instrs: Vec<Instr>, outputs: Vec<u16>) -> Self {
        Program { inputs, scalars, instrs, outputs, cpu: Made::default() }
    }

    /// The dtype of a value.
    pub fn dtype(&self, value: Value) -> Dtype {
        match value {
            Value::Input(i) => self.inputs[i as usize],
            Value::Scalar(i) => self.scalars[i as usize],
            Value::Instr(i) => self.instrs[i as usize].out,
        }
    }

    /// The last instruction that reads each input (`None`: no instruction does; a reduction may still read it at the end).
    pub fn last_reads(&self) -> Vec<Option<u16>> {
        let mut last = vec![None; self.inputs.len()];
        for (at, instr) in self.instrs.iter().enumerate() {
            for operand in instr.operands() {
                if let Value::Input(i) = operand {
                    last[*i as usize] = Some(at as u16);
                }
            }
        }
        last
    }

    /// Floating-point operations per element, roughly.
    pub fn flops(&self) -> u64 {
        self.instrs.iter().map(|i| i.op.flops()).sum()
    }
}

/// The bits of a run-time scalar, zero-extended from its dtype (see [`crate::Scalar::to_bits`]).
pub type ScalarBits = u64;
