//! The common case of a map: every operand lies in row-major order without gaps, or is one element everywhere. Nothing has to be
//! worked out about axes, so that an array of one element costs little more than its operation.

use std::ops::Range;

use smallvec::SmallVec;

use super::compiled::{Ahead, Compiled};
use super::run::{LARGE, Registers, fill};
use crate::program::ScalarBits;
use crate::view::View;

/// The operands of a flat map.
pub(super) struct Flat {
    operands: SmallVec<[Operand; 12]>,
    total: usize,
}

#[derive(Clone, Copy)]
struct Operand {
    base: *mut u8,
    size: usize,
    /// Whether it is one element everywhere.
    constant: bool,
}

// SAFETY: it only says where memory lies; `run` answers for what is read and written.
unsafe impl Sync for Flat {}

impl Flat {
    /// The operands of a space of `total` elements if all of them are flat.
    pub(super) fn new(total: usize, inputs: &[View], outputs: &[View]) -> Option<Flat> {
        let mut operands = SmallVec::new();
        for (k, view) in inputs.iter().chain(outputs).enumerate() {
            let constant = total > 1 && view.strides.iter().zip(view.shape.iter()).all(|(&s, &d)| s == 0 || d == 1);
            if !(view.is_contiguous() || constant && k < inputs.len()) {
                return None;
            }
            operands.push(Operand { base: view.ptr(), size: view.dtype.size(), constant });
        }
        Some(Flat { operands, total })
    }

    /// Bytes that an element moves.
    pub(super) fn bytes(&self) -> usize {
        self.operands.iter().filter(|o| !o.constant).map(|o| o.size).sum()
    }

    /// Runs the program over a range of elements.
    ///
    /// # Safety
    /// As for [`super::run::run`]; the range lies below `total`.
    pub(super) unsafe fn run(&self, program: &Compiled, scalars: &[ScalarBits], range: Range<usize>) {
        let constants = self.operands.iter().filter(|o| o.constant).count();
        let mut registers = Registers::new(program, constants, range.len(), 1);
        let n_scalars = program.scalars.len();
        let mut places: SmallVec<[*mut u8; 24]> = SmallVec::new();
        let (inputs, outputs) = self.operands.split_at(program.inputs);
        for operand in inputs {
            let place =
                if operand.constant { registers.next() } else { operand.base.wrapping_add(range.start * operand.size) };
            if operand.constant {
                // SAFETY: the space has an element, the register room for a block.
                unsafe { fill(place, operand.base, operand.size, registers.room) };
            }
            places.push(place);
        }
        registers.scalars(program, scalars, &mut places);
        for operand in outputs {
            places.push(operand.base.wrapping_add(range.start * operand.size));
        }
        registers.temporaries(program, &mut places);
        let spare = registers.next();

        let ahead_pays = program.fetches_ahead && self.total * self.bytes() > LARGE;
        let mut ahead: SmallVec<[Ahead; 12]> = SmallVec::new();
        let mut at = range.start;
        loop {
            let n = registers.room.min(range.end - at);
            if ahead_pays {
                ahead.clear();
                for (k, operand) in self.operands.iter().enumerate().filter(|(_, o)| !o.constant) {
                    let slot = if k < program.inputs { k } else { k + n_scalars };
                    ahead.push(Ahead { at: places[slot].wrapping_add(n * operand.size), bytes: n * operand.size });
                }
            }
            // SAFETY: the operands hold `n` elements from `at` on, registers `room` of them.
            unsafe { program.run(&places, spare, n, at as u64, &ahead) };
            at += n;
            if at >= range.end {
                break;
            }
            for (k, operand) in self.operands.iter().enumerate().filter(|(_, o)| !o.constant) {
                let slot = if k < program.inputs { k } else { k + n_scalars };
                places[slot] = places[slot].wrapping_add(n * operand.size);
            }
        }
    }
}
