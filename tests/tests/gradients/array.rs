//! Shapes, axes, picking and joining.

use chainer::{Array, Device, Dtype, Variable, functions as F};
use chainer_kernels::Index;

use crate::{Empty, Huge, Row, cycled, row, rows, size, sizes, unary, x};

/// Wider than either of the axes. The third one may be empty: nothing is padded there.
const TWO_AXES: [(usize, usize); 3] = [(3, 2), (3, 2), (0, 0)];

/// The second of several parts, or whatever there is.
fn one_of(parts: Vec<Variable>) -> Vec<Variable> {
    let second = parts.len().min(2).saturating_sub(1);
    parts.into_iter().skip(second).take(1).collect()
}

/// Derivatives to check.
pub fn table() -> Vec<Row> {
    vec![
        row("reshape", &[&[3, 4]], |xs| F::reshape(&xs[0], [size(&xs[0], 1) / 2, size(&xs[0], 0) * 2])),
        row("transpose", &[&[2, 3, 2]], |xs| F::transpose(&xs[0], &[1, 2, 0])),
        row("broadcast_to", &[&[3, 1]], |xs| F::broadcast_to(&xs[0], [2, size(&xs[0], 0), 4])),
        row("cast", &[&[2, 3]], |xs| match xs[0].error() {
            None => F::cast(F::cast(&xs[0], Dtype::F64), xs[0].dtype()),
            Some(_) => F::cast(&xs[0], Dtype::F64),
        })
        .elementwise(),
        row("swap_axes", &[&[2, 3, 2]], |xs| F::swap_axes(&xs[0], 0, -2)),
        row("sum_to", &[&[2, 3, 2]], |xs| F::sum_to(&xs[0], [3, 1])),
        row("concat", &[&[2, 3], &[2, 1], &[2, 2]], |xs| F::concat(xs)),
        row("concat, axis", &[&[1, 3], &[2, 3]], |xs| F::Concat::new().axis(-2).call(xs)),
        rows("split_axis", &[&[2, 6]], |xs| F::split_axis(&xs[0], 3, 1)),
        rows("split_axis, indices", &[&[4, 2]], |xs| F::split_axis(&xs[0], [1, 3], 0)),
        rows("split_axis, one part used", &[&[2, 6]], |xs| one_of(F::split_axis(&xs[0], 3, 1))),
        row("get_item, slices", &[&[3, 4]], |xs| F::get_item(&xs[0], (1.., 2))),
        row("get_item, repeated rows", &[&[3, 4]], |xs| F::get_item(&xs[0], (Array::from([2i32, 0, 2]),))),
        row("where", &[&[2, 3], &[2, 3]], |xs| {
            F::where_(cycled(&[true, false, true, false, true, true], &sizes(&xs[0])), &xs[0], &xs[1])
        })
        .broadcasts(),
        rows("broadcast", &[&[2, 1], &[3], &[1, 3]], |xs| F::broadcast(xs)),
        row("copy", &[&[2, 3]], |xs| F::copy(&xs[0], Device::Cpu)).elementwise(),
        row("depth2space", &[&[2, 8, 2, 1]], |xs| F::depth2space(&xs[0], 2)),
        row("space2depth", &[&[1, 2, 3, 6]], |xs| F::space2depth(&xs[0], 3)),
        row("dstack", &[&[2, 3], &[2, 3]], |xs| F::dstack(xs)),
        row("dstack, three axes", &[&[2, 1, 2], &[2, 1, 1]], |xs| F::dstack(xs)),
        row("hstack", &[&[2, 3], &[2, 1]], |xs| F::hstack(xs)),
        row("hstack, vectors", &[&[2], &[3]], |xs| F::hstack(xs)),
        row("vstack", &[&[2, 3], &[1, 3]], |xs| F::vstack(xs)),
        row("vstack, numbers", &[&[], &[]], |xs| F::vstack(xs)),
        row("stack", &[&[2, 3], &[2, 3]], |xs| F::stack(xs)),
        row("stack, axis", &[&[2, 3], &[2, 3], &[2, 3]], |xs| F::Stack::new().axis(-2).call(xs)),
        rows("separate", &[&[3, 2]], |xs| F::separate(&xs[0])),
        rows("separate, one part used", &[&[2, 3]], |xs| one_of(F::Separate::new().axis(-1).call(&xs[0]))),
        row("expand_dims", &[&[2, 3]], |xs| F::expand_dims(&xs[0], -2)),
        row("squeeze", &[&[1, 3, 1]], |xs| F::squeeze(&xs[0], None)),
        row("squeeze, axis", &[&[1, 3, 1]], |xs| F::squeeze(&xs[0], -1)),
        row("flatten", &[&[2, 3, 2]], |xs| F::flatten(&xs[0])),
        unary("flip", |x| F::flip(x, None)),
        row("flip, axis", &[&[2, 3, 2]], |xs| F::flip(&xs[0], [0, -1])),
        row("fliplr", &[&[2, 3, 2]], |xs| F::fliplr(&xs[0])),
        row("flipud", &[&[3]], |xs| F::flipud(&xs[0])),
        row("moveaxis", &[&[2, 3, 4]], |xs| F::moveaxis(&xs[0], [0, -1], [1, 0])),
        row("rollaxis", &[&[2, 3, 4]], |xs| F::rollaxis(&xs[0], 2, 0)),
        row("rollaxis, start", &[&[2, 3, 4]], |xs| F::rollaxis(&xs[0], -3, -1)),
        row("get_item, steps and new axes", &[&[4, 5]], |xs| {
            let backwards = Index::Slice(None, None, Some(-2));
            F::get_item(&xs[0], [Index::NewAxis, Index::Slice(Some(1), None, Some(2)), Index::Ellipsis, backwards])
        }),
        row("get_item, mask", &[&[2, 3]], |xs| {
            F::get_item(&xs[0], cycled(&[true, false, true, false, true, true], &sizes(&xs[0])))
        }),
        row("get_item, arrays apart", &[&[3, 2, 3, 1]], |xs| {
            F::get_item(&xs[0], (Array::from([[0i32], [2]]), 1, Array::from([1i64, -1, 1])))
        }),
        row("get_item, ellipsis", &[&[2, 3, 2]], |xs| F::get_item(&xs[0], [Index::Ellipsis, Index::Int(-1)])),
        row("scatter_add", &[&[3, 2], &[4, 2]], |xs| F::scatter_add(&xs[0], Array::from([2i32, 0, 2, 2]), &xs[1])),
        row("scatter_add, broadcast", &[&[3, 2], &[1, 1, 2]], |xs| F::scatter_add(&xs[0], 1.., &xs[1])),
        row("take_along_axis", &[&[2, 3]], |xs| {
            F::take_along_axis(&xs[0], cycled(&[2i32, 2, 0, -1, 1, 1, 1, 0], &[size(&xs[0], 0), 4]), -1)
        }),
        row("select_item", &[&[3, 4]], |xs| F::select_item(&xs[0], cycled(&[3u8, 0, 3], &[size(&xs[0], 0)]))),
        row("permutate", &[&[3, 2]], |xs| F::permutate(&xs[0], Array::from([2i32, 0, 1]))),
        row("permutate, settings", &[&[2, 3]], |xs| {
            F::Permutate::new().axis(-1).inv(true).call(&xs[0], Array::from([2i64, 0, 1]))
        }),
        row("im2col", &[&[1, 2, 4, 3]], |xs| F::im2col(&xs[0], (3, 2))),
        row("im2col, settings", &[&[1, 1, 5, 6]], |xs| {
            let function = F::Im2Col::new((2, 3)).stride((2, 3)).pad((1, 2)).dilate((2, 1)).cover_all(true);
            function.call(&xs[0])
        }),
        row("pad", &[&[2, 3]], |xs| F::pad(&xs[0], [(1, 0), (2, 1)], F::PadMode::Constant(1.5.into()))),
        row("pad, constants", &[&[2, 3]], |xs| {
            let constants = vec![(1.into(), 2.into()), (3.into(), 4.into())];
            F::pad(&xs[0], 1, F::PadMode::Constants(constants))
        }),
        row("pad, edge", &[&[2, 1, 3]], |xs| F::pad(&xs[0], [(1, 0), (0, 0), (2, 1)], F::PadMode::Edge)),
        row("pad, reflect", &[&[2, 3, 1]], |xs| F::pad(&xs[0], TWO_AXES, F::PadMode::Reflect)),
        row("pad, symmetric", &[&[2, 3, 1]], |xs| F::pad(&xs[0], TWO_AXES, F::PadMode::Symmetric)),
        row("pad, wrap", &[&[2, 3, 1]], |xs| F::pad(&xs[0], [(1, 4), (1, 4), (0, 0)], F::PadMode::Wrap)),
        row("pad_sequence", &[&[2, 2], &[3, 2], &[0, 2]], |xs| F::pad_sequence(xs)),
        row("pad_sequence, settings", &[&[2], &[1]], |xs| F::PadSequence::new().length(3).padding(-1.0).call(xs)),
        row("repeat", &[&[2, 3]], |xs| F::repeat(&xs[0], 3, -1)),
        row("repeat, each", &[&[2, 3]], |xs| F::repeat(&xs[0], [2, 0, 1], 1)),
        row("repeat, flat", &[&[2, 2]], |xs| F::repeat(&xs[0], 2, None)),
        row("tile", &[&[2, 3]], |xs| F::tile(&xs[0], [3, 2])),
        row("tile, fewer axes", &[&[2, 3]], |xs| F::tile(&xs[0], 2)),
        row("tile, more axes", &[&[2]], |xs| F::tile(&xs[0], [2, 1, 2])),
        rows("transpose_sequence", &[&[4, 2], &[2, 2], &[2, 2], &[0, 2]], |xs| F::transpose_sequence(xs)),
        rows("transpose_sequence, one part used", &[&[3], &[2]], |xs| one_of(F::transpose_sequence(xs))),
        row("resize_images", &[&[1, 2, 2, 3]], |xs| F::resize_images(&xs[0], (4, 5))),
        row("resize_images, smaller", &[&[2, 1, 5, 4]], |xs| F::resize_images(&xs[0], (2, 1))),
        row("spatial_transformer_grid", &[&[2, 2, 3]], |xs| F::spatial_transformer_grid(&xs[0], (2, 3))),
        row("spatial_transformer_sampler", &[&[2, 1, 3, 4], &[2, 2, 1, 3]], |xs| {
            F::spatial_transformer_sampler(&xs[0], &xs[1])
        })
        .domain(-0.98, 0.98),
        row("spatial_transformer_sampler, beyond the border", &[&[1, 2, 3, 3], &[1, 2, 2, 3]], |xs| {
            F::spatial_transformer_sampler(&xs[0], &xs[1] * 0.9)
        })
        .not_in_half(),
        row("where, broadcast", &[&[2, 3], &[3]], |xs| F::where_(Array::from([[true], [false]]), &xs[0], &xs[1])),
    ]
}

