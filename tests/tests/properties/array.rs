//! Shapes, axes, picking and joining.

use chainer::{Array, ArrayOps, Dtype, GradOptions, Result, Variable, functions as F, grad_with};
use proptest::prelude::*;

use crate::{contents, full_shapes, refused, shapes, variable, whole_numbers};

/// Asserts that two variables have the same shape and elements.
fn same(got: &Variable, want: &Variable) -> std::result::Result<(), TestCaseError> {
    prop_assert_eq!(contents(got).map_err(refused)?, contents(want).map_err(refused)?);
    Ok(())
}

/// A permutation of `0..count`, and its inverse.
fn permutation(count: usize, seed: u64) -> (Vec<usize>, Vec<usize>) {
    let (mut order, mut rest) = (Vec::new(), (0..count).collect::<Vec<_>>());
    let mut state = seed;
    while !rest.is_empty() {
        order.push(rest.remove(state as usize % rest.len()));
        state = state.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407) >> 7;
    }
    let mut inverse = vec![0; count];
    order.iter().enumerate().for_each(|(i, &place)| inverse[place] = i);
    (order, inverse)
}

fn signed(values: &[usize]) -> Vec<isize> {
    values.iter().map(|&value| value as isize).collect()
}

fn indices(values: &[usize]) -> Array {
    Array::from(values.iter().map(|&value| value as i64).collect::<Vec<_>>())
}

/// A function that only moves, repeats or adds up elements, with arguments that `pick` chooses. There are [`LINEAR`] of them.
fn linear(number: usize, x: &Variable, pick: u64) -> Vec<Variable> {
    let (shape, ndim) = (x.shape().to_vec(), x.ndim());
    let axis = pick as usize % ndim;
    let (size, last) = (shape[axis], axis as isize - ndim as isize);
    let some = |count: usize| -> Vec<usize> { (0..count as u64).map(|i| (pick >> (3 * i)) as usize % 3).collect() };
    let elements: usize = shape.iter().product();
    let places = || wrapped(whole_numbers(&shape, pick), size);
    let one = match number {
        0 => F::reshape(x, [elements]),
        1 => F::transpose(x, &signed(&permutation(ndim, pick).0)),
        2 => return F::split_axis(x, [size as isize / 2], last),
        3 => F::concat([F::flatten(x), F::flatten(x)].map(|part| F::expand_dims(part, 0))),
        4 => F::Stack::new().axis(last).call([x, x, x]),
        5 => return F::Separate::new().axis(last).call(x),
        6 => F::pad(x, (some(1)[0], 2), F::PadMode::Constant(0.into())),
        7 => F::pad(x, (some(1)[0], 2), F::PadMode::Edge),
        8 => F::pad(x, (3, some(1)[0]), F::PadMode::Reflect),
        9 => F::pad(x, (2, some(1)[0]), F::PadMode::Symmetric),
        10 => F::pad(x, (some(1)[0], 3), F::PadMode::Wrap),
        11 => F::flip(x, last),
        12 => F::flip(x, None),
        13 => F::tile(x, some(ndim)),
        14 => F::repeat(x, 2, last),
        15 => F::repeat(x, some(size).into_iter().chain(std::iter::repeat(1)).take(size).collect::<Vec<_>>(), last),
        16 => F::Permutate::new().axis(last).inv(pick & 1 > 0).call(x, indices(&permutation(size, pick).0)),
        17 => F::moveaxis(x, last, 0),
        18 => F::rollaxis(x, last, ndim as isize),
        19 => F::swap_axes(x, 0, last),
        20 => F::get_item(x, (indices(&[0, shape[0] - 1, 0]),)),
        21 => F::take_along_axis(x, places(), last),
        22 => F::broadcast_to(x, [vec![2], shape.clone()].concat()),
        23 => F::sum_to(x, shape.iter().enumerate().map(|(i, &d)| if i == axis { 1 } else { d }).collect::<Vec<_>>()),
        24 => F::scatter_add(x, 0, F::get_item(x, -1)),
        25 => F::pad_sequence([x, &F::get_item(x, (..1,))]),
        26 => return F::transpose_sequence([x, &F::get_item(x, (..1,))]),
        27 => F::resize_images(F::reshape(x, [1, 1, elements, 1]), (2 * elements - 1, 2)),
        28 => F::im2col(F::reshape(x, [1, 1, elements, 1]), (1 + pick as usize % elements, 1)),
        29 => F::unpooling_nd(F::reshape(x, [1, 1, elements]), 1 + pick as usize % 3),
        _ => F::AveragePoolingND::new(2).stride(1).pad(1).call(F::reshape(x, [1, 1, elements])),
    };
    vec![one]
}

