//! Special functions of one number in float64, for operations that are not worth a vector form. Narrower types round their results.

use std::f64::consts::{FRAC_1_SQRT_2, FRAC_2_SQRT_PI, PI};

/// The y with `erf(y) == x`.
pub(crate) fn erfinv(x: f64) -> f64 {
    let size = x.abs();
    if size <= 0.5 {
        return central_erfinv(x);
    }
    if size < 1.0 {
        // Exact: the numbers from 0.5 on have no finer spacing than their distance to 1.
        return upper_erfcinv(1.0 - size).copysign(x);
    }
    if size == 1.0 { f64::INFINITY.copysign(x) } else { f64::NAN }
}

/// The y with `erfc(y) == z`; also where z is so small that `1 - z` is 1.
pub(crate) fn erfcinv(z: f64) -> f64 {
    if !(0.0..=2.0).contains(&z) {
        f64::NAN
    } else if z < 0.5 {
        upper_erfcinv(z)
    } else if z <= 1.5 {
        central_erfinv(1.0 - z)
    } else {
        -upper_erfcinv(2.0 - z)
    }
}

/// [`erfinv`] up to 1/2: the polynomial of M. Giles ("Approximating the erfinv function", 2010; seven digits), and one step of
/// Halley's method, which triples them.
fn central_erfinv(x: f64) -> f64 {
    let w = -(-x * x).ln_1p() - 2.5;
    let polynomial = [
        2.81022636e-08,
        3.43273939e-07,
        -3.5233877e-06,
        -4.39150654e-06,
        0.00021858087,
        -0.00125372503,
        -0.00417768164,
        0.246640727,
        1.50140941,
    ];
    let y = x * polynomial.iter().fold(0.0, |sum, coefficient| sum * w + coefficient);
    let error = libm::erf(y) - x;
    y - error / (FRAC_2_SQRT_PI * (-y * y).exp() + y * error)
}

/// [`erfcinv`] up to 1/2: Hastings' approximation of the normal quantile (Abramowitz and Stegun, 26.2.22; two digits), and steps of
/// Halley's method, each of which triples them.
fn upper_erfcinv(z: f64) -> f64 {
    if z == 0.0 {
        return f64::INFINITY;
    }
    let t = (-2.0 * (z.ln() - std::f64::consts::LN_2)).sqrt();
    let mut y = FRAC_1_SQRT_2 * (t - (2.30753 + 0.27061 * t) / (1.0 + t * (0.99229 + 0.04481 * t)));
    for _ in 0..3 {
        let error = libm::erfc(y) - z;
        y += error / (FRAC_2_SQRT_PI * (-y * y).exp() - y * error);
    }
    y
}

/// From here on the asymptotic series below have full precision.
const FAR: f64 = 10.0;

/// The derivative of `log(gamma(x))`. NaN at the poles -1, -2, …; at 0 the limit from the side of its sign.
pub(crate) fn digamma(x: f64) -> f64 {
    if x == 0.0 {
        return f64::INFINITY.copysign(-x);
    }
    if x < 0.0 {
        if x == x.floor() {
            return f64::NAN;
        }
        // The fraction first: a sine of large multiples of pi would have lost it.
        return digamma(1.0 - x) - PI / (PI * (x - x.round())).tan();
    }
    let (mut x, mut sum) = (x, 0.0);
    while x < FAR {
        sum -= 1.0 / x;
        x += 1.0;
    }
    // The Bernoulli numbers B_2k, divided by 2k.
    let coefficients = [1.0 / 12.0, -1.0 / 120.0, 1.0 / 252.0, -1.0 / 240.0, 1.0 / 132.0, -691.0 / 32760.0, 1.0 / 12.0];
    let square = 1.0 / (x * x);
    let tail = coefficients.iter().rev().fold(0.0, |tail, coefficient| (tail + coefficient) * square);
    sum + (x.ln() - 0.5 / x - tail)
}

