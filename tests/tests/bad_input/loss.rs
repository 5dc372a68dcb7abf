//! Losses.

use chainer::{Array, Dtype, Shape, Variable, functions as F};

use crate::{Refusal, Unchecked, failed, integers, of, x};

/// Calls with bad input, and what the message says.
pub fn refusals() -> Vec<Refusal> {
    let t = |labels: &[i32]| Array::from(labels);
    let rows: Vec<Refusal> = vec![
        ("softmax_cross_entropy", F::softmax_cross_entropy(x(&[2, 3]), x(&[2])), &["t.dtype.kind == i", "f != i"]),
        ("sigmoid_cross_entropy", F::sigmoid_cross_entropy(x(&[2]), x(&[2])), &["t.dtype.kind == i"]),
        ("mean_squared_error", F::mean_squared_error(x(&[2]), x(&[3])), &["x0.shape == x1.shape", "(2,) != (3,)"]),
        ("mean_absolute_error", F::mean_absolute_error(x(&[2]), of(&[2], Dtype::F64)), &["x0.dtype == x1.dtype"]),
        (
            "softmax_cross_entropy",
            F::softmax_cross_entropy(x(&[2, 3]), integers(&[3])),
            &["x.shape[0] == t.shape[0]", "2 != 3"],
        ),
        (
            "softmax_cross_entropy",
            F::softmax_cross_entropy(x(&[2, 3, 4]), integers(&[2, 5])),
            &["x.shape[2] == t.shape[1]", "4 != 5"],
        ),
        ("softmax_cross_entropy", F::softmax_cross_entropy(x(&[2, 3]), integers(&[2, 3])), &["t.ndim == x.ndim - 1"]),
        (
            "softmax_cross_entropy",
            F::SoftmaxCrossEntropy::new().class_weight(Array::zeros(2, Dtype::F32)).call(x(&[2, 3]), integers(&[2])),
            &["class_weight.shape == (x.shape[1],)", "(2,) != (3,)"],
        ),
        ("sigmoid_cross_entropy", F::sigmoid_cross_entropy(x(&[2]), integers(&[3])), &["x.shape == t.shape"]),
        (
            "softmax_cross_entropy",
            F::softmax_cross_entropy(x(&[2, 3]), t(&[0, 3])),
            &["0 <= t < 3", "t[1] = 3", "ignore_label"],
        ),
        (
            "softmax_cross_entropy",
            F::SoftmaxCrossEntropy::new().ignore_label(5).call(x(&[2, 3]), t(&[5, -1])),
            &["t[1] = -1"],
        ),
        ("sigmoid_cross_entropy", F::sigmoid_cross_entropy(x(&[2]), t(&[0, 2])), &["0 <= t < 2", "t[1] = 2"]),
        (
            "softmax_cross_entropy",
            F::SoftmaxCrossEntropy::new().label_smoothing(1.5).call(x(&[2, 3]), integers(&[2])),
            &["0 <= label_smoothing <= 1", "1.5"],
        ),
        (
            "softmax_cross_entropy",
            F::SoftmaxCrossEntropy::new().class_weight(Array::zeros(3, Dtype::I32)).call(x(&[2, 3]), integers(&[2])),
            &["class_weight.dtype.kind == f", "i != f"],
        ),
        ("bernoulli_nll", F::bernoulli_nll(x(&[2]), x(&[2, 1])), &["x.shape == y.shape", "(2,) != (2, 1)"]),
        ("bernoulli_nll", F::bernoulli_nll(integers(&[2]), x(&[2])), &["x.dtype.kind == f", "i != f"]),
        ("gaussian_kl_divergence", F::gaussian_kl_divergence(x(&[2]), x(&[3])), &["mean.shape == ln_var.shape"]),
        ("gaussian_nll", F::gaussian_nll(x(&[2]), x(&[2]), of(&[2], Dtype::F64)), &["x.dtype == ln_var.dtype"]),
        ("smooth_l1_loss", F::smooth_l1_loss(x(&[2]), x(&[3])), &["x.shape == t.shape"]),
        ("smooth_l1_loss", F::SmoothL1Loss::new().beta(-1.0).call(x(&[2]), x(&[2])), &["beta >= 0", "beta = -1"]),
        ("huber_loss", F::huber_loss(x(&[2, 1]), x(&[2]), 1.0), &["x.shape == t.shape", "(2, 1) != (2,)"]),
        ("huber_loss", F::huber_loss(x(&[2]), x(&[2]), 1.0), &["x.ndim >= 2", "1 < 2"]),
        ("huber_loss", F::huber_loss(x(&[2, 2]), x(&[2, 2]), f64::NAN), &["delta >= 0", "NaN"]),
        ("kl_divergence", F::kl_divergence(x(&[2]), x(&[2])), &["x.ndim >= 2", "1 < 2"]),
        ("kl_divergence", F::kl_divergence(x(&[2, 3]), integers(&[2, 3])), &["x.dtype == t.dtype"]),
        ("mean_squared_error", F::mean_squared_error(integers(&[2]), integers(&[2])), &["x0.dtype.kind == f"]),
        ("mean_absolute_error", F::mean_absolute_error(x(&[2]), x(&[2, 1])), &["x0.shape == x1.shape", "(2, 1)"]),
        ("sigmoid_cross_entropy", F::sigmoid_cross_entropy(integers(&[2]), integers(&[2])), &["x.dtype.kind == f"]),
        ("softmax_cross_entropy", F::softmax_cross_entropy(integers(&[2, 3]), integers(&[2])), &["x.dtype.kind == f"]),
        ("softmax_cross_entropy", F::softmax_cross_entropy(x(&[2]), integers(&[2])), &["x.ndim >= 2", "1 < 2"]),
        ("bernoulli_nll", F::bernoulli_nll(x(&[2]), of(&[2], Dtype::F64)), &["x.dtype == y.dtype", "float64"]),
        ("gaussian_kl_divergence", F::gaussian_kl_divergence(integers(&[2]), x(&[2])), &["mean.dtype.kind == f"]),
        ("gaussian_nll", F::gaussian_nll(x(&[2]), x(&[3]), x(&[2])), &["x.shape == mean.shape", "(2,) != (3,)"]),
        ("gaussian_nll", F::gaussian_nll(integers(&[2]), x(&[2]), x(&[2])), &["x.dtype.kind == f"]),
        ("smooth_l1_loss", F::smooth_l1_loss(integers(&[2]), x(&[2])), &["x.dtype.kind == f"]),
        ("huber_loss", F::huber_loss(x(&[2, 1]), of(&[2, 1], Dtype::F64), 1.0), &["x.dtype == t.dtype", "float64"]),
        ("huber_loss", F::huber_loss(x(&[2, 2]), x(&[2, 2]), -1.0), &["delta >= 0", "delta = -1"]),
        ("kl_divergence", F::kl_divergence(x(&[2, 3]), x(&[2, 4])), &["x.shape == t.shape", "(2, 3) != (2, 4)"]),
        ("cosine_similarity", F::cosine_similarity(integers(&[2, 3]), x(&[2, 3])), &["x0.dtype.kind == f"]),
        ("cosine_similarity", F::cosine_similarity(x(&[2, 3]), x(&[2, 4])), &["x0.shape == x1.shape"]),
        ("cosine_similarity", F::cosine_similarity(x(&[2]), x(&[2])), &["-x0.ndim <= axis < x0.ndim", "axis = 1"]),
        (
            "cosine_similarity",
            F::CosineSimilarity::new().eps(-1.0).call(x(&[2, 3]), x(&[2, 3])),
            &["eps >= 0", "eps = -1"],
        ),
    ];
    rows.into_iter().chain(of_pairs()).chain(of_classes()).chain(of_sequences()).collect()
}

