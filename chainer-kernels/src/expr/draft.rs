//! A program under construction, packed into words: the planner writes one at each execution, and nearly always it exists already, so it
//! is hashed and compared as it is, and becomes a [`Program`] only when it is new.

use crate::dtype::Dtype;
use crate::op::Op;
use crate::program::{Instr, Program, Value};

/// A [`Value`] in one word: its kind above 16 bits of index.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) struct Code(u32);

impl Code {
    /// What stands for an operand that does not count.
    pub(super) const NONE: Code = Code::scalar(0);
    const SCALAR: u32 = 1 << 16;
    const INSTR: u32 = 2 << 16;

    const fn scalar(index: u16) -> Code {
        Code(Code::SCALAR | index as u32)
    }

    fn index(self) -> usize {
        self.0 as u16 as usize
    }

    /// The index of an input.
    pub(super) fn input(self) -> Option<usize> {
        (self.0 < Code::SCALAR).then(|| self.index())
    }

    /// The index of an instruction.
    pub(super) fn instruction(self) -> Option<u16> {
        (self.0 >= Code::INSTR).then_some(self.0 as u16)
    }

    pub(super) fn value(self) -> Value {
        let index = self.0 as u16;
        match self.0 & !0xffff {
            0 => Value::Input(index),
            Code::SCALAR => Value::Scalar(index),
            _ => Value::Instr(index),
        }
    }
}

/// An instruction in two words.
type Words = [u64; 2];

/// See the module.
#[derive(Clone, Default, PartialEq)]
pub(super) struct Draft {
    instrs: Vec<Words>,
    /// The dtypes of the instructions' results.
    outs: Vec<Dtype>,
    pub(super) inputs: Vec<Dtype>,
    pub(super) scalars: Vec<Dtype>,
    pub(super) outputs: Vec<u16>,
}

impl Draft {
    pub(super) fn clear(&mut self) {
        self.instrs.clear();
        self.outs.clear();
        self.inputs.clear();
        self.scalars.clear();
        self.outputs.clear();
    }

    pub(super) fn input(&mut self, dtype: Dtype) -> Code {
        self.inputs.push(dtype);
        Code(self.inputs.len() as u32 - 1)
    }

    pub(super) fn scalar(&mut self, dtype: Dtype) -> Code {
        self.scalars.push(dtype);
        Code::scalar(self.scalars.len() as u16 - 1)
    }

    pub(super) fn scalar_at(&self, index: usize) -> Code {
        Code::scalar(index as u16)
    }

    pub(super) fn dtype(&self, value: Code) -> Dtype {
        match value.0 & !0xffff {
            0 => self.inputs[value.index()],
            Code::SCALAR => self.scalars[value.index()],
            _ => self.outs[value.index()],
        }
    }

    /// The dtype of an instruction's result.
    pub(super) fn out(&self, instruction: u16) -> Dtype {
        self.outs[instruction as usize]
    }

    /// The value of an instruction: of the one that is there, or a new one.
    pub(super) fn instr(&mut self, seen: &mut Seen, op: Op, dtype: Dtype, out: Dtype, [a, b, c]: [Code; 3]) -> Code {
        let kinds = op as u64 | (dtype as u64) << 8 | (out as u64) << 16;
        let words = [kinds | (a.0 as u64) << 32, b.0 as u64 | (c.0 as u64) << 32];
        let at = seen.index(&mut self.instrs, words);
        if at as usize == self.outs.len() {
            self.outs.push(out);
        }
        Code(Code::INSTR | at as u32)
    }

    pub(super) fn hash(&self) -> u64 {
        let mut hash = self.instrs.iter().fold(0, |hash, &[a, b]| mix(mix(hash, a), b));
        for dtypes in [&self.inputs, &self.scalars] {
            hash = dtypes.iter().fold(mix(hash, dtypes.len() as u64), |hash, &dtype| mix(hash, dtype as u64));
        }
        self.outputs.iter().fold(hash, |hash, &at| mix(hash, at as u64))
    }

    /// The program itself.
    pub(super) fn program(&self) -> Program {
        let instr = |&[a, b]: &Words| Instr {
            op: Op::ALL[a as u8 as usize],
            dtype: Dtype::ALL[(a >> 8) as u8 as usize],
            out: Dtype::ALL[(a >> 16) as u8 as usize],
            args: [a >> 32, b & 0xffff_ffff, b >> 32].map(|code| Code(code as u32).value()),
        };
        let instrs = self.instrs.iter().map(instr).collect();
        Program::new(self.inputs.clone(), self.scalars.clone(), instrs, self.outputs.clone())
    }
}

/// The instructions of a draft, to find equal ones: a table of open addressing that is never cleared, because its slots say which draft
/// they are of.
#[derive(Default)]
pub(super) struct Seen {
    /// (number of the draft, index of the instruction); a power of two of them.
    slots: Vec<(u32, u16)>,
    draft: u32,
}

impl Seen {
    /// Starts with an empty draft.
    pub(super) fn start(&mut self) {
        self.draft = self.draft.wrapping_add(1);
        if self.draft == 0 || self.slots.is_empty() {
            self.clear(256);
        }
    }

    fn clear(&mut self, slots: usize) {
        self.slots.clear();
        self.slots.resize(slots, (0, 0));
        self.draft = 1;
    }

    /// The index of the instruction, which is appended if it is not there.
    fn index(&mut self, instrs: &mut Vec<Words>, instr: Words) -> u16 {
        if 2 * (instrs.len() + 1) > self.slots.len() {
            self.clear(2 * self.slots.len());
            for at in 0..instrs.len() {
                self.find(&instrs[..at], instrs[at]);
            }
        }
        match self.find(instrs, instr) {
            Some(known) => known,
            None => {
                instrs.push(instr);
                instrs.len() as u16 - 1
            }
        }
    }

    /// The index of the instruction; one that is new is noted as the next.
    fn find(&mut self, instrs: &[Words], instr: Words) -> Option<u16> {
        let mask = self.slots.len() - 1;
        let mut at = mix(mix(0, instr[0]), instr[1]) as usize >> 40 & mask;
        while self.slots[at].0 == self.draft {
            let index = self.slots[at].1;
            if instrs[index as usize] == instr {
                return Some(index);
            }
            at = (at + 1) & mask;
        }
        self.slots[at] = (self.draft, instrs.len() as u16);
        None
    }
}

#[inline]
fn mix(hash: u64, word: u64) -> u64 {
    (hash.rotate_left(5) ^ word).wrapping_mul(0x9E37_79B9_7F4A_7C15)
}
