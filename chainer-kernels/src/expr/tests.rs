//! What the planner promises, counted at the door.

use crate::hooks::KernelCounter;
use crate::{Array, ArrayOps, Dtype, ErrorKind, flush_all};

fn ramp(n: usize) -> Array {
    Array::from_vec((0..n).map(|i| i as f32 * 0.1 - 1.0).collect(), [n])
}

#[test]
fn a_chain_is_one_kernel_and_consumed_temporaries_are_not_written() {
    let (x, a, b) = (ramp(100), ramp(100), ramp(100));
    let counter = KernelCounter::start();
    let y = (&x * &a + &b).tanh() * (&x - &b).sigmoid() + (-(&x * &x)).exp();
    assert_eq!(counter.count().kernels, 0, "nothing runs before a value is needed");
    y.force().unwrap();
    let count = counter.count();
    assert_eq!((count.kernels, count.written), (1, 1), "{count:?}");
}

#[test]
fn what_somebody_holds_is_written_by_the_same_kernel() {
    let x = ramp(10);
    let h = (&x).exp();
    let y = &h + 1.0;
    let counter = KernelCounter::start();
    y.force().unwrap();
    assert!(!h.is_pending());
    assert_eq!((counter.count().kernels, counter.count().written), (1, 2));
}

#[test]
fn values_consumed_twice_are_written_by_the_second_kernel() {
    let x = ramp(10);
    let h = (&x).exp().save();
    let first = h.array() + 1.0;
    let counter = KernelCounter::start();
    first.force().unwrap();
    assert_eq!(counter.take().written, 1, "a tape's reference does not want the value");
    let second = h.array() + 2.0;
    second.force().unwrap();
    assert_eq!(counter.take().written, 2, "nothing is computed three times");
    (h.array() + 3.0).force().unwrap();
    assert!(!counter.take().descriptions[0].contains("exp"));
}

#[test]
fn retired_references_are_not_written_for() {
    let x = ramp(10);
    let h = (&x).exp().save();
    (h.array() + 1.0).force().unwrap();
    let second = h.array() + 2.0;
    h.retire();
    let counter = KernelCounter::start();
    second.force().unwrap();
    assert_eq!(counter.take().written, 1);
    // Reading it again after all is slower, not wrong.
    assert_eq!((h.array() + 0.0).to_vec::<f32>().unwrap(), (&x).exp().to_vec::<f32>().unwrap());
}

#[test]
fn a_value_nobody_reads_is_never_computed() {
    let counter = KernelCounter::start();
    drop(ramp(10).exp());
    let x = ramp(10);
    let _unused = (&x).exp();
    (&x + 1.0).force().unwrap();
    assert_eq!(counter.count().kernels, 1);
}

#[test]
fn reductions_take_what_pends_below_them() {
    let x = ramp(12).reshape([3, 4]);
    let counter = KernelCounter::start();
    let total = (&x * 2.0).exp().sum(1, false);
    total.force().unwrap();
    let count = counter.count();
    assert_eq!((count.kernels, count.written), (1, 1), "{count:?}");
    let want: Vec<f32> = (0..3).map(|i| (0..4).map(|j| ((i * 4 + j) as f32 * 0.2 - 2.0).exp()).sum()).collect();
    for (got, want) in total.to_vec::<f32>().unwrap().iter().zip(want) {
        assert!((got - want).abs() < 1e-5 * want, "{got} {want}");
    }
}

#[test]
fn smaller_operands_are_computed_before_and_once() {
    let x = ramp(12).reshape([3, 4]);
    let row = Array::from([1.0f32, 2.0, 3.0, 4.0]).exp();
    let counter = KernelCounter::start();
    (&x * row).force().unwrap();
    assert_eq!(counter.count().kernels, 2);
}

#[test]
fn common_subexpressions_are_computed_once() {
    let x = ramp(10);
    let y = (&x).exp() * (&x).exp();
    let counter = KernelCounter::start();
    y.force().unwrap();
    assert_eq!(counter.count().descriptions[0].matches("exp").count(), 1);
}

#[test]
fn a_group_of_one_shape_is_one_kernel() {
    let x = ramp(10);
    let outputs = [&x + 1.0, &x * 2.0, (&x).exp()];
    let counter = KernelCounter::start();
    flush_all(&outputs);
    assert_eq!((counter.count().kernels, counter.count().written), (1, 3));
}

#[test]
fn long_chains_are_cut() {
    let x = ramp(4);
    let counter = KernelCounter::start();
    let mut h = x.clone();
    for _ in 0..1000 {
        h += 1.0;
    }
    assert_eq!(h.item_at::<f32>(&[0]).unwrap(), 999.0);
    let kernels = counter.count().kernels;
    assert!((14..=18).contains(&kernels), "{kernels}");
}