/// Losses of pairs and triplets, and of matrices.
fn of_pairs() -> Vec<Refusal> {
    let t = |labels: &[i32]| Array::from(labels);
    vec![
        ("contrastive", F::contrastive(x(&[2, 3]), x(&[2, 4]), integers(&[2])), &["x0.shape == x1.shape"]),
        ("contrastive", F::contrastive(x(&[2]), x(&[2]), integers(&[2])), &["x0.ndim == 2", "1 != 2"]),
        ("contrastive", F::contrastive(x(&[2, 3]), x(&[2, 3]), x(&[2])), &["y.dtype.kind == i"]),
        (
            "contrastive",
            F::contrastive(x(&[2, 3]), x(&[2, 3]), integers(&[3])),
            &["x0.shape[0] == y.shape[0]", "2 != 3"],
        ),
        ("contrastive", F::contrastive(x(&[0, 3]), x(&[0, 3]), integers(&[0])), &["x0.shape[0] > 0"]),
        ("contrastive", F::contrastive(x(&[2, 3]), x(&[2, 3]), t(&[1, 2])), &["0 <= y < 2", "y[1] = 2"]),
        (
            "contrastive",
            F::Contrastive::new().margin(0.0).call(x(&[2, 3]), x(&[2, 3]), integers(&[2])),
            &["margin > 0", "margin = 0"],
        ),
        (
            "cosine_embedding_loss",
            F::cosine_embedding_loss(x(&[2, 3]), x(&[2, 3]), t(&[1, 0])),
            &["y == 1 or y == -1", "y[1] = 0"],
        ),
        (
            "cosine_embedding_loss",
            F::cosine_embedding_loss(x(&[2, 3]), x(&[2, 3]), t(&[1])),
            &["y.shape == x0.shape without its second axis", "(1,) != (2,)"],
        ),
        ("cosine_embedding_loss", F::cosine_embedding_loss(x(&[2, 3]), x(&[3]), t(&[1])), &["x0.shape == x1.shape"]),
        ("cosine_embedding_loss", F::cosine_embedding_loss(x(&[2, 3]), x(&[2, 3]), x(&[2])), &["y.dtype.kind == i"]),
        (
            "cosine_embedding_loss",
            F::CosineEmbeddingLoss::new().margin(2.0).call(x(&[1, 3]), x(&[1, 3]), t(&[1])),
            &["-1 <= margin <= 1", "margin = 2"],
        ),
        ("triplet", F::triplet(x(&[2, 3]), x(&[2, 3]), x(&[3, 3])), &["anchor.shape == negative.shape"]),
        ("triplet", F::triplet(x(&[2, 3]), of(&[2, 3], Dtype::F16), x(&[2, 3])), &["anchor.dtype == positive.dtype"]),
        ("triplet", F::triplet(x(&[2]), x(&[2]), x(&[2])), &["anchor.ndim == 2"]),
        ("triplet", F::triplet(x(&[0, 3]), x(&[0, 3]), x(&[0, 3])), &["anchor.shape[0] > 0"]),
        (
            "triplet",
            F::Triplet::new().margin(-0.1).call(x(&[2, 3]), x(&[2, 3]), x(&[2, 3])),
            &["margin > 0", "margin = -0.1"],
        ),
        ("cross_covariance", F::cross_covariance(x(&[2, 3]), x(&[3, 3])), &["y.shape[0] == z.shape[0]", "2 != 3"]),
        ("cross_covariance", F::cross_covariance(x(&[2]), x(&[2, 3])), &["y.ndim == 2"]),
        ("cross_covariance", F::cross_covariance(x(&[2, 3]), of(&[2, 3], Dtype::F64)), &["y.dtype == z.dtype"]),
        ("cross_covariance", F::cross_covariance(x(&[0, 3]), x(&[0, 3])), &["y.shape[0] > 0"]),
        ("decov", F::decov(x(&[2])), &["h.ndim == 2", "1 != 2"]),
        ("decov", F::decov(integers(&[2, 2])), &["h.dtype.kind == f"]),
        ("decov", F::decov(x(&[0, 2])), &["h.shape[0] > 0"]),
    ]
}

