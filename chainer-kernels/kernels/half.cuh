// float16 and bfloat16: conversions. Arithmetic is done in float and rounded after every instruction, so that a fused chain
// gives the bits of the unfused one. Inline assembly stands in for CUDA's header files, which NVRTC does not bring along.
//
// The conversion instructions turn every NaN into one positive NaN; the sign is put back, because `signbit` and `copysign` show it.
#pragma once

namespace chainer {

__device__ inline float to_float(float16 x) {
    float wide;
    asm("cvt.f32.f16 %0, %1;" : "=f"(wide) : "h"(x.bits));
    return __uint_as_float((__float_as_uint(wide) & 0x7fffffffu) | ((uint32)(x.bits & 0x8000u) << 16));
}

// A bfloat16 is the upper half of a float.
__device__ inline float to_float(bfloat16 x) { return __uint_as_float((uint32)x.bits << 16); }

__device__ inline float16 to_float16(float x) {
    uint16 bits;
    asm("cvt.rn.f16.f32 %0, %1;" : "=h"(bits) : "f"(x));
    return float16{(uint16)((bits & 0x7fffu) | (__float_as_uint(x) >> 16 & 0x8000u))};
}

__device__ inline float16 to_float16(double x) {
    uint16 bits;
    asm("cvt.rn.f16.f64 %0, %1;" : "=h"(bits) : "d"(x));
    return float16{(uint16)((bits & 0x7fffu) | ((uint64)__double_as_longlong(x) >> 48 & 0x8000u))};
}

__device__ inline bfloat16 to_bfloat16(float x) {
    uint16 bits;
#if __CUDA_ARCH__ >= 800
    asm("cvt.rn.bf16.f32 %0, %1;" : "=h"(bits) : "f"(x));
    bits = (bits & 0x7fffu) | (__float_as_uint(x) >> 16 & 0x8000u);
#else
    // Adds half of the last kept place, less one where that place is even; a NaN's payload must not carry into infinity.
    const uint32 wide = __float_as_uint(x);
    bits = x != x ? wide >> 16 | 0x40u : (wide + 0x7fffu + (wide >> 16 & 1u)) >> 16;
#endif
    return bfloat16{bits};
}

// There is no such instruction, and rounding twice to nearest may err. Rounding to odd first (towards zero, and the last bit set
// where something was cut off) keeps what the second rounding must know.
__device__ inline bfloat16 to_bfloat16(double x) {
    const float cut = __double2float_rz(x);
    return to_bfloat16((double)cut == x || x != x ? cut : __uint_as_float(__float_as_uint(cut) | 1u));
}

// The nearest half-precision number, kept in a float.
template <class T> __device__ inline float round_to_float16(T x) { return to_float(to_float16(x)); }
template <class T> __device__ inline float round_to_bfloat16(T x) { return to_float(to_bfloat16(x)); }

// The neighbour of the number `from` (given as bits, sign and magnitude) in the direction of `to`.
__device__ inline uint16 next_bits(uint16 from_bits, float from, float to) {
    if (from == to) return from_bits;
    if (from == 0.0f) return (uint16)(__float_as_uint(to) >> 16 & 0x8000u) | 1u;
    const bool away_from_zero = (from < to) == (from > 0.0f);
    return away_from_zero ? from_bits + 1u : from_bits - 1u;
}

__device__ inline float nextafter_float16(float from, float to) {
    if (from != from || to != to) return from + to;
    if (from == to) return to;
    return to_float(float16{next_bits(to_float16(from).bits, from, to)});
}

__device__ inline float nextafter_bfloat16(float from, float to) {
    if (from != from || to != to) return from + to;
    if (from == to) return to;
    return to_float(bfloat16{next_bits(to_bfloat16(from).bits, from, to)});
}

}  // namespace chainer