/// The `n`-th derivative of [`digamma`] at x, for whole numbers `n` from 0 on (NaN for others). At the poles 0, -1, … infinite for odd
/// `n`, whose limits from both sides are the same; for even `n` NaN, but at 0 the limit from the side of its sign.
pub(crate) fn polygamma(n: f64, x: f64) -> f64 {
    if n == 0.0 {
        return digamma(x);
    }
    let whole = n > 0.0 && n == n.floor() && n < f64::INFINITY;
    if !whole || x.is_nan() || x == f64::NEG_INFINITY {
        return f64::NAN;
    }
    let odd = n % 2.0 == 1.0;
    let sign = if odd { 1.0 } else { -1.0 };
    if x > 0.0 {
        return sign * polygamma_size(n, x);
    }
    let floor = x.floor();
    if x == floor {
        return match (odd, x == 0.0) {
            (true, _) => f64::INFINITY,
            (false, true) => f64::INFINITY.copysign(-x),
            (false, false) => f64::NAN,
        };
    }
    // The sum of (x + k)^-(n + 1) over k, split where x + k changes its sign; the negative part is a difference of two sums to
    // infinity.
    let (above, below) = (x - floor, floor + 1.0 - x);
    let (positive, negative) = (sign * polygamma_size(n, above), polygamma_size(n, below));
    if positive.is_infinite() && negative.is_infinite() {
        // The nearest pole decides.
        return if above < below { positive } else { negative };
    }
    // The rest is at most 2^-(n + 1) of `negative`, and may be infinite beside it.
    let rest = if n > 60.0 { 0.0 } else { polygamma_size(n, 1.0 - x) };
    positive + (negative - rest)
}

/// `n! * zeta(n + 1, x)`, Hurwitz' zeta function, for x > 0 and n >= 1: by the formula of Euler and Maclaurin.
fn polygamma_size(n: f64, x: f64) -> f64 {
    if x == f64::INFINITY {
        return 0.0;
    }
    let s = n + 1.0;
    // In units of x^-s, which alone may leave the range of float64; so may n! / x^n, but only where the result does.
    let scale = scaled_factorial(n, x);
    let far = FAR + 2.0 + s;
    let mut sum = 1.0;
    let mut w = x + 1.0;
    let mut power = (x / w).powf(s);
    while w < far {
        sum += power;
        if power < f64::EPSILON * 1e-3 {
            return scale * (sum / x);
        }
        w += 1.0;
        power = (x / w).powf(s);
    }
    // The Bernoulli numbers B_2k, divided by (2k)!.
    let coefficients = [
        1.0 / 12.0,
        -1.0 / 720.0,
        1.0 / 30240.0,
        -1.0 / 1209600.0,
        1.0 / 47900160.0,
        -691.0 / 1307674368000.0,
        1.0 / 74724249600.0,
        -3617.0 / 10670622842880000.0,
    ];
    let (mut rising, mut tail) = (s / w, 0.5);
    for (k, coefficient) in coefficients.iter().enumerate() {
        tail += coefficient * rising;
        let next = s + 2.0 * k as f64 + 1.0;
        rising *= next / w * ((next + 1.0) / w);
    }
    // The last term is the integral of the rest.
    scale * ((sum + power * tail) / x + power * (w / x) / n)
}

/// `n! / x^n`.
fn scaled_factorial(n: f64, x: f64) -> f64 {
    if n > 500.0 {
        return (libm::lgamma(n + 1.0) - n * x.ln()).exp();
    }
    (1..=n as u32).fold(1.0, |product, k| product * (k as f64 / x))
}

#[cfg(test)]
mod tests {
    use super::*;

    const EULER: f64 = 0.577_215_664_901_532_9;
    const ZETA_3: f64 = 1.202_056_903_159_594_3;

    #[track_caller]
    fn close(got: f64, want: f64, tolerance: f64) {
        assert!((got - want).abs() <= tolerance * want.abs().max(1e-300), "{got:e}, expected {want:e}");
    }

    #[test]
    fn inverse_error_functions() {
        for x in [1e-300, 1e-9, 0.1, 0.3, 0.4999, 0.5, 0.5001, 0.7, 0.99, 0.999999] {
            close(libm::erf(erfinv(x)), x, 4e-16);
            assert_eq!(erfinv(-x), -erfinv(x));
        }
        for z in [1e-300, 1e-100, 1e-20, 1e-5, 0.2, 0.4999, 0.5, 0.9, 1.0, 1.3, 1.4999] {
            // The relative error of erfc is that of its argument times 2 y^2.
            close(libm::erfc(erfcinv(z)), z, 1e-13);
        }
        close(erfinv(0.5), 0.476_936_276_204_469_9, 2e-16);
        close(erfcinv(1.75), -0.813_419_847_597_618_5, 4e-16);
        close(erfcinv(5e-324), 27.213, 1e-3);
        assert_eq!([erfinv(0.0), erfcinv(1.0)], [0.0, 0.0]);
        assert_eq!([erfinv(1.0), erfinv(-1.0), erfcinv(0.0)], [f64::INFINITY, f64::NEG_INFINITY, f64::INFINITY]);
        assert_eq!(erfcinv(2.0), f64::NEG_INFINITY);
        assert!(
            [erfinv(1.1), erfinv(f64::NAN), erfcinv(-0.1), erfcinv(2.1), erfcinv(f64::NAN)].iter().all(|y| y.is_nan())
        );
    }

