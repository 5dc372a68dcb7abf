//! Philox4x32-10, and how its words become numbers: the definition that every device follows.
//!
//! The generator (Salmon, Moraes, Dror, Shaw: *Parallel random numbers: as easy as 1, 2, 3*, 2011) turns a counter of 128 bits and
//! a key of 64 bits into four words of 32 bits. We use the key `(seed, seed >> 32)` and the counter `(c, c >> 32, 0, 0)` for
//! `c = 0, 1, …`; its words, one counter after the other, are the stream `W[0], W[1], …` of a seed. Let `e` be an element's
//! position: the operation's offset plus the element's row-major index, modulo 2^64.
//!
//! | dtype | uniform in [0, 1) | words |
//! | --- | --- | --- |
//! | float32 | `(W[e] >> 8) * 2^-24` | 1 an element |
//! | float16 | `(W[e] >> 21) * 2^-11` | 1 |
//! | bfloat16 | `(W[e] >> 24) * 2^-8` | 1 |
//! | float64 | `((W[2e] + 2^32 W[2e + 1]) >> 11) * 2^-53` | 2 |
//!
//! Every value is exact in its dtype, so 1 is never reached by rounding.
//!
//! Normal numbers come in pairs (Box–Muller). The elements `e = 2p` and `e = 2p + 1` share two uniform numbers: float32 makes them
//! from `W[2p]` and `W[2p + 1]`, float64 from `W[4p] … W[4p + 3]`:
//! `u = (top 24 (53) bits + 1) * 2^-24 (-53)` in (0, 1] and `v = (top 24 (53) bits) * 2^-24 (-53)` in [0, 1);
//! the even element is `sqrt(-2 log u) cos(2π v)`, the odd one `sqrt(-2 log u) sin(2π v)`. Half precision rounds float32's.
//! Devices agree up to the last bits of log, sin and cos.

const MULTIPLIERS: [u32; 2] = [0xD251_1F53, 0xCD9E_8D57];
const WEYL: [u32; 2] = [0x9E37_79B9, 0xBB67_AE85];
const ROUNDS: usize = 10;

/// The four words of a counter.
///
/// ```
/// use chainer_kernels::random::philox::philox4x32_10;
/// assert_eq!(philox4x32_10([0; 4], [0; 2]), [0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8]);
/// ```
#[inline(always)]
pub fn philox4x32_10(mut counter: [u32; 4], mut key: [u32; 2]) -> [u32; 4] {
    for _ in 0..ROUNDS {
        let first = counter[0] as u64 * MULTIPLIERS[0] as u64;
        let second = counter[2] as u64 * MULTIPLIERS[1] as u64;
        counter = [
            (second >> 32) as u32 ^ counter[1] ^ key[0],
            second as u32,
            (first >> 32) as u32 ^ counter[3] ^ key[1],
            first as u32,
        ];
        key = [key[0].wrapping_add(WEYL[0]), key[1].wrapping_add(WEYL[1])];
    }
    counter
}

/// The words of the seed's counter `c`.
#[inline(always)]
pub(crate) fn words(seed: u64, c: u64) -> [u32; 4] {
    philox4x32_10([c as u32, (c >> 32) as u32, 0, 0], [seed as u32, (seed >> 32) as u32])
}

/// Word number `e` of the seed's stream.
pub(crate) fn word(seed: u64, e: u64) -> u32 {
    words(seed, e / 4)[(e % 4) as usize]
}

/// float32's uniform number of a word.
#[inline(always)]
pub(crate) fn uniform_f32(word: u32) -> f32 {
    // Through i32, which processors convert in one instruction.
    (word >> 8) as i32 as f32 * (1.0 / (1 << 24) as f32)
}

/// float16's, as float32.
#[inline(always)]
pub(crate) fn uniform_f16(word: u32) -> f32 {
    (word >> 21) as i32 as f32 * (1.0 / (1 << 11) as f32)
}

/// bfloat16's, as float32.
#[inline(always)]
pub(crate) fn uniform_bf16(word: u32) -> f32 {
    (word >> 24) as i32 as f32 * (1.0 / (1 << 8) as f32)
}

/// float64's uniform number of two words.
#[inline(always)]
pub(crate) fn uniform_f64(low: u32, high: u32) -> f64 {
    ((low as u64 | (high as u64) << 32) >> 11) as f64 * (1.0 / (1u64 << 53) as f64)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The known answers published with the generator.
    #[test]
    fn known_answers() {
        assert_eq!(philox4x32_10([u32::MAX; 4], [u32::MAX; 2]), [0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd]);
        assert_eq!(
            philox4x32_10([0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344], [0xa4093822, 0x299f31d0]),
            [0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1]
        );
    }

    #[test]
    fn uniform_numbers_stay_below_one() {
        assert_eq!(uniform_f32(u32::MAX), 1.0 - f32::EPSILON / 2.0);
        assert!(half::f16::from_f32(uniform_f16(u32::MAX)) < half::f16::ONE);
        assert!(half::bf16::from_f32(uniform_bf16(u32::MAX)) < half::bf16::ONE);
        assert!(uniform_f64(u32::MAX, u32::MAX) < 1.0);
        assert_eq!(uniform_f64(0, 0), 0.0);
    }
}