/// Losses over classes.
fn of_classes() -> Vec<Refusal> {
    let t = |labels: &[i32]| Array::from(labels);
    let sampler = |shape: &Shape| Array::full(shape, 4, Dtype::I32);
    let drawn = |shape: &[usize], dtype: Dtype| {
        let drawn = Array::zeros(shape, dtype);
        F::negative_sampling(x(&[2, 3]), integers(&[2]), x(&[4, 3]), &|_: &Shape| drawn.clone(), 2)
    };
    vec![
        ("hinge", F::hinge(x(&[2, 3]), x(&[2])), &["t.dtype.kind == i"]),
        ("hinge", F::hinge(x(&[2, 3, 1]), integers(&[2])), &["x.ndim == 2", "3 != 2"]),
        ("hinge", F::hinge(x(&[2, 3]), integers(&[3])), &["x.shape[0] == t.shape[0]"]),
        ("hinge", F::hinge(x(&[2, 3]), t(&[0, -1])), &["0 <= t < 3", "t[1] = -1"]),
        ("nll_loss", F::nll_loss(x(&[2, 3]), integers(&[3])), &["x.shape[0] == t.shape[0]"]),
        ("nll_loss", F::nll_loss(x(&[2, 3]), t(&[0, 3])), &["0 <= t < 3", "t[1] = 3"]),
        ("focal_loss", F::focal_loss(x(&[2]), integers(&[3])), &["x.shape == t.shape"]),
        ("focal_loss", F::focal_loss(x(&[2]), t(&[0, 2])), &["0 <= t < 2", "t[1] = 2"]),
        ("focal_loss", F::FocalLoss::new().gamma(-1.0).call(x(&[2]), integers(&[2])), &["gamma >= 0", "gamma = -1"]),
        ("focal_loss", F::FocalLoss::new().alpha(1.5).call(x(&[2]), integers(&[2])), &["0 <= alpha <= 1"]),
        ("softmax_focal_loss", F::softmax_focal_loss(x(&[2]), integers(&[2])), &["x.ndim >= 2"]),
        ("hinge", F::hinge(integers(&[2, 3]), integers(&[2])), &["x.dtype.kind == f"]),
        ("nll_loss", F::nll_loss(x(&[2, 3]), x(&[2])), &["t.dtype.kind == i", "f != i"]),
        ("nll_loss", F::nll_loss(integers(&[2, 3]), integers(&[2])), &["x.dtype.kind == f"]),
        ("nll_loss", F::nll_loss(x(&[2]), integers(&[2])), &["x.ndim >= 2", "1 < 2"]),
        (
            "nll_loss",
            F::NllLoss::new().class_weight(Array::zeros(2, Dtype::F32)).call(x(&[2, 3]), integers(&[2])),
            &["class_weight.shape == (x.shape[1],)", "(2,) != (3,)"],
        ),
        ("focal_loss", F::focal_loss(x(&[2]), x(&[2])), &["t.dtype.kind == i", "f != i"]),
        ("focal_loss", F::focal_loss(integers(&[2]), integers(&[2])), &["x.dtype.kind == f"]),
        ("softmax_focal_loss", F::softmax_focal_loss(x(&[2, 3]), x(&[2])), &["t.dtype.kind == i", "f != i"]),
        ("softmax_focal_loss", F::softmax_focal_loss(x(&[2, 3]), integers(&[3])), &["x.shape[0] == t.shape[0]"]),
        ("softmax_focal_loss", F::softmax_focal_loss(x(&[2, 3]), t(&[0, 3])), &["t[1] = 3"]),
        (
            "softmax_focal_loss",
            F::SoftmaxFocalLoss::new().gamma(f64::NAN).call(x(&[2, 3]), integers(&[2])),
            &["gamma >= 0", "NaN"],
        ),
        (
            "black_out",
            F::black_out(x(&[2, 3]), integers(&[2]), x(&[4, 2]), integers(&[2, 2])),
            &["x.shape[1] == W.shape[1]", "3 != 2"],
        ),
        ("black_out", F::black_out(x(&[2]), integers(&[2]), x(&[4, 2]), integers(&[2, 2])), &["x.ndim == 2"]),
        (
            "black_out",
            F::black_out(x(&[2, 3]), integers(&[2]), of(&[4, 3], Dtype::F64), integers(&[2, 2])),
            &["x.dtype == W.dtype"],
        ),
        (
            "black_out",
            F::black_out(x(&[2, 3]), integers(&[2]), x(&[4, 3]), integers(&[3, 2])),
            &["samples.shape[0] == x.shape[0]", "3 != 2"],
        ),
        ("black_out", F::black_out(x(&[2, 3]), integers(&[2]), x(&[4, 3]), x(&[2, 2])), &["samples.dtype.kind == i"]),
        ("black_out", F::black_out(x(&[2, 3]), t(&[0, 4]), x(&[4, 3]), integers(&[2, 2])), &["0 <= t < 4", "t[1] = 4"]),
        (
            "black_out",
            F::black_out(x(&[1, 3]), t(&[0]), x(&[4, 3]), Array::from([[0i32, 4]])),
            &["0 <= samples < 4", "samples[0, 1] = 4"],
        ),
        (
            "negative_sampling",
            F::negative_sampling(x(&[2, 3]), integers(&[2]), x(&[4, 2]), &sampler, 2),
            &["x.shape[1] == W.shape[1]", "3 != 2"],
        ),
        (
            "negative_sampling",
            F::negative_sampling(x(&[2, 3]), integers(&[3]), x(&[4, 3]), &sampler, 2),
            &["x.shape[0] == t.shape[0]", "2 != 3"],
        ),
        (
            "negative_sampling",
            F::negative_sampling(x(&[2, 3]), integers(&[2]), x(&[4, 3]), &sampler, 2),
            &["0 <= samples < 4", "samples[0, 0] = 4"],
        ),
        (
            "negative_sampling",
            F::negative_sampling(x(&[2, 3]), t(&[-2, 0]), x(&[4, 3]), &sampler, 2),
            &["0 <= t < 4", "t[0] = -2"],
        ),
        (
            "negative_sampling",
            F::negative_sampling(x(&[2]), integers(&[2]), x(&[4, 3]), &sampler, 2),
            &["x.ndim == 2", "1 != 2"],
        ),
        (
            "negative_sampling",
            F::negative_sampling(x(&[2, 3]), integers(&[2]), of(&[4, 3], Dtype::F64), &sampler, 2),
            &["x.dtype == W.dtype", "float64"],
        ),
        (
            "negative_sampling",
            F::negative_sampling(x(&[2, 3]), x(&[2]), x(&[4, 3]), &sampler, 2),
            &["t.dtype.kind == i", "f != i"],
        ),
        ("negative_sampling", drawn(&[2, 2], Dtype::I32), &["sampler(..).shape == (x.shape[0], sample_size + 1)"]),
        ("negative_sampling", drawn(&[2, 3], Dtype::F32), &["sampler(..).dtype.kind == i"]),
    ]
}

