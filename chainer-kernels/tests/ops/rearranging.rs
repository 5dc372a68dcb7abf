use chainer_kernels::ops::*;
use chainer_kernels::{Array, ArrayOps, Dtype, Scalar};

use crate::{counting, integers, random};

#[test]
fn splitting_undoes_joining() {
    let x = counting(&[2, 7, 3]);
    for parts in [array_split(&x, 3, 1), split(&x, [2, 2, -1], 1), split(&x, 7, -2)] {
        let back = concatenate(&parts.iter().collect::<Vec<_>>(), 1);
        assert_eq!(integers(&back), integers(&x));
    }
    let sizes: Vec<usize> = split(&x, [2, 1, 99], 1).iter().map(|p| p.shape()[1]).collect();
    assert_eq!(sizes, [2, 0, 6, 0]);
    let stacked = stack(&[&x, &x], -1);
    assert_eq!(stacked.shape(), &[2, 7, 3, 2].into());
    assert_eq!(integers(&stacked.slice((Index::Ellipsis, 1))), integers(&x));
    assert_eq!(concatenate(&[&counting(&[2]), &random(&[1], Dtype::F32, 1)], 0).dtype(), Dtype::F64);
}

#[test]
fn stacking_raises_ranks_as_numpy_does() {
    let (v, m) = (counting(&[3]), counting(&[3, 2]));
    assert_eq!(vstack(&[&v, &v]).shape(), &[2, 3].into());
    assert_eq!(hstack(&[&m, &m]).shape(), &[3, 4].into());
    assert_eq!(dstack(&[&m, &m]).shape(), &[3, 2, 2].into());
    assert_eq!(column_stack(&[&v, &m]).shape(), &[3, 3].into());
    assert_eq!(c_(&[&v, &v]).shape(), &[3, 2].into());
    assert_eq!(r_(&[&v, &v]).shape(), &[6].into());
    assert_eq!(atleast_3d(&v).shape(), &[1, 3, 1].into());
    assert_eq!(hstack(&[&Array::scalar(1i64), &v]).shape(), &[4].into());
}

#[test]
fn turning_and_shifting() {
    let x = counting(&[2, 3]);
    assert_eq!(integers(&rot90(&x, 1, [0, 1])), [2, 5, 1, 4, 0, 3]);
    assert_eq!(integers(&rot90(&x, 3, [0, 1])), [3, 0, 4, 1, 5, 2]);
    assert_eq!(integers(&rot90(&x, -1, [0, 1])), integers(&rot90(&x, 3, [0, 1])));
    assert_eq!(integers(&rot90(&x, 6, [1, 0])), [5, 4, 3, 2, 1, 0]);
    assert_eq!(integers(&roll(&x, 7, None)), [5, 0, 1, 2, 3, 4]);
    assert_eq!(integers(&roll(&x, -2, [0, 1])), [2, 0, 1, 5, 3, 4]);
    assert_eq!(roll(&Array::zeros([0, 3], Dtype::F32), 1, 0).shape(), &[0, 3].into());
    assert_eq!(moveaxis(&counting(&[2, 3, 4]), &[2, 0], &[0, 1]).shape(), &[4, 2, 3].into());
    assert_eq!(integers(&flip(&x, -1)), [2, 1, 0, 5, 4, 3]);
}

#[test]
fn repeating() {
    let x = counting(&[2, 2]);
    assert_eq!(integers(&tile(&x, &[2])), [0, 1, 0, 1, 2, 3, 2, 3]);
    assert_eq!(tile(&x, &[3, 1, 2]).shape(), &[3, 2, 4].into());
    assert_eq!(tile(&x, &[0]).shape(), &[2, 0].into());
    assert_eq!(integers(&tile(&Array::scalar(7i64), &[2])), [7, 7]);
    assert_eq!(integers(&repeat(&x, 2, 1)), [0, 0, 1, 1, 2, 2, 3, 3]);
    assert_eq!(repeat(&x, 0, 0).shape(), &[0, 2].into());
}