/// Empty batches.
pub fn empty() -> Vec<Empty> {
    vec![
        ("concat", F::concat([x(&[2, 0]), x(&[2, 0])]), &[2, 0]),
        ("get_item", F::get_item(x(&[3, 2]), (1..1,)), &[0, 2]),
        ("get_item", F::get_item(x(&[3, 2]), Array::zeros([0, 2], Dtype::I32)), &[0, 2, 2]),
        ("depth2space", F::depth2space(x(&[0, 4, 2, 2]), 2), &[0, 1, 4, 4]),
        ("space2depth", F::space2depth(x(&[1, 0, 4, 4]), 2), &[1, 0, 2, 2]),
        ("stack", F::stack([x(&[0, 2]), x(&[0, 2])]), &[2, 0, 2]),
        ("vstack", F::vstack([x(&[0]), x(&[0])]), &[2, 0]),
        ("hstack", F::hstack([x(&[0]), x(&[2])]), &[2]),
        ("dstack", F::dstack([x(&[0]), x(&[0])]), &[1, 0, 2]),
        ("separate", F::separate(x(&[2, 0])).remove(1), &[0]),
        ("squeeze", F::squeeze(x(&[1, 0]), None), &[0]),
        ("flip", F::flip(x(&[0, 2]), 0), &[0, 2]),
        ("permutate", F::permutate(x(&[0, 2]), Array::zeros(0, Dtype::I32)), &[0, 2]),
        ("select_item", F::select_item(x(&[0, 2]), Array::zeros(0, Dtype::I32)), &[0]),
        ("take_along_axis", F::take_along_axis(x(&[2, 3]), Array::zeros([2, 0], Dtype::I32), 1), &[2, 0]),
        ("scatter_add", F::scatter_add(x(&[3]), Array::zeros(0, Dtype::I32), x(&[0])), &[3]),
        ("im2col", F::im2col(x(&[0, 2, 3, 3]), 2), &[0, 8, 2, 2]),
        ("pad", F::pad(x(&[0, 2]), [(1, 0), (0, 1)], F::PadMode::Constant(0.into())), &[1, 3]),
        ("pad", F::pad(x(&[0, 2]), [(0, 0), (1, 1)], F::PadMode::Edge), &[0, 4]),
        ("pad_sequence", F::pad_sequence([x(&[0, 2]), x(&[0, 2])]), &[2, 0, 2]),
        ("repeat", F::repeat(x(&[2, 3]), 0, 1), &[2, 0]),
        ("tile", F::tile(x(&[2, 3]), [0, 2]), &[0, 6]),
        ("transpose_sequence", F::transpose_sequence([x(&[2, 0]), x(&[1, 0])]).remove(0), &[2, 0]),
        ("resize_images", F::resize_images(x(&[0, 1, 2, 2]), 3), &[0, 1, 3, 3]),
        ("resize_images", F::resize_images(x(&[1, 1, 2, 2]), (0, 2)), &[1, 1, 0, 2]),
        ("spatial_transformer_grid", F::spatial_transformer_grid(x(&[0, 2, 3]), 2), &[0, 2, 2, 2]),
        (
            "spatial_transformer_sampler",
            F::spatial_transformer_sampler(x(&[1, 2, 3, 3]), x(&[1, 2, 0, 4])),
            &[1, 2, 0, 4],
        ),
    ]
}

/// Finite for huge inputs of shape (2, 3).
pub fn huge() -> Vec<Huge> {
    let sampled = |x: &Variable| {
        let image = Variable::new(Array::ones([1, 1, 2, 3], x.dtype()));
        let [across, down] = [0, 1].map(|row| F::reshape(F::get_item(x, row), [1, 1, 1, 3]));
        F::spatial_transformer_sampler(image, F::concat([across, down]))
    };
    vec![("spatial_transformer_sampler", sampled)]
}
