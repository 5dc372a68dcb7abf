//! Arrays of bits for tests: any dtype, any layout.

use crate::View;
use crate::cpu::allocator;
use crate::dtype::Dtype;
use crate::shape::{Shape, Strides};
use crate::{bf16, f16};

/// SplitMix64.
pub(super) struct Random(pub u64);

impl Random {
    pub(super) fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ (z >> 31)
    }
    pub(super) fn below(&mut self, n: usize) -> usize {
        (self.next() % n as u64) as usize
    }
    pub(super) fn one_of<T: Copy>(&mut self, from: &[T]) -> T {
        from[self.below(from.len())]
    }
    /// A moderate number of the dtype, as bits.
    pub(super) fn number(&mut self, dtype: Dtype) -> u64 {
        let x = (self.next() >> 11) as f64 / (1u64 << 53) as f64 * 8.0 - 4.0;
        match dtype {
            Dtype::Bool => self.next() & 1,
            Dtype::F16 => f16::from_f64(x).to_bits() as u64,
            Dtype::BF16 => bf16::from_f64(x).to_bits() as u64,
            Dtype::F32 => (x as f32).to_bits() as u64,
            Dtype::F64 => x.to_bits(),
            _ if self.below(4) == 0 => self.next() & mask(dtype),
            _ => ((x * 4.0) as i64 as u64) & mask(dtype),
        }
    }
}

pub(super) fn mask(dtype: Dtype) -> u64 {
    u64::MAX >> (64 - 8 * dtype.size())
}

/// Whether two elements are the same number: NaNs of any payload are one.
pub(super) fn same(a: u64, b: u64, dtype: Dtype) -> bool {
    let nan = |bits: u64| match dtype {
        Dtype::F16 => f16::from_bits(bits as u16).is_nan(),
        Dtype::BF16 => bf16::from_bits(bits as u16).is_nan(),
        Dtype::F32 => f32::from_bits(bits as u32).is_nan(),
        Dtype::F64 => f64::from_bits(bits).is_nan(),
        _ => false,
    };
    a == b || nan(a) && nan(b)
}

/// A view of fresh memory with gaps, axes in any order, and broadcast axes.
pub(super) fn layout(random: &mut Random, shape: &Shape, dtype: Dtype, may_broadcast: bool, plain: bool) -> View {
    let mut strides: Strides = shape.strides();
    let mut size = shape.size().max(1);
    if !plain {
        let mut order: Vec<usize> = (0..shape.ndim()).collect();
        if random.below(2) == 0 && order.len() > 1 {
            let k = random.below(order.len() - 1);
            order.swap(k, k + 1);
        }
        let mut step = random.one_of(&[1, 1, 1, 2, 3]);
        for &axis in order.iter().rev() {
            if may_broadcast && random.below(4) == 0 {
                strides[axis] = 0;
            } else {
                strides[axis] = step;
                step *= shape[axis].max(1) as isize;
                if random.below(4) == 0 {
                    step += 1;
                }
            }
        }
        size = step as usize + 1;
    }
    let offset = if plain { 0 } else { random.below(5) };
    let buffer = allocator::allocate((size + offset) * dtype.size()).unwrap();
    let view = View { buffer, dtype, shape: shape.clone(), strides, offset };
    for k in 0..size {
        write_at(&view, k as isize, random.number(dtype));
    }
    view
}

/// A contiguous view that holds these elements.
pub(super) fn from_bits(bits: &[u64], dtype: Dtype) -> View {
    let buffer = allocator::allocate(bits.len() * dtype.size()).unwrap();
    let view = View::contiguous(buffer, dtype, Shape::new(&[bits.len()]));
    for (k, &bits) in bits.iter().enumerate() {
        write_at(&view, k as isize, bits);
    }
    view
}

fn write_at(view: &View, place: isize, bits: u64) {
    let at = view.ptr().wrapping_offset(place * view.dtype.size() as isize);
    for (k, byte) in bits.to_le_bytes().iter().take(view.dtype.size()).enumerate() {
        // SAFETY: the tests' places lie inside their buffers.
        unsafe { at.add(k).write(*byte) };
    }
}

fn read_at(view: &View, place: isize) -> u64 {
    let at = view.ptr().wrapping_offset(place * view.dtype.size() as isize);
    let mut bytes = [0; 8];
    for (k, byte) in bytes.iter_mut().take(view.dtype.size()).enumerate() {
        // SAFETY: the tests' places lie inside their buffers and are initialised.
        *byte = unsafe { at.add(k).read() };
    }
    u64::from_le_bytes(bytes)
}

/// The elements in row-major order.
pub(super) fn bits(view: &View) -> Vec<u64> {
    indices(&view.shape)
        .map(|index| read_at(view, index.iter().zip(&view.strides).map(|(&i, &s)| i as isize * s).sum()))
        .collect()
}

/// All indices of a shape in row-major order.
pub(super) fn indices(shape: &[usize]) -> impl Iterator<Item = Vec<usize>> + '_ {
    (0..shape.iter().product()).map(|mut k| {
        let mut index = vec![0; shape.len()];
        for axis in (0..shape.len()).rev() {
            index[axis] = k % shape[axis];
            k /= shape[axis];
        }
        index
    })
}

/// The same layout over a copy of the whole buffer.
pub(super) fn duplicate(view: &View) -> View {
    let buffer = allocator::allocate(view.buffer.bytes()).unwrap();
    // SAFETY: both buffers have these bytes.
    unsafe { std::ptr::copy_nonoverlapping(view.buffer.ptr(), buffer.ptr(), view.buffer.bytes()) };
    View { buffer, ..view.clone() }
}
