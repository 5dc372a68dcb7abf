// The derivatives of log(gamma(x)), in double whatever the operand: `cpu/special.rs` explains the formulas, and these functions
// follow it word for word.
#pragma once

namespace chainer {

__device__ inline double not_a_number() { return __longlong_as_double(0x7ff8000000000000ll); }

__device__ inline double digamma_of(double x) {
    if (x == 0) return copysign(largest<double>(), -x);
    double sum = 0;
    if (x < 0) {
        if (x == floor(x)) return not_a_number();
        sum = -3.14159265358979323846 / tan(3.14159265358979323846 * (x - round(x)));
        x = 1 - x;
    }
    double shifted = 0;
    while (x < 10) {
        shifted -= 1 / x;
        x += 1;
    }
    const double coefficients[] = {1.0 / 12,  -1.0 / 120,     1.0 / 252, -1.0 / 240,
                                   1.0 / 132, -691.0 / 32760, 1.0 / 12};
    const double square = 1 / (x * x);
    double tail = 0;
    for (int k = 6; k >= 0; --k) tail = (tail + coefficients[k]) * square;
    return sum + (shifted + (log(x) - 0.5 / x - tail));
}

// n! * zeta(n + 1, x).
__device__ inline double polygamma_size(double n, double x) {
    if (x == largest<double>()) return 0;
    const double s = n + 1, far = 12 + s;
    double scale = 1;
    if (n > 500) {
        scale = exp(lgamma(n + 1) - n * log(x));
    } else {
        for (int k = 1; k <= (int)n; ++k) scale *= k / x;
    }
    double sum = 1, w = x + 1, power = pow(x / w, s);
    while (w < far) {
        sum += power;
        if (power < 2.220446049250313e-19) return scale * (sum / x);
        w += 1;
        power = pow(x / w, s);
    }
    const double coefficients[] = {1.0 / 12,          -1.0 / 720,
                                   1.0 / 30240,       -1.0 / 1209600,
                                   1.0 / 47900160,    -691.0 / 1307674368000.0,
                                   1.0 / 74724249600, -3617.0 / 10670622842880000.0};
    double rising = s / w, tail = 0.5;
    for (int k = 0; k < 8; ++k) {
        tail += coefficients[k] * rising;
        const double next = s + 2 * k + 1;
        rising *= next / w * ((next + 1) / w);
    }
    return scale * ((sum + power * tail) / x + power * (w / x) / n);
}

__device__ inline double polygamma_of(double n, double x) {
    if (n == 0) return digamma_of(x);
    const bool whole = n > 0 && n == floor(n) && n < largest<double>();
    if (!whole || x != x || x == smallest<double>()) return not_a_number();
    const bool odd = fmod(n, 2.0) == 1;
    const double sign = odd ? 1 : -1;
    if (x > 0) return sign * polygamma_size(n, x);
    if (x == floor(x)) {
        if (odd) return largest<double>();
        return x == 0 ? copysign(largest<double>(), -x) : not_a_number();
    }
    const double above = x - floor(x), below = floor(x) + 1 - x;
    const double positive = sign * polygamma_size(n, above), negative = polygamma_size(n, below);
    if (is_infinite(positive) && is_infinite(negative)) return above < below ? positive : negative;
    const double rest = n > 60 ? 0 : polygamma_size(n, 1 - x);
    return positive + (negative - rest);
}

template <class T> __device__ inline T digamma(T x) { return (T)digamma_of((double)x); }
template <class T> __device__ inline T polygamma(T x, T n) { return (T)polygamma_of((double)n, (double)x); }

}  // namespace chainer