#[test]
fn borders() {
    let x = counting(&[2, 2]);
    let constants = PadMode::Constants(vec![(Scalar::Int(7), Scalar::Int(8)), (Scalar::Int(9), Scalar::Int(5))]);
    assert_eq!(integers(&pad(&x, &[(1, 0), (0, 1)], constants)), [7, 7, 5, 0, 1, 5, 2, 3, 5]);
    assert_eq!(integers(&pad(&counting(&[1]), &[(2, 1)], PadMode::Reflect)), [0; 4]);
    assert_eq!(integers(&pad(&counting(&[2]), &[(5, 4)], PadMode::Symmetric)), [0, 0, 1, 1, 0, 0, 1, 1, 0, 0, 1]);
    let wrapped = pad(&x, &[(1, 1)], PadMode::Wrap);
    assert_eq!(integers(&wrapped), [3, 2, 3, 2, 1, 0, 1, 0, 3, 2, 3, 2, 1, 0, 1, 0]);
}

#[test]
fn diagonals_of_every_offset() {
    let x = counting(&[3, 4]);
    for offset in -4..6isize {
        let want: Vec<i64> =
            (0..3).filter(|i| (0..4).contains(&(i + offset))).map(|i| (i * 4 + i + offset) as i64).collect();
        assert_eq!(integers(&diagonal(&x, offset, 0, 1)), want, "{offset}");
        assert_eq!(trace(&x, offset, 0, 1).item::<i64>().unwrap(), want.iter().sum::<i64>());
        assert_eq!(integers(&diagonal(&x.transpose(), offset, 1, 0)), want, "{offset}");
    }
    let cube = counting(&[2, 3, 4]);
    assert_eq!(diagonal(&cube, 1, 0, 2).shape(), &[3, 2].into());
    assert_eq!(integers(&diagonal(&cube, 0, 0, 2)), [0, 13, 4, 17, 8, 21]);
    for k in -2..3 {
        let v = Array::from([1i64, 2]);
        assert_eq!(integers(&diag(&diag(&v, k), k)), [1, 2]);
        assert_eq!(diag(&v, k).sum(None, false).item::<i64>().unwrap(), 3);
    }
    let mut tall = Array::zeros([5, 2], Dtype::I64);
    fill_diagonal(&mut tall, 1, true).unwrap();
    assert_eq!(integers(&tall), [1, 0, 0, 1, 0, 0, 1, 0, 0, 1]);
    let mut cube = Array::zeros([2, 2, 2], Dtype::I64);
    fill_diagonal(&mut cube, 1, false).unwrap();
    assert_eq!(integers(&cube), [1, 0, 0, 0, 0, 0, 0, 1]);
}

#[test]
fn ranges_and_grids() {
    assert_eq!(arange(5, 0, -2, None).to_vec::<i64>().unwrap(), [5, 3, 1]);
    assert_eq!(arange(3, 3, 1, None).size(), 0);
    assert_eq!(arange(0.0, 0.3, 0.1, None).dtype(), Dtype::F64);
    assert_eq!(linspace(2.0, 3.0, 1, true, None).to_vec::<f64>().unwrap(), [2.0]);
    assert_eq!(linspace(2.0, 3.0, 0, true, None).size(), 0);
    assert_eq!(linspace_with_step(2.0, 3.0, 4, false, None).1, 0.25);
    assert!(linspace_with_step(2.0, 3.0, 1, true, None).1.is_nan());
    assert_eq!(linspace(0, 10, 3, true, Dtype::I32).to_vec::<i32>().unwrap(), [0, 5, 10]);
    let grid = meshgrid(&[&counting(&[2]), &counting(&[3]), &counting(&[1])], "xy", true);
    assert_eq!(grid.iter().map(|g| g.shape().to_vec()).collect::<Vec<_>>(), [[1, 2, 1], [3, 1, 1], [1, 1, 1]]);
    assert_eq!(meshgrid(&[&counting(&[2])], "xy", false)[0].shape(), &[2].into());
    assert_eq!(integers(&eye(2, 3, -1, Dtype::Bool)), [0, 0, 0, 1, 0, 0]);
}

