//! Pooling against loops written down from the definition.

use proptest::prelude::*;

use crate::cpu::testing::{array, assert_close, output, random, relaid, run, values};
use crate::dtype::Element;
use crate::kernel::{AveragePool, Divisor, Kernel, Pool, Window};
use crate::scalar::Scalar;
use crate::view::View;

#[derive(Clone, Debug)]
struct Case {
    lead: [usize; 2],
    /// input, window, stride, pad, output of each axis
    axes: Vec<[usize; 5]>,
    layout: usize,
}

fn cases() -> impl Strategy<Value = Case> {
    let axis = (1usize..9, 1usize..4, 1usize..4, 0usize..3, 0usize..2);
    (0usize..4, 1usize..4, prop::collection::vec(axis, 1..4), 0usize..8).prop_map(|(n, c, axes, layout)| {
        let axes = axes.into_iter().map(|(size, k, s, p, cover)| {
            // With `cover` the last window may lie wholly in the padding.
            let out = (size + 2 * p).saturating_sub(k) / s + 1 + cover;
            [size, k, s, p, out]
        });
        Case { lead: [n, c], axes: axes.collect(), layout }
    })
}

impl Case {
    fn pool(&self) -> Pool {
        let pick = |field: usize| self.axes.iter().map(|a| a[field]).collect();
        Pool { ksize: pick(1), stride: pick(2), pad: pick(3) }
    }
    fn shape(&self, field: usize) -> Vec<usize> {
        self.lead.into_iter().chain(self.axes.iter().map(|a| a[field])).collect()
    }
    /// Of each output, in order: (window element, place in x) of what lies inside.
    fn windows(&self) -> Vec<Vec<(usize, usize)>> {
        let unravel = |mut n: usize, field: usize| {
            let mut index = vec![0; self.axes.len()];
            for (at, axis) in index.iter_mut().zip(&self.axes).rev() {
                *at = n % axis[field];
                n /= axis[field];
            }
            index
        };
        let count = |field: usize| self.axes.iter().map(|a| a[field]).product::<usize>();
        let mut windows = Vec::new();
        for plane in 0..self.lead[0] * self.lead[1] {
            for position in (0..count(4)).map(|n| unravel(n, 4)) {
                let mut window = Vec::new();
                for tap in 0..count(1) {
                    let at = unravel(tap, 1).iter().zip(&position).zip(&self.axes).try_fold(
                        plane,
                        |place, ((t, o), &[size, _, s, p, _])| {
                            let at = (o * s + t).checked_sub(p).filter(|&at| at < size)?;
                            Some(place * size + at)
                        },
                    );
                    window.extend(at.map(|at| (tap, at)));
                }
                windows.push(window);
            }
        }
        windows
    }
}

fn numbers<T: Element>(view: &View) -> Vec<f64> {
    values::<T>(view).iter().map(|v| v.to_scalar().as_f64()).collect()
}

