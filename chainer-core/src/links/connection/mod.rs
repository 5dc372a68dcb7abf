//! Links that hold connections: weights and biases.

mod bias;
mod bilinear;
mod convolution_2d;
mod convolution_nd;
mod deconvolution_2d;
mod deconvolution_nd;
mod depthwise_convolution_2d;
mod embed_id;
mod gru;
mod highway;
mod inception;
mod inception_bn;
mod linear;
mod lstm;
mod lstm_gates;
mod mlp_convolution_2d;
mod n_step;
mod parameter;
mod scale;
mod simplified_dropconnect;
mod stateful_gru;
mod stateful_peephole_lstm;
mod stateful_zoneout_lstm;
mod stateless_lstm;

pub use bias::Bias;
pub use bilinear::Bilinear;
pub use convolution_2d::{Convolution2D, DilatedConvolution2D};
pub use convolution_nd::ConvolutionND;
pub use deconvolution_2d::Deconvolution2D;
pub use deconvolution_nd::DeconvolutionND;
pub use depthwise_convolution_2d::DepthwiseConvolution2D;
pub use embed_id::EmbedID;
pub use gru::GRU;
pub use highway::Highway;
pub use inception::Inception;
pub use inception_bn::{InceptionBN, InceptionPooling};
pub use linear::Linear;
pub use lstm::LSTM;
pub use mlp_convolution_2d::MLPConvolution2D;
pub use n_step::{
    NStepBiGRU, NStepBiLSTM, NStepBiRNNReLU, NStepBiRNNTanh, NStepGRU, NStepLSTM, NStepRNNReLU, NStepRNNTanh,
};
pub use parameter::Parameter;
pub use scale::Scale;
pub use simplified_dropconnect::SimplifiedDropconnect;
pub use stateful_gru::StatefulGRU;
pub use stateful_peephole_lstm::StatefulPeepholeLSTM;
pub use stateful_zoneout_lstm::StatefulZoneoutLSTM;
pub use stateless_lstm::StatelessLSTM;