#[test]
fn statistics_by_hand() {
    let x = Array::from([[1.0f64, 2.0, 3.0], [4.0, 6.0, 8.0]]);
    assert_eq!(var(&x, 1, 1, false).to_vec::<f64>().unwrap(), [1.0, 4.0]);
    assert_eq!(std(&x, [0, 1], 0, true).shape(), &[1, 1].into());
    assert_eq!(var(&counting(&[2]), None, 0, false).item::<f64>().unwrap(), 0.25);
    assert!(var(&x, 0, 5, false).to_vec::<f64>().unwrap().iter().all(|v| v.is_infinite()));
    let holes = Array::from([[f32::NAN, 1.0], [f32::NAN, f32::NEG_INFINITY]]);
    let most = nanmax(&holes, 0, false).to_vec::<f32>().unwrap();
    assert!(most[0].is_nan() && most[1] == 1.0);
    assert_eq!(nanmin(&holes, None, false).item::<f32>().unwrap(), f32::NEG_INFINITY);
    assert_eq!(nanmax(&counting(&[3]), None, false).item::<i64>().unwrap(), 2);
    assert_eq!(count_nonzero(&Array::from([[0i8, 1], [2, 0]]), 0).to_vec::<i64>().unwrap(), [1, 1]);
    assert_eq!(bincount(&Array::from_vec(Vec::<i64>::new(), [0]), None, 2).to_vec::<i64>().unwrap(), [0, 0]);
    let weights = Array::from([1.0f64, 0.0, 3.0]);
    assert_eq!(average(&x, 1, Some(&weights)).to_vec::<f64>().unwrap(), [2.5, 7.0]);
}

#[test]
fn order_and_running_sums() {
    let x = Array::from([[3.0f32, f32::NAN, 1.0], [2.0, 5.0, -1.0]]);
    assert_eq!(integers(&argsort(&x, 1)), [2, 0, 1, 2, 0, 1]);
    assert_eq!(integers(&argsort(&x, 0)), [1, 1, 1, 0, 0, 0]);
    assert_eq!(sort(&x, None).to_vec::<f32>().unwrap()[..5], [-1.0, 1.0, 2.0, 3.0, 5.0]);
    assert_eq!(integers(&cumsum(&counting(&[2, 3]), 0)), [0, 1, 2, 3, 5, 7]);
    assert_eq!(cumsum(&Array::from([true, true]), 0).to_vec::<i64>().unwrap(), [1, 2]);
    assert_eq!(cumprod(&Array::from([2u8, 200]), None).to_vec::<u64>().unwrap(), [2, 400]);
    assert_eq!(cumsum(&Array::zeros([0, 2], Dtype::F32), 0).shape(), &[0, 2].into());
}

#[test]
fn parts_of_numbers() {
    let x = Array::from([2.5f64, -3.0, f64::INFINITY, -0.0, f64::NAN]);
    let (fraction, whole) = modf(&x);
    let (fraction, whole) = (fraction.to_vec::<f64>().unwrap(), whole.to_vec::<f64>().unwrap());
    assert_eq!((fraction[0], whole[0]), (0.5, 2.0));
    assert_eq!((fraction[1], whole[1]), (0.0, -3.0));
    assert!(fraction[1].is_sign_negative() && fraction[3].is_sign_negative());
    assert_eq!((fraction[2], whole[2]), (0.0, f64::INFINITY));
    assert!(fraction[4].is_nan());
    let (mantissa, exponent) = frexp(&Array::from([0.0f32, 6.0, -0.125]));
    assert_eq!(mantissa.to_vec::<f32>().unwrap(), [0.0, 0.75, -0.5]);
    assert_eq!(exponent.to_vec::<i32>().unwrap(), [0, 3, -2]);
    let mut y = counting(&[2, 2]);
    copyto(&mut y, Array::from([7i64, 8]), None).unwrap();
    assert_eq!(integers(&y), [7, 8, 7, 8]);
}
