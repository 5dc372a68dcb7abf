//! Layout classes: what of an index space and its operands' strides shapes the source of a kernel, and what arrives with each launch.
//!
//! A kernel walks its index space by one row-major index (a reduction by two: over the kept and over the reduced axes). Along
//! such a [`Walk`] an operand is accessed in one of four ways, and that is what its source knows; sizes and steps are fields of a
//! struct that is passed by value. [`Class::fields`] lists these fields once for both sides: the emitter declares them, and
//! [`Layout::parameters`] packs their values in the same order.

use smallvec::SmallVec;

use crate::kernel::Map;
use crate::shape::{Strides, collapse};
use crate::view::View;

/// Threads of a block, in every generated kernel.
pub const BLOCK: u32 = 256;

/// A grid larger than this only adds launch cost: the kernels walk in steps of the grid.
pub(super) const MAX_BLOCKS: usize = 1 << 16;

/// How an operand's address follows from the index of a walk.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub enum Access {
    /// The same element for every index.
    Fixed,
    /// The element at the index.
    Linear,
    /// The element at the index times a step.
    Scaled,
    /// A step for each merged axis of the walk.
    Strided(SmallVec<[Step; 4]>),
}

/// How an operand moves along one axis.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Step {
    /// Not at all: a broadcast axis.
    Fixed,
    /// To the next element.
    Unit,
    /// By a step given at run time.
    Any,
}

/// A run of axes that a kernel walks by one row-major index.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct Walk {
    /// The number of merged axes that the index is split into; 1 where no operand needs coordinates.
    pub axes: usize,
    /// One entry an operand.
    pub access: SmallVec<[Access; 8]>,
}

/// The part of a layout that belongs to a kernel's identity.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct Class {
    /// Whether an index or an offset needs 64 bits.
    pub wide: bool,
    /// The walks: one for a map; kept and reduced axes for a reduction.
    pub walks: SmallVec<[Walk; 2]>,
}

/// A run-time parameter of a layout.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Field {
    /// The number of elements of a walk.
    Count {
        /// Which walk.
        walk: usize,
    },
    /// The size of a merged axis, prepared for division.
    Axis {
        /// Which walk.
        walk: usize,
        /// Which of its axes; never the outermost, whose coordinate is what remains of the index.
        axis: usize,
    },
    /// An operand's step along an axis (the only one where its access is `Scaled`).
    Step {
        /// Which walk.
        walk: usize,
        /// Which operand.
        operand: usize,
        /// Which axis of the walk.
        axis: usize,
    },
}

impl Class {
    /// The run-time parameters, in order.
    pub fn fields(&self) -> Vec<Field> {
        let mut fields: Vec<Field> = (0..self.walks.len()).map(|walk| Field::Count { walk }).collect();
        for (walk, Walk { axes, .. }) in self.walks.iter().enumerate() {
            fields.extend((1..*axes).map(|axis| Field::Axis { walk, axis }));
        }
        for (walk, Walk { access, .. }) in self.walks.iter().enumerate() {
            for (operand, access) in access.iter().enumerate() {
                match access {
                    Access::Fixed | Access::Linear => {}
                    Access::Scaled => fields.push(Field::Step { walk, operand, axis: 0 }),
                    Access::Strided(steps) => fields.extend(
                        (0..steps.len()).filter(|&axis| steps[axis] == Step::Any).map(|axis| Field::Step {
                            walk,
                            operand,
                            axis,
                        }),
                    ),
                }
            }
        }
        fields
    }
}

/// An index space with its operands: the class, and the values of its fields.
#[derive(Clone, Debug)]
pub struct Layout {
    /// What belongs to the kernel's identity.
    pub class: Class,
    values: SmallVec<[WalkValues; 2]>,
}

/// The sizes and steps of a walk, merged as its class says.
#[derive(Clone, Debug)]
struct WalkValues {
    count: usize,
    dims: SmallVec<[usize; 4]>,
    /// One entry an operand; a single step where the access is `Scaled`.
    steps: SmallVec<[Strides; 8]>,
}

