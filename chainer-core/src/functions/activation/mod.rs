//! Activation functions.

mod elu;
mod leaky_relu;
mod log_softmax;
mod lstm;
mod relu;
mod sigmoid;
mod softmax;
mod softplus;
mod tanh;

pub use elu::{Elu, elu};
pub use leaky_relu::{LeakyRelu, leaky_relu};
pub use log_softmax::{LogSoftmax, log_softmax};
pub use lstm::lstm;
pub(crate) use lstm::lstm_of_sum;
pub use relu::relu;
pub use sigmoid::sigmoid;
pub use softmax::{Softmax, softmax};
pub use softplus::{Softplus, softplus};
pub use tanh::tanh;
