use chainer_kernels::ops::{
    Index, flatnonzero, nonzero, put_along_axis, scatter_add, scatter_add_along_axis, scatter_set, take,
    take_along_axis,
};
use chainer_kernels::{Array, ArrayOps, Dtype};
use proptest::prelude::*;

use crate::{counting, integers};

/// One axis of Python's slicing, straight from its definition.
fn sliced(size: isize, start: Option<isize>, stop: Option<isize>, step: isize) -> Vec<i64> {
    let clamp = |at: isize, low, high| (if at < 0 { at + size } else { at }).clamp(low, high);
    let mut out = Vec::new();
    let (mut at, end) = if step > 0 {
        (start.map_or(0, |s| clamp(s, 0, size)), stop.map_or(size, |s| clamp(s, 0, size)))
    } else {
        (start.map_or(size - 1, |s| clamp(s, -1, size - 1)), stop.map_or(-1, |s| clamp(s, -1, size - 1)))
    };
    while if step > 0 { at < end } else { at > end } {
        out.push(at as i64);
        at += step;
    }
    out
}

fn border() -> impl Strategy<Value = Option<isize>> {
    prop::option::of(-9isize..9)
}

proptest! {
    #[test]
    fn slices_are_pythons(size in 0isize..7, start in border(), stop in border(), step in prop_oneof![-4isize..0, 1isize..5]) {
        let x = counting(&[size as usize]);
        let index = Index::Slice(start, stop, Some(step));
        let want = sliced(size, start, stop, step);
        prop_assert_eq!(x.slice(index.clone()).to_vec::<i64>().unwrap(), want.clone());
        // Adding into a slice of zeros puts every element back to its place; so does writing.
        let updates = Array::from((0..want.len() as i64).map(|v| v + 100).collect::<Vec<_>>());
        let mut expected = vec![0i64; size as usize];
        want.iter().enumerate().for_each(|(n, &at)| expected[at as usize] = n as i64 + 100);
        let zeros = Array::zeros(size as usize, Dtype::I64);
        prop_assert_eq!(scatter_add(&zeros, index.clone(), &updates).to_vec::<i64>().unwrap(), expected.clone());
        let mut written = Array::zeros(size as usize, Dtype::I64);
        written.set_item(index, &updates).unwrap();
        prop_assert_eq!(written.to_vec::<i64>().unwrap(), expected);
    }

    #[test]
    fn slices_of_several_axes_are_put_back(starts in prop::array::uniform3(0isize..3), steps in prop::array::uniform3(prop_oneof![Just(-2isize), Just(-1), Just(1), Just(2)])) {
        let x = counting(&[3, 4, 5]);
        let index = [
            Index::Slice(Some(starts[0]), None, Some(steps[0])),
            Index::NewAxis,
            Index::Int(starts[1]),
            Index::Slice(Some(starts[2]), None, Some(steps[2])),
        ];
        let part = x.slice(&index[..]);
        let back = scatter_add(&Array::zeros([3, 4, 5], Dtype::I64), &index[..], &part);
        let again = back.slice(&index[..]);
        prop_assert_eq!(integers(&again), integers(&part));
        prop_assert_eq!(back.sum(None, false).item::<i64>().unwrap(), part.sum(None, false).item::<i64>().unwrap());
    }
}

#[test]
fn index_arrays_go_where_numpy_puts_them() {
    let x = counting(&[2, 3, 4, 5]);
    let (i, j) = (Array::from([[1i64], [0]]), Array::from([0i64, -1, 2]));
    // Neighbours: the gathered axes stand where the indexed ones stood.
    assert_eq!(x.get_item((.., &i, &j)).shape(), &[2, 2, 3, 5].into());
    // Apart: in front.
    assert_eq!(x.get_item((&i, .., &j)).shape(), &[2, 3, 3, 5].into());
    // A number beside an array is an index array too.
    assert_eq!(x.get_item((.., &j, 1)).shape(), &[2, 3, 5].into());
    assert_eq!(x.get_item((0, .., &j)).shape(), &[3, 3, 5].into());
    assert_eq!(x.get_item(((&j).remainder(2), Index::Ellipsis)).shape(), &[3, 3, 4, 5].into());
    let y = x.get_item((&i, .., &j));
    for (a, b, c, d) in [(0, 0, 0, 0), (1, 2, 2, 4), (0, 1, 1, 3)] {
        let (i, j) = ([1, 0][a], [0, 3, 2][b]);
        assert_eq!(y.item_at::<i64>(&[a, b, c, d]).unwrap(), x.item_at::<i64>(&[i, c, j, d]).unwrap());
    }
}

