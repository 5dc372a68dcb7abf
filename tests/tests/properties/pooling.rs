//! Pooling.

use chainer::{Array, ArrayOps, Dtype, Variable, functions as F};
use proptest::prelude::*;

use crate::{contents, refused, variable, whole_numbers};

fn same(got: &Variable, want: &Variable) -> Result<(), TestCaseError> {
    prop_assert_eq!(contents(got).map_err(refused)?, contents(want).map_err(refused)?);
    Ok(())
}

/// Images, channels and one to three spatial axes.
fn images() -> impl Strategy<Value = Vec<usize>> {
    prop::collection::vec(1usize..6, 3..=5)
}

/// Numbers above zero, all different, in any order.
fn positive(shape: &[usize], seed: u64) -> Variable {
    let size: usize = shape.iter().product();
    let noise = whole_numbers(&[size], seed).to_f64_vec().unwrap_or_default();
    let mut order: Vec<usize> = (0..size).collect();
    order.sort_by(|&a, &b| noise[a].total_cmp(&noise[b]));
    let mut values = vec![0.0; size];
    order.iter().enumerate().for_each(|(rank, &place)| values[place] = 1.0 + rank as f64);
    Variable::new(Array::from_vec(values, shape))
}

/// The loss of an array of weights, and the gradient of x for it.
fn gradient(x: &Variable, y: &Variable, weights: &Array) -> Result<Variable, TestCaseError> {
    x.cleargrad();
    (y * weights).sum().backward().map_err(refused)?;
    Ok(x.grad().unwrap_or_else(|| Variable::constant(Array::zeros_like(x.data()))))
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn pooling_undoes_unpooling(shape in images(), seed: u64, ksize in 1usize..4) {
        let x = variable(&shape, seed);
        let y = F::UnpoolingND::new(ksize).cover_all(false).call(&x);
        same(&F::max_pooling_nd(&y, ksize), &x)?;
        // Sums over a window are exact; so are their quotients by a power of two.
        if ksize == 2 {
            same(&F::average_pooling_nd(&y, ksize), &x)?;
        }
    }

    #[test]
    fn maxima_that_are_put_back_are_maxima_again(sizes in prop::array::uniform4(1usize..6), seed: u64, ksize in 1usize..4) {
        let x = positive(&sizes, seed);
        let (y, indexes) = F::MaxPooling2D::new(ksize).call_with_indexes(&x);
        let z = F::Upsampling2D::new(ksize).outsize((sizes[2], sizes[3])).call(&y, &indexes);
        same(&F::max_pooling_2d(&z, ksize), &y)?;
        // What was put back stands where it came from.
        let kept = z.data().greater(0.0);
        same(&Variable::constant((&kept).select(x.data(), 0.0)), &z)?;
    }

    #[test]
    fn the_largest_of_all_cells_is_the_largest(sizes in prop::array::uniform4(1usize..6), seed: u64, cells in 1usize..4) {
        let [images, channels, height, width] = sizes;
        let x = positive(&sizes, seed);
        let rois: Vec<f64> =
            (0..images).flat_map(|n| [n as f64, 0.0, 0.0, (width - 1) as f64, (height - 1) as f64]).collect();
        let rois = Array::from_vec(rois, [images, 5]);
        let y = F::roi_pooling_2d(&x, rois, cells, cells, 1.0);
        prop_assert_eq!(y.shape().to_vec(), [images, channels, cells, cells]);
        let largest = F::max(&x, [2, 3], false);
        same(&F::max(y, [2, 3], false), &largest)?;
        let levels = F::spatial_pyramid_pooling_2d(&x, 1);
        same(&F::reshape(levels, [images, channels]), &largest)?;
        same(&F::reshape(F::max_pooling_nd(&x, [height, width]), [images, channels]), &largest)?;
    }

    #[test]
    fn gradients_of_sums_are_sums_of_gradients(shape in images(), seed: u64, ksize in 1usize..4, pad in 0usize..2) {
        let x = positive(&shape, seed);
        let functions: [&dyn Fn() -> Variable; 3] = [
            &|| F::MaxPoolingND::new(ksize).stride(1).pad(pad).cover_all(false).call(&x),
            &|| F::AveragePoolingND::new(1).stride(2).pad(pad).call(&x),
            &|| F::UnpoolingND::new(ksize).stride(1).call(&x),
        ];
        for function in functions {
            let y = function();
            if y.check().is_err() {
                // The window does not fit.
                continue;
            }
            let weights = [1, 2].map(|n| whole_numbers(y.shape(), seed ^ n));
            let together = gradient(&x, &y, &(&weights[0] + &weights[1]))?;
            let apart = [gradient(&x, &function(), &weights[0])?, gradient(&x, &function(), &weights[1])?];
            same(&together, &(&apart[0] + &apart[1]))?;
        }
    }

    #[test]
    fn float32_gives_what_float64_gives(shape in images(), seed: u64) {
        let exact = positive(&shape, seed);
        let single = Variable::new(exact.data().astype(Dtype::F32));
        for function in [|x: &Variable| F::max_pooling_nd(x, 2), |x: &Variable| F::unpooling_nd(x, 2)] {
            same(&function(&single), &function(&exact))?;
        }
    }
}
