//! Convolution over any number of spatial axes, its gradients, transposed convolution, and the output-size formulas.

use std::panic::Location;

use super::{check_all, one, or_failed};
use crate::array::{Array, ArrayOps};
use crate::dtype::Dtype;
use crate::error::{Error, Result};
use crate::kernel::{Conv, Kernel};
use crate::shape::Shape;

/// The output size of a convolution or pooling along one axis of `size`, for a window of `k` with steps `d` inside it, moved by `s`,
/// over `p` zeros at both ends: `(size + 2p - d(k - 1) - 1) / s + 1` rounded down, or up if the windows must cover every element
/// (`cover_all`). 0 where the window does not fit.
///
/// ```
/// use chainer_kernels::ops::get_conv_outsize;
/// assert_eq!(get_conv_outsize(28, 3, 1, 0, false, 1), 26);
/// assert_eq!(get_conv_outsize(5, 2, 2, 0, false, 1), 2);
/// assert_eq!(get_conv_outsize(5, 2, 2, 0, true, 1), 3);
/// assert_eq!(get_conv_outsize(7, 3, 1, 0, false, 2), 3);
/// ```
pub fn get_conv_outsize(size: usize, k: usize, s: usize, p: usize, cover_all: bool, d: usize) -> usize {
    // Saturating: whoever asks may pass on what a user gave.
    let window = k.saturating_sub(1).saturating_mul(d).saturating_add(1);
    let s = s.max(1);
    let padded = size.saturating_add(p.saturating_mul(2));
    let room = if cover_all { padded.saturating_add(s - 1) } else { padded };
    room.checked_sub(window).map_or(0, |room| (room / s).saturating_add(1))
}

/// The output size of a transposed convolution (the size whose convolution has `size`): `s(size - 1) + d(k - 1) + 1 - 2p`, less
/// `s - 1` with `cover_all`. 0 where that is negative.
///
/// ```
/// use chainer_kernels::ops::get_deconv_outsize;
/// assert_eq!(get_deconv_outsize(5, 3, 2, 1, false, 1), 9);
/// assert_eq!(get_deconv_outsize(5, 3, 2, 1, true, 1), 8);
/// ```
pub fn get_deconv_outsize(size: usize, k: usize, s: usize, p: usize, cover_all: bool, d: usize) -> usize {
    let [size, k, s, p, d] = [size, k, s, p, d].map(|n| n as i128);
    let window = (k - 1).max(0).saturating_mul(d).saturating_add(1);
    let full = s.saturating_mul(size - 1).saturating_add(window) - 2 * p;
    let full = if cover_all { full + 1 - s } else { full };
    full.clamp(0, usize::MAX as i128) as usize
}

/// The largest stride, padding or dilation.
pub(super) const MAX_OPTION: usize = 1 << 31;

/// The shape of a result, if the number of its bytes is a number.
pub(super) fn result_shape(name: &'static str, sizes: Vec<usize>) -> Result<Shape> {
    let refuse = || Error::value(name, "a result that fits into memory", format_args!("shape {sizes:?}"));
    Shape::countable(&sizes).ok_or_else(refuse)
}

/// Checks the options against the number of spatial axes.
fn check_options(name: &'static str, conv: &Conv, axes: usize) -> Result<()> {
    for (what, values) in [("stride", &conv.stride), ("pad", &conv.pad), ("dilate", &conv.dilate)] {
        if values.len() != axes {
            let expect = format!("{what}.len() == {axes} (the spatial axes of x)");
            return Err(Error::value(name, expect, values.len()));
        }
        if what != "pad" && values.contains(&0) {
            return Err(Error::value(name, format_args!("{what} >= 1"), format_args!("{values:?}")));
        }
        // The kernels' arithmetic of places does not overflow below.
        if values.iter().any(|&value| value > MAX_OPTION) {
            return Err(Error::value(name, format_args!("{what} <= {MAX_OPTION}"), format_args!("{values:?}")));
        }
    }
    if conv.groups == 0 {
        return Err(Error::value(name, "groups >= 1", 0));
    }
    Ok(())
}

/// Checks that both are float arrays of one rank, at least 3, and gives the dtype to compute in.
fn check_pair(name: &'static str, letters: [&str; 2], a: &Array, b: &Array) -> Result<Dtype> {
    check_all([a, b])?;
    for (letter, x) in letters.into_iter().zip([a, b]) {
        if !x.dtype().is_float() {
            return Err(Error::mismatch(name, format_args!("{letter}.dtype.kind == f"), x.dtype()));
        }
        if x.ndim() < 3 {
            return Err(Error::mismatch(name, format_args!("{letter}.ndim >= 3"), x.ndim()));
        }
    }
    if a.ndim() != b.ndim() {
        let expect = format!("{}.ndim == {}.ndim", letters[0], letters[1]);
        return Err(Error::mismatch(name, expect, format_args!("{} != {}", a.ndim(), b.ndim())));
    }
    Ok(a.dtype().promote(b.dtype()))
}

