//! [`InceptionBN`].

use std::panic::Location;

use chainer_kernels::Position;

use super::Convolution2D;
use crate::initializers::Initializer;
use crate::links::{BatchNormalization, BatchNormalizationMode};
use crate::{Dtype, Forward, Variable, Variables, chain, config, functions as F};

/// How [`InceptionBN`] pools.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum InceptionPooling {
    /// Maxima.
    Max,
    /// Means.
    Average,
}

/// The module of the second GoogLeNet: paths side by side, whose results follow each other along the channels, with batch normalization
/// and relu after each convolution (Ioffe and Szegedy, arXiv:1502.03167).
///
/// The paths are a 1×1 convolution (if `out1` is not 0); a 3×3 convolution and two of them in a row, each after a 1×1 projection; and 3×3
/// pooling, before a 1×1 projection unless `proj_pool` is `None`. With a [`stride`](Self::stride) the last convolution of each path and the
/// pooling move by it.
///
/// ```
/// use chainer::prelude::*;
/// use chainer::{Array, Dtype, links as L};
///
/// let module = L::InceptionBN::new(3, 4, 2, 5, 2, 6, L::InceptionPooling::Average, 7);
/// let x = Variable::new(Array::ones([2, 3, 8, 8], Dtype::F32));
/// assert_eq!(module.forward(&x).shape(), &[2, 4 + 5 + 6 + 7, 8, 8].into());
/// let smaller = L::InceptionBN::new(3, 0, 2, 5, 2, 6, L::InceptionPooling::Max, None).stride(2);
/// assert_eq!(smaller.forward(&x).shape(), &[2, 5 + 6 + 3, 4, 4].into());
/// ```
#[chain]
pub struct InceptionBN {
    conv1: Option<Convolution2D>,
    conv1n: Option<BatchNormalization>,
    proj3: Convolution2D,
    proj3n: BatchNormalization,
    conv3: Convolution2D,
    conv3n: BatchNormalization,
    proj33: Convolution2D,
    proj33n: BatchNormalization,
    conv33a: Convolution2D,
    conv33an: BatchNormalization,
    conv33b: Convolution2D,
    conv33bn: BatchNormalization,
    poolp: Option<Convolution2D>,
    poolpn: Option<BatchNormalization>,
    #[plain]
    pooling: InceptionPooling,
    stride: usize,
}

impl InceptionBN {
    /// A module for images of `in_channels` channels (or `None`: as the first input says). The other numbers are those of the channels of
    /// the 1×1 path (0: there is none), of the projection and the result of the 3×3 path and of the double 3×3 path, and of the pooling
    /// path (`None`: those of the input).
    #[track_caller]
    #[allow(clippy::too_many_arguments)]
    pub fn new(
        in_channels: impl Into<Option<usize>>,
        out1: usize,
        proj3: usize,
        out3: usize,
        proj33: usize,
        out33: usize,
        pooling: InceptionPooling,
        proj_pool: impl Into<Option<usize>>,
    ) -> Self {
        let (in_channels, proj_pool) = (in_channels.into(), proj_pool.into());
        let conv = |inputs: Option<usize>, outputs, ksize: usize| {
            Convolution2D::new(inputs, outputs, ksize).pad(ksize / 2).nobias(true)
        };
        InceptionBN {
            conv1: (out1 > 0).then(|| conv(in_channels, out1, 1)),
            conv1n: (out1 > 0).then(|| BatchNormalization::new(out1)),
            proj3: conv(in_channels, proj3, 1),
            proj3n: BatchNormalization::new(proj3),
            conv3: conv(Some(proj3), out3, 3),
            conv3n: BatchNormalization::new(out3),
            proj33: conv(in_channels, proj33, 1),
            proj33n: BatchNormalization::new(proj33),
            conv33a: conv(Some(proj33), out33, 3),
            conv33an: BatchNormalization::new(out33),
            conv33b: conv(Some(out33), out33, 3),
            conv33bn: BatchNormalization::new(out33),
            poolp: proj_pool.map(|outputs| conv(in_channels, outputs, 1)),
            poolpn: proj_pool.map(BatchNormalization::new),
            pooling,
            stride: 1,
        }
    }

    /// How far the windows of the last convolution of each path and of the pooling move (default 1).
    pub fn stride(mut self, stride: usize) -> Self {
        self.stride = stride;
        self.conv1 = self.conv1.map(|convolution| convolution.stride(stride));
        self.conv3 = self.conv3.stride(stride);
        self.conv33b = self.conv33b.stride(stride);
        self
    }

    /// The first value of the weights of all convolutions. They start anew.
    #[track_caller]
    pub fn conv_init(mut self, initializer: impl Initializer + Clone) -> Self {
        let set = |convolution: Convolution2D| convolution.initial_w(initializer.clone());
        self.conv1 = self.conv1.map(set);
        self.poolp = self.poolp.map(set);
        [self.proj3, self.conv3, self.proj33, self.conv33a, self.conv33b] =
            [self.proj3, self.conv3, self.proj33, self.conv33a, self.conv33b].map(set);
        self
    }

    /// The dtype of the normalizations' parameters and statistics (default: the configured one). They start anew.
    #[track_caller]
    pub fn dtype(mut self, dtype: Dtype) -> Self {
        let set = |normalization: BatchNormalization| normalization.dtype(dtype);
        self.conv1n = self.conv1n.map(set);
        self.poolpn = self.poolpn.map(set);
        [self.proj3n, self.conv3n, self.proj33n, self.conv33an, self.conv33bn] =
            [self.proj3n, self.conv3n, self.proj33n, self.conv33an, self.conv33bn].map(set);
        self
    }

    /// [`forward`](Forward::forward) in a mode that does not depend on the configuration.
    #[track_caller]
    pub fn forward_in(&self, x: &Variable, mode: BatchNormalizationMode) -> Variable {
        let _position = Position::enter(Location::caller());
        let layer = |convolution: &Convolution2D, normalization: &BatchNormalization, x: &Variable| {
            F::relu(normalization.forward_in(&convolution.forward(x), mode))
        };
        let mut outputs = Variables::new();
        if let (Some(convolution), Some(normalization)) = (&self.conv1, &self.conv1n) {
            outputs.push(layer(convolution, normalization, x));
        }
        let h = layer(&self.proj3, &self.proj3n, x);
        outputs.push(layer(&self.conv3, &self.conv3n, &h));
        let h = layer(&self.proj33, &self.proj33n, x);
        let h = layer(&self.conv33a, &self.conv33an, &h);
        outputs.push(layer(&self.conv33b, &self.conv33bn, &h));
        let pooled = match self.pooling {
            InceptionPooling::Max => F::MaxPooling2D::new(3).stride(self.stride).pad(1).cover_all(false).call(x),
            InceptionPooling::Average => F::AveragePooling2D::new(3).stride(self.stride).pad(1).call(x),
        };
        outputs.push(match (&self.poolp, &self.poolpn) {
            (Some(convolution), Some(normalization)) => layer(convolution, normalization, &pooled),
            _ => pooled,
        });
        F::concat(outputs)
    }
}

impl Forward for InceptionBN {
    #[track_caller]
    fn forward(&self, x: &Variable) -> Variable {
        let train = config().train;
        self.forward_in(x, if train { BatchNormalizationMode::Train } else { BatchNormalizationMode::Test })
    }
}