    #[test]
    fn digamma_at_known_points() {
        close(digamma(1.0), -EULER, 1e-15);
        close(digamma(0.5), -EULER - 2.0 * 2f64.ln(), 1e-15);
        close(digamma(11.0), (1..=10).map(|k| 1.0 / k as f64).sum::<f64>() - EULER, 1e-15);
        close(digamma(1e8), 1e8f64.ln() - 0.5e-8, 1e-15);
        // At a quarter the reflection has a cotangent of 1.
        close(digamma(-0.25), digamma(1.25) + PI, 1e-14);
        assert!(digamma(1.461_632_144_968_362_3).abs() < 1e-15);
        assert_eq!(digamma(0.0), f64::NEG_INFINITY);
        assert_eq!(digamma(-0.0), f64::INFINITY);
        assert_eq!(digamma(f64::INFINITY), f64::INFINITY);
        assert!(digamma(-3.0).is_nan() && digamma(f64::NAN).is_nan() && digamma(f64::NEG_INFINITY).is_nan());
        for x in [-7.3, -0.5001, 0.3, 2.7, 9.99, 40.0] {
            close(digamma(x + 1.0), digamma(x) + 1.0 / x, 1e-13);
        }
    }

    #[test]
    fn polygamma_at_known_points() {
        close(polygamma(1.0, 1.0), PI * PI / 6.0, 1e-15);
        close(polygamma(1.0, 0.5), PI * PI / 2.0, 1e-15);
        close(polygamma(2.0, 1.0), -2.0 * ZETA_3, 1e-15);
        close(polygamma(3.0, 1.0), PI.powi(4) / 15.0, 1e-15);
        close(polygamma(3.0, 0.5), PI.powi(4), 1e-15);
        close(polygamma(1.0, 1e10), 1e-10 + 0.5e-20, 1e-15);
        close(polygamma(1.0, 1e200), 1e-200, 1e-15);
        close(polygamma(100.0, 50.0) / polygamma(100.0, 51.0), 7.343_362_971_014_42, 1e-13);
        close(polygamma(600.0, 439.511_133_194_228_14), -6.389_732_011_897_62e-181, 1e-12);
        close(polygamma(33.0, -2.587_861_758_649_847_6), 1.064_704_531_133_879_7e50, 1e-14);
        assert_eq!(polygamma(170.0, -64.078), f64::INFINITY);
        assert_eq!(polygamma(170.0, -1.9), f64::NEG_INFINITY);
        assert_eq!(polygamma(170.0, -1.1), f64::INFINITY);
        assert_eq!(polygamma(0.0, 2.5), digamma(2.5));
        for n in [1.0, 2.0, 3.0, 6.0, 40.0] {
            let factorial: f64 = (1..=n as u32).map(f64::from).product();
            for x in [-31.4f64, -7.3, -0.25, -1e-3, 0.3, 2.7, 9.99, 40.0, 333.3] {
                // psi_n(x + 1) = psi_n(x) + (-1)^n n! / x^(n + 1)
                let step = (-1f64).powf(n) * factorial / x.powf(n + 1.0);
                let (here, there) = (polygamma(n, x), polygamma(n, x + 1.0));
                let largest = here.abs().max(there.abs()).max(step.abs());
                assert!((there - here - step).abs() < 3e-13 * largest, "{n}, {x}: {there:e} - {here:e} != {step:e}");
            }
        }
    }

    #[test]
    fn polygamma_is_the_derivative_of_the_one_before() {
        for n in [0.0, 1.0, 2.0, 5.0] {
            for x in [-2.3, -0.4, 0.7, 3.0, 15.0, 80.0] {
                let h = 1e-5 * f64::abs(x);
                let slope = (polygamma(n, x + h) - polygamma(n, x - h)) / (2.0 * h);
                close(polygamma(n + 1.0, x), slope, 1e-6);
            }
        }
    }

    #[test]
    fn polygamma_where_there_is_none() {
        assert!(
            [(0.5, 1.0), (-1.0, 1.0), (f64::NAN, 1.0), (f64::INFINITY, 1.0)]
                .iter()
                .all(|&(n, x)| polygamma(n, x).is_nan())
        );
        assert!(polygamma(1.0, f64::NAN).is_nan() && polygamma(1.0, f64::NEG_INFINITY).is_nan());
        assert!(polygamma(2.0, -3.0).is_nan());
        assert_eq!([polygamma(1.0, 0.0), polygamma(1.0, -3.0)], [f64::INFINITY; 2]);
        assert_eq!([polygamma(2.0, 0.0), polygamma(2.0, -0.0)], [f64::NEG_INFINITY, f64::INFINITY]);
        assert_eq!(polygamma(3.0, f64::INFINITY), 0.0);
        assert_eq!(polygamma(2.0, 1e-310), f64::NEG_INFINITY);
    }
}
