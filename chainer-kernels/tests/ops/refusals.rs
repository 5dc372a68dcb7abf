//! Bad input gives an error that names the argument, what was expected and what came; it is never a panic.

use chainer_kernels::kernel::{Conv, Pool, ScatterMode};
use chainer_kernels::ops::*;
use chainer_kernels::{Array, Dtype, ErrorKind};

use crate::{counting, refusal};

fn conv(groups: usize, stride: usize) -> Conv {
    let all = |v: usize| [v, v].into_iter().collect();
    Conv { stride: all(stride), pad: all(0), dilate: all(1), groups }
}

#[track_caller]
fn says(array: &Array, parts: &[&str]) {
    let text = refusal(array);
    for part in parts {
        assert!(text.contains(part), "{text}\nlacks {part:?}");
    }
}

#[test]
fn products_name_what_differs() {
    says(
        &matmul(&counting(&[2, 3]), &counting(&[4, 2])),
        &["InvalidType in matmul", "a.shape[-1] == b.shape[-2]", "3 != 4"],
    );
    says(&matmul(&counting(&[2, 2, 3]), &counting(&[3, 3, 2])), &["leading axes broadcast", "(2, 2, 3) and (3, 3, 2)"]);
    says(&matmul(&Array::scalar(1i64), &counting(&[2])), &["a.ndim >= 1"]);
    says(&tensordot(&counting(&[2, 3]), &counting(&[2, 3]), ([0, 0], [0, 1])), &["axis 0 is named twice"]);
    says(&tensordot(&counting(&[2, 3]), &counting(&[2, 3]), ([0], [1])), &["a.shape[0] == b.shape[1]", "2 != 3"]);
    says(&vdot(&counting(&[2]), &counting(&[3])), &["a.size == b.size"]);
    says(&linalg::cholesky(&Array::from([[1.0f32, 2.0], [2.0, 1.0]])), &["positive definite"]);
    says(&linalg::cholesky(&Array::zeros([2, 3], Dtype::F32)), &["a.shape[0] == a.shape[1]", "2 != 3"]);
    says(&linalg::svd(&Array::from([[f32::NAN]]), false).0, &["finite"]);
}

#[test]
fn convolutions_name_what_does_not_fit() {
    let zeros = |shape: [usize; 4]| Array::zeros(shape, Dtype::F32);
    let x = zeros([1, 4, 5, 5]);
    says(&convolution(&x, &zeros([2, 3, 2, 2]), &conv(1, 1), false), &["x.shape[1] == W.shape[1] * groups", "4 != 3"]);
    says(&convolution(&x, &zeros([3, 2, 2, 2]), &conv(2, 1), false), &["W.shape[0] % groups == 0", "3"]);
    says(&convolution(&x, &zeros([1, 4, 6, 2]), &conv(1, 1), false), &["window that fits", "window 6", "size 5"]);
    says(&convolution(&x, &zeros([1, 4, 2, 2]), &conv(1, 0), false), &["stride >= 1"]);
    says(&convolution(&x, &Array::zeros([1, 4, 2], Dtype::F32), &conv(1, 1), false), &["x.ndim == W.ndim", "4 != 3"]);
    says(
        &convolution(&x, &Array::zeros([1, 4, 2, 2], Dtype::I32), &conv(1, 1), false),
        &["W.dtype.kind == f", "int32"],
    );
    says(&convolution_backward_data(&x, &zeros([4, 1, 2, 2]), &conv(1, 1), &[9, 6]), &["output size"]);
    let pool =
        Pool { ksize: [3].into_iter().collect(), stride: [0].into_iter().collect(), pad: [0].into_iter().collect() };
    says(&max_pooling(&Array::zeros([1, 1, 4], Dtype::F32), &pool, true).0, &["stride of 1 numbers >= 1"]);
    says(&max_pooling(&x, &pool, true).1, &["x.ndim == 3", "4"]);
}

