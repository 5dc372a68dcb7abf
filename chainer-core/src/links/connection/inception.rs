//! [`Inception`].

use std::panic::Location;

use chainer_kernels::Position;

use super::Convolution2D;
use crate::initializers::Initializer;
use crate::{Forward, Variable, chain, functions as F};

/// The module of GoogLeNet: four paths side by side, whose results follow each other along the channels (Szegedy et al.,
/// arXiv:1409.4842).
///
/// The paths are a 1×1 convolution; a 3×3 and a 5×5 convolution, each after a 1×1 projection; and 3×3 max pooling before a 1×1 projection.
/// Images keep their size; all activations are relu.
///
/// ```
/// use chainer::prelude::*;
/// use chainer::{Array, Dtype, links as L};
///
/// let module = L::Inception::new(3, 4, 2, 5, 2, 6, 7);
/// let y = module.forward(&Variable::new(Array::zeros([1, 3, 8, 8], Dtype::F32)));
/// assert_eq!(y.shape(), &[1, 4 + 5 + 6 + 7, 8, 8].into());
/// ```
#[chain]
pub struct Inception {
    conv1: Convolution2D,
    proj3: Convolution2D,
    conv3: Convolution2D,
    proj5: Convolution2D,
    conv5: Convolution2D,
    projp: Convolution2D,
}

impl Inception {
    /// A module for images of `in_channels` channels (or `None`: as the first input says). The other numbers are those of the channels of
    /// the 1×1 path, of the projection and the result of the 3×3 path, of the 5×5 path, and of the pooling path.
    #[track_caller]
    pub fn new(
        in_channels: impl Into<Option<usize>>,
        out1: usize,
        proj3: usize,
        out3: usize,
        proj5: usize,
        out5: usize,
        proj_pool: usize,
    ) -> Self {
        let in_channels = in_channels.into();
        Inception {
            conv1: Convolution2D::new(in_channels, out1, 1),
            proj3: Convolution2D::new(in_channels, proj3, 1),
            conv3: Convolution2D::new(proj3, out3, 3).pad(1),
            proj5: Convolution2D::new(in_channels, proj5, 1),
            conv5: Convolution2D::new(proj5, out5, 5).pad(2),
            projp: Convolution2D::new(in_channels, proj_pool, 1),
        }
    }

    /// The first value of the weights of all convolutions. They start anew.
    #[track_caller]
    pub fn conv_init(self, initializer: impl Initializer + Clone) -> Self {
        self.map(|convolution| convolution.initial_w(initializer.clone()))
    }

    /// The first value of the biases of all convolutions (default 0). They start anew.
    #[track_caller]
    pub fn bias_init(self, initializer: impl Initializer + Clone) -> Self {
        self.map(|convolution| convolution.initial_bias(initializer.clone()))
    }

    fn map(self, f: impl Fn(Convolution2D) -> Convolution2D) -> Self {
        let Inception { conv1, proj3, conv3, proj5, conv5, projp } = self;
        let [conv1, proj3, conv3, proj5, conv5, projp] = [conv1, proj3, conv3, proj5, conv5, projp].map(f);
        Inception { conv1, proj3, conv3, proj5, conv5, projp }
    }
}

impl Forward for Inception {
    #[track_caller]
    fn forward(&self, x: &Variable) -> Variable {
        let _position = Position::enter(Location::caller());
        let out1 = self.conv1.forward(x);
        let out3 = self.conv3.forward(&F::relu(self.proj3.forward(x)));
        let out5 = self.conv5.forward(&F::relu(self.proj5.forward(x)));
        let pool = self.projp.forward(&F::MaxPooling2D::new(3).stride(1).pad(1).call(x));
        F::relu(F::concat([out1, out3, out5, pool]))
    }
}
