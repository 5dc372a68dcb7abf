use chainer_kernels::kernel::{AveragePool, Conv, Divisor, Pool};
use chainer_kernels::ops::{
    average_pooling, average_pooling_backward, convolution, convolution_backward_data, convolution_backward_filter,
    deconvolution, dot, inner, linalg, matmul, max_pooling, max_pooling_backward, outer, tensordot, vdot,
};
use chainer_kernels::{Array, ArrayOps, Dtype};

use crate::{counting, integers, random};

#[test]
fn matmul_follows_numpys_rule() {
    let shape = |a: &[usize], b: &[usize]| matmul(&counting(a), &counting(b)).shape().to_vec();
    assert_eq!(shape(&[2, 3], &[3, 4]), [2, 4]);
    assert_eq!(shape(&[3], &[3, 4]), [4]);
    assert_eq!(shape(&[2, 3], &[3]), [2]);
    assert_eq!(shape(&[3], &[3]), [0usize; 0]);
    assert_eq!(shape(&[5, 1, 2, 3], &[4, 3, 2]), [5, 4, 2, 2]);
    assert_eq!(shape(&[5, 2, 3], &[3]), [5, 2]);
    assert_eq!(shape(&[0, 3], &[3, 2]), [0, 2]);
    assert_eq!(integers(&matmul(&counting(&[2, 0]), &counting(&[0, 2]))), [0; 4]);
    // Every batch, transposed operands, against a product by hand.
    let (a, b) = (counting(&[2, 1, 3, 4]), counting(&[5, 3, 4]).permute(&[0, 2, 1]));
    let y = matmul(&a, &b);
    for (i, j, m, n) in [(0, 0, 0, 0), (1, 4, 2, 2), (1, 2, 0, 1)] {
        let want: i64 =
            (0..4).map(|k| a.item_at::<i64>(&[i, 0, m, k]).unwrap() * b.item_at::<i64>(&[j, k, n]).unwrap()).sum();
        assert_eq!(y.item_at::<i64>(&[i, j, m, n]).unwrap(), want);
    }
}

#[test]
fn products_promote_their_operands() {
    let (a, b) = (Array::from([[1i32, 2]]), Array::from([[0.5f32], [0.25]]));
    let y = matmul(&a, &b);
    assert_eq!((y.dtype(), y.item::<f64>().unwrap()), (Dtype::F64, 1.0));
    let flags = matmul(&Array::from([[true, false]]), &Array::from([[true], [true]]));
    assert_eq!(flags.to_vec::<bool>().unwrap(), [true]);
}

#[test]
fn other_products_are_matmul_in_disguise() {
    let (a, b) = (counting(&[2, 3]), counting(&[4, 3]));
    assert_eq!(integers(&inner(&a, &b)), integers(&matmul(&a, &b.transpose())));
    assert_eq!(integers(&dot(&a, &Array::scalar(2i64))), [0, 2, 4, 6, 8, 10]);
    assert_eq!(vdot(&a, &a.transpose().transpose()).item::<i64>().unwrap(), 55);
    assert_eq!(integers(&outer(&counting(&[2]), &counting(&[3]))), [0, 0, 0, 0, 1, 2]);
    let (a, b) = (counting(&[2, 3, 4]), counting(&[4, 3, 5]));
    let y = tensordot(&a, &b, ([1, 2], [1, 0]));
    let want: i64 = (0..3)
        .flat_map(|i| (0..4).map(move |j| (i, j)))
        .map(|(i, j)| a.item_at::<i64>(&[1, i, j]).unwrap() * b.item_at::<i64>(&[j, i, 3]).unwrap())
        .sum();
    assert_eq!(y.item_at::<i64>(&[1, 3]).unwrap(), want);
    assert_eq!(tensordot(&a, &b, 0).shape(), &[2, 3, 4, 4, 3, 5].into());
}

fn conv(stride: &[usize], pad: &[usize], dilate: &[usize], groups: usize) -> Conv {
    let all = |v: &[usize]| v.iter().copied().collect();
    Conv { stride: all(stride), pad: all(pad), dilate: all(dilate), groups }
}

/// `<convolution(x, w), gy>` is linear in each argument, so each gradient must give the same number.
#[test]
fn gradients_of_a_convolution_are_its_adjoints() {
    for (options, cover_all) in [
        (conv(&[1, 2], &[1, 0], &[1, 2], 1), false),
        (conv(&[2, 2], &[1, 2], &[1, 1], 2), true),
        (conv(&[3, 1], &[0, 0], &[2, 1], 2), false),
    ] {
        let x = random(&[2, 4, 9, 8], Dtype::F64, 1);
        let w = random(&[6, 4 / options.groups, 3, 2], Dtype::F64, 2);
        let y = convolution(&x, &w, &options, cover_all);
        let gy = random(y.shape(), Dtype::F64, 3);
        let gx = convolution_backward_data(&gy, &w, &options, &[9, 8]);
        let gw = convolution_backward_filter(&x, &gy, &options, &[3, 2]);
        let inner = |a: &Array, b: &Array| (a * b).sum(None, false).item::<f64>().unwrap();
        let want = inner(&y, &gy);
        assert!((inner(&gx, &x) - want).abs() < 1e-10);
        assert!((inner(&gw, &w) - want).abs() < 1e-10);
    }
}