const LINEAR: usize = 31;

/// Any numbers as indices of an axis of `size` elements.
fn wrapped(numbers: Array, size: usize) -> Array {
    numbers.remainder(size as f64).astype(Dtype::I64)
}

/// The gradient at x from gradients of the outputs.
fn pull_back(ys: &[Variable], x: &Variable, gys: &[Array]) -> Result<Variable> {
    let grad_outputs = gys.iter().map(|gy| Some(Variable::constant(gy.clone()))).collect();
    let options = GradOptions { grad_outputs, create_graph: false };
    let gx = grad_with(ys.to_vec(), [x], options)?.remove(0);
    Ok(gx.unwrap_or_else(|| Variable::constant(Array::zeros_like(x.data()))))
}

/// The sum of the products of all elements.
fn inner(a: &Array, b: &Array) -> Result<f64> {
    Ok(a.to_f64_vec()?.iter().zip(b.to_f64_vec()?).map(|(a, b)| a * b).sum())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn reshaping_there_and_back_changes_nothing(shape in shapes(), seed: u64) {
        let x = variable(&shape, seed);
        let flat = F::flatten(&x);
        prop_assert_eq!(flat.shape().to_vec(), [shape.iter().product::<usize>()]);
        same(&F::reshape(flat, shape), &x)?;
    }

    #[test]
    fn the_inverse_permutation_of_axes_undoes_transpose(shape in shapes(), seed: u64) {
        let x = variable(&shape, seed);
        let (order, inverse) = permutation(shape.len(), seed);
        if shape.is_empty() {
            return Ok(());
        }
        let y = F::transpose(&x, &signed(&order));
        prop_assert_eq!(y.shape().to_vec(), order.iter().map(|&axis| shape[axis]).collect::<Vec<_>>());
        same(&F::transpose(y, &signed(&inverse)), &x)?;
        let destinations = signed(&inverse);
        same(&F::moveaxis(&x, &signed(&(0..shape.len()).collect::<Vec<_>>()), &destinations), &F::transpose(&x, &signed(&order)))?;
    }

    #[test]
    fn rolling_an_axis_is_moving_it(shape in full_shapes(), seed: u64, to: usize) {
        let (x, ndim) = (variable(&shape, seed), shape.len());
        let (from, start) = (seed as usize % ndim, to % (ndim + 1));
        let place = if from < start { start - 1 } else { start };
        let y = F::rollaxis(&x, from as isize, start as isize);
        same(&y, &F::moveaxis(&x, from as isize, place as isize))?;
        same(&F::moveaxis(y, place as isize, from as isize), &x)?;
        same(&F::rollaxis(&x, from as isize - ndim as isize, start as isize), &F::rollaxis(&x, from as isize, start as isize))?;
    }

    #[test]
    fn joining_what_was_cut_gives_it_back(shape in full_shapes(), seed: u64, mut cuts in prop::collection::vec(0isize..6, 0..4)) {
        let (x, axis) = (variable(&shape, seed), (seed % shape.len() as u64) as isize);
        cuts.sort_unstable();
        let parts = F::split_axis(&x, cuts, axis);
        same(&F::Concat::new().axis(axis).call(&parts), &x)?;
        same(&F::Concat::new().axis(axis - shape.len() as isize).call(&parts), &x)?;
    }

    #[test]
    fn separating_undoes_stacking(shape in shapes(), seed: u64, count in 1usize..4) {
        let xs: Vec<Variable> = (0..count as u64).map(|i| variable(&shape, seed.wrapping_add(i))).collect();
        for axis in -(shape.len() as isize) - 1..=shape.len() as isize {
            let y = F::Stack::new().axis(axis).call(&xs);
            let parts = F::Separate::new().axis(axis).call(&y);
            prop_assert_eq!(parts.len(), count);
            for (part, x) in parts.iter().zip(&xs) {
                same(part, x)?;
            }
            same(&F::Stack::new().axis(axis).call(parts), &y)?;
        }
    }

    #[test]
    fn stacks_along_axes_are_joins(shape in full_shapes(), seed: u64) {
        let (x, y) = (variable(&shape, seed), variable(&shape, seed ^ 1));
        let joined = |axis: isize, rows: &[&Variable; 2]| F::Concat::new().axis(axis).call(rows.map(|x| x.clone()));
        if shape.len() >= 2 {
            same(&F::vstack([&x, &y]), &joined(0, &[&x, &y]))?;
            same(&F::hstack([&x, &y]), &joined(1, &[&x, &y]))?;
        } else {
            same(&F::vstack([&x, &y]), &F::stack([&x, &y]))?;
            same(&F::hstack([&x, &y]), &joined(0, &[&x, &y]))?;
        }
        if shape.len() >= 3 {
            same(&F::dstack([&x, &y]), &joined(2, &[&x, &y]))?;
        }
    }

    #[test]
    fn what_lies_inside_a_border_is_the_variable(
        shape in full_shapes(), seed: u64, widths in prop::collection::vec((0usize..6, 0usize..6), 4), mode in 0usize..5,
    ) {
        let x = variable(&shape, seed);
        let modes = [F::PadMode::Constant(9.into()), F::PadMode::Edge, F::PadMode::Reflect, F::PadMode::Symmetric, F::PadMode::Wrap];
        let y = F::pad(&x, &widths[..shape.len()], modes[mode].clone());
        let inside = shape.iter().zip(&widths).map(|(&size, width)| (width.0 as isize..(width.0 + size) as isize).into());
        same(&F::get_item(y, inside.collect::<Vec<chainer_kernels::Index>>()), &x)?;
    }

    #[test]
    fn flipping_twice_changes_nothing(shape in full_shapes(), seed: u64) {
        let (x, axis) = (variable(&shape, seed), (seed % shape.len() as u64) as isize);
        let y = F::flip(&x, axis);
        let backwards: Vec<usize> = (0..shape[axis as usize]).rev().collect();
        same(&F::Permutate::new().axis(axis).call(&x, indices(&backwards)), &y)?;
        same(&F::flip(y, axis), &x)?;
        let all: Vec<isize> = (0..shape.len() as isize).collect();
        same(&F::flip(F::flip(&x, None), &all), &x)?;
    }

    #[test]
    fn every_copy_of_a_tile_is_the_variable(shape in full_shapes(), seed: u64, reps in prop::collection::vec(1usize..4, 4)) {
        let (x, reps) = (variable(&shape, seed), &reps[..shape.len()]);
        let y = F::tile(&x, reps);
        let copies: usize = reps.iter().product();
        for mut copy in 0..copies {
            let mut index: Vec<chainer_kernels::Index> = Vec::new();
            for (&size, &count) in shape.iter().zip(reps) {
                let start = (copy % count * size) as isize;
                index.push((start..start + size as isize).into());
                copy /= count;
            }
            same(&F::get_item(&y, index), &x)?;
        }
    }

    #[test]
    fn of_repeated_elements_every_first_is_the_variable(shape in full_shapes(), seed: u64, repeats in 1usize..4) {
        let (x, axis) = (variable(&shape, seed), seed as usize % shape.len());
        let y = F::repeat(&x, repeats, axis as isize);
        same(&F::repeat(&x, vec![repeats; shape[axis]], axis as isize), &y)?;
        let full = chainer_kernels::Index::Slice(None, None, None);
        let mut index = vec![full; axis];
        index.push(chainer_kernels::Index::Slice(None, None, Some(repeats as isize)));
        same(&F::get_item(y, index), &x)?;
    }

    #[test]
    fn the_inverse_undoes_a_permutation(shape in full_shapes(), seed: u64) {
        let (x, axis) = (variable(&shape, seed), (seed % shape.len() as u64) as isize);
        let (order, inverse) = permutation(shape[axis as usize], seed);
        let y = F::Permutate::new().axis(axis).call(&x, indices(&order));
        same(&F::Permutate::new().axis(axis).inv(true).call(&y, indices(&order)), &x)?;
        same(&F::Permutate::new().axis(axis).call(&y, indices(&inverse)), &x)?;
    }

    #[test]
    fn new_axes_are_squeezed_away(shape in shapes(), seed: u64) {
        let x = variable(&shape, seed);
        for axis in -(shape.len() as isize) - 1..=shape.len() as isize {
            same(&F::squeeze(F::expand_dims(&x, axis), axis), &x)?;
        }
    }

    #[test]
    fn depth_and_space_are_each_others_reverse(sizes in prop::array::uniform4(1usize..4), r in 1usize..4, seed: u64) {
        let [images, channels, height, width] = sizes;
        let x = variable(&[images, channels * r * r, height, width], seed);
        let y = F::depth2space(&x, r);
        prop_assert_eq!(y.shape().to_vec(), [images, channels, height * r, width * r]);
        same(&F::space2depth(y, r), &x)?;
    }

    #[test]
    fn transposing_sequences_twice_changes_nothing(mut lengths in prop::collection::vec(1usize..6, 1..5), width in 0usize..3, seed: u64) {
        lengths.sort_unstable_by(|a, b| b.cmp(a));
        let xs: Vec<Variable> = lengths.iter().map(|&length| variable(&[length, width], seed ^ length as u64)).collect();
        let ys = F::transpose_sequence(&xs);
        prop_assert_eq!(ys.len(), lengths[0]);
        for (time, y) in ys.iter().enumerate() {
            let there: Vec<Variable> = xs.iter().filter(|x| x.len() > time).map(|x| F::get_item(x, time as isize)).collect();
            same(y, &F::stack(there))?;
        }
        for (back, x) in F::transpose_sequence(&ys).iter().zip(&xs) {
            same(back, x)?;
        }
        let padded = F::pad_sequence(&xs);
        for (i, x) in xs.iter().enumerate() {
            same(&F::get_item(&padded, (i as isize, ..x.len() as isize)), x)?;
        }
    }

    #[test]
    fn gradients_of_linear_functions_are_their_adjoints(shape in full_shapes(), seed: u64, number in 0..LINEAR) {
        let x = variable(&shape, seed);
        let ys = linear(number, &x, seed);
        let gys: Vec<Array> = ys.iter().map(|y| whole_numbers(y.shape(), seed ^ 5)).collect();
        let gx = pull_back(&ys, &x, &gys).map_err(refused)?;
        let forward: Result<f64> = ys.iter().zip(&gys).map(|(y, gy)| inner(y.data(), gy)).sum();
        prop_assert_eq!(forward.map_err(refused)?, inner(x.data(), gx.data()).map_err(refused)?, "function {}", number);
    }

    #[test]
    fn gradients_of_sums_are_sums_of_gradients(shape in full_shapes(), seed: u64, numbers in prop::array::uniform2(0..LINEAR)) {
        let x = variable(&shape, seed);
        let loss = |number: usize, weights: u64| {
            let ys = linear(number, &x, seed ^ weights);
            let terms = ys.iter().map(|y| (y * whole_numbers(y.shape(), weights)).sum());
            terms.reduce(|sum, term| sum + term).unwrap_or_else(|| x.sum() * 0.0)
        };
        let [first, second] = [(numbers[0], seed ^ 1), (numbers[1], seed ^ 2)];
        let gradient = |loss: &Variable| -> Result<Variable> {
            x.cleargrad();
            loss.backward()?;
            Ok(x.grad().unwrap_or_else(|| Variable::constant(Array::zeros_like(x.data()))))
        };
        let together = gradient(&(loss(first.0, first.1) + loss(second.0, second.1))).map_err(refused)?;
        let apart = [first, second].map(|(number, weights)| gradient(&loss(number, weights)));
        let [a, b] = apart.map(|gradient| gradient.map_err(refused));
        same(&together, &(a? + b?))?;
    }

    #[test]
    fn float32_gives_what_float64_gives(shape in full_shapes(), seed: u64, number in 0..LINEAR) {
        let values = whole_numbers(&shape, seed);
        let run = |dtype: Dtype| -> Result<Vec<(Vec<usize>, Vec<f64>)>> {
            let x = Variable::new((&values).astype(dtype));
            let ys = linear(number, &x, seed);
            let gys: Vec<Array> = ys.iter().map(|y| whole_numbers(y.shape(), 3).astype(dtype)).collect();
            let gx = pull_back(&ys, &x, &gys)?;
            ys.iter().chain([&gx]).map(contents).collect()
        };
        prop_assert_eq!(run(Dtype::F32).map_err(refused)?, run(Dtype::F64).map_err(refused)?, "function {}", number);
    }
}