#[test]
fn masks_pick_and_write() {
    let x = counting(&[2, 3]);
    let mask = Array::from([[true, false, true], [false, false, true]]);
    assert_eq!(integers(&x.get_item(&mask)), [0, 2, 5]);
    assert_eq!(integers(&x.get_item((.., Array::from([true, false, true])))), [0, 2, 3, 5]);
    let mut y = x.clone();
    y.set_item(&mask, 9).unwrap();
    assert_eq!(integers(&y), [9, 1, 9, 3, 4, 9]);
    assert_eq!(integers(&x), [0, 1, 2, 3, 4, 5]);
    assert_eq!(x.get_item(Array::from([[false; 3]; 2])).shape(), &[0].into());
    let three = Array::zeros([2, 3, 4], Dtype::F32);
    assert_eq!(three.get_item(&mask).shape(), &[3, 4].into());
}

#[test]
fn writing_reads_its_value_first() {
    let mut x = Array::from([1i64, 2, 3, 4]);
    let shifted = x.slice(..3);
    x.set_item(1.., &shifted).unwrap();
    assert_eq!(integers(&x), [1, 1, 2, 3]);
    let mut y = counting(&[3]);
    let doubled = &y + &y;
    y.set_item(.., &doubled).unwrap();
    assert_eq!(integers(&y), [0, 2, 4]);
}

#[test]
fn a_failed_write_changes_nothing() {
    let mut x = counting(&[3]);
    let error = x.set_item(Array::from([0i64, 3]), 7).unwrap_err();
    assert!(error.to_string().contains("= 3 is out of bounds for axis 0 of size 3"), "{error}");
    assert!(x.set_item(.., Array::from([1i64, 2])).is_err());
    assert_eq!(integers(&x), [0, 1, 2]);
}

#[test]
fn repeated_places_add_or_keep_the_last() {
    let zeros = Array::zeros([2, 2], Dtype::I64);
    let (i, j) = (Array::from([0i64, 0, 1]), Array::from([1i64, 1, 0]));
    let updates = Array::from([1i64, 10, 100]);
    assert_eq!(integers(&scatter_add(&zeros, (&i, &j), &updates)), [0, 11, 100, 0]);
    assert_eq!(integers(&scatter_set(&zeros, (&i, &j), &updates)), [0, 10, 100, 0]);
    // Behind a slice.
    let base = counting(&[2, 3]);
    let y = scatter_add(&base, (1, Array::from([0i64, 0, 2])), &Array::scalar(10i64));
    assert_eq!(integers(&y), [0, 1, 2, 23, 4, 15]);
    let y = scatter_set(&base, (Index::Slice(None, None, Some(-1)), Array::from([2i64])), &Array::from([[7i64], [8]]));
    assert_eq!(integers(&y), [0, 1, 8, 3, 4, 7]);
}

#[test]
fn places_along_an_axis_read_and_write() {
    let x = counting(&[2, 3]);
    let order = Array::from([[2i32, 0], [1, 1]]);
    assert_eq!(integers(&take_along_axis(&x, &order, 1)), [2, 0, 4, 4]);
    assert_eq!(integers(&put_along_axis(&x, &order, &Array::scalar(-1i64), -1)), [-1, 1, -1, 3, -1, 5]);
    let added = scatter_add_along_axis(&Array::zeros([2, 3], Dtype::F32), &order, &Array::scalar(1.0f32), 1);
    assert_eq!(integers(&added), [1, 0, 1, 0, 2, 0]);
}

#[test]
fn nothing_taken_and_nothing_found() {
    let none = Array::from_vec(Vec::<i64>::new(), [0]);
    assert_eq!(take(&counting(&[3, 2]), &none, 0).shape(), &[0, 2].into());
    assert_eq!(take(&counting(&[3]), &none, None).to_vec::<i64>().unwrap(), []);
    assert_eq!(flatnonzero(&Array::zeros([2, 2], Dtype::F32)).unwrap().size(), 0);
    let found = nonzero(&counting(&[0, 3])).unwrap();
    assert_eq!((found.len(), found[0].size()), (2, 0));
    assert_eq!(integers(&take(&counting(&[3, 2]).transpose(), &Array::from([1i8]), 0)), [1, 3, 5]);
}

#[test]
fn an_ellipsis_parts_index_arrays_even_where_it_stands_for_no_axis() {
    let x = counting(&[2, 3, 4]);
    let (rows, columns) = (Array::from([0i64, 1, 1]), Array::from([3i64, 0, 2]));
    let all = Index::Slice(None, None, None);
    let beside = x.get_item([all.clone(), Index::from(&rows), Index::from(&columns)]);
    let parted = x.get_item([all, Index::from(&rows), Index::Ellipsis, Index::from(&columns)]);
    assert_eq!((beside.shape(), parted.shape()), (&[2, 3].into(), &[3, 2].into()));
    assert_eq!(integers(&beside.transpose()), integers(&parted));
}
