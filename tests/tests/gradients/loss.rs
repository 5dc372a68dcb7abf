//! Losses.

use chainer::functions::Reduction::No;
use chainer::{Array, ArrayOps, Dtype, Shape, Variable, functions as F};

use crate::{Empty, Huge, Kind, MEAN_OF_NOTHING, Row, cycled, row, size, sizes, x};

/// Classes of rows.
fn labels(x: &Variable) -> Array {
    cycled(&[2i32, 0, 1], &[size(x, 0)])
}

/// Classes along the second axis, one of them ignored.
fn wide_labels(x: &Variable) -> Array {
    let mut shape = sizes(x);
    if shape.len() > 1 {
        shape.remove(1);
    }
    cycled(&[0i64, 2, 1, -1, 1, 1, 2, 0], &shape)
}

/// Yes, no or ignored, for every element.
fn answers(x: &Variable) -> Array {
    cycled(&[1i8, 0, -1, 0, 1, 1], &sizes(x))
}

/// Classes of all steps of a chain.
fn path(xs: &[Variable]) -> Vec<Array> {
    let steps: [&[i32]; 4] = [&[0, 2, 1, 1], &[1, 1], &[2, 0], &[2]];
    xs.iter().zip(steps).map(|(x, labels)| cycled(labels, &[size(x, 0)])).collect()
}

