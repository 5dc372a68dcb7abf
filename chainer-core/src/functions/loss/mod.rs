//! Loss functions.

mod bernoulli_nll;
mod black_out;
mod connectionist_temporal_classification;
mod contrastive;
mod cosine_embedding_loss;
mod cosine_similarity;
mod covariance;
mod crf1d;
mod cross_covariance;
mod decov;
mod focal_loss;
mod gaussian_kl_divergence;
mod gaussian_nll;
mod hinge;
mod huber_loss;
mod kl_divergence;
mod labels;
mod mean_absolute_error;
mod mean_squared_error;
mod negative_sampling;
mod nll_loss;
mod reduction;
mod sigmoid_cross_entropy;
mod smooth_l1_loss;
mod softmax_cross_entropy;
mod triplet;

pub use bernoulli_nll::{BernoulliNll, bernoulli_nll};
pub use black_out::{BlackOut, black_out};
pub use connectionist_temporal_classification::{
    ConnectionistTemporalClassification, connectionist_temporal_classification,
};
pub use contrastive::{Contrastive, contrastive};
pub use cosine_embedding_loss::{CosineEmbeddingLoss, cosine_embedding_loss};
pub use cosine_similarity::{CosineSimilarity, cosine_similarity};
pub use covariance::CovarianceReduction;
pub use crf1d::{Crf1d, argmax_crf1d, crf1d};
pub use cross_covariance::{CrossCovariance, cross_covariance};
pub use decov::{Decov, decov};
pub use focal_loss::{FocalLoss, SoftmaxFocalLoss, focal_loss, softmax_focal_loss};
pub use gaussian_kl_divergence::{GaussianKlDivergence, gaussian_kl_divergence};
pub use gaussian_nll::{GaussianNll, gaussian_nll};
pub use hinge::{Hinge, HingeNorm, hinge};
pub use huber_loss::{HuberLoss, HuberReduction, huber_loss};
pub use kl_divergence::{KlDivergence, kl_divergence};
pub use mean_absolute_error::mean_absolute_error;
pub use mean_squared_error::mean_squared_error;
pub use negative_sampling::{NegativeSampling, negative_sampling};
pub use nll_loss::{NllLoss, nll_loss};
pub use reduction::Reduction;
pub use sigmoid_cross_entropy::{SigmoidCrossEntropy, sigmoid_cross_entropy};
pub use smooth_l1_loss::{SmoothL1Loss, smooth_l1_loss};
pub use softmax_cross_entropy::{SoftmaxCrossEntropy, softmax_cross_entropy};
pub use triplet::{Triplet, triplet};

use std::panic::Location;

use chainer_kernels::Position;

use crate::functions::checked;
use crate::{Dtype, Result, Variable, type_check};

/// What `compute` gives. Its errors, and those of all that it calls, are at the caller's line.
#[track_caller]
fn positioned(compute: impl FnOnce() -> Result<Variable>) -> Variable {
    let at = Location::caller();
    let _position = Position::enter(at);
    compute().map_err(|error| error.at(at)).into()
}

/// Variables of one float dtype and shape, with their names.
fn check_alike(operation: &'static str, inputs: &[(&str, &Variable)]) -> Result<()> {
    inputs.iter().try_for_each(|(_, x)| x.check())?;
    checked(operation, || {
        let Some(((first, x), rest)) = inputs.split_first() else { return Ok(()) };
        type_check::float(first, x.data())?;
        rest.iter().try_for_each(|(name, y)| {
            type_check::same_dtype(first, x.data(), name, y.data())?;
            type_check::same_shape(first, x.data(), name, y.data())
        })
    })
}

/// The dtype in which sums over many elements of `dtype` neither overflow nor stall.
fn wide(dtype: Dtype) -> Dtype {
    if dtype.size() < 4 { Dtype::F32 } else { dtype }
}
