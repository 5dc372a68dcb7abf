//! Mathematics: sums and products against loops, factors that multiply back, precision, and the laws of derivatives.

use chainer::{Array, ArrayOps, Dtype, GradOptions, Variable, functions as F, grad_with};
use chainer_kernels::cpu::set_num_threads;
use chainer_kernels::ops::{identity, matmul};
use chainer_kernels::random::Generator;
use proptest::prelude::*;

use crate::activation::{Function, bits, chained, numbers};
use crate::{assert_near, contents, full_shapes, refused, shapes, variable, whole_numbers};

/// Functions of one variable with an axis, smooth between the multiples of 1/16.
const FUNCTIONS: &[Function] = &[
    ("absolute_error", |x| F::absolute_error(x, x.tanh())),
    ("arcsinh", |x| F::arcsinh(x)),
    ("arctan", |x| F::arctan(x)),
    ("arctan2", |x| F::arctan2(x, x.square() + 0.5)),
    ("cbrt", |x| F::cbrt(x.square() + 0.5)),
    ("clip", |x| F::clip(x, -1.5, 0.75)),
    ("cos", |x| F::cos(x)),
    ("cumprod", |x| F::cumprod(x, -1)),
    ("cumsum", |x| F::cumsum(x, 0)),
    ("digamma", |x| F::digamma(x.square() + 0.5)),
    ("einsum", |x| F::einsum("...i,...i,...j->...j", [x, x, x])),
    ("erf", |x| F::erf(x)),
    ("erfc", |x| F::erfc(x)),
    ("erfinv", |x| F::erfinv(x * 0.3)),
    ("exp", |x| F::exp(x)),
    ("expm1", |x| F::expm1(x)),
    ("lgamma", |x| F::lgamma(x.square() + 0.5)),
    ("linear_interpolate", |x| F::linear_interpolate(x.sigmoid(), x, x.square())),
    ("log1p", |x| F::log1p(x.square())),
    ("logsumexp", |x| F::logsumexp(x, -1)),
    ("max", |x| F::max(x, -1, true)),
    ("polygamma", |x| F::polygamma(2, x.square() + 1.0)),
    ("prod", |x| F::prod(x, -1, true)),
    ("sin", |x| F::sin(x)),
    ("sort", |x| F::sort(x)),
    ("sqrt", |x| F::sqrt(x.square() + 0.5)),
    ("squared_difference", |x| F::squared_difference(x, x.tanh())),
    ("tensordot", |x| F::tensordot(x, x, 0)),
];

/// Functions of matrices that have an inverse.
const OF_MATRICES: &[Function] = &[
    ("batch_det", |a| F::batch_det(a)),
    ("batch_inv", |a| F::batch_inv(a)),
    ("cholesky", |a| F::cholesky(F::matmul(a, F::swap_axes(a, -1, -2)))),
    ("eigh, values", |a| F::eigh(a + F::swap_axes(a, -1, -2)).0),
    ("qr", |a| F::qr(a).1),
    ("solve", |a| F::solve(a, a.square())),
    ("svd, values", |a| F::svd(a).1),
];

/// Random matrices, whose diagonal outweighs the rest.
fn regular(shape: &[usize], seed: u64) -> Array {
    let n = shape[shape.len() - 1];
    let random = Generator::new(seed).uniform(shape, -1.0, 1.0, Dtype::F64).copy();
    random + identity(n, Dtype::F64) * (n as f64 + 1.0)
}

/// The largest difference.
fn apart(x: &Array, y: &Array) -> Result<f64, TestCaseError> {
    let apart = (x - y).abs().to_f64_vec().map_err(refused)?;
    Ok(apart.into_iter().fold(0.0, f64::max))
}

/// Every place of an array, in row-major order.
fn places(shape: &[usize]) -> Vec<Vec<usize>> {
    let mut places = vec![Vec::new()];
    for &size in shape {
        places = places.iter().flat_map(|place| (0..size).map(|i| [&place[..], &[i]].concat())).collect();
    }
    places
}

