//! Convolutions against loops written down from the definition, over shapes, layouts and dtypes.

use proptest::prelude::*;

use crate::cpu::testing::{array, assert_close, output, random, relaid, run, values};
use crate::dtype::Element;
use crate::kernel::{Conv, Kernel};
use crate::scalar::Scalar;
use crate::view::View;

/// The sizes of a case.
#[derive(Clone, Debug)]
struct Case {
    images: usize,
    groups: usize,
    channels: usize,
    filters: usize,
    /// input, kernel, stride, pad, dilate of each axis
    axes: Vec<[usize; 5]>,
    layout: usize,
}

impl Case {
    fn out(&self) -> Vec<usize> {
        self.axes.iter().map(|&[n, k, s, p, d]| (n + 2 * p - (k - 1) * d - 1) / s + 1).collect()
    }
    fn shape(&self, lead: [usize; 2], axis: impl Fn(usize) -> usize) -> Vec<usize> {
        lead.into_iter().chain((0..self.axes.len()).map(axis)).collect()
    }
    fn x(&self) -> Vec<usize> {
        self.shape([self.images, self.groups * self.channels], |i| self.axes[i][0])
    }
    fn w(&self) -> Vec<usize> {
        self.shape([self.groups * self.filters, self.channels], |i| self.axes[i][1])
    }
    fn y(&self) -> Vec<usize> {
        let out = self.out();
        self.shape([self.images, self.groups * self.filters], |i| out[i])
    }
    fn conv(&self) -> Conv {
        let pick = |field: usize| self.axes.iter().map(|a| a[field]).collect();
        Conv { stride: pick(2), pad: pick(3), dilate: pick(4), groups: self.groups }
    }

    /// The row-major places in x, w and y of every product that the convolution sums.
    fn products(&self) -> Vec<(usize, usize, usize)> {
        let mut products = Vec::new();
        let flat = |index: &[usize], shape: &[usize]| index.iter().zip(shape).fold(0, |at, (i, d)| at * d + i);
        let spatial = |sizes: &[usize]| -> Vec<Vec<usize>> {
            (0..sizes.iter().product())
                .map(|mut n: usize| {
                    let mut index = vec![0; sizes.len()];
                    for axis in (0..sizes.len()).rev() {
                        index[axis] = n % sizes[axis];
                        n /= sizes[axis];
                    }
                    index
                })
                .collect()
        };
        let (x, w, y) = (self.x(), self.w(), self.y());
        let kernel: Vec<usize> = self.axes.iter().map(|a| a[1]).collect();
        for n in 0..self.images {
            for o in 0..self.groups * self.filters {
                for place in spatial(&self.out()) {
                    for c in 0..self.channels {
                        for tap in spatial(&kernel) {
                            let at: Option<Vec<usize>> = (0..self.axes.len())
                                .map(|i| {
                                    let [size, _, s, p, d] = self.axes[i];
                                    (place[i] * s + tap[i] * d).checked_sub(p).filter(|&at| at < size)
                                })
                                .collect();
                            let Some(at) = at else { continue };
                            let from = [vec![n, o / self.filters * self.channels + c], at].concat();
                            let weight = [vec![o, c], tap.clone()].concat();
                            let to = [vec![n, o], place.clone()].concat();
                            products.push((flat(&from, &x), flat(&weight, &w), flat(&to, &y)));
                        }
                    }
                }
            }
        }
        products
    }
}

fn cases() -> impl Strategy<Value = Case> {
    let axis = (0usize..7, 1usize..4, 1usize..4, 0usize..3, 1usize..3);
    let axes = prop::collection::vec(axis, 1..=3);
    (0usize..4, 1usize..3, 1usize..5, 1usize..5, axes, 0usize..8).prop_map(
        |(images, groups, channels, filters, axes, layout)| {
            // Inputs that hold at least one window.
            let axes =
                axes.into_iter().map(|(n, k, s, p, d)| [n.max(((k - 1) * d + 1).saturating_sub(2 * p)), k, s, p, d]);
            Case { images, groups, channels, filters, axes: axes.collect(), layout }
        },
    )
}

fn check<T: Element>(case: &Case, products: &[(usize, usize, usize)], tolerance: f64) {
    let make = |shape: &[usize], seed: u64| -> (View, Vec<f64>) {
        let values: Vec<T> =
            random(shape.iter().product(), seed).into_iter().map(|v| T::from_scalar(Scalar::Float(v))).collect();
        let rounded = values.iter().map(|v| v.to_scalar().as_f64()).collect();
        (relaid::<T>(&array(&values, shape), case.layout), rounded)
    };
    let ((x, xs), (w, ws), (gy, gys)) = (make(&case.x(), 1), make(&case.w(), 2), make(&case.y(), 3));
    let conv = case.conv();
    let compare = |kernel: Kernel, inputs: [&View; 2], shape: Vec<usize>, want: Vec<f64>| {
        let out = output::<T>(&shape);
        run(&kernel, &inputs, &[&out]).unwrap();
        let got: Vec<f64> = values::<T>(&out).iter().map(|v| v.to_scalar().as_f64()).collect();
        assert_close(&got, &want, tolerance, kernel.name());
    };
    let (mut y, mut gx, mut gw) = (vec![0.0; gys.len()], vec![0.0; xs.len()], vec![0.0; ws.len()]);
    for &(i, j, k) in products {
        y[k] += xs[i] * ws[j];
        gx[i] += gys[k] * ws[j];
        gw[j] += gys[k] * xs[i];
    }
    compare(Kernel::Conv(conv.clone()), [&x, &w], case.y(), y);
    compare(Kernel::ConvBackwardData(conv.clone()), [&gy, &w], case.x(), gx);
    compare(Kernel::ConvBackwardFilter(conv), [&x, &gy], case.w(), gw);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]
    #[test]
    fn convolutions_agree_with_their_definition(case in cases()) {
        let products = case.products();
        check::<f64>(&case, &products, 1e-12);
        check::<f32>(&case, &products, 1e-5);
        check::<half::f16>(&case, &products, 2e-3);
        check::<half::bf16>(&case, &products, 2e-2);
    }
}

/// Sizes at which tiles, channel blocks and image parts all occur.
#[test]
fn tiled_convolutions_agree_with_their_definition() {
    let axes = |n| vec![[n, 3, 1, 1, 1], [n + 3, 3, 1, 1, 1]];
    for (images, groups, channels, filters, axes) in [
        (2, 1, 20, 3, axes(36)),
        (1, 2, 70, 3, axes(8)),
        (20, 1, 3, 4, axes(6)),
        (2, 1, 40, 20, vec![[5, 1, 1, 0, 1], [200, 1, 1, 0, 1]]),
        (1, 1, 2, 2, vec![[9000, 5, 2, 3, 2]]),
    ] {
        let case = Case { images, groups, channels, filters, axes, layout: 0 };
        let products = case.products();
        check::<f32>(&case, &products, 1e-4);
        check::<half::f16>(&Case { layout: 1, ..case }, &products, 3e-2);
    }
}

#[test]
fn integers_are_refused() {
    let (x, w, y) = (output::<i32>(&[1, 1, 3]), output::<i32>(&[1, 1, 2]), output::<i32>(&[1, 1, 2]));
    let case = Case { images: 1, groups: 1, channels: 1, filters: 1, axes: vec![[3, 2, 1, 0, 1]], layout: 0 };
    let error = run(&Kernel::Conv(case.conv()), &[&x, &w], &[&y]).unwrap_err();
    assert_eq!(error.to_string(), "Unsupported in convolution\n  needs a floating-point dtype, got int32");
}
