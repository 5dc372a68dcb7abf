// The elementwise operations that CUDA's built-in functions lack, and those whose corner cases (NaN, division by zero, the sign
// of a remainder, overflow) have to be NumPy's. T is float or double in the first part, an integer type in the second.
#pragma once

namespace chainer {

// --- Floats ---

__device__ inline bool sign_bit(float x) { return __float_as_uint(x) >> 31; }
__device__ inline bool sign_bit(double x) { return __double_as_longlong(x) < 0; }

template <class T> __device__ inline bool is_nan(T x) { return x != x; }
template <class T> __device__ inline bool is_infinite(T x) { return x == largest<T>() || x == smallest<T>(); }
template <class T> __device__ inline bool is_finite(T x) { return x > smallest<T>() && x < largest<T>(); }

// -1, 0 or 1; NaN stays NaN.
template <class T> __device__ inline T float_sign(T x) { return x > 0 ? (T)1 : x < 0 ? (T)-1 : x == 0 ? (T)0 : x; }

template <class T> __device__ inline T sigmoid(T x) { return (T)1 / ((T)1 + exp(-x)); }

// log(1 + exp(x)) = max(x, 0) + log(1 + exp(-|x|)), which cannot overflow. A NaN arrives through the second term.
template <class T> __device__ inline T softplus(T x) { return (x > 0 ? x : (T)0) + log1p(exp(-fabs(x))); }

// The greater operand plus a correction of at most log(2). Where both are the same infinity their difference is NaN.
template <class T> __device__ inline T logaddexp(T x, T y) {
    if (x == y) return x + (T)0.693147180559945309417;
    const T difference = x - y;
    if (difference > 0) return x + log1p(exp(-difference));
    if (difference <= 0) return y + log1p(exp(difference));
    return difference;  // NaN
}

template <class T> __device__ inline T logaddexp2(T x, T y) {
    const T log2_of_e = (T)1.442695040888963407360;
    if (x == y) return x + (T)1;
    const T difference = x - y;
    if (difference > 0) return x + log1p(exp2(-difference)) * log2_of_e;
    if (difference <= 0) return y + log1p(exp2(difference)) * log2_of_e;
    return difference;  // NaN
}

// The built-in function leaves the exponent of infinity and NaN open.
template <class T> __device__ inline T frexp_fraction(T x) {
    int exponent;
    return is_finite(x) ? frexp(x, &exponent) : x;
}
template <class T> __device__ inline int32 frexp_exponent(T x) {
    int exponent = 0;
    if (is_finite(x)) frexp(x, &exponent);
    return exponent;
}

// x * 2^n for an n that comes as a float: beyond +-10000 nothing changes any more. NaN, which no integer becomes, counts as 0.
template <class T> __device__ inline T ldexp_by(T x, T n) {
    return ldexp(x, (int)(n < -10000 ? (T)-10000 : n > 10000 ? (T)10000 : n == n ? n : (T)0));
}

// The remainder with the sign of the divisor.
template <class T> __device__ inline T float_remainder(T x, T y) {
    const T rest = fmod(x, y);
    if (rest == 0) return copysign(rest, y);
    return y != 0 && (rest < 0) != (y < 0) ? rest + y : rest;
}

// The quotient that belongs to `float_remainder`: rounding x / y itself errs where the division rounds up to an integer.
template <class T> __device__ inline T float_floor_divide(T x, T y) {
    if (y == 0) return x / y;
    const T rest = fmod(x, y);
    T quotient = (x - rest) / y;
    if (rest != 0 && (rest < 0) != (y < 0)) quotient -= 1;
    if (quotient == 0) return copysign((T)0, x / y);
    const T whole = floor(quotient);
    return quotient - whole > (T)0.5 ? whole + 1 : whole;
}

// Truncates a float to an integer. Beyond the 64-bit range it saturates, narrower types then wrap; NaN gives 0.
__device__ inline int64 truncate_to_int64(double x) {
    if (x != x) return 0;
    if (x >= 9223372036854775808.0) return largest<int64>();
    if (x < -9223372036854775808.0) return smallest<int64>();
    return (int64)x;
}
template <class T> __device__ inline T truncate_to(double x) { return (T)truncate_to_int64(x); }
template <> __device__ inline uint64 truncate_to<uint64>(double x) {
    if (x >= 18446744073709551616.0) return largest<uint64>();
    return x >= 0 ? (uint64)x : (uint64)truncate_to_int64(x);
}

// --- Floats and integers ---

// The larger or smaller; NaN if either is NaN; the first where equal.
template <class T> __device__ inline T maximum(T x, T y) { return x >= y || x != x ? x : y; }
template <class T> __device__ inline T minimum(T x, T y) { return x <= y || x != x ? x : y; }

// The larger or smaller; the number where one is NaN.
template <class T> __device__ inline T maximum_number(T x, T y) { return x >= y || y != y ? x : y; }
template <class T> __device__ inline T minimum_number(T x, T y) { return x <= y || y != y ? x : y; }

// --- Integers ---

template <class T> __device__ inline T wrapping_add(T x, T y) {
    typedef typename Wrapping<T>::Type W;
    return (T)((W)x + (W)y);
}
template <class T> __device__ inline T wrapping_subtract(T x, T y) {
    typedef typename Wrapping<T>::Type W;
    return (T)((W)x - (W)y);
}
template <class T> __device__ inline T wrapping_multiply(T x, T y) {
    typedef typename Wrapping<T>::Type W;
    return (T)((W)x * (W)y);
}
template <class T> __device__ inline T wrapping_negate(T x) { return wrapping_subtract((T)0, x); }

// The smallest signed number has no positive counterpart and stays.
template <class T> __device__ inline T wrapping_absolute(T x) { return is_negative(x) ? wrapping_negate(x) : x; }

template <class T> __device__ inline T integer_sign(T x) { return is_negative(x) ? (T)-1 : (T)(x != (T)0); }

// Quotient and remainder of C with its two traps taken out: division by zero gives 0, and division by -1, which overflows for
// the smallest number, is a negation.
template <class T> __device__ inline T integer_quotient(T x, T y) {
    if (y == (T)0) return 0;
    if (is_signed<T>() && y == (T)-1) return wrapping_negate(x);
    return (T)(x / y);
}
template <class T> __device__ inline T integer_fmod(T x, T y) {
    if (y == (T)0 || (is_signed<T>() && y == (T)-1)) return 0;
    return (T)(x % y);
}
template <class T> __device__ inline T integer_remainder(T x, T y) {
    const T rest = integer_fmod(x, y);
    return rest != (T)0 && is_negative(rest) != is_negative(y) ? (T)(rest + y) : rest;
}
template <class T> __device__ inline T integer_floor_divide(T x, T y) {
    const T quotient = integer_quotient(x, y);
    const bool inexact = integer_fmod(x, y) != (T)0;
    return inexact && is_negative(x) != is_negative(y) ? (T)(quotient - 1) : quotient;
}

// By repeated squaring, wrapping. A negative power of an integer is 0, but for the bases 1 and -1.
template <class T> __device__ inline T integer_power(T base, T exponent) {
    if (is_negative(exponent)) {
        if (base == (T)1) return 1;
        if (base == (T)-1) return exponent & (T)1 ? (T)-1 : (T)1;
        return 0;
    }
    T power = 1;
    while (exponent != (T)0) {
        if (exponent & (T)1) power = wrapping_multiply(power, base);
        base = wrapping_multiply(base, base);
        exponent = (T)(exponent >> 1);
    }
    return power;
}

// Shifting by the width or more (or by a negative number) leaves no bit of x: 0, or the sign everywhere.
template <class T> __device__ inline bool shifts_all_out(T n) { return is_negative(n) || n >= (T)(8 * sizeof(T)); }
template <class T> __device__ inline T shift_left(T x, T n) {
    typedef typename Wrapping<T>::Type W;
    return shifts_all_out(n) ? (T)0 : (T)((W)x << n);
}
template <class T> __device__ inline T shift_right(T x, T n) {
    return shifts_all_out(n) ? (is_negative(x) ? (T)-1 : (T)0) : (T)(x >> n);
}

}  // namespace chainer
