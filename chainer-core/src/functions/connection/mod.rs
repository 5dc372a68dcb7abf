//! Neural network connections.

mod attention;
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
mod n_step;
mod n_step_bigru;
mod n_step_bilstm;
mod n_step_birnn;
mod n_step_gru;
mod n_step_lstm;
mod n_step_rnn;

pub use attention::{ScaledDotProductAttention, scaled_dot_product_attention};
pub use bilinear::bilinear;
pub use convolution_2d::{Convolution2D, convolution_2d};
pub use convolution_nd::{ConvolutionND, convolution_nd};
pub use deconvolution_2d::{Deconvolution2D, deconvolution_2d};
pub use deconvolution_nd::{DeconvolutionND, deconvolution_nd};
pub use depthwise_convolution_2d::{DepthwiseConvolution2D, depthwise_convolution_2d};
pub use dilated_convolution_2d::{DilatedConvolution2D, dilated_convolution_2d};
pub use embed_id::{EmbedId, embed_id};
pub use linear::linear;
pub use n_step_bigru::n_step_bigru;
pub use n_step_bilstm::n_step_bilstm;
pub use n_step_birnn::{NStepBiRnn, n_step_birnn};
pub use n_step_gru::n_step_gru;
pub use n_step_lstm::n_step_lstm;
pub use n_step_rnn::{NStepRnn, RnnActivation, n_step_rnn};