/// Derivatives to check.
pub fn table() -> Vec<Row> {
    vec![
        row("mean_squared_error", &[&[2, 3], &[2, 3]], |xs| F::mean_squared_error(&xs[0], &xs[1]))
            .without(Kind::Empty, MEAN_OF_NOTHING),
        row("mean_absolute_error", &[&[2, 3], &[2, 3]], |xs| F::mean_absolute_error(&xs[0], &xs[1]))
            .without(Kind::Empty, MEAN_OF_NOTHING),
        row("softmax_cross_entropy", &[&[3, 4]], |xs| F::softmax_cross_entropy(&xs[0], labels(&xs[0]))),
        row("softmax_cross_entropy, more axes", &[&[2, 3, 4]], |xs| {
            F::SoftmaxCrossEntropy::new().normalize(false).call(&xs[0], wide_labels(&xs[0]))
        }),
        row("softmax_cross_entropy, weights", &[&[2, 3, 4]], |xs| {
            let weight = Array::from([0.5f64, 2.0, 1.5]);
            let function = F::SoftmaxCrossEntropy::new().class_weight(weight).reduce(No);
            function.call(&xs[0], wide_labels(&xs[0]))
        }),
        row("softmax_cross_entropy, no cache", &[&[3, 4]], |xs| {
            let function = F::SoftmaxCrossEntropy::new().cache_score(false).ignore_label(1).reduce(F::Reduction::Sum);
            function.call(&xs[0], labels(&xs[0]))
        }),
        row("softmax_cross_entropy, label_smoothing", &[&[2, 3, 4]], |xs| {
            let weight = Array::from([0.5f64, 2.0, 1.5]);
            let function = F::SoftmaxCrossEntropy::new().class_weight(weight).label_smoothing(0.3);
            function.call(&xs[0], wide_labels(&xs[0]))
        }),
        row("softmax_cross_entropy, all smoothing, no cache", &[&[3, 4]], |xs| {
            let function = F::SoftmaxCrossEntropy::new().cache_score(false).label_smoothing(1.0).reduce(No);
            function.call(&xs[0], labels(&xs[0]))
        }),
        row("sigmoid_cross_entropy", &[&[2, 3]], |xs| F::sigmoid_cross_entropy(&xs[0], answers(&xs[0]))),
        row("sigmoid_cross_entropy, settings", &[&[2, 3]], |xs| {
            F::SigmoidCrossEntropy::new().normalize(false).reduce(No).call(&xs[0], answers(&xs[0]))
        }),
        row("bernoulli_nll", &[&[2, 3], &[2, 3]], |xs| F::bernoulli_nll(&xs[0], &xs[1])),
        row("bernoulli_nll, no reduction", &[&[2, 3], &[2, 3]], |xs| {
            F::BernoulliNll::new().reduce(No).call(&xs[0], &xs[1])
        }),
        row("black_out", &[&[3, 2], &[4, 2]], |xs| {
            F::black_out(&xs[0], Array::from([2i32, 0, 3]), &xs[1], Array::from([[1i32, 3], [1, 1], [0, 3]]))
        }),
        row("black_out, no reduction, label -1", &[&[3, 2], &[4, 2]], |xs| {
            let samples = Array::from([[1i64, 3, 0], [1, 2, 1], [0, 3, 2]]);
            F::BlackOut::new().reduce(No).call(&xs[0], Array::from([2i64, -1, 0]), &xs[1], samples)
        }),
        row("connectionist_temporal_classification", &[&[2, 3], &[2, 3], &[2, 3], &[2, 3]], |xs| {
            F::connectionist_temporal_classification(xs, cycled(&[1i32, 2, 1, 1], &[size(&xs[0], 0), 2]), 0)
        })
        .once()
        .without(Kind::Empty, MEAN_OF_NOTHING),
        row("connectionist_temporal_classification, lengths", &[&[3, 3], &[3, 3], &[3, 3], &[3, 3], &[3, 3]], |xs| {
            let function = F::ConnectionistTemporalClassification::new(2)
                .input_length(cycled(&[5i32, 3, 1], &[size(&xs[0], 0)]))
                .label_length(cycled(&[3i32, 1, 0], &[size(&xs[0], 0)]))
                .reduce(No);
            function.call(xs, cycled(&[0i32, 1, 0, 1, -1, -1, 2, 2, 2], &[size(&xs[0], 0), 3]))
        })
        .once(),
        row("contrastive", &[&[4, 2], &[4, 2]], |xs| F::contrastive(&xs[0], &xs[1], Array::from([1i32, 0, 0, 1]))),
        row("contrastive, settings", &[&[4, 2], &[4, 2]], |xs| {
            F::Contrastive::new().margin(3.0).reduce(No).call(&xs[0], &xs[1], Array::from([1u8, 0, 0, 0]))
        }),
        row("cosine_similarity", &[&[3, 4], &[3, 4]], |xs| F::cosine_similarity(&xs[0], &xs[1])),
        row("cosine_similarity, settings", &[&[3, 2, 2], &[3, 2, 2]], |xs| {
            F::CosineSimilarity::new().axis(-1).eps(1.5).call(&xs[0], &xs[1])
        }),
        row("cosine_embedding_loss", &[&[4, 3], &[4, 3]], |xs| {
            F::cosine_embedding_loss(&xs[0], &xs[1], Array::from([1i32, -1, -1, 1]))
        }),
        row("cosine_embedding_loss, settings", &[&[4, 3], &[4, 3]], |xs| {
            F::CosineEmbeddingLoss::new().margin(-0.6).reduce(No).call(&xs[0], &xs[1], Array::from([-1i32, -1, -1, 1]))
        }),
        row("crf1d", &[&[3, 3], &[2, 3], &[2, 3], &[2, 3]], |xs| F::crf1d(&xs[0], &xs[1..], path(&xs[1..]))),
        row("crf1d, falling lengths", &[&[3, 3], &[3, 3], &[2, 3], &[2, 3], &[1, 3]], |xs| {
            F::Crf1d::new().reduce(No).call(&xs[0], &xs[1..], path(&xs[1..]))
        }),
        row("argmax_crf1d", &[&[3, 3], &[3, 3], &[2, 3], &[1, 3]], |xs| F::argmax_crf1d(&xs[0], &xs[1..]).0),
        row("cross_covariance", &[&[4, 2], &[4, 3]], |xs| F::cross_covariance(&xs[0], &xs[1])),
        row("cross_covariance, no reduction", &[&[4, 2], &[4, 3]], |xs| {
            F::CrossCovariance::new().reduce(F::CovarianceReduction::No).call(&xs[0], &xs[1])
        }),
        row("decov", &[&[4, 3]], |xs| F::decov(&xs[0])),
        row("decov, no reduction", &[&[4, 3]], |xs| F::Decov::new().reduce(F::CovarianceReduction::No).call(&xs[0])),
        row("focal_loss", &[&[2, 3]], |xs| F::focal_loss(&xs[0], answers(&xs[0]))),
        row("focal_loss, settings", &[&[2, 3]], |xs| {
            let function = F::FocalLoss::new().gamma(0.5).alpha(None).normalize(false).reduce(F::Reduction::Sum);
            function.call(&xs[0], answers(&xs[0]))
        }),
        row("softmax_focal_loss", &[&[3, 4]], |xs| F::softmax_focal_loss(&xs[0], labels(&xs[0]))),
        row("softmax_focal_loss, settings", &[&[2, 3, 4]], |xs| {
            let weight = Array::from([0.5f64, 2.0, 1.5]);
            let function = F::SoftmaxFocalLoss::new().gamma(0.7).class_weight(weight).reduce(No);
            function.call(&xs[0], wide_labels(&xs[0]))
        }),
        row("gaussian_kl_divergence", &[&[2, 3], &[2, 3]], |xs| F::gaussian_kl_divergence(&xs[0], &xs[1])),
        row("gaussian_kl_divergence, no reduction", &[&[2, 3], &[2, 3]], |xs| {
            F::GaussianKlDivergence::new().reduce(No).call(&xs[0], &xs[1])
        }),
        row("gaussian_nll", &[&[2, 3], &[2, 3], &[2, 3]], |xs| F::gaussian_nll(&xs[0], &xs[1], &xs[2])),
        row("gaussian_nll, mean", &[&[2, 3], &[2, 3], &[2, 3]], |xs| {
            F::GaussianNll::new().reduce(F::Reduction::Mean).call(&xs[0], &xs[1], &xs[2])
        })
        .without(Kind::Empty, MEAN_OF_NOTHING),
        row("hinge", &[&[3, 4]], |xs| F::hinge(&xs[0], labels(&xs[0]))).without(Kind::Empty, MEAN_OF_NOTHING),
        row("hinge, L2", &[&[3, 4]], |xs| {
            F::Hinge::new().norm(F::HingeNorm::L2).reduce(No).call(&xs[0], labels(&xs[0]))
        }),
        row("huber_loss", &[&[2, 3], &[2, 3]], |xs| F::huber_loss(&xs[0], &xs[1], 1.01)),
        row("huber_loss, no reduction", &[&[2, 3], &[2, 3]], |xs| {
            F::HuberLoss::new(0.51).reduce(No).call(&xs[0], &xs[1])
        }),
        row("kl_divergence", &[&[2, 3], &[2, 3]], |xs| F::kl_divergence(&xs[0], &xs[1])).domain(0.1, 1.0),
        row("kl_divergence, settings", &[&[2, 3, 2], &[2, 3, 2]], |xs| {
            F::KlDivergence::new().log_target(true).reduce(No).call(&xs[0], &xs[1])
        }),
        row("negative_sampling", &[&[3, 2], &[4, 2]], |xs| {
            let sampler = |_: &Shape| Array::from([[0i32, 1, 3], [0, 1, 1], [0, 0, 3]]);
            F::negative_sampling(&xs[0], Array::from([2i32, 0, 3]), &xs[1], &sampler, 2)
        }),
        row("negative_sampling, no reduction, label -1", &[&[3, 2], &[4, 2]], |xs| {
            let sampler = |_: &Shape| Array::from([[0i64, 1], [0, 1], [0, 3]]);
            F::NegativeSampling::new(1).reduce(No).call(&xs[0], Array::from([2i64, -1, 3]), &xs[1], &sampler)
        }),
        row("nll_loss", &[&[3, 4]], |xs| F::nll_loss(&xs[0], labels(&xs[0]))),
        row("nll_loss, settings", &[&[2, 3, 4]], |xs| {
            let weight = Array::from([0.5f64, 2.0, 1.5]);
            F::NllLoss::new().class_weight(weight).normalize(false).reduce(No).call(&xs[0], wide_labels(&xs[0]))
        }),
        row("smooth_l1_loss", &[&[2, 3], &[2, 3]], |xs| F::SmoothL1Loss::new().beta(1.01).call(&xs[0], &xs[1]))
            .without(Kind::Empty, MEAN_OF_NOTHING),
        row("smooth_l1_loss, beta 0", &[&[2, 3], &[2, 3]], |xs| {
            F::SmoothL1Loss::new().beta(0.0).reduce(No).call(&xs[0], &xs[1])
        }),
        row("triplet", &[&[4, 2], &[4, 2], &[4, 2]], |xs| F::triplet(&xs[0], &xs[1], &xs[2])),
        row("triplet, settings", &[&[4, 2], &[4, 2], &[4, 2]], |xs| {
            F::Triplet::new().margin(3.0).reduce(No).call(&xs[0], &xs[1], &xs[2])
        }),
    ]
}