#[test]
fn indices_are_checked() {
    let x = counting(&[2, 3]);
    says(&x.slice(2), &["IndexOutOfBounds", "index 2 is out of bounds for axis 0 of size 2"]);
    says(&x.slice((0, 0, 0)), &["at most 2 axes"]);
    says(&x.slice([Index::Ellipsis, Index::Ellipsis]), &["one ellipsis"]);
    says(&x.slice(Index::Slice(None, None, Some(0))), &["step other than 0"]);
    says(&x.get_item(Array::from([0.5f32])), &["indices.dtype.kind", "float32"]);
    says(&x.get_item(Array::from([true, false, true])), &["mask.shape == x.shape[0:1]"]);
    says(
        &x.get_item((&Array::from([0i64, 1]), &Array::from([0i64, -4]))),
        &["index -4 is out of bounds for axis 1 of size 3"],
    );
    says(&x.get_item((&Array::from([0i64, 1]), &Array::from([0i64, 1, 2]))), &["index arrays that broadcast"]);
    says(&take(&x, &Array::from([1i64]), 2), &["-2 <= axis < 2", "axis = 2"]);
    says(&take_along_axis(&x, &Array::from([[0i64, 1]]), 1), &["indices.shape == (2, 3) but for axis 1", "(1, 2)"]);
    let updates = scatter_axis(&x, &Array::from([0i64]), &counting(&[2, 3]), 0, ScatterMode::Add);
    says(&updates, &["updates.shape == (1, 3)", "(2, 3)"]);
    let kind = take(&x, &Array::from([9i64]), 0).force().err().map(|e| e.kind());
    assert_eq!(kind, Some(ErrorKind::IndexOutOfBounds));
}

#[test]
fn rearranging_is_checked() {
    let x = counting(&[2, 3]);
    says(&concatenate(&[], 0), &["at least one array"]);
    says(&concatenate(&[&x, &counting(&[3])], 0), &["xs[0].ndim == xs[1].ndim", "2 != 1"]);
    says(&stack(&[&x, &counting(&[3, 2])], 0), &["xs[0].shape == xs[1].shape"]);
    says(&split(&x, 2, 1)[1], &["x.shape[1] % 2 == 0"]);
    says(&split(&x, 0, 1).first().cloned().unwrap_or_else(|| take(&x, &x, 5)), &["axis"]);
    says(&dsplit(&x, 1)[0], &["x.ndim >= 3", "2"]);
    says(&pad(&x, &[(0, 0), (1, 1), (2, 2)], PadMode::Edge), &["1 or 2 pairs"]);
    says(&pad(&counting(&[0]), &[(1, 1)], PadMode::Edge), &["x.shape[0] >= 1"]);
    assert!(PadMode::named("mirror").is_err());
    says(&arange(0, 5, 0, None), &["step other than 0"]);
    says(&arange(0.0, f64::INFINITY, 1, None), &["finite borders"]);
    says(&meshgrid(&[&x], "zz", false)[0], &["indexing \"xy\" or \"ij\""]);
    says(&roll(&x, 1, 2), &["axis = 2"]);
    says(&diag(&counting(&[1, 1, 1]), 0), &["v.ndim"]);
    says(&bincount(&Array::from([1i64, -2]), None, 0), &["x[1] = -2"]);
    says(&repeat_each(&x, &[1], 0), &["2 numbers of repeats"]);
    let mut square = counting(&[2, 3, 3]);
    assert!(fill_diagonal(&mut square, 1, false).is_err());
}

#[test]
fn failures_travel_and_name_the_callers_line() {
    let failed = matmul(&counting(&[2]), &counting(&[3]));
    let line = line!() - 1;
    let at = failed.error().and_then(|e| e.location()).map(|l| (l.file(), l.line()));
    assert_eq!(at, Some((file!(), line)));
    for later in [
        concatenate(&[&failed, &counting(&[2])], 0),
        take(&counting(&[2]), &failed, 0),
        sort(&failed, 0),
        roll(&failed, 1, None),
        pad(&failed, &[(1, 1)], PadMode::Edge),
        diag(&failed, 0),
        tile(&failed, &[2]),
        scatter_add(&failed, 0, &counting(&[1])),
        var(&failed, None, 0, false),
        count_nonzero(&failed, None),
        outer(&failed, &failed),
        split(&failed, 2, 0)[1].clone(),
    ] {
        assert_eq!(refusal(&later), refusal(&failed));
    }
}
