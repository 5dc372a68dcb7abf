//! A [`Program`] made ready for the CPU: a loop for each instruction and a place for each value. Made once per program.

use std::borrow::Cow;
use std::sync::OnceLock;

use smallvec::SmallVec;

use crate::cpu::elementwise;
use crate::cpu::simd::{BlockFn, Call, SimdLevel};
use crate::dtype::Dtype;
use crate::error::{Error, ErrorKind, Result};
use crate::op::Op;
use crate::program::{Instr, Program, Value};

/// A program with loops and registers chosen.
///
/// Values are numbered: the inputs, then the scalars, then the outputs, then temporary registers. An execution has a table of as
/// many pointers. A register is never both operand and result of one instruction, because loops may assume that.
#[derive(Clone)]
pub(crate) struct Compiled {
    steps: Box<[Step]>,
    pub(super) inputs: usize,
    pub(super) scalars: SmallVec<[Dtype; 4]>,
    pub(super) outputs: usize,
    pub(super) registers: usize,
    /// Bytes of the widest element.
    pub(super) width: usize,
    /// Whether the next block's operands are fetched while a block is computed.
    pub(super) fetches_ahead: bool,
    /// Whether an instruction depends on the elements' places.
    pub(super) uses_index: bool,
    /// Whether it does nothing but copy its only input.
    pub(super) copies: bool,
    /// Estimated nanoseconds an element, on one thread.
    pub(super) cost: f32,
    /// The value to reduce.
    pub(super) value: Option<u16>,
}

/// What the CPU keeps beside a program: its compiled form for maps, and for the reduction it was first used in.
#[derive(Default)]
pub(crate) struct CompiledPrograms {
    map: OnceLock<Compiled>,
    reduce: OnceLock<(Value, Compiled)>,
}

impl Program {
    /// The compiled form for a map.
    pub(super) fn compiled(&self) -> Result<&Compiled> {
        if let Some(compiled) = self.cpu.0.map.get() {
            return Ok(compiled);
        }
        let compiled = Compiled::new(self, None, SimdLevel::current())?;
        Ok(self.cpu.0.map.get_or_init(|| compiled))
    }

    /// The compiled form for reducing `value`. A program is seldom reduced in two ways; the second is compiled each time.
    pub(super) fn compiled_for(&self, value: Value) -> Result<Cow<'_, Compiled>> {
        if let Some((kept, compiled)) = self.cpu.0.reduce.get()
            && *kept == value
        {
            return Ok(Cow::Borrowed(compiled));
        }
        let compiled = Compiled::new(self, Some(value), SimdLevel::current())?;
        if self.cpu.0.reduce.get().is_some() {
            return Ok(Cow::Owned(compiled));
        }
        let (kept, shared) = self.cpu.0.reduce.get_or_init(|| (value, compiled));
        if *kept == value { Ok(Cow::Borrowed(shared)) } else { self.compiled_for(value) }
    }
}

#[derive(Clone)]
struct Step {
    run: BlockFn,
    out: u16,
    args: [u16; 3],
    /// For half precision computed in float32: the loop that widens operands, and the one that rounds the result if that is half
    /// precision too.
    half: Option<(BlockFn, Option<BlockFn>)>,
    /// The number of operands.
    arity: u8,
    /// Bytes of an element of the result.
    size: u8,
    /// Whether the result may lie where an operand does: an output that took an input's memory.
    may_alias: bool,
}

