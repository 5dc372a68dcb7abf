//! Neural network connections.

mod bilinear;
mod convolution;
mod convolution_2d;
mod convolution_nd;
mod deconvolution_2d;
mod deconvolution_nd;
mod depthwise_convolution_2d;
mod dilated_convolution_2d;
mod embed_id;
mod linear;

pub use bilinear::bilinear;
pub use convolution_2d::{Convolution2D, convolution_2d};
pub use convolution_nd::{ConvolutionND, convolution_nd};
pub use deconvolution_2d::{Deconvolution2D, deconvolution_2d};
pub use deconvolution_nd::{DeconvolutionND, deconvolution_nd};
pub use depthwise_convolution_2d::{DepthwiseConvolution2D, depthwise_convolution_2d};
pub use dilated_convolution_2d::{DilatedConvolution2D, dilated_convolution_2d};
pub use embed_id::{EmbedId, embed_id};
pub use linear::linear;