/// Losses of sequences.
fn of_sequences() -> Vec<Refusal> {
    let nothing: [Variable; 0] = [];
    let ctc = |t: Array| F::connectionist_temporal_classification([x(&[1, 3]), x(&[1, 3])], t, 0);
    let lengths = |input: Array, labels: Array| {
        let function = F::ConnectionistTemporalClassification::new(0).input_length(input).label_length(labels);
        function.call([x(&[1, 3]), x(&[1, 3])], Array::from([[1i32, 2]]))
    };
    let (one, floats) = (|| Array::from([1i32]), || Array::from([1.0f32]));
    const CTC: &str = "connectionist_temporal_classification";
    vec![
        (CTC, F::connectionist_temporal_classification(&nothing, integers(&[1, 1]), 0), &["len(x) > 0"]),
        (CTC, F::connectionist_temporal_classification([x(&[3])], integers(&[1, 1]), 0), &["x[0].ndim == 2"]),
        (
            CTC,
            F::connectionist_temporal_classification([integers(&[1, 3])], integers(&[1, 1]), 0),
            &["x[0].dtype.kind"],
        ),
        (
            CTC,
            F::connectionist_temporal_classification([x(&[1, 3]), x(&[2, 3])], integers(&[1, 1]), 0),
            &["x[0].shape == x[1].shape", "(1, 3) != (2, 3)"],
        ),
        (CTC, F::connectionist_temporal_classification([x(&[1, 3])], x(&[1, 1]), 0), &["t.dtype.kind == i"]),
        (CTC, F::connectionist_temporal_classification([x(&[1, 3])], integers(&[1]), 0), &["t.ndim == 2"]),
        (
            CTC,
            F::connectionist_temporal_classification([x(&[1, 3])], integers(&[2, 1]), 0),
            &["t.shape[0] == x[0].shape[0]", "2 != 1"],
        ),
        (
            CTC,
            F::connectionist_temporal_classification([x(&[1, 3])], integers(&[1, 1]), 3),
            &["blank_symbol < x[0].shape[1]", "3 >= 3"],
        ),
        (CTC, ctc(Array::from([[1i32, 3]])), &["0 <= t < 3", "t[0, 1] = 3"]),
        (CTC, ctc(Array::from([[0i32, 1]])), &["t != 0 (blank_symbol)", "t[0, 0] = 0"]),
        (CTC, lengths(Array::from([3i32]), one()), &["0 <= input_length < 3", "input_length[0] = 3"]),
        (CTC, lengths(one(), Array::from([-1i32])), &["0 <= label_length < 3", "label_length[0] = -1"]),
        (CTC, lengths(floats(), one()), &["input_length.dtype.kind == i"]),
        (CTC, lengths(one(), Array::from([1i32, 1])), &["label_length.shape[0] == x[0].shape[0]", "2 != 1"]),
        ("crf1d", F::crf1d(x(&[3, 2]), [x(&[2, 3])], [integers(&[2])]), &["cost.shape[0] == cost.shape[1]", "3 != 2"]),
        ("crf1d", F::crf1d(x(&[3, 3]), &nothing, &nothing), &["len(xs) > 0"]),
        ("crf1d", F::crf1d(x(&[3, 3]), [x(&[2, 2])], [integers(&[2])]), &["xs[0].shape[1] == cost.shape[0]", "2 != 3"]),
        (
            "crf1d",
            F::crf1d(x(&[3, 3]), [x(&[2, 3]), of(&[2, 3], Dtype::F64)], [integers(&[2]), integers(&[2])]),
            &["cost.dtype == xs[1].dtype"],
        ),
        (
            "crf1d",
            F::crf1d(x(&[3, 3]), [x(&[1, 3]), x(&[2, 3])], [integers(&[1]), integers(&[2])]),
            &["xs[1].shape[0] <= xs[0].shape[0]", "2 > 1"],
        ),
        ("crf1d", F::crf1d(x(&[3, 3]), [x(&[2, 3])], &nothing), &["len(ys) == len(xs)", "0 != 1"]),
        ("crf1d", F::crf1d(x(&[3, 3]), [x(&[2, 3])], [integers(&[3])]), &["ys[0].shape[0] == xs[0].shape[0]"]),
        ("crf1d", F::crf1d(x(&[3, 3]), [x(&[2, 3])], [x(&[2])]), &["ys[0].dtype.kind == i"]),
        ("crf1d", F::crf1d(x(&[3, 3]), [x(&[1, 3])], [Array::from([3i32])]), &["0 <= ys[0] < 3", "ys[0][0] = 3"]),
        ("argmax_crf1d", F::argmax_crf1d(x(&[3, 3]), [x(&[3])]).0, &["xs[0].ndim == 2"]),
        ("argmax_crf1d", Variable::constant(F::argmax_crf1d(x(&[3]), [x(&[1, 3])]).1.remove(0)), &["cost.ndim == 2"]),
    ]
}

