//! The links of the library: shapes, first values, states, what they report and how they are stored.

use std::sync::Arc;

use chainer::initializers::{HeNormal, Initializer};
use chainer::links::BatchNormalizationMode as Mode;
use chainer::prelude::*;
use chainer::reporter::Reporter;
use chainer::{Dtype, Shape, UpdateRule, functions as F, links as L, optimizers, using_config};

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
    assert!(error.contains("3 != 15") && error.contains("tests/links.rs:"), "{error}");
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
fn lstm_is_the_function_with_state() {
    let layer = L::LSTM::new(2, 3).bias_init(0.25).forget_bias_init(1.0);
    assert_eq!(names(&layer), ["/upward/W", "/upward/b", "/lateral/W"]);
    let bias = layer.upward().b().unwrap().array().unwrap().to_vec::<f32>().unwrap();
    assert_eq!(bias, [0.25, 0.25, 1.0, 0.25, 0.25, 0.25, 1.0, 0.25, 0.25, 0.25, 1.0, 0.25]);

    let inputs = [x(&[3, 2]), x(&[3, 2]) * 2.0, x(&[2, 2])];
    let mut c = Variable::constant(Array::zeros([3, 3], Dtype::F32));
    let mut h = Variable::constant(Array::zeros([3, 3], Dtype::F32));
    for (i, input) in inputs.iter().enumerate() {
        let y = layer.forward(input);
        let rows = input.len() as isize;
        let previous = F::get_item(&h, (..rows,));
        let (next, out) = F::lstm(&c, layer.upward().forward(input) + layer.lateral().forward(&previous));
        close(&values(&y), &values(&out));
        h = F::Concat::new().axis(0).call([&out, &F::get_item(&h, (rows..,))]);
        c = next;
        close(&values(&layer.c().unwrap()), &values(&c));
        close(&values(&layer.h().unwrap()), &values(&h));
        assert_eq!(y.shape(), &[input.len(), 3].into(), "step {i}");
    }
    let error = layer.forward(&x(&[4, 2])).check().unwrap_err().to_string();
    assert!(error.contains("4 > 3") && error.contains("tests/links.rs:"), "{error}");
    // The failed step left the state as it was.
    close(&values(&layer.h().unwrap()), &values(&h));

    layer.h().unwrap().sum().backward().unwrap();
    assert!(layer.lateral().w().grad().is_some());
    layer.reset_state();
    assert!(layer.c().is_none() && layer.h().is_none());
    layer.set_state(x(&[2, 3]), x(&[2, 3])).unwrap();
    assert_eq!(layer.forward(&x(&[2, 2])).shape(), &[2, 3].into());
    assert!(layer.set_state(x(&[2, 4]), x(&[2, 4])).unwrap_err().to_string().contains("4 != 3"));
    assert!(layer.set_state(x(&[2, 3]), x(&[1, 3])).is_err());
    assert!(layer.set_state(x(&[2, 3]), None).is_err());
}

#[test]
fn lstm_gates_start_one_by_one() {
    // An initializer sees the weights of one gate.
    let seen = Arc::new(std::sync::Mutex::new(Vec::new()));
    let record = seen.clone();
    let init = move |shape: &Shape, dtype: Dtype| {
        record.lock().unwrap().push(shape.clone());
        0.5.generate(shape, dtype)
    };
    let layer = L::LSTM::new(None, 3).upward_init(init);
    layer.forward(&x(&[1, 2])).check().unwrap();
    assert_eq!(*seen.lock().unwrap(), vec![Shape::from([3, 2]); 4]);
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

#[test]
fn the_probabilities_of_all_words_of_a_tree_add_up_to_1() {
    let tree = L::BinaryHierarchicalSoftmax::create_huffman_tree([(0, 8), (3, 5), (4, 6), (7, 4), (9, 1)]).unwrap();
    let loss = L::BinaryHierarchicalSoftmax::new(3, tree);
    let x = Variable::new(Array::from([[0.5f32, -1.0, 2.0]]));
    let probability = |word: i32| {
        let t = Variable::constant(Array::from([word]));
        (-loss.forward((&x, &t)).item::<f64>().unwrap()).exp()
    };
    let sum: f64 = [0, 3, 4, 7, 9].map(probability).iter().sum();
    assert!((sum - 1.0).abs() < 1e-6, "{sum}");
}

#[test]
fn losses_with_parameters_say_what_is_wrong_with_them() {
    let x = Variable::new(Array::zeros([2, 3], Dtype::F32));
    let t = Variable::constant(Array::from([0i32, 2]));
    let refused = |y: Variable, parts: &[&str]| {
        let error = y.check().unwrap_err().to_string();
        assert!(parts.iter().chain(&["tests/links.rs:"]).all(|part| error.contains(part)), "{error}");
    };
    let none = L::NegativeSampling::new(3, &[0, 0, 0], 2);
    refused(none.forward((&x, &t)), &["NegativeSampling", "sum(probs) > 0"]);
    refused(L::BlackOut::new(3, &[], 2).forward((&x, &t)), &["BlackOut", "0 of 0 numbers"]);
    refused(L::BlackOut::new(3, &[0, 0, 0], 2).forward((&x, &t)), &["BlackOut", "sum(probs) > 0"]);
    refused(L::NegativeSampling::new(4, &[1, 1, 1], 2).forward((&x, &t)), &["negative_sampling", "3 != 4"]);
    refused(L::CRF1d::new(2).forward([&x], [&t]), &["crf1d", "xs[0].shape[1] == cost.shape[0]"]);
    let twice = L::BinaryHierarchicalSoftmax::new(3, ((0, 1), 0));
    refused(twice.forward((&x, &t)), &["BinaryTree", "0 occurs twice"]);
    let unknown = L::BinaryHierarchicalSoftmax::new(3, ((0, 1), 3));
    refused(unknown.forward((&x, &t)), &["BinaryHierarchicalSoftmax", "t is a word of the tree", "t[1] = 2"]);
    let narrow = L::BinaryHierarchicalSoftmax::new(2, ((0, 1), 2));
    refused(narrow.forward((&x, &t)), &["x.shape[1] == W.shape[1]", "3 != 2"]);
}

#[test]
fn sampled_words_come_with_their_frequencies() {
    chainer::random::seed(7);
    // Only word 1 occurs: it is every negative sample.
    let loss = L::NegativeSampling::new(1, &[0, 5, 0], 3).initial_w(Array::from([[0.0f32], [1.0], [9.0]]));
    let (x, t) = (Variable::new(Array::from([[2.0f32]])), Variable::constant(Array::from([0i32])));
    let want = 2f32.ln() + 3.0 * (1.0 + 2f32.exp()).ln();
    assert!((loss.forward((&x, &t)).item::<f32>().unwrap() - want).abs() < 1e-5);
    // To the power 0 all words that could occur do.
    let flat = L::NegativeSampling::new(1, &[1, 1000], 1000).power(0.0).initial_w(Array::from([[0.0f32], [1.0]]));
    let drawn = flat.loss(&x, &t, F::Reduction::Sum).item::<f32>().unwrap();
    let (zero, one) = (2f32.ln(), (1.0 + 2f32.exp()).ln());
    let share = (drawn - zero - 1000.0 * zero) / (one - zero) / 1000.0;
    assert!((share - 0.5).abs() < 0.1, "{share}");
}