impl Compiled {
    /// Compiles a program for one level. `value` is kept to the end for a reduction.
    pub(crate) fn new(program: &Program, value: Option<Value>, level: SimdLevel) -> Result<Compiled> {
        let (inputs, scalars, outputs) = (program.inputs.len(), program.scalars.len(), program.outputs.len());
        let mut last_use: Vec<usize> = (0..program.instrs.len()).collect();
        for (at, instr) in program.instrs.iter().enumerate() {
            for operand in instr.operands() {
                if let Value::Instr(i) = operand {
                    last_use[*i as usize] = at;
                }
            }
        }
        let pairs = Pairs::of(program, value, level);
        for (at, first) in pairs.firsts() {
            for operand in program.instrs[first].operands() {
                if let Value::Instr(i) = operand {
                    last_use[*i as usize] = last_use[*i as usize].max(at);
                }
            }
        }
        if let Some(Value::Instr(i)) = value {
            last_use[i as usize] = usize::MAX;
        }

        let first_register = inputs + scalars + outputs;
        let mut place: Vec<u16> = Vec::with_capacity(program.instrs.len());
        let (mut free, mut registers): (Vec<u16>, usize) = (Vec::new(), 0);
        let mut steps = Vec::with_capacity(program.instrs.len());
        let slot = |place: &[u16], value: Value| match value {
            Value::Input(i) => i,
            Value::Scalar(i) => inputs as u16 + i,
            Value::Instr(i) => place[i as usize],
        };
        for (at, instr) in program.instrs.iter().enumerate() {
            if pairs.in_next[at] {
                // It has no place: it never leaves the loop of the second one.
                place.push(u16::MAX);
                continue;
            }
            let (run, operands): (BlockFn, SmallVec<[Value; 3]>) = match &pairs.seconds[at] {
                Some(pair) => {
                    let others = instr.operands().iter().enumerate().filter(|(k, _)| *k != pair.operand);
                    let firsts = program.instrs[pair.first].operands().iter();
                    (pair.run, firsts.chain(others.map(|(_, other)| other)).copied().collect())
                }
                None => {
                    let run = elementwise::block_fn(instr, level).ok_or_else(|| {
                        let message = format!("the operation does not exist for {}", instr.dtype);
                        Error::new(ErrorKind::Unsupported, instr.op.name(), message)
                    })?;
                    (run, instr.operands().into())
                }
            };
            let mut args = [operands.first().map_or(0, |&operand| slot(&place, operand)); 3];
            for (arg, &operand) in args.iter_mut().zip(&operands) {
                *arg = slot(&place, operand);
            }
            let output = program.outputs.iter().position(|&o| o as usize == at);
            let out = match output {
                Some(k) => (inputs + scalars + k) as u16,
                None => free.pop().unwrap_or_else(|| {
                    registers += 1;
                    (first_register + registers - 1) as u16
                }),
            };
            place.push(out);
            let may_alias = output.is_some() && operands.iter().any(|o| matches!(o, Value::Input(_)));
            steps.push(Step {
                run,
                out,
                args,
                half: elementwise::through_single(instr, level),
                arity: operands.len() as u8,
                size: instr.out.size() as u8,
                may_alias,
            });
            // Registers that this instruction was the last to read, its own if nobody reads it.
            for value in operands.into_iter().chain([Value::Instr(at as u16)]) {
                if let Value::Instr(i) = value
                    && last_use[i as usize] == at
                    && place[i as usize] as usize >= first_register
                    && !free.contains(&place[i as usize])
                {
                    free.push(place[i as usize]);
                }
            }
        }
        // An instruction that is written twice is copied.
        for (k, &at) in program.outputs.iter().enumerate() {
            if program.outputs[..k].contains(&at) {
                let dtype = program.instrs[at as usize].out;
                steps.push(Step {
                    run: elementwise::copy_fn(dtype, level),
                    out: (inputs + scalars + k) as u16,
                    args: [place[at as usize]; 3],
                    half: None,
                    arity: 1,
                    size: dtype.size() as u8,
                    may_alias: false,
                });
            }
        }
        let dtypes = program.inputs.iter().chain(&program.scalars).copied();
        let width = dtypes.chain(program.instrs.iter().map(|i| i.out)).map(Dtype::size).max().unwrap_or(1);
        Ok(Compiled {
            steps: steps.into(),
            inputs,
            scalars: SmallVec::from_slice(&program.scalars),
            outputs,
            registers,
            width,
            fetches_ahead: level.fetches_ahead(),
            uses_index: program.instrs.iter().any(|i| matches!(i.op, Op::Index | Op::Uniform | Op::Normal)),
            copies: outputs == 1
                && matches!(program.instrs[..], [Instr { op: Op::Identity, args: [Value::Input(0), ..], .. }]),
            cost: program.instrs.iter().map(elementwise::cost).sum(),
            value: value.map(|v| slot(&place, v)),
        })
    }

    /// The number of values.
    pub(super) fn slots(&self) -> usize {
        self.inputs + self.scalars.len() + self.outputs + self.registers
    }

    /// Whether nothing is computed.
    pub(super) fn is_empty(&self) -> bool {
        self.steps.is_empty()
    }

    /// Runs all instructions over `n` elements.
    ///
    /// # Safety
    /// `places` holds a pointer for each value, valid for `n` elements of its dtype (`n` times [`Self::width`] bytes for
    /// registers), inputs and scalars initialised; `spare` is another register; `ahead` is memory that the next block will need,
    /// which is fetched meanwhile. An output may share the memory of an input as
    /// `Kernel::Map` says; nothing else overlaps.
    #[inline]
    pub(super) unsafe fn run(&self, places: &[*mut u8], spare: *mut u8, n: usize, index: u64, ahead: &[Ahead]) {
        let mut ahead = Spread::new(ahead, self.steps.len());
        for step in &self.steps {
            ahead.step();
            let [a, b, c] = step.args.map(|arg| places[arg as usize].cast_const());
            let out = places[step.out as usize];
            let aliased = step.may_alias && (out.cast_const() == a || out.cast_const() == b || out.cast_const() == c);
            let target = if aliased { spare } else { out };
            // SAFETY: the caller's promise covers operands and result; where they share memory the result goes to `spare` first.
            unsafe {
                let call = Call { out: target, args: [a, b, c], n, index };
                match step.half {
                    None => (step.run)(&call),
                    Some((widen, narrow)) => run_half(step, widen, narrow, &call),
                }
                if aliased {
                    std::ptr::copy_nonoverlapping(spare, out, n * step.size as usize);
                }
            }
        }
    }
}

/// Which instructions run as one loop with the next one that reads them.
struct Pairs {
    /// For the second instruction of a pair: the first one.
    seconds: Vec<Option<PairLoop>>,
    /// Whether an instruction is the first one of a pair.
    in_next: Vec<bool>,
}