/// Calls with a failed input.
pub fn failures() -> Vec<Variable> {
    vec![
        F::mean_squared_error(failed(), x(&[2])),
        F::softmax_cross_entropy(failed(), integers(&[2])),
        F::softmax_cross_entropy(x(&[2, 2]), failed()),
        F::sigmoid_cross_entropy(failed(), integers(&[2])),
        F::SoftmaxCrossEntropy::new().class_weight(failed().into_data()).call(x(&[2, 3]), integers(&[2])),
        F::bernoulli_nll(x(&[2]), failed()),
        F::black_out(x(&[2, 3]), integers(&[2]), x(&[4, 3]), failed()),
        F::black_out(x(&[2, 3]), integers(&[2]), failed(), integers(&[2, 2])),
        F::connectionist_temporal_classification([x(&[1, 2]), failed()], integers(&[1, 1]), 0),
        F::ConnectionistTemporalClassification::new(0)
            .label_length(failed().into_data())
            .call([x(&[1, 2])], integers(&[1, 1])),
        F::contrastive(x(&[2, 2]), x(&[2, 2]), failed()),
        F::cosine_similarity(failed(), x(&[2, 2])),
        F::cosine_embedding_loss(x(&[2, 2]), failed(), integers(&[2])),
        F::crf1d(failed(), [x(&[2, 2])], [integers(&[2])]),
        F::crf1d(x(&[2, 2]), [x(&[2, 2])], [failed()]),
        F::argmax_crf1d(x(&[2, 2]), [failed()]).0,
        F::cross_covariance(x(&[2, 2]), failed()),
        F::decov(failed()),
        F::focal_loss(x(&[2]), failed()),
        F::softmax_focal_loss(failed(), integers(&[2])),
        F::gaussian_kl_divergence(failed(), x(&[2])),
        F::gaussian_nll(x(&[2]), x(&[2]), failed()),
        F::hinge(x(&[2, 2]), failed()),
        F::huber_loss(failed(), x(&[2, 2]), 1.0),
        F::kl_divergence(x(&[2, 2]), failed()),
        F::negative_sampling(x(&[2, 3]), integers(&[2]), x(&[4, 3]), &|_: &Shape| failed().into_data(), 2),
        F::nll_loss(failed(), integers(&[2])),
        F::smooth_l1_loss(x(&[2]), failed()),
        F::triplet(x(&[2, 2]), x(&[2, 2]), failed()),
    ]
}

