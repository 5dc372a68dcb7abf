//! Activations with parameters, and other layers of few parameters.

use chainer::prelude::*;
use chainer::serializers::{load_npz, save_npz};
use chainer::{links as L, using_config};

use crate::{close, names, values, x};

#[test]
fn maxout_takes_its_first_values_unit_by_unit() {
    let w = Array::from([[[1.0f32, 0.0], [0.0, 1.0]], [[-1.0, 0.0], [0.0, -1.0]]]);
    let layer = L::Maxout::new(2, 2, 2).initial_w(w).initial_bias(Array::from([[0.5f32, 0.0], [0.0, 0.0]]));
    assert_eq!(names(&layer), ["/linear/W", "/linear/b"]);
    let input = Variable::new(Array::from([[1.0f32, 1.25], [2.0, -3.0]]));
    close(&values(&layer.forward(&input)), &[1.5, -1.0, 2.5, 3.0]);
    let flat = L::Maxout::new(None, 2, 3).initial_w(0.5).wscale(4.0).nobias(true);
    assert_eq!(names(&flat), ["/linear/W"]);
    close(&values(&flat.forward(&input)), &[2.25, 2.25, -1.0, -1.0]);
    let wrong = L::Maxout::new(2, 2, 2).initial_w(Array::from([[1.0f32, 2.0, 3.0]]));
    assert!(wrong.forward(&input).check().is_err());
}

#[test]
fn slopes_scales_and_biases_have_shapes_along_axes() {
    let input = x(&[2, 3, 4]);
    assert_eq!(L::PReLU::new([3, 4]).w().shape(), Some([3, 4].into()));
    close(&values(&L::PReLU::new(()).init(1.0).forward(&input)), &values(&input));
    assert!(L::PReLU::new(4).forward(&input).check().is_err());

    let layer = L::Scale::new().bias_term(true).axis(2).w_shape(4);
    assert_eq!(names(&layer), ["/W", "/bias/b"]);
    layer.bias().unwrap().b().unwrap().set(Array::from([0.0f32, 1.0, 2.0, 3.0]));
    layer.w().unwrap().set(Array::from([2.0f32; 4]));
    let want: Vec<f32> = values(&input).iter().enumerate().map(|(i, x)| 2.0 * x + (i % 4) as f32).collect();
    close(&values(&layer.forward(&input)), &want);
    let given = L::Scale::new().axis(0).bias_term(true).bias_shape([2, 3]);
    assert_eq!(names(&given), ["/bias/b"]);
    close(&values(&given.forward_with(&input, Array::from([1.0f32, 1.0]))), &values(&input));

    for (error, part) in [
        (given.forward(&input), "a parameter W, or `forward_with`"),
        (L::Bias::new().forward(&input), "a parameter b, or `forward_with`"),
        (L::Scale::new().bias_term(true).forward_with(&input, Array::from([1.0f32; 3])), "w_shape or bias_shape"),
    ] {
        let error = error.check().unwrap_err().to_string();
        assert!(error.contains(part) && error.contains("tests/links/activation.rs:"), "{error}");
    }
}

#[test]
fn dropconnect_saves_a_mask_that_it_was_given() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("layer.npz");
    let (layer, other) = (L::SimplifiedDropconnect::new(3, 2), L::SimplifiedDropconnect::new(3, 2));
    save_npz(&path, &mut &layer).unwrap();
    load_npz(&path, &mut &other).unwrap();
    let mask = Array::from([[[true, false, true], [false, true, false]]]);
    let y = values(&layer.forward_with(&x(&[1, 3]), mask));
    save_npz(&path, &mut &layer).unwrap();
    load_npz(&path, &mut &other).unwrap();
    let again = folder.path().join("again.npz");
    save_npz(&again, &mut &other).unwrap();
    assert_eq!(std::fs::read(&path).unwrap().len(), std::fs::read(&again).unwrap().len());
    let _test = using_config(|c| c.train = false);
    let plain = L::Linear::new(3, 2);
    plain.copyparams(&other).unwrap();
    close(&values(&other.forward(&x(&[1, 3]))), &values(&plain.forward(&x(&[1, 3]))));
    assert_ne!(y, values(&plain.forward(&x(&[1, 3]))));
}
