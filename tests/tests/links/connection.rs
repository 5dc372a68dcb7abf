//! Linear layers, convolutions, and what is made of them.

use chainer::initializers::HeNormal;
use chainer::prelude::*;
use chainer::{Dtype, functions as F, links as L, using_config};

use crate::{close, names, values, x};

#[test]
fn linear_takes_its_size_from_the_first_input() {
    let layer = L::Linear::new(None, 4);
    assert_eq!(names(&layer), ["/W", "/b"]);
    assert!(layer.has_uninitialized_params());
    // A failed input must not fix the size.
    assert!(layer.forward(&F::relu(Array::from([1i32]))).check().is_err());
    assert!(layer.has_uninitialized_params());
    assert_eq!(layer.forward(&x(&[2, 3, 5])).shape(), &[2, 4].into());
    assert_eq!(layer.w().shape(), Some([4, 15].into()));
    let error = layer.forward(&x(&[2, 3])).check().unwrap_err().to_string();
    assert!(error.contains("3 != 15") && error.contains("tests/links/"), "{error}");
    assert!(L::Linear::new(None, 4).forward(&x(&[2])).check().is_err());
}

#[test]
fn first_values_follow_the_arguments() {
    let w = Array::from([[1.0f32, 2.0], [3.0, 4.0]]);
    let layer = L::Linear::new(2, 2).initial_w(w.clone()).wscale(4.0).initial_bias(Array::from([5.0f32, 6.0]));
    assert_eq!(layer.w().array().unwrap().to_vec::<f32>().unwrap(), [2.0, 4.0, 6.0, 8.0]);
    assert_eq!(layer.b().unwrap().array().unwrap().to_vec::<f32>().unwrap(), [5.0, 6.0]);
    assert!(L::Linear::new(2, 2).nobias(true).bias(1.0).b().is_none());

    let deviation = |layer: &L::Linear| {
        let w = layer.w().array().unwrap().to_vec::<f32>().unwrap();
        (w.iter().map(|x| x * x).sum::<f32>() / w.len() as f32).sqrt()
    };
    assert!((deviation(&L::Linear::new(400, 100)) - 0.05).abs() < 0.002);
    assert!((deviation(&L::Linear::new(400, 100).wscale(9.0)) - 0.15).abs() < 0.006);
    let he = L::Linear::new(400, 100).initial_w(HeNormal::default());
    assert!((deviation(&he) - (2f32 / 400.0).sqrt()).abs() < 0.003);

    let _double = using_config(|c| c.dtype = Dtype::F64);
    let layer = L::Linear::new(None, 2);
    drop(_double);
    // The dtype is that of the constructor, not of the first call.
    layer.w().initialize([2, 3]).unwrap();
    assert_eq!(layer.w().dtype(), Some(Dtype::F64));
}

#[test]
fn a_first_value_that_does_not_fit_is_an_error_where_the_link_is_used() {
    let layer = L::Linear::new(3, 2).initial_w(Array::from([[1.0f32, 2.0], [3.0, 4.0]]));
    let error = layer.forward(&x(&[1, 3])).check().unwrap_err().to_string();
    assert!(error.contains("(2, 3)") && error.contains("(2, 2)"), "{error}");
}

#[test]
fn convolution_takes_its_channels_from_the_first_input() {
    let layer = L::Convolution2D::new(None, 4, (2, 3)).stride(2).pad((1, 0)).nobias(true);
    assert_eq!(names(&layer), ["/W"]);
    assert_eq!(layer.forward(&x(&[1, 3, 5, 7])).shape(), &[1, 4, 3, 3].into());
    assert_eq!(layer.w().shape(), Some([4, 3, 2, 3].into()));
    assert!(L::Convolution2D::new(None, 4, 2).forward(&x(&[3, 5, 7])).check().is_err());
}

#[test]
fn convolutions_of_all_kinds_take_their_channels_from_the_first_input() {
    fn check(layer: &impl Forward, want: [usize; 4]) {
        assert!(layer.has_uninitialized_params());
        assert!(layer.forward(&x(&[1, 4, 5])).check().is_err());
        assert!(layer.has_uninitialized_params());
        assert_eq!(layer.forward(&x(&[1, 4, 5, 5])).shape(), &want.into());
        let error = layer.forward(&x(&[1, 3, 5, 5])).check().unwrap_err().to_string();
        assert!(error.contains("tests/links/") && error.contains('3'), "{error}");
    }
    check(&L::Convolution2D::new(None, 6, 3).groups(2).dilate(2), [1, 6, 1, 1]);
    check(&L::ConvolutionND::new(2, None, 6, [3, 2]).pad([1, 0]), [1, 6, 5, 4]);
    check(&L::Deconvolution2D::new(None, 6, 2).stride(2).outsize((11, 10)), [1, 6, 11, 10]);
    check(&L::DeconvolutionND::new(2, None, 6, 2).stride(2).outsize(vec![10, 11]), [1, 6, 10, 11]);
    check(&L::DepthwiseConvolution2D::new(None, 2, 3).nobias(true), [1, 8, 3, 3]);
    check(&L::MLPConvolution2D::new(None, [3, 2], 3).pad(1), [1, 2, 5, 5]);
    check(&L::Inception::new(None, 1, 2, 3, 4, 5, 6), [1, 15, 5, 5]);
    assert!(L::ConvolutionND::new(1, 4, 6, 3).b().is_none());
    let w = L::Deconvolution2D::new(100, 9, 2).w().array().unwrap().to_vec::<f32>().unwrap();
    let deviation = (w.iter().map(|x| x * x).sum::<f32>() / w.len() as f32).sqrt();
    assert!((deviation - 0.05).abs() < 0.004, "{deviation}");
}

#[test]
fn first_values_of_compound_links_reach_their_parts() {
    let all = |link: &dyn Link, want: &[f32]| {
        for (name, parameter) in link.named_params() {
            let values = parameter.array().unwrap().to_vec::<f32>().unwrap();
            let want = if name.to_lowercase().ends_with('w') { want[0] } else { want[1] };
            assert!(values.iter().all(|&x| x == want), "{name}: {values:?}");
        }
    };
    all(&L::Inception::new(3, 1, 2, 3, 4, 5, 6).conv_init(0.5).bias_init(0.25), &[0.5, 0.25]);
    all(&L::MLPConvolution2D::new(3, [4, 5], 3).wscale(4.0).conv_init(0.5).bias_init(0.25), &[1.0, 0.25]);
    all(&L::GRU::new(3, None).init(0.5).inner_init(0.5).bias_init(0.25), &[0.5, 0.25]);
    let highway = L::Highway::new(2).init_wh(1.0).init_wt(0.0).init_bh(1.0).init_bt(0.0);
    // Half of relu(x0 + x1 + 1), and half of x.
    let input = Variable::new(Array::from([[1.0f32, -4.0]]));
    close(&values(&highway.forward(&input)), &[0.5, -2.0]);
    close(&values(&highway.activate(|x| x).forward(&input)), &[-0.5, -3.0]);
    assert_eq!(names(&L::Highway::new(2).nobias(true)), ["/plain/W", "/transform/W"]);
    let bilinear = L::Bilinear::new(2, 3, 4);
    assert_eq!(names(&bilinear), ["/W", "/V1", "/V2", "/b"]);
    assert_eq!(names(&bilinear.nobias(true)), ["/W"]);
    all(&L::Bilinear::new(2, 3, 4).initial_w(0.5).initial_bias(0.25, 0.25, 0.25), &[0.5, 0.25]);
}
