//! The links of the library: shapes, first values, states, what they report and how they are stored.

mod activation;
mod connection;
mod loss;
mod normalization;
mod recurrent;

use chainer::prelude::*;
use chainer::reporter::Reporter;
use chainer::{UpdateRule, functions as F, links as L, optimizers, using_config};

fn x(shape: &[usize]) -> Variable {
    let size = shape.iter().product::<usize>();
    Variable::new(Array::from_vec((0..size).map(|i| (i as f32 * 0.37).sin()).collect(), shape))
}

fn values(x: &Variable) -> Vec<f32> {
    x.to_vec().unwrap()
}

fn close(got: &[f32], want: &[f32]) {
    assert_eq!(got.len(), want.len());
    assert!(got.iter().zip(want).all(|(g, w)| (g - w).abs() < 1e-5), "{got:?} instead of {want:?}");
}

fn names(link: &impl Link) -> Vec<String> {
    link.named_params().into_iter().map(|(name, _)| name).collect()
}

#[test]
fn classifier_reports_loss_and_accuracy() {
    let model = L::Classifier::new(L::Linear::new(2, 2).initial_w(Array::from([[1.0f32, 0.0], [0.0, 1.0]])));
    let mut reporter = Reporter::new();
    reporter.add_observer("main", &model);
    let inputs = Variable::constant(Array::from([[5.0f32, 0.0], [5.0, 0.0]]));
    let t = Variable::constant(Array::from([0i32, 1]));
    let (loss, seen) = reporter.observe(|| model.forward((&inputs, &t)));
    let loss = loss.item::<f32>().unwrap();
    assert_eq!(seen.names(), ["main/loss", "main/accuracy"]);
    assert_eq!(seen.number("main/loss").unwrap(), Some(loss as f64));
    assert_eq!(seen.number("main/accuracy").unwrap(), Some(0.5));
    assert_eq!(model.loss().unwrap().item::<f32>().unwrap(), loss);
    assert_eq!(names(&model), ["/predictor/W", "/predictor/b"]);

    let silent = L::Classifier::new(L::Linear::new(2, 2)).compute_accuracy(false);
    let (_, seen) = reporter.observe(|| silent.forward((&inputs, &t)));
    assert_eq!(seen.names(), ["loss"]);
    assert!(silent.accuracy().is_none());

    let failed = model.forward((&inputs, &Variable::constant(Array::from([0i32, 2]))));
    assert!(failed.check().unwrap_err().to_string().contains("t[1] = 2"));
}

#[test]
fn links_go_through_files_under_chainers_keys() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("model.npz");
    #[chain]
    struct Model {
        embed: L::EmbedID,
        lstm: L::LSTM,
        bn: L::BatchNormalization,
        out: L::Linear,
    }
    let make = || Model {
        embed: L::EmbedID::new(7, 3),
        lstm: L::LSTM::new(None, 4),
        bn: L::BatchNormalization::new(4),
        out: L::Linear::new(None, 2),
    };
    impl Forward for Model {
        fn forward(&self, x: &Variable) -> Variable {
            self.lstm.reset_state();
            let h = self.lstm.forward(&self.embed.forward(x));
            self.out.forward(&self.bn.forward(&h))
        }
    }
    let ids = Variable::constant(Array::from([1i32, 5, 2]));
    let (model, other) = (make(), make());
    model.forward(&ids).check().unwrap();
    let _test = using_config(|c| c.train = false);
    let want = values(&model.forward(&ids));
    chainer::serializers::save_npz(&path, &mut &model).unwrap();
    chainer::serializers::load_npz(&path, &mut &other).unwrap();
    assert_eq!(values(&other.forward(&ids)), want);
    assert_eq!(other.bn.avg_var().to_vec::<f32>().unwrap(), model.bn.avg_var().to_vec::<f32>().unwrap());
}

#[test]
fn a_network_learns_exclusive_or() {
    chainer::set_seed(3);
    let model = L::Classifier::new(seq![L::Linear::new(None, 8), F::tanh, L::Linear::new(None, 2)]);
    let mut optimizer = optimizers::Adam::new(0.05).setup(&model);
    let inputs = Variable::constant(Array::from([[0.0f32, 0.0], [0.0, 1.0], [1.0, 0.0], [1.0, 1.0]]));
    let t = Variable::constant(Array::from([0i32, 1, 1, 0]));
    for _ in 0..200 {
        optimizer.update_with(|| model.forward((&inputs, &t))).unwrap();
    }
    assert_eq!(model.accuracy().unwrap().item::<f32>().unwrap(), 1.0);
    assert!(model.loss().unwrap().item::<f32>().unwrap() < 0.05);
}