impl Layout {
    /// The layout of several walks: for each its axes' sizes, and for each operand the strides along them.
    pub(super) fn new(spaces: &[(&[usize], Vec<Strides>)]) -> Layout {
        let mut walks = SmallVec::new();
        let mut values: SmallVec<[WalkValues; 2]> = SmallVec::new();
        for (dims, strides) in spaces {
            let (walk, value) = classify(dims, strides);
            walks.push(walk);
            values.push(value);
        }
        let operands = spaces.first().map_or(0, |(_, strides)| strides.len());
        let furthest = |operand: usize| -> usize {
            spaces.iter().map(|(dims, strides)| reach(dims, &strides[operand])).fold(0, usize::saturating_add)
        };
        let limit = i32::MAX as usize;
        let elements = values.iter().map(|v| v.count).fold(1, usize::saturating_mul);
        let wide = elements > limit || (0..operands).any(|operand| furthest(operand) > limit);
        Layout { class: Class { wide, walks }, values }
    }

    /// The layout of an elementwise kernel: operands are the inputs, then the outputs, each given by its strides over `shape`.
    ///
    /// ```
    /// use chainer_kernels::cuda::layout::{Access, Layout, Step};
    ///
    /// // (64, 32, 10) + (10,): the first two axes are walked as one.
    /// let layout = Layout::map(&[64, 32, 10], &[&[320, 10, 1], &[0, 0, 1], &[320, 10, 1]]);
    /// let access = &layout.class.walks[0].access;
    /// assert_eq!(access[0], Access::Linear);
    /// assert_eq!(access[1], Access::Strided([Step::Fixed, Step::Unit].into_iter().collect()));
    /// ```
    pub fn map(shape: &[usize], operands: &[&[isize]]) -> Layout {
        Layout::new(&[(shape, operands.iter().map(|strides| Strides::from_slice(strides)).collect())])
    }

    /// The layout of a [`Map`] over its views.
    pub fn of_map(map: &Map, inputs: &[View], outputs: &[View]) -> Layout {
        let operands: Vec<&[isize]> = inputs.iter().chain(outputs).map(View::strides).collect();
        Layout::map(&map.shape, &operands)
    }

    /// The number of elements of a walk.
    pub(super) fn count(&self, walk: usize) -> usize {
        self.values[walk].count
    }

    /// The number of blocks that an elementwise kernel is launched with; 0 where there is nothing to do.
    pub fn blocks(&self) -> u32 {
        self.count(0).div_ceil(BLOCK as usize).min(MAX_BLOCKS) as u32
    }

    /// The bytes of the struct that the kernel receives by value: the fields in order, in words of 4 bytes (8 where wide).
    pub fn parameters(&self) -> Vec<u8> {
        let mut bytes = Vec::new();
        for field in self.class.fields() {
            match field {
                Field::Count { walk } => self.push(&mut bytes, self.values[walk].count as i64),
                Field::Axis { walk, axis } => {
                    let size = self.values[walk].dims[axis];
                    self.push(&mut bytes, size as i64);
                    if !self.class.wide {
                        let divider = Divider::new(size as u32);
                        self.push(&mut bytes, divider.multiplier as i64);
                        self.push(&mut bytes, divider.shift as i64);
                    }
                }
                Field::Step { walk, operand, axis } => {
                    self.push(&mut bytes, self.values[walk].steps[operand][axis] as i64)
                }
            }
        }
        bytes
    }

    /// Appends a word of the width that the class asks for.
    pub(super) fn push(&self, bytes: &mut Vec<u8>, word: i64) {
        let width = if self.class.wide { 8 } else { 4 };
        bytes.extend_from_slice(&word.to_le_bytes()[..width]);
    }
}

/// How far from the first element an operand reaches.
fn reach(dims: &[usize], strides: &[isize]) -> usize {
    dims.iter()
        .zip(strides)
        .map(|(&dim, stride)| dim.saturating_sub(1).saturating_mul(stride.unsigned_abs()))
        .fold(0, usize::saturating_add)
}

/// Merges the axes and sorts the operands into their kinds of access.
fn classify(dims: &[usize], strides: &[Strides]) -> (Walk, WalkValues) {
    let count = dims.iter().product();
    let merged = collapse(dims, strides.iter().map(|s| &s[..]), |_| false);
    let mut access: SmallVec<[Access; 8]> = SmallVec::new();
    let mut steps: SmallVec<[Strides; 8]> = SmallVec::new();
    for strides in &merged.strides {
        // What this operand alone could be merged to; others may keep axes apart that are one to it.
        let alone = collapse(&merged.dims, std::iter::once(&strides[..]), |_| false);
        let (kind, own) = match alone.strides[0][..] {
            [] | [0] => (Access::Fixed, Strides::new()),
            [1] => (Access::Linear, Strides::new()),
            [step] => (Access::Scaled, Strides::from_slice(&[step])),
            _ => {
                let last = strides.len() - 1;
                let kind = |(axis, &stride): (usize, &isize)| match stride {
                    0 => Step::Fixed,
                    1 if axis == last => Step::Unit,
                    _ => Step::Any,
                };
                (Access::Strided(strides.iter().enumerate().map(kind).collect()), strides.clone())
            }
        };
        access.push(kind);
        steps.push(own);
    }
    let split = access.iter().any(|access| matches!(access, Access::Strided(_)));
    let axes = if split { merged.dims.len() } else { 1 };
    (Walk { axes, access }, WalkValues { count, dims: merged.dims, steps })
}

