//! Results do not depend on the number of threads, to the bit.

use chainer_kernels::kernel::{AveragePool, Conv, Divisor, Pool, RegionPool, ScatterMode, Window};
use chainer_kernels::ops::*;
use chainer_kernels::{Array, ArrayOps, Dtype, cpu};

use crate::random;

#[test]
fn no_bit_depends_on_the_number_of_threads() {
    let all = |v: [usize; 2]| v.into_iter().collect();
    let conv = Conv { stride: all([1, 1]), pad: all([1, 1]), dilate: all([1, 1]), groups: 1 };
    let pool = Pool { ksize: all([3, 3]), stride: all([2, 2]), pad: all([1, 1]) };
    let results = || -> Vec<Vec<f64>> {
        let mut out = Vec::new();
        for dtype in [Dtype::F32, Dtype::F64, Dtype::F16] {
            let make = |shape: &[usize], seed| random(shape, dtype, seed);
            let (a, b) = (make(&[400, 300], 1), make(&[300, 250], 2));
            let (x, w, gy) = (make(&[9, 12, 24, 24], 3), make(&[20, 12, 3, 3], 4), make(&[9, 20, 24, 24], 5));
            let thin = make(&[9, 1, 24, 24], 6);
            let (y, index) = max_pooling(&x, &pool, true);
            let window = Window { ksize: all([3, 2]), stride: all([1, 2]), pad: all([1, 0]), dilate: all([2, 1]) };
            let columns = unfold(&x, &window, false);
            let regions = Array::from_vec((0..3000).map(|i| (i % 9) as f64).collect(), [600, 5]);
            let cells = RegionPool { cells: [3, 4], scale: 2.5 };
            let along = Array::from_vec((0..9 * 100).map(|i| (i * 7 % 24) as i64).collect(), [9, 1, 1, 100]);
            let along = along.broadcast_to([9, 12, 24, 100]);
            let order = Array::from_vec((0..24).map(|i| i * 5 % 16).collect::<Vec<i64>>(), 24);
            let average = AveragePool { pool: pool.clone(), divisor: Divisor::Window };
            let places = (random(&[3000], Dtype::F64, 7) * 40.0 + 20.0).astype(Dtype::I64);
            let updates = make(&[3000, 70], 8);
            out.extend([
                matmul(&a, &b),
                matmul(&b.transpose(), &a.transpose()),
                matmul(&a.reshape([8, 50, 300]), &b),
                matmul(&a, &make(&[300], 9)),
                convolution(&x, &w, &conv, false),
                convolution_backward_data(&gy, &w, &conv, &[24, 24]),
                convolution_backward_filter(&x, &gy, &conv, &[3, 3]),
                convolution_backward_filter(&thin, &gy, &conv, &[3, 3]),
                max_pooling_backward(&y, &index, &pool, &[24, 24]),
                average_pooling(&x, &average, false),
                average_pooling_backward(&y, &average, &[24, 24]),
                scatter_axis(&Array::zeros([40, 70], dtype), &places, &updates, 0, ScatterMode::Add),
                fold(&columns, &window, &[24, 24]),
                columns,
                region_max(&x, &regions, &cells),
                scatter_add_along_axis(&x, &along, &take_along_axis(&x, &along, 3), 3),
                scatter_axis(&x, &order, &x, 3, ScatterMode::Add),
                take(&x, &order, 3),
                cumsum(&x, 1),
                sort(&updates, 0),
            ]);
        }
        out.iter().map(|x| x.to_f64_vec().unwrap()).collect()
    };
    cpu::set_num_threads(1);
    let alone = results();
    for threads in [2, 5] {
        cpu::set_num_threads(threads);
        for (n, (got, want)) in results().iter().zip(&alone).enumerate() {
            assert!(got.iter().zip(want).all(|(a, b)| a.to_bits() == b.to_bits()), "result {n} with {threads} threads");
        }
    }
    cpu::set_num_threads(0);
}