/// Calls that are refused without type checks, too.
pub fn unchecked() -> Vec<Unchecked> {
    let row = |name, f: fn() -> Variable| -> Unchecked { (name, Box::new(f)) };
    vec![
        row("softmax_cross_entropy", || F::softmax_cross_entropy(x(&[2]), integers(&[2]))),
        row("sigmoid_cross_entropy", || F::sigmoid_cross_entropy(x(&[2]), x(&[2]))),
        row("bernoulli_nll", || F::bernoulli_nll(x(&[2]), x(&[3]))),
        row("black_out", || F::black_out(x(&[2]), integers(&[2]), x(&[2, 2]), integers(&[2, 2]))),
        row("connectionist_temporal_classification", || {
            F::connectionist_temporal_classification([x(&[2])], integers(&[2]), 0)
        }),
        row("contrastive", || F::contrastive(x(&[]), x(&[]), integers(&[]))),
        row("cosine_similarity", || F::cosine_similarity(x(&[]), x(&[]))),
        row("crf1d", || F::crf1d(x(&[]), [x(&[])], [integers(&[])])),
        row("argmax_crf1d", || F::argmax_crf1d(x(&[2]), [x(&[])]).0),
        row("cross_covariance", || F::cross_covariance(x(&[]), x(&[2]))),
        row("decov", || F::decov(x(&[]))),
        row("hinge", || F::hinge(x(&[2]), integers(&[2]))),
        row("huber_loss", || F::huber_loss(x(&[]), x(&[]), 1.0)),
        row("kl_divergence", || F::kl_divergence(x(&[]), x(&[]))),
        row("negative_sampling", || {
            F::negative_sampling(x(&[]), integers(&[]), x(&[]), &|shape: &Shape| Array::zeros(shape, Dtype::I32), 1)
        }),
        row("nll_loss", || F::nll_loss(x(&[]), integers(&[]))),
        row("triplet", || F::triplet(x(&[]), x(&[]), x(&[]))),
    ]
}