struct PairLoop {
    first: usize,
    /// The number of the operand that is the first one's result.
    operand: usize,
    run: BlockFn,
}

impl Pairs {
    fn of(program: &Program, value: Option<Value>, level: SimdLevel) -> Pairs {
        let n = program.instrs.len();
        let mut reads = vec![0usize; n];
        let read = program.instrs.iter().flat_map(|i| i.operands()).copied().chain(value);
        for value in read.chain(program.outputs.iter().map(|&at| Value::Instr(at))) {
            if let Value::Instr(i) = value {
                reads[i as usize] += 1;
            }
        }
        let mut pairs = Pairs { seconds: (0..n).map(|_| None).collect(), in_next: vec![false; n] };
        for (at, second) in program.instrs.iter().enumerate() {
            let found = second.operands().iter().enumerate().find_map(|(operand, value)| {
                let Value::Instr(first) = *value else { return None };
                let first = first as usize;
                // What is written between the two may lie where the first one's operands do.
                let apart = program.outputs.iter().any(|&o| (first..at).contains(&(o as usize)));
                if reads[first] != 1 || apart || pairs.seconds[first].is_some() {
                    return None;
                }
                let run = elementwise::pair_fn(&program.instrs[first], second, operand, level)?;
                Some(PairLoop { first, operand, run })
            });
            if let Some(pair) = &found {
                pairs.in_next[pair.first] = true;
            }
            pairs.seconds[at] = found;
        }
        pairs
    }

    /// The pairs: (second, first).
    fn firsts(&self) -> impl Iterator<Item = (usize, usize)> {
        self.seconds.iter().enumerate().filter_map(|(at, pair)| pair.as_ref().map(|pair| (at, pair.first)))
    }
}

/// Memory that will be needed soon. Any address is allowed: fetching ahead never faults.
#[derive(Clone, Copy)]
pub(super) struct Ahead {
    pub at: *const u8,
    pub bytes: usize,
}

/// Fetching ahead, a share with each step: all at once it would fill the processor's queue of outstanding reads.
struct Spread<'a> {
    rest: &'a [Ahead],
    at: usize,
    /// Cache lines for a step.
    share: usize,
}

const LINE: usize = 64;

impl<'a> Spread<'a> {
    #[inline]
    fn new(ahead: &'a [Ahead], steps: usize) -> Self {
        let lines: usize = ahead.iter().map(|a| a.bytes.div_ceil(LINE)).sum();
        Spread { rest: ahead, at: 0, share: lines.div_ceil(steps.max(1)) }
    }

    #[inline]
    fn step(&mut self) {
        let mut left = self.share;
        while left > 0
            && let Some(first) = self.rest.first()
        {
            let lines = (first.bytes - self.at).div_ceil(LINE).min(left);
            for k in 0..lines {
                prefetch(first.at.wrapping_add(self.at + k * LINE));
            }
            left -= lines;
            self.at += lines * LINE;
            if self.at >= first.bytes {
                self.rest = &self.rest[1..];
                self.at = 0;
            }
        }
    }
}

#[inline(always)]
fn prefetch(at: *const u8) {
    #[cfg(target_arch = "x86_64")]
    // SAFETY: a hint that may name any address.
    unsafe {
        std::arch::x86_64::_mm_prefetch::<{ std::arch::x86_64::_MM_HINT_T0 }>(at.cast());
    }
    #[cfg(not(target_arch = "x86_64"))]
    let _ = at;
}

/// Elements of half precision that are computed at a time.
const HALF_BLOCK: usize = 256;

/// Runs a loop over float32 on operands of half precision.
///
/// # Safety
/// As for the loop, but the operands, and the result where there is a `narrow`, are of half precision.
unsafe fn run_half(step: &Step, widen: BlockFn, narrow: Option<BlockFn>, call: &Call) {
    let mut operands = [[0f32; HALF_BLOCK]; 3];
    let mut result = [0f32; HALF_BLOCK];
    let mut from = 0;
    while from < call.n {
        let n = HALF_BLOCK.min(call.n - from);
        let mut args = [call.args[0]; 3];
        for (k, operand) in operands.iter_mut().enumerate().take(step.arity as usize) {
            let half = call.args[k].wrapping_add(2 * from);
            let wide: *mut u8 = operand.as_mut_ptr().cast();
            args[k] = wide.cast_const();
            // SAFETY: `n` elements from `from` on lie inside the operand, and fit into the block.
            unsafe { widen(&Call { out: wide, args: [half; 3], n, index: 0 }) };
        }
        let out = call.out.wrapping_add(step.size as usize * from);
        // SAFETY: as above; the result is computed in place, or in float32 and rounded to its place.
        unsafe {
            match narrow {
                None => (step.run)(&Call { out, args, n, index: 0 }),
                Some(narrow) => {
                    let wide: *mut u8 = result.as_mut_ptr().cast();
                    (step.run)(&Call { out: wide, args, n, index: 0 });
                    narrow(&Call { out, args: [wide.cast_const(); 3], n, index: 0 });
                }
            }
        }
        from += n;
    }
}
