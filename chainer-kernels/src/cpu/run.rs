//! Runs a compiled program over a space, block by block: operands that lie in runs are read and written in place, others are
//! gathered into registers and scattered from them.

use std::cell::Cell;

use smallvec::SmallVec;

use super::compiled::{Ahead, Compiled};
use super::copy::tile;
use super::space::{Rows, Space};
use crate::program::ScalarBits;

/// Elements of a block: enough to pay for walking the program, few enough that its registers stay in the first-level cache, and that the
/// processor, which follows each operand's stream by itself, never leaves one for long (five operations over 64 MiB: 256 elements take
/// 13.8 ms, 1,024 take 15.4 ms, and 18.9 ms with the next block fetched by instructions; Zen, AVX2).
const BLOCK: usize = 256;
/// With AVX-512 arithmetic is so fast that fetching the next block meanwhile pays, and then blocks may be larger (ten operations over
/// 16 MiB, two threads: 1.6 ms instead of 2.06).
const BLOCK_FETCHED_AHEAD: usize = 1024;
const SMALLEST_BLOCK: usize = 128;
/// Bytes of the first-level cache.
const CACHE: usize = 32 << 10;
/// Operands of more bytes than this are not in a cache near the core.
pub(super) const LARGE: usize = 256 << 10;
/// Rows shorter than this are joined into blocks.
const SHORT: usize = 256;

/// A block that has been computed: part of a row, or several whole rows.
pub(super) struct Done<'a> {
    /// The values, as [`Compiled`] numbers them.
    pub places: &'a [*mut u8],
    /// Elements of each row in the block.
    pub row: usize,
    /// For each row, the counters that the space has beyond the program's operands; a single entry if it has none.
    pub rows: &'a [Counters],
}

/// The values of up to 3 counters at a row's first element.
pub(super) type Counters = [usize; 3];

/// How an operand is reached.
#[derive(Clone, Copy, PartialEq)]
enum Access {
    /// In place.
    Direct,
    /// The same element everywhere: a register filled once.
    Constant,
    /// The same element along the row: a register filled for each row.
    Fill,
    /// Through a register.
    Copy,
}