/// Division by a number that is known before the launch: `n / size == (mulhi(n, multiplier) + n) >> shift` for `n < 2^31`.
///
/// With `2^shift >= size` the multiplier is the fractional part of `2^shift / size`, rounded up, in units of `2^-32`. (Granlund
/// and Montgomery: "Division by invariant integers using multiplication", 1994.)
#[derive(Clone, Copy, Debug)]
struct Divider {
    multiplier: u32,
    shift: u32,
}

impl Divider {
    /// For `1 <= size < 2^31`.
    fn new(size: u32) -> Divider {
        // An empty space is never launched; its axes may still have size 0.
        let size = size.max(1);
        let shift = 32 - (size - 1).leading_zeros();
        let multiplier = ((1u64 << 32) * ((1u64 << shift) - size as u64) / size as u64 + 1) as u32;
        Divider { multiplier, shift }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn access(layout: &Layout, operand: usize) -> &Access {
        &layout.class.walks[0].access[operand]
    }

    #[test]
    fn sizes_are_not_part_of_the_class() {
        let small = Layout::map(&[2, 3], &[&[3, 1], &[0, 1], &[3, 1]]);
        let large = Layout::map(&[500, 700], &[&[700, 1], &[0, 1], &[700, 1]]);
        assert_eq!(small.class, large.class);
        assert_ne!(small.parameters(), large.parameters());
    }

    #[test]
    fn contiguous_operands_need_no_coordinates() {
        let layout = Layout::map(&[2, 3, 4], &[&[12, 4, 1], &[0, 0, 0], &[24, 8, 2]]);
        assert_eq!(layout.class.walks[0].axes, 1);
        assert_eq!(
            (access(&layout, 0), access(&layout, 1), access(&layout, 2)),
            (&Access::Linear, &Access::Fixed, &Access::Scaled)
        );
        // The count, then the step of the third operand.
        assert_eq!(layout.parameters(), [24, 0, 0, 0, 2, 0, 0, 0]);
    }

    #[test]
    fn a_single_element_is_fixed_whatever_its_strides() {
        let layout = Layout::map(&[1, 1], &[&[7, 3], &[1, 1]]);
        assert_eq!((access(&layout, 0), layout.blocks()), (&Access::Fixed, 1));
        assert_eq!(Layout::map(&[0, 3], &[&[3, 1]]).blocks(), 0);
    }

    #[test]
    fn a_transposed_operand_keeps_its_axes() {
        let layout = Layout::map(&[3, 5], &[&[1, 3], &[5, 1]]);
        assert_eq!(access(&layout, 0), &Access::Strided([Step::Any, Step::Any].into_iter().collect()));
        assert_eq!(access(&layout, 1), &Access::Linear);
        assert_eq!(layout.class.walks[0].axes, 2);
    }

    #[test]
    fn wide_indices_only_where_needed() {
        let limit = i32::MAX as usize;
        assert!(!Layout::map(&[limit], &[&[1]]).class.wide);
        assert!(Layout::map(&[limit + 1], &[&[1]]).class.wide);
        assert!(Layout::map(&[2, 2], &[&[limit as isize, 1]]).class.wide, "the last element lies one past the limit");
        assert!(Layout::map(&[2, 2], &[&[-(limit as isize), 1]]).class.wide);
        assert!(!Layout::map(&[1, 2], &[&[1 << 40, 1]]).class.wide, "an axis of size 1 is never walked");
    }

    proptest! {
        #[test]
        fn division_by_multiplication_is_exact(n in 0u32..1 << 31, size in 1u32..1 << 31, small in 1u32..1000) {
            for size in [size, small] {
                let divider = Divider::new(size);
                let high = ((n as u64 * divider.multiplier as u64) >> 32) as u32;
                prop_assert_eq!((high + n) >> divider.shift, n / size);
            }
        }
    }
}