fn check<T: Element>(case: &Case, tolerance: f64) {
    let make = |shape: Vec<usize>, seed| {
        // Few distinct values, so that maxima are often equal.
        let values: Vec<T> = random(shape.iter().product(), seed)
            .into_iter()
            .map(|v| T::from_scalar(Scalar::Float((v * 8.0).round() / 4.0)))
            .collect();
        relaid::<T>(&array(&values, &shape), case.layout)
    };
    let (x, gy, ggx) = (make(case.shape(0), 1), make(case.shape(4), 2), make(case.shape(0), 3));
    let (xs, gys, ggxs) = (numbers::<T>(&x), numbers::<T>(&gy), numbers::<T>(&ggx));
    let windows = case.windows();
    let (y, index) = (output::<T>(&case.shape(4)), output::<i32>(&case.shape(4)));
    run(&Kernel::MaxPool(case.pool()), &[&x], &[&y, &index]).unwrap();
    let mut best = Vec::new();
    let mut gx = vec![0.0; xs.len()];
    let mut ggy = Vec::new();
    for (window, gradient) in windows.iter().zip(&gys) {
        let first = window.iter().fold((f64::NEG_INFINITY, 0, None), |best, &(tap, at)| {
            if xs[at] > best.0 { (xs[at], tap, Some(at)) } else { best }
        });
        best.push(first);
        if let Some(at) = first.2 {
            gx[at] += gradient;
        }
        ggy.push(first.2.map_or(0.0, |at| ggxs[at]));
    }
    assert_close(&numbers::<T>(&y), &best.iter().map(|b| b.0).collect::<Vec<_>>(), 0.0, "max");
    assert_eq!(values::<i32>(&index), best.iter().map(|b| b.1 as i32).collect::<Vec<_>>());
    let index = relaid::<i32>(&index, case.layout);
    let out = output::<T>(&case.shape(0));
    run(&Kernel::MaxPoolBackward(case.pool()), &[&gy, &index], &[&out]).unwrap();
    assert_close(&numbers::<T>(&out), &gx, tolerance, "max backward");
    let out = output::<T>(&case.shape(4));
    run(&Kernel::MaxPoolGather(case.pool()), &[&ggx, &index], &[&out]).unwrap();
    assert_close(&numbers::<T>(&out), &ggy, 0.0, "max gather");

    let ones = case.axes.iter().map(|_| 1).collect();
    let Pool { ksize, stride, pad } = case.pool();
    let window = Window { ksize, stride, pad, dilate: ones };
    let columns: Vec<usize> =
        case.lead.into_iter().chain([1, 4].into_iter().flat_map(|f| case.axes.iter().map(move |a| a[f]))).collect();
    let taps: usize = case.axes.iter().map(|a| a[1]).product();
    let positions: usize = case.axes.iter().map(|a| a[4]).product();
    let place = |n: usize, tap: usize| (n / positions * taps + tap) * positions + n % positions;
    let out = output::<T>(&columns);
    run(&Kernel::Unfold(window.clone()), &[&x], &[&out]).unwrap();
    let mut want = vec![0.0; columns.iter().product()];
    for (n, window) in windows.iter().enumerate() {
        window.iter().for_each(|&(tap, at)| want[place(n, tap)] = xs[at]);
    }
    assert_close(&numbers::<T>(&out), &want, 0.0, "unfold");
    let given = make(columns, 4);
    let (laid, out) = (numbers::<T>(&given), output::<T>(&case.shape(0)));
    run(&Kernel::Fold(window), &[&given], &[&out]).unwrap();
    let mut want = vec![0.0; xs.len()];
    for (n, window) in windows.iter().enumerate() {
        window.iter().for_each(|&(tap, at)| want[at] += laid[place(n, tap)]);
    }
    assert_close(&numbers::<T>(&out), &want, tolerance, "fold");

    for divisor in [Divisor::Inside, Divisor::Window, Divisor::One] {
        let full: usize = case.axes.iter().map(|a| a[1]).product();
        let by = |window: &Vec<(usize, usize)>| match divisor {
            Divisor::Inside => window.len().max(1) as f64,
            Divisor::Window => full as f64,
            Divisor::One => 1.0,
        };
        let pool = AveragePool { pool: case.pool(), divisor };
        let out = output::<T>(&case.shape(4));
        run(&Kernel::AveragePool(pool.clone()), &[&x], &[&out]).unwrap();
        let want: Vec<f64> = windows.iter().map(|w| w.iter().map(|p| xs[p.1]).sum::<f64>() / by(w)).collect();
        assert_close(&numbers::<T>(&out), &want, tolerance, "average");
        let out = output::<T>(&case.shape(0));
        run(&Kernel::AveragePoolBackward(pool), &[&gy], &[&out]).unwrap();
        let mut gx = vec![0.0; xs.len()];
        for (window, gradient) in windows.iter().zip(&gys) {
            window.iter().for_each(|p| gx[p.1] += gradient / by(window));
        }
        assert_close(&numbers::<T>(&out), &gx, tolerance, "average backward");
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]
    #[test]
    fn pooling_agrees_with_its_definition(case in cases()) {
        check::<f64>(&case, 1e-12);
        check::<f32>(&case, 1e-5);
        check::<half::f16>(&case, 1e-2);
        check::<half::bf16>(&case, 5e-2);
    }
}

#[test]
fn the_first_nan_is_the_maximum() {
    let x = array(&[1.0f32, f32::NAN, 5.0, f32::NAN], &[1, 1, 4]);
    let (y, index) = (output::<f32>(&[1, 1, 1]), output::<i32>(&[1, 1, 1]));
    let pool =
        Pool { ksize: [4].into_iter().collect(), stride: [1].into_iter().collect(), pad: [0].into_iter().collect() };
    run(&Kernel::MaxPool(pool), &[&x], &[&y, &index]).unwrap();
    assert!(values::<f32>(&y)[0].is_nan());
    assert_eq!(values::<i32>(&index), [1]);
}