/// Einstein's summation by its definition: one loop for each letter.
fn summed(terms: &[Vec<usize>], output: &[usize], sizes: &[usize], operands: &[Array]) -> chainer::Result<Vec<f64>> {
    let values = operands.iter().map(Array::to_f64_vec).collect::<chainer::Result<Vec<_>>>()?;
    let place = |labels: &[usize], shape: &[usize], all: &[usize]| {
        // An axis of size 1 broadcasts.
        labels.iter().zip(shape).fold(0, |place, (&label, &size)| place * size + if size == 1 { 0 } else { all[label] })
    };
    let out_shape: Vec<usize> = output.iter().map(|&label| sizes[label]).collect();
    let mut sums = vec![0.0; out_shape.iter().product()];
    for all in places(sizes) {
        let product: f64 = (0..terms.len()).map(|k| values[k][place(&terms[k], operands[k].shape(), &all)]).product();
        // Letters that nobody has run over one place only.
        sums[place(output, &out_shape, &all)] += product;
    }
    Ok(sums)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(96))]

    #[test]
    fn einsum_is_what_its_loops_give(
        terms in prop::collection::vec(prop::collection::vec(0usize..4, 0..4), 1..4),
        sizes in prop::collection::vec(1usize..4, 4),
        kept in prop::collection::vec(any::<bool>(), 4),
        narrow in any::<u16>(),
        turned: bool,
        seed: u64,
    ) {
        const LETTERS: [char; 4] = ['i', 'b', 'Z', 'k'];
        let used = |label: &usize| terms.iter().flatten().any(|other| other == label);
        let mut output: Vec<usize> = (0..4).filter(|label| used(label) && kept[*label]).collect();
        if turned {
            output.reverse();
        }
        let mut bit = 0;
        let operands: Vec<Array> = terms
            .iter()
            .enumerate()
            .map(|(k, labels)| {
                let shape: Vec<usize> = labels
                    .iter()
                    .map(|&label| {
                        bit += 1;
                        // Not where the letter stands twice: a diagonal has one size.
                        let once = labels.iter().filter(|other| **other == label).count() == 1;
                        if once && narrow >> bit & 3 == 3 { 1 } else { sizes[label] }
                    })
                    .collect();
                whole_numbers(&shape, seed.wrapping_add(k as u64))
            })
            .collect();
        // What every operand has with size 1 has size 1, and so have letters that nobody has.
        let mut real = vec![1; 4];
        for (labels, operand) in terms.iter().zip(&operands) {
            labels.iter().zip(operand.shape().iter()).for_each(|(&label, &size)| real[label] = real[label].max(size));
        }
        let text = |labels: &[usize]| labels.iter().map(|&label| LETTERS[label]).collect::<String>();
        let inputs: Vec<String> = terms.iter().map(|labels| text(labels)).collect();
        let subscripts = format!("{}->{}", inputs.join(","), text(&output));
        let want = summed(&terms, &output, &real, &operands).map_err(refused)?;
        let got = F::einsum(&subscripts, &operands[..]);
        let shape: Vec<usize> = output.iter().map(|&label| real[label]).collect();
        prop_assert_eq!(contents(&got).map_err(refused)?, (shape, want), "{}", subscripts);
    }

    #[test]
    fn ellipses_stand_for_axes_that_broadcast(a in full_shapes(), extra in 0usize..3, seed: u64) {
        // x (…, 2, 3) and y (the last of …, 3, 2).
        let y_lead = &a[extra.min(a.len())..];
        let x = variable(&[&a[..], &[2, 3]].concat(), seed);
        let y = variable(&[y_lead, &[3, 2]].concat(), seed ^ 1);
        let want = contents(&F::matmul(&x, &y)).map_err(refused)?;
        prop_assert_eq!(contents(&F::einsum("...ij,...jk", [&x, &y])).map_err(refused)?, want.clone());
        prop_assert_eq!(contents(&F::einsum("...ij,...jk->...ik", [&x, &y])).map_err(refused)?, want);
    }

    #[test]
    fn tensordot_is_einsum(m in 1usize..4, k in 1usize..4, l in 1usize..4, n in 1usize..4, seed: u64) {
        let (a, b) = (variable(&[k, m, l], seed), variable(&[l, n, k], seed ^ 1));
        let want = contents(&F::einsum("kml,lnk->mn", [&a, &b])).map_err(refused)?;
        prop_assert_eq!(contents(&F::tensordot(&a, &b, ([0, 2], [2, 0]))).map_err(refused)?, want);
    }

    #[test]
    fn running_sums_and_products_are_what_loops_give(shape in full_shapes(), axis in 0usize..4, seed: u64) {
        let axis = axis % shape.len();
        let x = variable(&shape, seed);
        let (_, values) = contents(&x).map_err(refused)?;
        let step: usize = shape[axis + 1..].iter().product();
        let (mut sums, mut products) = (values.clone(), values);
        for i in 0..sums.len() {
            if !(i / step).is_multiple_of(shape[axis]) {
                sums[i] += sums[i - step];
                products[i] *= products[i - step];
            }
        }
        let total = F::sum(&x, axis as isize, false);
        let product = F::prod(&x, axis as isize, false);
        let (running, growing) = (F::cumsum(&x, axis as isize), F::cumprod(&x, axis as isize));
        prop_assert_eq!(contents(&running).map_err(refused)?.1, sums);
        prop_assert_eq!(contents(&growing).map_err(refused)?.1, products);
        // The last of each is the whole.
        let last = |x: &Variable| {
            let parts = F::split_axis(x, shape[axis], axis as isize);
            parts[shape[axis] - 1].reshape(total.shape())
        };
        prop_assert_eq!(contents(&last(&running)).map_err(refused)?, contents(&total).map_err(refused)?);
        prop_assert_eq!(contents(&last(&growing)).map_err(refused)?, contents(&product).map_err(refused)?);
    }

    #[test]
    fn gradients_of_products_are_the_products_of_the_others(shape in full_shapes(), seed: u64) {
        // Among whole numbers from -8 to 8 there are zeros.
        let x = variable(&shape, seed);
        let (_, values) = contents(&x).map_err(refused)?;
        F::prod(&x, None, false).backward().map_err(refused)?;
        let want: Vec<f64> = (0..values.len())
            .map(|i| values.iter().enumerate().filter(|(j, _)| *j != i).map(|(_, x)| x).product())
            .collect();
        let got = contents(&x.grad().expect("a gradient")).map_err(refused)?.1;
        for (got, want) in got.iter().zip(&want) {
            prop_assert!((got - want).abs() <= 1e-12 * want.abs(), "{got} for {want}");
        }
        x.cleargrad();
        let running = F::cumprod(&x, None);
        running.sum().backward().map_err(refused)?;
        let got = contents(&x.grad().expect("a gradient")).map_err(refused)?.1;
        for (i, got) in got.iter().enumerate() {
            let want: f64 = (i..values.len())
                .map(|end| (0..=end).filter(|&j| j != i).map(|j| values[j]).product::<f64>())
                .sum();
            prop_assert!((got - want).abs() <= 1e-12 * want.abs().max(1.0), "{got} for {want}");
        }
    }

    #[test]
    fn sorted_elements_are_those_of_the_standard_library(
        shape in shapes(), axis in 0usize..4, k in 0usize..5, largest: bool, seed: u64
    ) {
        prop_assume!(!shape.is_empty());
        let axis = axis % shape.len();
        let x = variable(&shape, seed);
        let (y, places) = F::Topk::new(k.min(shape[axis])).axis(axis as isize).largest(largest).call(&x);
        let whole = F::Sort::new().axis(axis as isize).descending(largest).call(&x);
        let order = F::Argsort::new().axis(axis as isize).descending(largest).call(&x);
        // Lines in rows, to compare.
        let lines = |x: &Variable| -> Result<Vec<f64>, TestCaseError> {
            let moved = F::swap_axes(x, axis as isize, -1);
            Ok(contents(&moved).map_err(refused)?.1)
        };
        let (size, kept) = (shape[axis], k.min(shape[axis]));
        let (values, y, places, whole, order) = (lines(&x)?, lines(&y)?, lines(&places)?, lines(&whole)?, lines(&order)?);
        for line in 0..values.len() / size.max(1) {
            let row = &values[line * size..][..size];
            let mut want: Vec<usize> = (0..size).collect();
            want.sort_by(|&i, &j| if largest { row[j].total_cmp(&row[i]) } else { row[i].total_cmp(&row[j]) });
            for (k, &i) in want.iter().enumerate() {
                prop_assert_eq!((whole[line * size + k], order[line * size + k]), (row[i], i as f64));
                if k < kept {
                    prop_assert_eq!((y[line * kept + k], places[line * kept + k]), (row[i], i as f64));
                }
            }
        }
    }

    #[test]
    fn inverses_of_inverses_are_the_matrices(batch in 0usize..4, n in 0usize..6, seed: u64) {
        let a = regular(&[batch, n, n], seed);
        let inverse = F::batch_inv(&a);
        prop_assert!(apart(F::batch_inv(&inverse).data(), &a)? < 1e-10);
        let product = matmul(&a, inverse.data());
        prop_assert!(apart(&product, &identity(n, Dtype::F64).broadcast_to([batch, n, n]))? < 1e-12);
        let b = whole_numbers(&[batch, n, 2], seed);
        let solved = F::solve(&a, &b);
        prop_assert!(apart(&matmul(&a, solved.data()), &b)? < 1e-12 * 100.0);
        prop_assert!(apart(solved.data(), &matmul(inverse.data(), &b))? < 1e-12 * 100.0);
        let determinants = F::batch_det(&a) * F::batch_det(&inverse);
        prop_assert!(apart(determinants.data(), &Array::ones(batch, Dtype::F64))? < 1e-10);
    }

    #[test]
    fn factors_multiply_back(batch in 0usize..3, m in 0usize..6, n in 0usize..6, complete: bool, seed: u64) {
        let a = Generator::new(seed).uniform([batch, m, n], -1.0, 1.0, Dtype::F64).copy();
        let orthonormal = |q: &Variable| {
            let columns = q.shape()[2];
            let gram = matmul(&q.data().swap_axes(-1, -2), q.data());
            apart(&gram, &identity(columns, Dtype::F64).broadcast_to([batch, columns, columns]))
        };
        let (q, r) = F::Qr::new().complete(complete).call(&a);
        prop_assert!(apart(F::matmul(&q, &r).data(), &a)? < 1e-12);
        prop_assert!(orthonormal(&q)? < 1e-12);
        let (u, s, vt) = F::Svd::new().full_matrices(complete).call(&a);
        prop_assert!(orthonormal(&u)? < 1e-12 && orthonormal(&F::swap_axes(&vt, 1, 2))? < 1e-12);
        let (u, s, vt) = if complete { F::svd(&a) } else { (u, s, vt) };
        let scaled = u.data() * &s.data().expand_dims(1);
        prop_assert!(apart(&matmul(&scaled, vt.data()), &a)? < 1e-12);
        let square = F::matmul(&a, a.swap_axes(-1, -2)).into_data() + identity(m, Dtype::F64);
        let l = F::cholesky(&square);
        prop_assert!(apart(F::matmul(&l, F::swap_axes(&l, 1, 2)).data(), &square)? < 1e-12);
        let (w, v) = F::eigh(&square);
        prop_assert!(orthonormal(&v)? < 1e-12);
        let scaled = v.data() * &w.data().expand_dims(1);
        prop_assert!(apart(&matmul(&square, v.data()), &scaled)? < 1e-11);
    }

    #[test]
    fn gradients_of_sums_are_sums_of_gradients(shape in full_shapes(), seed: u64, f in 0..FUNCTIONS.len(), g in 0..FUNCTIONS.len()) {
        let x = Variable::new(numbers(&shape, seed, Dtype::F64));
        let (f, g) = (FUNCTIONS[f].1, FUNCTIONS[g].1);
        let gradient = |y: Variable| -> Result<Array, TestCaseError> {
            let options = GradOptions { grad_outputs: Vec::new(), create_graph: false };
            let gx = grad_with([&y], [&x], options).map_err(refused)?.remove(0);
            Ok(gx.expect("a gradient").into_data())
        };
        let (of_f, of_g) = (gradient(f(&x).sum())?, gradient(g(&x).sum())?);
        let of_sum = gradient(f(&x).sum() + g(&x).sum())?;
        let scale = (&of_f).abs().max(None, false).item::<f64>().map_err(refused)?.max(1.0);
        prop_assert!(apart(&of_sum, &(of_f + of_g))? <= 1e-14 * scale);
    }

    #[test]
    fn float32_is_near_float64(
        rows in 1usize..4, size in 1usize..4, seed: u64, number in 0..FUNCTIONS.len() + OF_MATRICES.len()
    ) {
        let function = FUNCTIONS.iter().chain(OF_MATRICES).copied().nth(number).unwrap_or(FUNCTIONS[0]);
        let x = match number < FUNCTIONS.len() {
            // Away from the places where gradients jump.
            true => (numbers(&[rows, size], seed, Dtype::F64) * 16.0).floor() / 16.0 + 0.03125,
            false => regular(&[rows, size, size], seed).astype(Dtype::F32).astype(Dtype::F64),
        };
        let exact = chained(&[function], &x, true).map_err(refused)?;
        let near = chained(&[function], &x.astype(Dtype::F32), true).map_err(refused)?;
        assert_near(function.0, &near, &exact)?;
    }
}

#[test]
fn results_do_not_depend_on_the_number_of_threads() {
    let before = chainer_kernels::cpu::threads();
    let (wide, matrices) = (numbers(&[1024, 32], 3, Dtype::F32), regular(&[40, 9, 9], 4));
    let functions = FUNCTIONS.iter().filter(|(name, _)| *name != "tensordot").map(|f| (f, &wide));
    for (&function, x) in functions.chain(OF_MATRICES.iter().map(|f| (f, &matrices))) {
        set_num_threads(1);
        let one = chained(&[function], x, false).and_then(bits);
        for threads in [2, 5] {
            set_num_threads(threads);
            let several = chained(&[function], x, false).and_then(bits);
            assert!(one.as_ref().ok() == several.as_ref().ok() && one.is_ok(), "{} on {threads} threads", function.0);
        }
    }
    set_num_threads(before);
}