#[test]
fn deconvolution_takes_an_output_size() {
    let x = random(&[1, 2, 3, 3], Dtype::F32, 1);
    let w = random(&[2, 3, 2, 2], Dtype::F32, 2);
    let options = conv(&[2, 2], &[0, 0], &[1, 1], 1);
    assert_eq!(deconvolution(&x, &w, &options, None).shape(), &[1, 3, 6, 6].into());
    assert_eq!(deconvolution(&x, &w, &options, Some(&[7, 6])).shape(), &[1, 3, 7, 6].into());
    assert!(deconvolution(&x, &w, &options, Some(&[9, 6])).is_failed());
}

#[test]
fn empty_batches_pass_through() {
    let options = conv(&[1, 1], &[0, 0], &[1, 1], 1);
    let (x, w) = (Array::zeros([0, 2, 4, 4], Dtype::F32), Array::ones([3, 2, 2, 2], Dtype::F32));
    let y = convolution(&x, &w, &options, false);
    assert_eq!(y.to_vec::<f32>().unwrap(), []);
    let gw = convolution_backward_filter(&x, &y, &options, &[2, 2]);
    assert_eq!(gw.to_vec::<f32>().unwrap(), [0.0; 24]);
    let all = |v: [usize; 2]| v.into_iter().collect();
    let pool = Pool { ksize: all([2, 2]), stride: all([2, 2]), pad: all([0, 0]) };
    let (y, index) = max_pooling(&x, &pool, true);
    assert_eq!(y.shape(), &[0, 2, 2, 2].into());
    assert_eq!(max_pooling_backward(&y, &index, &pool, &[4, 4]).to_vec::<f32>().unwrap(), []);
}

#[test]
fn pooling_takes_any_layout() {
    let all = |v: [usize; 2]| v.into_iter().collect();
    let pool = Pool { ksize: all([3, 2]), stride: all([2, 1]), pad: all([1, 0]) };
    let x = random(&[2, 3, 6, 5], Dtype::F32, 4);
    let other = x.permute(&[3, 1, 0, 2]).contiguous().permute(&[2, 1, 3, 0]);
    let ((y, i), (z, j)) = (max_pooling(&x, &pool, false), max_pooling(&other, &pool, false));
    assert_eq!(y.to_vec::<f32>().unwrap(), z.to_vec::<f32>().unwrap());
    assert_eq!(i.to_vec::<i32>().unwrap(), j.to_vec::<i32>().unwrap());
    let average = AveragePool { pool, divisor: Divisor::Inside };
    let (y, z) = (average_pooling(&x, &average, false), average_pooling(&other, &average, false));
    assert_eq!(y.to_vec::<f32>().unwrap(), z.to_vec::<f32>().unwrap());
    let gx = average_pooling_backward(&y, &average, &[6, 5]);
    // Windows without padding pass on exactly what came.
    let (total, came) = (gx.sum(None, false).item::<f64>().unwrap(), y.sum(None, false).item::<f64>().unwrap());
    assert!((total - came).abs() < 1e-4);
}

#[test]
fn factorisations_multiply_back() {
    for shape in [[5, 3], [3, 5], [4, 4], [1, 1], [0, 2]] {
        let a = random(&shape, Dtype::F64, 7);
        let close = |x: &Array, y: &Array| {
            let apart = (x - y).abs().to_vec::<f64>().unwrap().into_iter().fold(0.0, f64::max);
            assert!(apart < 1e-12, "{shape:?}: {apart}");
        };
        let unit = |q: &Array| {
            let size = q.shape()[1];
            close(&matmul(&q.transpose(), q), &chainer_kernels::ops::identity(size, Dtype::F64));
        };
        for mode in [linalg::QrMode::Reduced, linalg::QrMode::Complete] {
            let (q, r) = linalg::qr(&a, mode);
            close(&matmul(&q, &r), &a);
            unit(&q);
        }
        let (u, s, vt) = linalg::svd(&a, false);
        close(&matmul(&(&u * &s), &vt), &a);
        unit(&u);
        unit(&vt.transpose());
        let (u, _, vt) = linalg::svd(&a, true);
        unit(&u);
        unit(&vt);
    }
    // Of rank one: the second column of u has to be made up.
    let (u, s, _) = linalg::svd(&Array::ones([3, 2], Dtype::F64), false);
    assert!(s.item_at::<f64>(&[1]).unwrap() < 1e-12);
    let gram = matmul(&u.transpose(), &u).to_vec::<f64>().unwrap();
    assert!((gram[3] - 1.0).abs() < 1e-12 && gram[1].abs() < 1e-12);
    let a = random(&[4, 4], Dtype::F64, 3);
    let positive = matmul(&a, &a.transpose()) + chainer_kernels::ops::identity(4, Dtype::F64);
    let l = linalg::cholesky(&positive);
    let back = matmul(&l, &l.transpose());
    assert!((back - positive).abs().max(None, false).item::<f64>().unwrap() < 1e-12);
}