/// Empty batches.
pub fn empty() -> Vec<Empty> {
    let no_labels = || Array::zeros(0, Dtype::I32);
    let none = |width: usize| Array::zeros([0, width], Dtype::I32);
    let sampler = |shape: &Shape| Array::zeros(shape, Dtype::I32);
    let beyond_blanks = F::connectionist_temporal_classification([x(&[2, 3])], none(0).reshape([2, 0]), 1);
    vec![
        ("softmax_cross_entropy", F::softmax_cross_entropy(x(&[0, 3]), no_labels()), &[]),
        ("sigmoid_cross_entropy", F::sigmoid_cross_entropy(x(&[0, 3]), none(3)), &[]),
        ("bernoulli_nll", F::bernoulli_nll(x(&[0, 3]), x(&[0, 3])), &[]),
        ("black_out", F::BlackOut::new().reduce(No).call(x(&[0, 3]), no_labels(), x(&[4, 3]), none(2)), &[0]),
        ("black_out", F::black_out(x(&[2, 3]), Array::from([0i32, 1]), x(&[4, 3]), none(0).reshape([2, 0])), &[]),
        (
            "connectionist_temporal_classification",
            F::ConnectionistTemporalClassification::new(0).reduce(No).call([x(&[0, 3]), x(&[0, 3])], none(2)),
            &[0],
        ),
        ("connectionist_temporal_classification", beyond_blanks, &[]),
        ("cosine_similarity", F::cosine_similarity(x(&[0, 3]), x(&[0, 3])), &[0]),
        ("cosine_similarity", F::cosine_similarity(x(&[2, 0]), x(&[2, 0])), &[2]),
        (
            "crf1d",
            F::Crf1d::new().reduce(No).call(x(&[3, 3]), [x(&[0, 3]), x(&[0, 3])], [no_labels(), no_labels()]),
            &[0],
        ),
        ("argmax_crf1d", F::argmax_crf1d(x(&[3, 3]), [x(&[2, 3]), x(&[0, 3])]).0, &[2]),
        ("cross_covariance", F::cross_covariance(x(&[2, 0]), x(&[2, 3])), &[]),
        ("decov", F::decov(x(&[2, 0])), &[]),
        ("focal_loss", F::focal_loss(x(&[0, 3]), none(3)), &[]),
        ("softmax_focal_loss", F::softmax_focal_loss(x(&[0, 3]), no_labels()), &[]),
        ("gaussian_kl_divergence", F::gaussian_kl_divergence(x(&[0]), x(&[0])), &[]),
        ("gaussian_nll", F::gaussian_nll(x(&[0]), x(&[0]), x(&[0])), &[]),
        ("hinge", F::Hinge::new().reduce(No).call(x(&[0, 3]), no_labels()), &[0, 3]),
        ("huber_loss", F::huber_loss(x(&[2, 0]), x(&[2, 0]), 1.0), &[2]),
        ("kl_divergence", F::KlDivergence::new().reduce(No).call(x(&[2, 0]), x(&[2, 0])), &[2]),
        ("negative_sampling", F::negative_sampling(x(&[0, 3]), no_labels(), x(&[4, 3]), &sampler, 2), &[]),
        ("nll_loss", F::nll_loss(x(&[0, 3]), no_labels()), &[]),
        ("smooth_l1_loss", F::SmoothL1Loss::new().reduce(No).call(x(&[0]), x(&[0])), &[0]),
    ]
}