#[derive(Clone, Copy)]
#[repr(align(64))]
pub(super) struct Line(#[allow(dead_code)] [u8; 64]);

thread_local! {
    /// Registers, kept between executions. Taken while in use, so that a nested execution gets its own.
    static SCRATCH: Cell<Vec<Line>> = const { Cell::new(Vec::new()) };
}

/// The registers of an execution, handed out one after the other.
pub(super) struct Registers {
    scratch: Vec<Line>,
    used: usize,
    lines: usize,
    /// Elements that a register holds: a block.
    pub room: usize,
}

impl Registers {
    /// Registers for the program's temporaries and scalars, `more` of them and a spare one. They hold as many whole `grain`s of
    /// elements as fit into the cache together, at least one, and not more than `total`.
    pub(super) fn new(program: &Compiled, more: usize, total: usize, grain: usize) -> Registers {
        let count = program.registers + program.scalars.len() + more + 1;
        let mut block = if program.fetches_ahead { BLOCK_FETCHED_AHEAD } else { BLOCK };
        if program.is_empty() && count == 1 {
            // A reduction of what lies in memory: the block need only stay in the cache while it is looked at.
            block = CACHE / 2 / program.width;
        }
        while block > SMALLEST_BLOCK && count * program.width * block > CACHE {
            block /= 2;
        }
        let room = ((block / grain).max(1) * grain).min(total);
        let lines = (room * program.width).div_ceil(size_of::<Line>());
        let mut scratch = SCRATCH.take();
        if scratch.len() < count * lines {
            scratch.resize(count * lines, Line([0; 64]));
        }
        Registers { scratch, used: 0, lines, room }
    }

    /// The next one.
    pub(super) fn next(&mut self) -> *mut u8 {
        debug_assert!(self.used + self.lines <= self.scratch.len());
        let place = self.scratch.as_mut_ptr().wrapping_add(self.used);
        self.used += self.lines;
        place.cast()
    }

    /// A filled register for each scalar.
    pub(super) fn scalars(&mut self, program: &Compiled, scalars: &[ScalarBits], places: &mut SmallVec<[*mut u8; 24]>) {
        for (dtype, &bits) in program.scalars.iter().zip(scalars) {
            let place = self.next();
            // SAFETY: a register holds `room` elements of the widest dtype.
            unsafe { fill(place, element_bytes(bits, dtype.size()).as_ptr(), dtype.size(), self.room) };
            places.push(place);
        }
    }

    /// A register for each temporary.
    pub(super) fn temporaries(&mut self, program: &Compiled, places: &mut SmallVec<[*mut u8; 24]>) {
        for _ in 0..program.registers {
            places.push(self.next());
        }
    }
}

impl Drop for Registers {
    fn drop(&mut self) {
        SCRATCH.set(std::mem::take(&mut self.scratch));
    }
}

/// Runs the program over the whole space. The space's operands are the program's inputs, its outputs, then one counter that gives
/// the element's index, then up to two more that `done` wants to know.
///
/// # Safety
/// The operands' memory is valid for the space and the program's dtypes, inputs are initialised, and nobody else writes to them or
/// reads the outputs meanwhile; aliasing is as `Kernel::Map` allows.
pub(super) unsafe fn run(space: &Space, program: &Compiled, scalars: &[ScalarBits], mut done: impl FnMut(Done)) {
    let total = space.size();
    if total == 0 {
        return;
    }
    let (inputs, operands) = (program.inputs, program.inputs + program.outputs);
    let row = space.row();
    let rows = total / row;
    let joined = row < SHORT && rows > 1 && (space.consecutive || !program.uses_index);
    let outermost = space.dims.len() - 1;

    let access: SmallVec<[Access; 8]> = space.operands[..operands]
        .iter()
        .enumerate()
        .map(|(i, o)| {
            let constant = i < inputs && o.strides.iter().all(|&s| s == 0);
            if constant && total > 1 {
                Access::Constant
            } else if joined {
                if space.is_flat(o) { Access::Direct } else { Access::Copy }
            } else if o.strides[outermost] == o.size as isize || row == 1 {
                Access::Direct
            } else if o.strides[outermost] == 0 && i < inputs {
                Access::Fill
            } else {
                Access::Copy
            }
        })
        .collect();

    let through = access.iter().filter(|&&a| a != Access::Direct).count();
    let mut registers =
        if joined { Registers::new(program, through, total, row) } else { Registers::new(program, through, row, 1) };
    let room = registers.room;
    // A block of whole rows holds at least one.
    let per_block = if joined { room / row } else { 1 };

    let mut places: SmallVec<[*mut u8; 24]> = SmallVec::new();
    for &access in &access[..inputs] {
        places.push(if access == Access::Direct { std::ptr::null_mut() } else { registers.next() });
    }
    registers.scalars(program, scalars, &mut places);
    for &access in &access[inputs..] {
        places.push(if access == Access::Direct { std::ptr::null_mut() } else { registers.next() });
    }
    registers.temporaries(program, &mut places);
    let spare = registers.next();
    // What the next block reads and writes in place, where that comes from memory.
    let bytes: usize = space.operands[..operands].iter().map(|o| o.size).sum();
    let ahead_pays = program.fetches_ahead && total * bytes > LARGE;
    let mut ahead: SmallVec<[Ahead; 12]> = SmallVec::new();
    debug_assert_eq!(places.len(), program.slots());
    // The place of an operand: outputs come after the scalars.
    let slot = |i: usize| if i < inputs { i } else { i + program.scalars.len() };

    for (i, operand) in space.operands[..operands].iter().enumerate() {
        if access[i] == Access::Constant {
            // SAFETY: the space has an element; a register holds `room`.
            unsafe { fill(places[slot(i)], operand.base, operand.size, room) };
        }
    }

    let mut cursor = Rows::new(space);
    let mut counters: SmallVec<[Counters; 4]> = SmallVec::new();
    let read_counters = |cursor: &Rows| {
        let mut values = [0; 3];
        for (value, at) in values.iter_mut().zip(&cursor.at[operands..]) {
            *value = *at as usize;
        }
        values
    };

    if joined {
        // Without counters beyond the operands one entry says it all.
        let counts = space.operands.len() > operands;
        let mut writer = access[inputs..].contains(&Access::Copy).then(|| Rows::new(space));
        let mut first = 0;
        while first < rows {
            let count = per_block.min(rows - first);
            let n = count * row;
            counters.clear();
            for (i, operand) in space.operands[..operands].iter().enumerate() {
                if access[i] == Access::Direct {
                    places[slot(i)] = operand.base.wrapping_add(first * row * operand.size);
                }
            }
            let mut k = 0;
            while k < count {
                let run = cursor.run().min(count - k);
                if counts || counters.is_empty() {
                    let first = read_counters(&cursor);
                    counters.extend((0..run).map(|r| {
                        let mut values = first;
                        for (value, operand) in values.iter_mut().zip(&space.operands[operands..]) {
                            *value = value.wrapping_add(r * operand.strides[outermost - 1] as usize);
                        }
                        values
                    }));
                }
                for (i, operand) in space.operands[..inputs].iter().enumerate() {
                    if access[i] == Access::Copy {
                        let to = places[i].wrapping_add(k * row * operand.size);
                        let strides = [operand.strides[outermost - 1], operand.strides[outermost]];
                        // SAFETY: the rows have `row` elements, the register room for `count` rows.
                        unsafe { gather_rows(to, cursor.at[i], strides, operand.size, [run, row]) };
                    }
                }
                cursor.advance_by(run);
                k += run;
            }
            ahead.clear();
            for (i, operand) in space.operands[..operands].iter().enumerate() {
                if ahead_pays && access[i] == Access::Direct {
                    let bytes = n * operand.size;
                    ahead.push(Ahead { at: places[slot(i)].wrapping_add(bytes), bytes });
                }
            }
            // SAFETY: places are set for `n` elements.
            unsafe { program.run(&places, spare, n, counters[0][0] as u64, &ahead) };
            if let Some(writer) = &mut writer {
                let mut k = 0;
                while k < count {
                    let run = writer.run().min(count - k);
                    for (i, operand) in space.operands[..operands].iter().enumerate().skip(inputs) {
                        if access[i] == Access::Copy {
                            let from = places[slot(i)].wrapping_add(k * row * operand.size);
                            let strides = [operand.strides[outermost - 1], operand.strides[outermost]];
                            // SAFETY: as for gathering.
                            unsafe { scatter_rows(writer.at[i], from, strides, operand.size, [run, row]) };
                        }
                    }
                    writer.advance_by(run);
                    k += run;
                }
            }
            done(Done { places: &places, row, rows: &counters });
            first += count;
        }
    } else {
        for r in 0..rows {
            for (i, operand) in space.operands[..inputs].iter().enumerate() {
                if access[i] == Access::Fill {
                    // SAFETY: the row has an element; a register holds `room`.
                    unsafe { fill(places[i], cursor.at[i], operand.size, room) };
                }
            }
            let base = read_counters(&cursor);
            let mut from = 0;
            while from < row {
                let n = room.min(row - from);
                for (i, operand) in space.operands[..operands].iter().enumerate() {
                    let at = cursor.at[i].wrapping_offset(from as isize * operand.strides[outermost]);
                    match access[i] {
                        Access::Direct => places[slot(i)] = at,
                        // SAFETY: the row has `n` elements from here; a register holds as many.
                        Access::Copy if i < inputs => unsafe {
                            gather(places[i], at, operand.strides[outermost], operand.size, n);
                        },
                        _ => {}
                    }
                }
                let mut place = base;
                for (value, operand) in place.iter_mut().zip(&space.operands[operands..]) {
                    *value = value.wrapping_add(from * operand.strides[outermost] as usize);
                }
                ahead.clear();
                for (i, operand) in space.operands[..operands].iter().enumerate() {
                    if ahead_pays && access[i] == Access::Direct {
                        let bytes = n * operand.size;
                        ahead.push(Ahead { at: places[slot(i)].wrapping_add(bytes), bytes });
                    }
                }
                // SAFETY: places are set for `n` elements.
                unsafe { program.run(&places, spare, n, place[0] as u64, &ahead) };
                for (i, operand) in space.operands[..operands].iter().enumerate().skip(inputs) {
                    if access[i] == Access::Copy {
                        let at = cursor.at[i].wrapping_offset(from as isize * operand.strides[outermost]);
                        // SAFETY: as for gathering.
                        unsafe { scatter(at, places[slot(i)], operand.strides[outermost], operand.size, n) };
                    }
                }
                done(Done { places: &places, row: n, rows: &[place] });
                from += n;
            }
            if r + 1 < rows {
                cursor.advance();
            }
        }
    }
}

/// The bytes of an element in front.
fn element_bytes(bits: ScalarBits, size: usize) -> [u8; 8] {
    let unused = 64 - 8 * size as u32;
    if cfg!(target_endian = "big") { (bits << unused).to_ne_bytes() } else { bits.to_ne_bytes() }
}

macro_rules! by_size {
    ($size:expr, $T:ident => $body:expr) => {
        match $size {
            1 => {
                type $T = u8;
                $body
            }
            2 => {
                type $T = u16;
                $body
            }
            4 => {
                type $T = u32;
                $body
            }
            _ => {
                type $T = u64;
                $body
            }
        }
    };
}

/// Writes one element `n` times.
///
/// # Safety
/// `from` is valid for an element of `size` bytes, `to` for `n`, aligned.
pub(super) unsafe fn fill(to: *mut u8, from: *const u8, size: usize, n: usize) {
    // SAFETY: the caller's promise.
    by_size!(size, T => unsafe {
        let value = from.cast::<T>().read_unaligned();
        std::slice::from_raw_parts_mut(to.cast::<T>(), n).fill(value);
    });
}

/// Reads `n` elements `stride` bytes apart.
///
/// # Safety
/// They are valid and initialised, `to` is valid for `n` elements; both aligned and apart.
unsafe fn gather(to: *mut u8, from: *const u8, stride: isize, size: usize, n: usize) {
    // SAFETY: the caller's promise.
    unsafe { gather_rows(to, from, [0, stride], size, [1, n]) };
}

/// Reads rows of elements: the strides, in bytes, and the sizes are those between and inside the rows.
///
/// # Safety
/// As for [`gather`].
unsafe fn gather_rows(to: *mut u8, from: *const u8, strides: [isize; 2], size: usize, [rows, row]: [usize; 2]) {
    by_size!(size, T => {
        let strides = strides.map(|stride| stride / size_of::<T>() as isize);
        // SAFETY: the caller's promise.
        unsafe { tile::<T>(to.cast(), [row as isize, 1], from.cast(), strides, [rows, row]) }
    });
}

/// Writes rows of elements; as [`gather_rows`].
///
/// # Safety
/// As for [`gather`].
unsafe fn scatter_rows(to: *mut u8, from: *const u8, strides: [isize; 2], size: usize, [rows, row]: [usize; 2]) {
    by_size!(size, T => {
        let strides = strides.map(|stride| stride / size_of::<T>() as isize);
        // SAFETY: the caller's promise.
        unsafe { tile::<T>(to.cast(), strides, from.cast(), [row as isize, 1], [rows, row]) }
    });
}

/// Writes `n` elements `stride` bytes apart.
///
/// # Safety
/// As for [`gather`].
unsafe fn scatter(to: *mut u8, from: *const u8, stride: isize, size: usize, n: usize) {
    // SAFETY: the caller's promise.
    unsafe { scatter_rows(to, from, [0, stride], size, [1, n]) };
}