fn mismatch(name: &'static str, expect: &str, left: impl std::fmt::Display, right: impl std::fmt::Display) -> Error {
    Error::mismatch(name, expect, format_args!("{left} != {right}"))
}

/// The convolution (cross-correlation, as everywhere in deep learning) of x (N, C, spatial…) with filters w (O, C/groups, window…):
/// y (N, O, out…), out by [`get_conv_outsize`]. Any number of spatial axes, float dtypes.
///
/// Ranks, channels or groups that do not fit, and windows larger than the padded input, give a failed array.
///
/// ```
/// use chainer_kernels::{Array, Dtype, kernel::Conv, ops::convolution};
/// let x = Array::from([[[1.0f32, 2.0, 3.0, 4.0]]]);
/// let w = Array::from([[[1.0f32, -1.0]]]);
/// let conv = Conv { stride: [1].into_iter().collect(), pad: [0].into_iter().collect(), dilate: [1].into_iter().collect(), groups: 1 };
/// assert_eq!(convolution(&x, &w, &conv, false).to_vec::<f32>()?, [-1.0, -1.0, -1.0]);
/// assert!(convolution(&x, &Array::zeros([1, 2, 2], Dtype::F32), &conv, false).is_failed());
/// # Ok::<(), chainer_kernels::Error>(())
/// ```
#[track_caller]
pub fn convolution(x: &Array, w: &Array, conv: &Conv, cover_all: bool) -> Array {
    const NAME: &str = "convolution";
    or_failed(Location::caller(), || {
        let dtype = check_pair(NAME, ["x", "W"], x, w)?;
        let (xs, ws, axes) = (x.shape(), w.shape(), x.ndim() - 2);
        check_options(NAME, conv, axes)?;
        check_channels(NAME, conv, xs[1], ws)?;
        let mut out = vec![xs[0], ws[0]];
        for i in 0..axes {
            let (size, k) = (xs[2 + i], ws[2 + i]);
            let at = get_conv_outsize(size, k, conv.stride[i], conv.pad[i], cover_all, conv.dilate[i]);
            if at == 0 || k == 0 {
                let expect = format!("a window that fits into x.shape[{}] + 2 * pad", 2 + i);
                let actual = format!("window {k} (dilate {}), size {size}, pad {}", conv.dilate[i], conv.pad[i]);
                return Err(Error::mismatch(NAME, expect, actual));
            }
            out.push(at);
        }
        let (x, w) = (x.astype(dtype), w.astype(dtype));
        let out = result_shape(NAME, out)?;
        Ok(one(Array::call(Kernel::Conv(conv.clone()), &[&x, &w], &[(out, dtype)])))
    })
}

fn check_channels(name: &'static str, conv: &Conv, channels: usize, ws: &Shape) -> Result<()> {
    let groups = conv.groups;
    if ws[1].checked_mul(groups) != Some(channels) {
        let actual = format!("{} * {groups}", ws[1]);
        return Err(mismatch(name, "x.shape[1] == W.shape[1] * groups", channels, actual));
    }
    if !ws[0].is_multiple_of(groups) {
        return Err(Error::mismatch(name, format_args!("W.shape[0] % groups == 0 (groups {groups})"), ws[0]));
    }
    Ok(())
}

/// The gradient of [`convolution`] with respect to x, whose spatial sizes are `size`: from gy (N, O, out…) and w (O, C/groups, window…)
/// to gx (N, C, size…).
///
/// ```
/// use chainer_kernels::{Array, kernel::Conv, ops::convolution_backward_data};
/// let gy = Array::from([[[1.0f32, 10.0]]]);
/// let w = Array::from([[[1.0f32, -1.0]]]);
/// let conv = Conv { stride: [2].into_iter().collect(), pad: [0].into_iter().collect(), dilate: [1].into_iter().collect(), groups: 1 };
/// assert_eq!(convolution_backward_data(&gy, &w, &conv, &[5]).to_vec::<f32>()?, [1.0, -1.0, 10.0, -10.0, 0.0]);
/// # Ok::<(), chainer_kernels::Error>(())
/// ```
#[track_caller]
pub fn convolution_backward_data(gy: &Array, w: &Array, conv: &Conv, size: &[usize]) -> Array {
    or_failed(Location::caller(), || backward_data("convolution_backward_data", ["gy", "W"], gy, w, conv, size))
}

