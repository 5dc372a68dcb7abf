//! [`Kernel::MapGroup`](crate::kernel::Kernel::MapGroup) on the CPU: the pieces of all maps are the tasks of one parallel region.

use smallvec::SmallVec;

use super::compiled::Compiled;
use super::map::{PARALLEL, estimate, most_pieces, run_piece, tasks};
use super::{pool, wrong_arity};
use crate::error::Result;
use crate::kernel::Map;
use crate::view::View;

/// One map of the group and its place in the lists.
struct Member<'a> {
    map: &'a Map,
    program: &'a Compiled,
    inputs: &'a [View],
    outputs: &'a [View],
    elements: usize,
    /// Estimated nanoseconds on one thread.
    work: f32,
    /// One past its last task.
    end: usize,
}

pub(super) fn execute(maps: &[Map], mut inputs: &[View], mut outputs: &[View]) -> Result<()> {
    let mut members: SmallVec<[Member; 64]> = SmallVec::new();
    for map in maps {
        let program = map.program.compiled()?;
        let (own_inputs, other_inputs) = inputs.split_at_checked(program.inputs).ok_or_else(arity)?;
        let (own_outputs, other_outputs) = outputs.split_at_checked(program.outputs).ok_or_else(arity)?;
        (inputs, outputs) = (other_inputs, other_outputs);
        let elements = map.shape.size();
        if elements > 0 {
            let work = estimate(program, elements, &[own_inputs, own_outputs]);
            members.push(Member { map, program, inputs: own_inputs, outputs: own_outputs, elements, work, end: 0 });
        }
    }
    if !(inputs.is_empty() && outputs.is_empty()) {
        return Err(arity());
    }
    let work: f32 = members.iter().map(|member| member.work).sum();
    let wanted = if work < PARALLEL { 1 } else { tasks(work) };
    if wanted == 1 {
        for Member { map, program, inputs, outputs, .. } in members {
            // SAFETY: as below.
            unsafe { run_piece(program, &map.scalars, &map.shape, [inputs, outputs], [0, 1]) };
        }
        return Ok(());
    }
    // Pieces of about the same work; a map that is less than that is a piece of its own.
    let piece = work / wanted as f32;
    let mut end = 0;
    for member in &mut members {
        end += ((member.work / piece).round() as usize).clamp(1, most_pieces(member.elements));
        member.end = end;
    }
    pool::parallel_for(end, &|task| {
        let k = members.partition_point(|member| member.end <= task);
        let first = if k == 0 { 0 } else { members[k - 1].end };
        let Member { map, program, inputs, outputs, end, .. } = &members[k];
        // SAFETY: whoever built the kernel has checked shapes and dtypes; views lie inside their buffers; no map touches what another
        // one writes, and pieces of a map do not overlap.
        unsafe { run_piece(program, &map.scalars, &map.shape, [inputs, outputs], [task - first, end - first]) };
    });
    Ok(())
}

#[cold]
fn arity() -> crate::error::Error {
    wrong_arity("map_group")
}
