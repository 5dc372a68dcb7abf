//! Layers that normalize.

use chainer::links::BatchNormalizationMode as Mode;
use chainer::prelude::*;
use chainer::{links as L, using_config};

use crate::{close, names, values, x};

#[test]
fn batch_normalization_keeps_running_statistics() {
    let layer = L::BatchNormalization::new(2).decay(0.75).eps(0.0);
    assert_eq!(names(&layer), ["/gamma", "/beta"]);
    let batch = Variable::new(Array::from([[1.0f32, 10.0], [3.0, 30.0], [5.0, 50.0]]));
    let y = layer.forward(&batch);
    let s = 1.5f32.sqrt();
    close(&values(&y), &[-s, -s, 0.0, 0.0, s, s]);
    // The running variance follows the unbiased one: 4 and 400.
    close(&layer.avg_mean().to_vec::<f32>().unwrap(), &[0.75, 7.5]);
    close(&layer.avg_var().to_vec::<f32>().unwrap(), &[0.75 + 1.0, 0.75 + 100.0]);
    {
        let _test = using_config(|c| c.train = false);
        let want = [(1.0 - 0.75) / 1.75f32.sqrt(), (10.0 - 7.5) / 100.75f32.sqrt()];
        close(&values(&layer.forward(&batch))[..2], &want);
    }
    close(&layer.avg_mean().to_vec::<f32>().unwrap(), &[0.75, 7.5]);

    // Fine-tuning gives the means over its batches.
    layer.start_finetuning();
    let other = Variable::new(Array::from([[3.0f32, 30.0], [5.0, 50.0], [7.0, 70.0]]));
    for batch in [&batch, &other] {
        layer.forward_in(batch, Mode::FineTune).check().unwrap();
    }
    assert_eq!(layer.n(), 2);
    close(&layer.avg_mean().to_vec::<f32>().unwrap(), &[4.0, 40.0]);

    let plain = L::BatchNormalization::new(2).use_gamma(false).use_beta(false);
    assert!(names(&plain).is_empty());
    y.sum().backward().unwrap();
    plain.forward(&batch).sum().backward().unwrap();
    let error = layer.forward(&x(&[2, 3])).check().unwrap_err().to_string();
    assert!(error.contains("3 != 2"), "{error}");
}

#[test]
fn layer_normalization_takes_its_size_from_the_first_input() {
    let layer = L::LayerNormalization::new(None).eps(0.0).initial_gamma(2.0);
    assert_eq!(names(&layer), ["/gamma", "/beta"]);
    assert!(layer.forward(&x(&[3])).check().is_err() && layer.has_uninitialized_params());
    let input = Variable::new(Array::from([[1.0f32, 3.0], [10.0, 30.0]]));
    close(&values(&layer.forward(&input)), &[-2.0, 2.0, -2.0, 2.0]);
    let error = layer.forward(&x(&[2, 3])).check().unwrap_err().to_string();
    assert!(error.contains("3 != 2") && error.contains("tests/links/"), "{error}");
}