fn backward_data(
    name: &'static str,
    letters: [&str; 2],
    gy: &Array,
    w: &Array,
    conv: &Conv,
    size: &[usize],
) -> Result<Array> {
    let dtype = check_pair(name, letters, gy, w)?;
    let (gs, ws, axes) = (gy.shape(), w.shape(), gy.ndim() - 2);
    check_options(name, conv, axes)?;
    if size.len() != axes {
        return Err(Error::value(name, format_args!("{axes} output sizes"), format_args!("{size:?}")));
    }
    if gs[1] != ws[0] {
        return Err(mismatch(name, &format!("{}.shape[1] == W.shape[0]", letters[0]), gs[1], ws[0]));
    }
    check_channels(name, conv, ws[1].saturating_mul(conv.groups), ws)?;
    for i in 0..axes {
        if ws[2 + i] == 0 {
            return Err(Error::mismatch(name, format_args!("W.shape[{}] >= 1", 2 + i), 0));
        }
        // As Chainer: the size must give back the input's, for either rounding.
        let forward = |cover| get_conv_outsize(size[i], ws[2 + i], conv.stride[i], conv.pad[i], cover, conv.dilate[i]);
        if forward(false) != gs[2 + i] && forward(true) != gs[2 + i] {
            let expect = format!("an output size whose convolution has size {} on axis {}", gs[2 + i], 2 + i);
            return Err(Error::mismatch(name, expect, format_args!("{} (convolved: {})", size[i], forward(false))));
        }
    }
    let out = [gs[0], ws[1] * conv.groups].into_iter().chain(size.iter().copied());
    let out = result_shape(name, out.collect())?;
    let (gy, w) = (gy.astype(dtype), w.astype(dtype));
    Ok(one(Array::call(Kernel::ConvBackwardData(conv.clone()), &[&gy, &w], &[(out, dtype)])))
}

/// Transposed convolution ("deconvolution") of x (N, C, spatial…) with w (C, O/groups, window…): y (N, O, out…), out as asked for with
/// `outsize`, or by [`get_deconv_outsize`].
///
/// ```
/// use chainer_kernels::{Array, kernel::Conv, ops::deconvolution};
/// let x = Array::from([[[1.0f32, 10.0]]]);
/// let w = Array::from([[[1.0f32, 2.0, 3.0]]]);
/// let conv = Conv { stride: [1].into_iter().collect(), pad: [0].into_iter().collect(), dilate: [1].into_iter().collect(), groups: 1 };
/// assert_eq!(deconvolution(&x, &w, &conv, None).to_vec::<f32>()?, [1.0, 12.0, 23.0, 30.0]);
/// # Ok::<(), chainer_kernels::Error>(())
/// ```
#[track_caller]
pub fn deconvolution(x: &Array, w: &Array, conv: &Conv, outsize: Option<&[usize]>) -> Array {
    const NAME: &str = "deconvolution";
    or_failed(Location::caller(), || {
        check_pair(NAME, ["x", "W"], x, w)?;
        check_options(NAME, conv, x.ndim() - 2)?;
        let sizes: Vec<usize> = match outsize {
            Some(sizes) => sizes.to_vec(),
            None => (0..x.ndim() - 2)
                .map(|i| {
                    let (size, k) = (x.shape()[2 + i], w.shape()[2 + i]);
                    get_deconv_outsize(size, k, conv.stride[i], conv.pad[i], false, conv.dilate[i])
                })
                .collect(),
        };
        backward_data(NAME, ["x", "W"], x, w, conv, &sizes)
    })
}

/// The gradient of [`convolution`] with respect to its filters, whose windows have the sizes `window`: from x (N, C, spatial…) and gy
/// (N, O, out…) to gw (O, C/groups, window…).
///
/// ```
/// use chainer_kernels::{Array, kernel::Conv, ops::convolution_backward_filter};
/// let x = Array::from([[[1.0f32, 2.0, 3.0]]]);
/// let gy = Array::from([[[1.0f32, 10.0]]]);
/// let conv = Conv { stride: [1].into_iter().collect(), pad: [0].into_iter().collect(), dilate: [1].into_iter().collect(), groups: 1 };
/// assert_eq!(convolution_backward_filter(&x, &gy, &conv, &[2]).to_vec::<f32>()?, [21.0, 32.0]);
/// # Ok::<(), chainer_kernels::Error>(())
/// ```
#[track_caller]
pub fn convolution_backward_filter(x: &Array, gy: &Array, conv: &Conv, window: &[usize]) -> Array {
    const NAME: &str = "convolution_backward_filter";
    or_failed(Location::caller(), || {
        let dtype = check_pair(NAME, ["x", "gy"], x, gy)?;
        let (xs, gs, axes) = (x.shape(), gy.shape(), x.ndim() - 2);
        check_options(NAME, conv, axes)?;
        if window.len() != axes {
            return Err(Error::value(NAME, format_args!("{axes} window sizes"), format_args!("{window:?}")));
        }
        if xs[0] != gs[0] {
            return Err(mismatch(NAME, "x.shape[0] == gy.shape[0]", xs[0], gs[0]));
        }
        for (channels, of) in [(xs[1], "x"), (gs[1], "gy")] {
            if !channels.is_multiple_of(conv.groups) {
                let expect = format!("{of}.shape[1] % groups == 0 (groups {})", conv.groups);
                return Err(Error::mismatch(NAME, expect, channels));
            }
        }
        let out: Shape = [gs[1], xs[1] / conv.groups].into_iter().chain(window.iter().copied()).collect();
        let (x, gy) = (x.astype(dtype), gy.astype(dtype));
        Ok(one(Array::call(Kernel::ConvBackwardFilter(conv.clone()), &[&x, &gy], &[(out, dtype)])))
    })
}
