// What every generated kernel uses: short names of the element types, and coordinates of an element.
//
// NVRTC compiles without any of CUDA's header files, so everything that is not built into the compiler stands in this folder.
#pragma once

namespace chainer {

typedef signed char int8;
typedef short int16;
typedef int int32;
typedef long long int64;
typedef unsigned char uint8;
typedef unsigned short uint16;
typedef unsigned int uint32;
typedef unsigned long long uint64;

// Half-precision numbers in memory; in registers they are floats (half.cuh).
struct float16 { uint16 bits; };
struct bfloat16 { uint16 bits; };

// The size of an axis, prepared for division without a division instruction. For n < 2^31:
//     n / size == (mulhi(n, multiplier) + n) >> shift
// The host computes multiplier and shift (cuda/layout.rs).
struct Axis { uint32 size, multiplier, shift; };

// The same where an array has 2^31 elements or more; there a division is the smallest worry.
struct WideAxis { uint64 size; };

// Splits `rest`, a row-major index over the axes up to this one: returns the coordinate along this axis and leaves in `rest`
// the index over the axes before it.
__device__ inline uint32 take_axis(uint32& rest, const Axis& axis) {
    const uint32 quotient = (__umulhi(rest, axis.multiplier) + rest) >> axis.shift;
    const uint32 coordinate = rest - quotient * axis.size;
    rest = quotient;
    return coordinate;
}

__device__ inline uint64 take_axis(uint64& rest, const WideAxis& axis) {
    const uint64 quotient = rest / axis.size;
    const uint64 coordinate = rest - quotient * axis.size;
    rest = quotient;
    return coordinate;
}

// The unsigned type in which integers of type T are computed: unsigned arithmetic wraps, as NumPy's does; signed overflow is
// undefined in C. Types narrower than 32 bits would be promoted to (signed) int.
template <class T> struct Wrapping { typedef uint32 Type; };
template <> struct Wrapping<int64> { typedef uint64 Type; };
template <> struct Wrapping<uint64> { typedef uint64 Type; };

template <class T> __device__ inline constexpr bool is_signed() { return (T)-1 < (T)1; }

template <class T> __device__ inline bool is_negative(T x) {
    if constexpr (is_signed<T>()) return x < (T)0;
    return false;
}

// The ends of an element type's range; for floats the infinities, which NVRTC does not define.
template <class T> __device__ inline T smallest() {
    return is_signed<T>() ? (T)((typename Wrapping<T>::Type)1 << (8 * sizeof(T) - 1)) : (T)0;
}
template <class T> __device__ inline T largest() { return (T)~smallest<T>(); }
template <> __device__ inline bool smallest<bool>() { return false; }
template <> __device__ inline bool largest<bool>() { return true; }
template <> __device__ inline float smallest<float>() { return __uint_as_float(0xff800000u); }
template <> __device__ inline float largest<float>() { return __uint_as_float(0x7f800000u); }
template <> __device__ inline double smallest<double>() { return __longlong_as_double(0xfff0000000000000ll); }
template <> __device__ inline double largest<double>() { return __longlong_as_double(0x7ff0000000000000ll); }

}  // namespace chainer
