//! Which vector instructions the loops of the CPU backend use, found out once when the program runs.
//!
//! A loop is written once, as plain Rust over elements that the compiler can widen ([`Block::run`], `#[inline(always)]` all the
//! way down), and instantiated under `#[target_feature]` for each level that this kind of processor may have. Nothing fails on an
//! older machine: [`SimdLevel::Baseline`] is what the target guarantees. Floating-point results are the same on every level that
//! has fused multiply-add; without it the transcendental functions may differ in the last bits, everything else does not.

pub(crate) mod double;
pub(crate) mod single;

use std::sync::OnceLock;

/// A set of vector instructions.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(crate) enum SimdLevel {
    /// What every processor of the target has (SSE2 on x86-64, NEON on aarch64).
    Baseline,
    /// AVX2, FMA and F16C: 256 bits.
    #[cfg(target_arch = "x86_64")]
    Avx2,
    /// AVX-512 F, BW, DQ and VL: 512 bits.
    #[cfg(target_arch = "x86_64")]
    Avx512,
}

impl SimdLevel {
    /// The levels that this machine has, ascending.
    pub(crate) fn available() -> Vec<SimdLevel> {
        #[allow(unused_mut)]
        let mut levels = vec![SimdLevel::Baseline];
        #[cfg(target_arch = "x86_64")]
        if is_x86_feature_detected!("avx2") && is_x86_feature_detected!("fma") && is_x86_feature_detected!("f16c") {
            levels.push(SimdLevel::Avx2);
            if is_x86_feature_detected!("avx512f")
                && is_x86_feature_detected!("avx512bw")
                && is_x86_feature_detected!("avx512dq")
                && is_x86_feature_detected!("avx512vl")
            {
                levels.push(SimdLevel::Avx512);
            }
        }
        levels
    }

    /// Whether arithmetic is so fast that memory has to be asked for ahead of it.
    pub(crate) fn fetches_ahead(self) -> bool {
        #[cfg(target_arch = "x86_64")]
        return self == SimdLevel::Avx512;
        #[cfg(not(target_arch = "x86_64"))]
        false
    }

    /// The level in use: the highest that the machine has, or a lower one that `CHAINER_SIMD` (`avx2`, `baseline`) asks for.
    pub(crate) fn current() -> SimdLevel {
        static LEVEL: OnceLock<SimdLevel> = OnceLock::new();
        *LEVEL.get_or_init(|| {
            let available = SimdLevel::available();
            let limit = match std::env::var("CHAINER_SIMD").as_deref() {
                Ok("baseline") => SimdLevel::Baseline,
                #[cfg(target_arch = "x86_64")]
                Ok("avx2") => SimdLevel::Avx2,
                _ => available[available.len() - 1],
            };
            available.into_iter().rfind(|&level| level <= limit).unwrap_or(SimdLevel::Baseline)
        })
    }
}

/// A level as a type, for code that differs between levels.
pub(crate) trait Level: Copy + 'static {
    /// Whether multiply-add is one fast instruction.
    const FMA: bool;
    /// Whether float16 converts in hardware.
    const F16C: bool;
}

/// [`SimdLevel::Baseline`] as a type.
#[derive(Clone, Copy)]
pub(crate) struct Baseline;
impl Level for Baseline {
    const FMA: bool = cfg!(any(target_arch = "aarch64", target_feature = "fma"));
    const F16C: bool = false;
}

/// [`SimdLevel::Avx2`] as a type.
#[cfg(target_arch = "x86_64")]
#[derive(Clone, Copy)]
pub(crate) struct Avx2;
#[cfg(target_arch = "x86_64")]
impl Level for Avx2 {
    const FMA: bool = true;
    const F16C: bool = true;
}

/// [`SimdLevel::Avx512`] as a type.
#[cfg(target_arch = "x86_64")]
#[derive(Clone, Copy)]
pub(crate) struct Avx512;
#[cfg(target_arch = "x86_64")]
impl Level for Avx512 {
    const FMA: bool = true;
    const F16C: bool = true;
}

/// What one call of a block loop works on. Operands are either the memory of arrays or registers of the executor.
///
/// Invariant: `out` overlaps no operand.
pub(crate) struct Call {
    /// Where the results go: `n` elements.
    pub out: *mut u8,
    /// The operands, `n` elements each; those that the operation lacks are dangling.
    pub args: [*const u8; 3],
    /// How many elements.
    pub n: usize,
    /// The row-major index of the first element (for the sources).
    pub index: u64,
}

/// A loop over a block of elements.
pub(crate) trait Block {
    /// Runs it. Must be `#[inline(always)]`.
    ///
    /// # Safety
    /// The pointers of `call` are valid for `n` elements of the operation's dtypes, aligned, initialised where read, and `out`
    /// overlaps no operand. The processor has the instructions of `L`.
    unsafe fn run<L: Level>(call: &Call);
}

/// A loop compiled for one level. Safety as for [`Block::run`].
pub(crate) type BlockFn = unsafe fn(&Call);

unsafe fn baseline<B: Block>(call: &Call) {
    // SAFETY: the caller's promise is the same.
    unsafe { B::run::<Baseline>(call) }
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx2,fma,f16c,bmi1,bmi2,lzcnt,popcnt")]
unsafe fn avx2<B: Block>(call: &Call) {
    // SAFETY: the caller's promise is the same.
    unsafe { B::run::<Avx2>(call) }
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx512f,avx512bw,avx512dq,avx512vl,avx2,fma,f16c,bmi1,bmi2,lzcnt,popcnt")]
unsafe fn avx512<B: Block>(call: &Call) {
    // SAFETY: the caller's promise is the same.
    unsafe { B::run::<Avx512>(call) }
}

/// The loop for a level; for what is worth compiling for each of them.
pub(crate) fn select<B: Block>(level: SimdLevel) -> BlockFn {
    match level {
        SimdLevel::Baseline => baseline::<B>,
        #[cfg(target_arch = "x86_64")]
        SimdLevel::Avx2 => avx2::<B>,
        #[cfg(target_arch = "x86_64")]
        SimdLevel::Avx512 => avx512::<B>,
    }
}

/// The loop for a level, with nothing wider than 256 bits; for what is rarely hot.
pub(crate) fn select_narrow<B: Block>(level: SimdLevel) -> BlockFn {
    match level {
        SimdLevel::Baseline => baseline::<B>,
        #[cfg(target_arch = "x86_64")]
        SimdLevel::Avx2 | SimdLevel::Avx512 => avx2::<B>,
    }
}

/// The loop for every level alike; for what vector instructions do not speed up (calls of the C library's functions).
pub(crate) fn select_scalar<B: Block>() -> BlockFn {
    baseline::<B>
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_current_level_is_one_the_machine_has() {
        assert!(SimdLevel::available().contains(&SimdLevel::current()));
    }
}
