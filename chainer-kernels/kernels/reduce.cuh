// Reductions: how two partial results become one, and how the threads of a block combine theirs.
//
// Each reduction is a struct of `Accumulator`, `identity()`, `of(value, place)` and `combine(a, b)`. The order in which `combine`
// is applied depends on sizes only, so a result does not depend on the device or on timing.
#pragma once

namespace chainer {

// Floats are summed and multiplied in double.
struct Sum {
    typedef double Accumulator;
    __device__ static double identity() { return 0; }
    __device__ static double of(double value, int64) { return value; }
    __device__ static double combine(double a, double b) { return a + b; }
};
struct Product {
    typedef double Accumulator;
    __device__ static double identity() { return 1; }
    __device__ static double of(double value, int64) { return value; }
    __device__ static double combine(double a, double b) { return a * b; }
};

// Integers wrap.
template <class T> struct IntegerSum {
    typedef T Accumulator;
    __device__ static T identity() { return 0; }
    __device__ static T of(T value, int64) { return value; }
    __device__ static T combine(T a, T b) { return wrapping_add(a, b); }
};
template <class T> struct IntegerProduct {
    typedef T Accumulator;
    __device__ static T identity() { return 1; }
    __device__ static T of(T value, int64) { return value; }
    __device__ static T combine(T a, T b) { return wrapping_multiply(a, b); }
};

// NaN wins.
template <class T> struct Maximum {
    typedef T Accumulator;
    __device__ static T identity() { return smallest<T>(); }
    __device__ static T of(T value, int64) { return value; }
    __device__ static T combine(T a, T b) { return maximum(a, b); }
};
template <class T> struct Minimum {
    typedef T Accumulator;
    __device__ static T identity() { return largest<T>(); }
    __device__ static T of(T value, int64) { return value; }
    __device__ static T combine(T a, T b) { return minimum(a, b); }
};

struct Any {
    typedef bool Accumulator;
    __device__ static bool identity() { return false; }
    __device__ static bool of(bool value, int64) { return value; }
    __device__ static bool combine(bool a, bool b) { return a || b; }
};
struct All {
    typedef bool Accumulator;
    __device__ static bool identity() { return true; }
    __device__ static bool of(bool value, int64) { return value; }
    __device__ static bool combine(bool a, bool b) { return a && b; }
};

// A value and where it stands. Place -1 marks "no value yet".
template <class T> struct Placed {
    T value;
    int64 place;
};

// The first largest, or the first NaN. `combine` may meet its operands in any order, hence the comparison of places.
template <class T> struct ArgMaximum {
    typedef Placed<T> Accumulator;
    __device__ static Accumulator identity() { return Accumulator{T(), -1}; }
    __device__ static Accumulator of(T value, int64 place) { return Accumulator{value, place}; }
    __device__ static Accumulator combine(Accumulator a, Accumulator b) {
        if (a.place < 0) return b;
        if (b.place < 0) return a;
        const bool a_nan = a.value != a.value, b_nan = b.value != b.value;
        if (a_nan != b_nan) return a_nan ? a : b;
        if (!a_nan && a.value != b.value) return a.value > b.value ? a : b;
        return a.place < b.place ? a : b;
    }
};
template <class T> struct ArgMinimum {
    typedef Placed<T> Accumulator;
    __device__ static Accumulator identity() { return Accumulator{T(), -1}; }
    __device__ static Accumulator of(T value, int64 place) { return Accumulator{value, place}; }
    __device__ static Accumulator combine(Accumulator a, Accumulator b) {
        if (a.place < 0) return b;
        if (b.place < 0) return a;
        const bool a_nan = a.value != a.value, b_nan = b.value != b.value;
        if (a_nan != b_nan) return a_nan ? a : b;
        if (!a_nan && a.value != b.value) return a.value < b.value ? a : b;
        return a.place < b.place ? a : b;
    }
};

// Combines the accumulators of the LANES threads that work on one output; all of them get the result. Neighbouring lanes are
// STEP threads apart. Every thread of the block has to call this.
template <class Reduction, uint32 LANES, uint32 STEP>
__device__ inline typename Reduction::Accumulator combine_lanes(
    typename Reduction::Accumulator own, uint32 lane, typename Reduction::Accumulator* shared) {
    shared[threadIdx.x] = own;
    for (uint32 half = LANES / 2; half > 0; half /= 2) {
        __syncthreads();
        if (lane < half) {
            shared[threadIdx.x] = Reduction::combine(shared[threadIdx.x], shared[threadIdx.x + half * STEP]);
        }
    }
    __syncthreads();
    const typename Reduction::Accumulator total = shared[threadIdx.x - lane * STEP];
    __syncthreads();  // The next call overwrites `shared`.
    return total;
}

}  // namespace chainer
