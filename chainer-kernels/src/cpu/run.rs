//! Runs a compiled program over a space, block by block: operands that lie in runs are read and written in place, others are
//! gathered into registers and scattered from them.

use std::cell::Cell;

use smallvec::SmallVec;

use super::compiled::Compiled;
use super::space::{Rows, Space};
use crate::program::ScalarBits;

/// Elements of a block: enough to pay for walking the program, few enough that its registers stay in the first-level cache.
const BLOCK: usize = 1024;
const SMALLEST_BLOCK: usize = 128;
const CACHE: usize = 32 << 10;
/// Rows shorter than this are joined into blocks.
const SHORT: usize = BLOCK / 4;

/// A block that has been computed: part of a row, or several whole rows.
pub(super) struct Done<'a> {
    /// The values, as [`Compiled`] numbers them.
    pub places: &'a [*mut u8],
    /// Elements of each row in the block.
    pub row: usize,
    /// For each row, the counters that the space has beyond the program's operands.
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
struct Line(#[allow(dead_code)] [u8; 64]);

thread_local! {
    /// Registers, kept between executions. Taken while in use, so that a nested execution gets its own.
    static SCRATCH: Cell<Vec<Line>> = const { Cell::new(Vec::new()) };
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

    // A register for each temporary, scalar and operand that is not reached in place, and a spare one.
    let through = access.iter().filter(|&&a| a != Access::Direct).count();
    let registers = program.registers + program.scalars.len() + through + 1;
    let mut block = BLOCK;
    while block > SMALLEST_BLOCK && registers * program.width * block > CACHE {
        block /= 2;
    }
    // A block of whole rows holds at least one.
    let per_block = if joined { (block / row).max(1) } else { 1 };
    let room = if joined { (per_block * row).min(total) } else { block.min(row) };
    let register_bytes = (room * program.width).next_multiple_of(64);

    let mut scratch = SCRATCH.take();
    let lines = registers * register_bytes / 64;
    if scratch.len() < lines {
        scratch.resize(lines, Line([0; 64]));
    }
    let mut free = scratch.as_mut_ptr().cast::<u8>();
    let mut register = || {
        let this = free;
        free = free.wrapping_add(register_bytes);
        this
    };

    let mut places: SmallVec<[*mut u8; 24]> = SmallVec::new();
    for &access in &access[..inputs] {
        places.push(if access == Access::Direct { std::ptr::null_mut() } else { register() });
    }
    for (dtype, &bits) in program.scalars.iter().zip(scalars) {
        let place = register();
        // SAFETY: a register holds `room` elements; scalars' bits are zero-extended, and the machine is little-endian or the
        // bytes are moved to the front.
        unsafe { fill(place, element_bytes(bits, dtype.size()).as_ptr(), dtype.size(), room) };
        places.push(place);
    }
    for &access in &access[inputs..] {
        places.push(if access == Access::Direct { std::ptr::null_mut() } else { register() });
    }
    for _ in 0..program.registers {
        places.push(register());
    }
    let spare = register();
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
            for k in 0..count {
                counters.push(read_counters(&cursor));
                for (i, operand) in space.operands[..inputs].iter().enumerate() {
                    if access[i] == Access::Copy {
                        let to = places[i].wrapping_add(k * row * operand.size);
                        // SAFETY: the row has `row` elements, the register room for `count` rows.
                        unsafe { gather(to, cursor.at[i], operand.strides[outermost], operand.size, row) };
                    }
                }
                cursor.advance();
            }
            // SAFETY: places are set for `n` elements.
            unsafe { program.run(&places, spare, n, counters[0][0] as u64) };
            if let Some(writer) = &mut writer {
                for k in 0..count {
                    for (i, operand) in space.operands[..operands].iter().enumerate().skip(inputs) {
                        if access[i] == Access::Copy {
                            let from = places[slot(i)].wrapping_add(k * row * operand.size);
                            // SAFETY: as for gathering.
                            unsafe { scatter(writer.at[i], from, operand.strides[outermost], operand.size, row) };
                        }
                    }
                    writer.advance();
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
                let n = block.min(row - from);
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
                // SAFETY: places are set for `n` elements.
                unsafe { program.run(&places, spare, n, place[0] as u64) };
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
    SCRATCH.set(scratch);
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
unsafe fn fill(to: *mut u8, from: *const u8, size: usize, n: usize) {
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
    unsafe {
        if stride == size as isize {
            return std::ptr::copy_nonoverlapping(from, to, n * size);
        }
        if stride == 0 {
            return fill(to, from, size, n);
        }
        by_size!(size, T => for i in 0..n {
            *to.cast::<T>().add(i) = *from.offset(i as isize * stride).cast::<T>();
        });
    }
}

/// Writes `n` elements `stride` bytes apart.
///
/// # Safety
/// As for [`gather`].
unsafe fn scatter(to: *mut u8, from: *const u8, stride: isize, size: usize, n: usize) {
    // SAFETY: the caller's promise.
    unsafe {
        if stride == size as isize {
            return std::ptr::copy_nonoverlapping(from, to, n * size);
        }
        by_size!(size, T => for i in 0..n {
            *to.offset(i as isize * stride).cast::<T>() = *from.cast::<T>().add(i);
        });
    }
}
