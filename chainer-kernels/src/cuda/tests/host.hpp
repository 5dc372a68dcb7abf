// Lets the host's C++ compiler take generated kernels: what NVRTC has built in, and a launch that runs the threads of a block.
#include <math.h>
#include <stdint.h>
#include <string.h>

#include <condition_variable>
#include <mutex>
#include <thread>
#include <vector>

#define __device__
#define __global__
#define __shared__ static
#define __launch_bounds__(threads)

struct Place { unsigned x, y; };
static thread_local Place threadIdx, blockIdx;
static Place gridDim, blockDim;

template <class To, class From> static To same_bits(From from) {
    To to;
    static_assert(sizeof(To) == sizeof(From));
    memcpy(&to, &from, sizeof to);
    return to;
}
static float __uint_as_float(unsigned x) { return same_bits<float>(x); }
static unsigned __float_as_uint(float x) { return same_bits<unsigned>(x); }
static long long __double_as_longlong(double x) { return same_bits<long long>(x); }
static double __longlong_as_double(long long x) { return same_bits<double>(x); }
static unsigned __umulhi(unsigned a, unsigned b) { return (unsigned)((unsigned long long)a * b >> 32); }
static float __double2float_rz(double x) {
    const float nearest = (float)x;
    return fabs((double)nearest) > fabs(x) ? nextafterf(nearest, 0.0f) : nearest;
}

// The conversion instructions of half.cuh, which the test puts in their place.
static float widen_half(unsigned short bits) {
    const int exponent = bits >> 10 & 31, mantissa = bits & 1023;
    const float sign = bits & 0x8000 ? -1.0f : 1.0f;
    if (exponent == 31) return mantissa ? NAN : sign * INFINITY;
    return sign * (exponent ? ldexpf(1024 + mantissa, exponent - 25) : ldexpf(mantissa, -24));
}
static unsigned short narrow_half(double x) {
    const double size = fabs(x);
    if (x != x) return 0x7fff;
    if (size >= 65520) return signbit(x) ? 0xfc00 : 0x7c00;
    int exponent;
    frexp(size, &exponent);
    if (exponent < -13 || size == 0) exponent = -13;
    const int places = (int)nearbyint(ldexp(size, 11 - exponent));
    return (unsigned short)(((exponent + 13) << 10) + places) | (signbit(x) ? 0x8000 : 0);
}

// The inverse error functions, which C lacks: by halving an interval until it has no inside.
template <class Decreasing> static double root(double low, double high, Decreasing f) {
    for (;;) {
        const double middle = low + (high - low) / 2;
        if (middle <= low || middle >= high) return middle;
        (f(middle) > 0 ? low : high) = middle;
    }
}
static double erfcinv(double z) {
    if (!(z >= 0 && z <= 2)) return NAN;
    if (z == 0 || z == 2) return z == 0 ? INFINITY : -INFINITY;
    if (z > 1) return -root(0, 30, [&](double y) { return 2 - z <= 0.5 ? erfc(y) - (2 - z) : (z - 1) - erf(y); });
    return root(0, 30, [&](double y) { return z <= 0.5 ? erfc(y) - z : (1 - z) - erf(y); });
}
static double erfinv(double x) {
    if (!(fabs(x) < 1)) return fabs(x) == 1 ? copysign(INFINITY, x) : NAN;
    const double size = fabs(x);
    if (size > 0.5) return copysign(erfcinv(1 - size), x);
    return x == 0 ? x : copysign(root(0, 1, [&](double y) { return size - erf(y); }), x);
}
static float erfinvf(float x) { return (float)erfinv(x); }
static float erfcinvf(float x) { return (float)erfcinv(x); }

namespace chainer {
static float cospif(float x) { return (float)cos(M_PI * x); }
static float sinpif(float x) { return (float)sin(M_PI * x); }
static double cospi(double x) { return cos(M_PI * x); }
static double sinpi(double x) { return sin(M_PI * x); }
template <class T> static T min(T a, T b) { return a < b ? a : b; }
}  // namespace chainer

// All threads of a block wait for each other.
struct Barrier {
    std::mutex mutex;
    std::condition_variable all_here;
    unsigned waiting = 0, round = 0;
    void wait() {
        std::unique_lock<std::mutex> lock(mutex);
        const unsigned mine = round;
        if (++waiting == blockDim.x) {
            waiting = 0;
            ++round;
            all_here.notify_all();
        } else {
            all_here.wait(lock, [&] { return round != mine; });
        }
    }
};
static Barrier barrier;
static void __syncthreads() { barrier.wait(); }

// An argument of any pointer type.
struct Pointer {
    void* address;
    template <class T> operator T*() const { return (T*)address; }
};

// Runs the blocks one after the other; the threads of a block at once if they wait for each other.
template <class Body> static void launch(unsigned x, unsigned y, unsigned threads, bool at_once, Body body) {
    gridDim = {x, y};
    blockDim = {threads, 1};
    const auto run = [&](unsigned block, unsigned thread) {
        blockIdx = {block % x, block / x};
        threadIdx = {thread, 0};
        body();
    };
    if (!at_once) {
        for (unsigned block = 0; block < x * y; ++block) {
            for (unsigned thread = 0; thread < threads; ++thread) run(block, thread);
        }
        return;
    }
    std::vector<std::thread> running;
    for (unsigned thread = 0; thread < threads; ++thread) {
        running.emplace_back([&, thread] {
            for (unsigned block = 0; block < x * y; ++block) {
                run(block, thread);
                barrier.wait();  // Shared memory is the same for every block.
            }
        });
    }
    for (std::thread& thread : running) thread.join();
}