/// Finite for huge inputs of shape (2, 3).
pub fn huge() -> Vec<Huge> {
    vec![
        ("softmax_cross_entropy", |x| F::softmax_cross_entropy(x, Array::from([0i32, 1]))),
        ("softmax_cross_entropy", |x| {
            F::SoftmaxCrossEntropy::new().label_smoothing(0.1).call(x, Array::from([0i32, 1]))
        }),
        ("sigmoid_cross_entropy", |x| F::sigmoid_cross_entropy(x, Array::from([[0i32, 1, 0], [1, 0, 1]]))),
        ("bernoulli_nll", |x| {
            let t = Array::from([[0.0, 1.0, 0.5], [1.0, 0.0, 1.0]]).astype(x.dtype());
            F::BernoulliNll::new().reduce(F::Reduction::Mean).call(t, x)
        }),
        ("black_out", |x| {
            let w = Array::from([[0.5, 0.0, 0.0], [0.0, 0.5, 0.0], [0.0, 0.0, 1.0]]).astype(x.dtype());
            F::black_out(x, Array::from([1i32, 2]), w, Array::from([[0i32, 0], [1, 0]]))
        }),
        ("connectionist_temporal_classification", |x| {
            let xs: Vec<Variable> = (0..3).map(|_| x.clone()).collect();
            F::connectionist_temporal_classification(xs, Array::from([[1i32], [0]]), 2)
        }),
        ("cosine_similarity", |x| {
            F::cosine_similarity(x, Array::from([[1e-3, 0.0, 1.0], [0.0, 0.0, 0.0]]).astype(x.dtype()))
        }),
        ("cosine_similarity", |x| F::cosine_similarity(x, x)),
        ("crf1d", |x| {
            let cost = Array::zeros([3, 3], x.dtype());
            F::crf1d(cost, [x, x], [Array::from([0i32, 1]), Array::from([1i32, 2])])
        }),
        ("focal_loss", |x| F::focal_loss(x, Array::from([[0i32, 1, 0], [1, 0, 1]]))),
        ("focal_loss", |x| F::FocalLoss::new().gamma(0.5).call(x, Array::from([[0i32, 1, 0], [1, 0, 1]]))),
        ("softmax_focal_loss", |x| F::SoftmaxFocalLoss::new().gamma(0.5).call(x, Array::from([0i32, 1]))),
        ("hinge", |x| F::hinge(x, Array::from([0i32, 1]))),
        ("huber_loss", |x| F::HuberLoss::new(1.0).reduce(F::Reduction::Mean).call(x, Array::zeros_like(x.data()))),
        ("kl_divergence", |x| F::kl_divergence(F::log_softmax(x), F::softmax(x))),
        ("negative_sampling", |x| {
            let w = Array::from([[0.5, 0.0, 0.0], [0.0, 0.5, 0.0], [0.0, 0.0, 1.0]]).astype(x.dtype());
            let sampler = |_: &Shape| Array::from([[0i32, 1], [0, 2]]);
            F::negative_sampling(x, Array::from([0i32, 1]), w, &sampler, 1)
        }),
        ("smooth_l1_loss", |x| F::smooth_l1_loss(x, Array::zeros_like(x.data()))),
    ]
}