#[test]
fn shared_operands_do_not_cut_chains_early() {
    let x = ramp(4);
    let counter = KernelCounter::start();
    let mut h = x.clone();
    for _ in 0..20 {
        h = &h + &h;
    }
    h.force().unwrap();
    assert_eq!(counter.count().kernels, 1, "20 instructions, though 2^20 paths lead to x");
}

#[test]
fn the_last_reader_writes_in_place() {
    let n = 1 << 16;
    let x = Array::from_slice(&vec![1.0f32; n], [n]);
    let address = x.view::<f32>().unwrap().as_slice().unwrap().as_ptr();
    let y = (x + 1.0).exp();
    y.force().unwrap();
    assert_eq!(y.view::<f32>().unwrap().as_slice().unwrap().as_ptr(), address);
    assert!((y.item_at::<f32>(&[n - 1]).unwrap() - 2f32.exp()).abs() < 1e-5);
}

#[test]
fn nobody_sees_an_array_change() {
    let x = ramp(1000);
    let copy = x.clone();
    let slice = x.reshape([10, 100]);
    let before = x.to_vec::<f32>().unwrap();
    let y = x + 1.0;
    y.force().unwrap();
    assert_eq!(copy.to_vec::<f32>().unwrap(), before);
    assert_eq!(slice.to_vec::<f32>().unwrap(), before);
}

#[test]
fn the_first_error_travels_with_its_position() {
    let line = line!() + 1;
    let bad = ramp(3) + ramp(4);
    let later = ((bad * 2.0).exp() + ramp(5)).sum(7, false).reshape([3, 3]);
    let error = later.to_vec::<f32>().unwrap_err();
    assert_eq!(error.kind(), ErrorKind::InvalidType);
    assert!(error.to_string().contains("(3,) and (4,)"), "{error}");
    assert_eq!(error.location().unwrap().line(), line);
}

#[test]
fn ones_and_constants_take_no_memory_and_no_kernel() {
    let x = ramp(10);
    let counter = KernelCounter::start();
    let y = &x * Array::ones([10], Dtype::F32);
    assert!(y.is_same(&x));
    (Array::full([10], 3.0, Dtype::F32) + &x).force().unwrap();
    assert_eq!(counter.count().kernels, 1);
}

#[test]
fn views_of_pending_values_wait_for_them() {
    let x = ramp(6).reshape([2, 3]);
    let counter = KernelCounter::start();
    let y = (&x + 1.0).permute(&[1, 0]).reshape([6]);
    assert_eq!(counter.count().kernels, 0);
    let want: Vec<f32> = [0, 3, 1, 4, 2, 5].iter().map(|&i| i as f32 * 0.1).collect();
    for (got, want) in y.to_vec::<f32>().unwrap().iter().zip(want) {
        assert!((got - want).abs() < 1e-6);
    }
}

#[test]
fn empty_arrays_run_through() {
    let x = Array::zeros([0, 3], Dtype::F32) + ramp(3);
    assert_eq!(x.to_vec::<f32>().unwrap(), Vec::<f32>::new());
    assert_eq!((&x).sum(0, false).to_vec::<f32>().unwrap(), [0.0; 3]);
    assert!(x.max(0, false).is_failed());
}

#[test]
fn threads_share_pending_values() {
    let x = ramp(10_000) * 0.001;
    let h = (&x * 2.0).exp();
    let expected = ((&x * 2.0).exp() + 1.0).to_vec::<f32>().unwrap();
    std::thread::scope(|scope| {
        for _ in 0..8 {
            scope.spawn(|| {
                for _ in 0..50 {
                    assert_eq!((&h + 1.0).to_vec::<f32>().unwrap(), expected);
                    let sum = (&h).sum(None, false).item::<f64>().unwrap();
                    assert!(sum.is_finite());
                }
            });
        }
    });
}

#[test]
fn deep_chains_of_reductions_stay_shallow() {
    std::thread::Builder::new()
        .stack_size(2 << 20)
        .spawn(|| {
            let x = ramp(8);
            let mut h = x.clone();
            for _ in 0..2000 {
                let mean = (&h).mean(0, true);
                h = h - mean + 1.0;
            }
            assert!((h.mean(None, false).item::<f32>().unwrap() - 1.0).abs() < 1e-4);
        })
        .unwrap()
        .join()
        .unwrap();
}

#[test]
fn writing_copies_what_others_see() {
    let mut x = ramp(4);
    let other = x.clone();
    x.fill(2.0).unwrap();
    assert_eq!(x.to_vec::<f32>().unwrap(), [2.0; 4]);
    assert_eq!(other.item_at::<f32>(&[0]).unwrap(), -1.0);
    assert!(x.fill(ramp(3)).is_err());
}

#[test]
fn assigning_operators_move_the_handle_on() {
    let mut x = ramp(3);
    let before = x.clone();
    x += 1.0;
    x *= &before;
    assert_eq!(x.to_vec::<f32>().unwrap(), ((&before + 1.0) * &before).to_vec::<f32>().unwrap());
    assert_eq!(before.item_at::<f32>(&[0]).unwrap(), -1.0);
}
