//! The rows: name, call in Python ("" where Chainer has no such function), inputs, call here; roughly in the order of the function index.

use chainer::{Array, ArrayOps, Dtype, Shape, Variable, functions as F};

use super::Row;

/// One output, several, or a list.
trait Outputs {
    fn list(self) -> Vec<Variable>;
}
impl Outputs for Variable {
    fn list(self) -> Vec<Variable> {
        vec![self]
    }
}
impl Outputs for (Variable, Variable) {
    fn list(self) -> Vec<Variable> {
        vec![self.0, self.1]
    }
}
impl Outputs for (Variable, Variable, Variable) {
    fn list(self) -> Vec<Variable> {
        vec![self.0, self.1, self.2]
    }
}
impl Outputs for (Variable, Variable, Variable, Variable) {
    fn list(self) -> Vec<Variable> {
        vec![self.0, self.1, self.2, self.3]
    }
}
impl Outputs for Vec<Variable> {
    fn list(self) -> Vec<Variable> {
        self
    }
}
impl Outputs for (Variable, Vec<Variable>) {
    fn list(self) -> Vec<Variable> {
        [vec![self.0], self.1].concat()
    }
}
impl Outputs for (Variable, Variable, Vec<Variable>) {
    fn list(self) -> Vec<Variable> {
        [vec![self.0, self.1], self.2].concat()
    }
}
impl Outputs for (Variable, Vec<Array>) {
    fn list(self) -> Vec<Variable> {
        std::iter::once(self.0).chain(self.1.into_iter().map(Variable::constant)).collect()
    }
}

/// A sampler that has drawn already, so that drawing is not timed.
fn drawn(samples: &Variable) -> impl Fn(&Shape) -> Array + Send + Sync + 'static {
    let samples = samples.data().clone();
    move |_| samples.clone()
}

/// Lists of weights, as the layers of the recurrent functions take them, in one array.
fn lists(x: &Variable) -> Vec<Vec<Variable>> {
    F::separate(x).into_iter().map(F::separate).collect()
}

macro_rules! rows {
    ($($name:literal, $python:literal, $inputs:literal, |$x:ident| $call:expr;)*) => {
        /// All rows.
        pub(super) fn rows() -> Vec<Row> {
            vec![$(Row { name: $name, python: $python, inputs: $inputs, call: |$x| ($call).list() }),*]
        }
    };
}

rows! {
    "absolute", "F.absolute(x[0])", "g256x1000", |x| F::absolute(&x[0]);
    "arccos", "F.arccos(x[0])", "f256x1000", |x| F::arccos(&x[0]);
    "arccosh", "", "h256x1000", |x| F::arccosh(&x[0]);
    "arcsin", "F.arcsin(x[0])", "f256x1000", |x| F::arcsin(&x[0]);
    "arcsinh", "", "f256x1000", |x| F::arcsinh(&x[0]);
    "arctan", "F.arctan(x[0])", "f256x1000", |x| F::arctan(&x[0]);
    "arctanh", "F.arctanh(x[0])", "f256x1000", |x| F::arctanh(&x[0]);
    "cbrt", "", "f256x1000", |x| F::cbrt(&x[0]);
    "ceil", "F.ceil(x[0])", "f256x1000", |x| F::ceil(&x[0]);
    "clipped_relu", "F.clipped_relu(x[0])", "g256x1000", |x| F::clipped_relu(&x[0]);
    "cos", "F.cos(x[0])", "f256x1000", |x| F::cos(&x[0]);
    "cosh", "F.cosh(x[0])", "f256x1000", |x| F::cosh(&x[0]);
    "crelu", "F.crelu(x[0])", "g256x1000", |x| F::crelu(&x[0]);
    "digamma", "F.digamma(x[0])", "f256x1000", |x| F::digamma(&x[0]);
    "elu", "F.elu(x[0])", "g256x1000", |x| F::elu(&x[0]);
    "exp", "F.exp(x[0])", "f256x1000", |x| F::exp(&x[0]);
    "expm1", "F.expm1(x[0])", "f256x1000", |x| F::expm1(&x[0]);
    "erf", "F.erf(x[0])", "f256x1000", |x| F::erf(&x[0]);
    "erfc", "F.erfc(x[0])", "f256x1000", |x| F::erfc(&x[0]);
    "erfcinv", "F.erfcinv(x[0])", "f256x1000", |x| F::erfcinv(&x[0]);
    "erfinv", "F.erfinv(x[0])", "f256x1000", |x| F::erfinv(&x[0]);
    "floor", "F.floor(x[0])", "f256x1000", |x| F::floor(&x[0]);
    "gelu", "", "g256x1000", |x| F::gelu(&x[0]);
    "hard_sigmoid", "F.hard_sigmoid(x[0])", "g256x1000", |x| F::hard_sigmoid(&x[0]);
    "hard_tanh", "", "g256x1000", |x| F::hard_tanh(&x[0]);
    "leaky_relu", "F.leaky_relu(x[0])", "g256x1000", |x| F::leaky_relu(&x[0]);
    "lgamma", "F.lgamma(x[0])", "f256x1000", |x| F::lgamma(&x[0]);
    "log", "F.log(x[0])", "f256x1000", |x| F::log(&x[0]);
    "log10", "F.log10(x[0])", "f256x1000", |x| F::log10(&x[0]);
    "log1p", "F.log1p(x[0])", "f256x1000", |x| F::log1p(&x[0]);
    "log2", "F.log2(x[0])", "f256x1000", |x| F::log2(&x[0]);
    "log_sigmoid", "", "g256x1000", |x| F::log_sigmoid(&x[0]);
    "log_softmax", "F.log_softmax(x[0])", "f256x1000", |x| F::log_softmax(&x[0]);
    "mish", "", "g256x1000", |x| F::mish(&x[0]);
    "polygamma", "F.polygamma(np.ones((256, 1000), 'i'), x[0])", "f256x1000", |x| F::polygamma(Array::ones([256, 1000], Dtype::I32), &x[0]);
    "relu", "F.relu(x[0])", "g256x1000", |x| F::relu(&x[0]);
    "rsqrt", "F.rsqrt(x[0])", "f256x1000", |x| F::rsqrt(&x[0]);
    "selu", "F.selu(x[0])", "g256x1000", |x| F::selu(&x[0]);
    "sigmoid", "F.sigmoid(x[0])", "g256x1000", |x| F::sigmoid(&x[0]);
    "silu", "", "g256x1000", |x| F::silu(&x[0]);
    "sin", "F.sin(x[0])", "f256x1000", |x| F::sin(&x[0]);
    "sinh", "F.sinh(x[0])", "f256x1000", |x| F::sinh(&x[0]);
    "softmax", "F.softmax(x[0])", "f256x1000", |x| F::softmax(&x[0]);
    "softplus", "F.softplus(x[0])", "g256x1000", |x| F::softplus(&x[0]);
    "sqrt", "F.sqrt(x[0])", "f256x1000", |x| F::sqrt(&x[0]);
    "square", "F.square(x[0])", "f256x1000", |x| F::square(&x[0]);
    "swish", "F.swish(x[0], x[1])", "g256x1000 f1000", |x| F::swish(&x[0], &x[1]);
    "tan", "F.tan(x[0])", "f256x1000", |x| F::tan(&x[0]);
    "tanh", "F.tanh(x[0])", "g256x1000", |x| F::tanh(&x[0]);
    "flatten", "F.flatten(x[0])", "f256x1000", |x| F::flatten(&x[0]);
    "flip", "F.flip(x[0], 1)", "f256x1000", |x| F::flip(&x[0], 1);
    "fliplr", "F.fliplr(x[0])", "f256x1000", |x| F::fliplr(&x[0]);
    "flipud", "F.flipud(x[0])", "f256x1000", |x| F::flipud(&x[0]);
    "normalize", "F.normalize(x[0])", "f256x1000", |x| F::normalize(&x[0]);
    "batch_l2_norm_squared", "F.batch_l2_norm_squared(x[0])", "f256x1000", |x| F::batch_l2_norm_squared(&x[0]);
    "separate", "F.separate(x[0])", "f64x1000", |x| F::separate(&x[0]);
    "maximum", "F.maximum(x[0], x[1])", "f256x1000 f256x1000", |x| F::maximum(&x[0], &x[1]);
    "minimum", "F.minimum(x[0], x[1])", "f256x1000 f256x1000", |x| F::minimum(&x[0], &x[1]);
    "fmod", "F.fmod(x[0], x[1])", "f256x1000 f256x1000", |x| F::fmod(&x[0], &x[1]);
    "squared_difference", "F.squared_difference(x[0], x[1])", "f256x1000 f256x1000", |x| F::squared_difference(&x[0], &x[1]);
    "absolute_error", "F.absolute_error(x[0], x[1])", "f256x1000 f256x1000", |x| F::absolute_error(&x[0], &x[1]);
    "squared_error", "F.squared_error(x[0], x[1])", "f256x1000 f256x1000", |x| F::squared_error(&x[0], &x[1]);
    "arctan2", "F.arctan2(x[0], x[1])", "f256x1000 f256x1000", |x| F::arctan2(&x[0], &x[1]);
    "clip", "F.clip(x[0], 0.3, 0.7)", "f256x1000", |x| F::clip(&x[0], 0.3, 0.7);
    "linear_interpolate", "F.linear_interpolate(*x)", "f256x1000 f256x1000 f256x1000", |x| F::linear_interpolate(&x[0], &x[1], &x[2]);
    "maxout", "F.maxout(x[0], 4)", "f256x1000", |x| F::maxout(&x[0], 4);
    "prelu", "F.prelu(x[0], x[1])", "g256x1000 f1000", |x| F::prelu(&x[0], &x[1]);
    "bias", "F.bias(x[0], x[1])", "f256x1000 f1000", |x| F::bias(&x[0], &x[1]);
    "scale", "F.scale(x[0], x[1])", "f256x1000 f1000", |x| F::scale(&x[0], &x[1]);
    "lstm", "F.lstm(x[0], x[1])", "f128x256 f128x1024", |x| F::lstm(&x[0], &x[1]);
    "slstm", "F.slstm(*x)", "f128x256 f128x256 f128x1024 f128x1024", |x| F::slstm(&x[0], &x[1], &x[2], &x[3]);
    "sum", "F.sum(x[0])", "f256x1000", |x| F::sum(&x[0], None, false);
    "sum, axis 1", "F.sum(x[0], axis=1)", "f256x1000", |x| F::sum(&x[0], 1, false);
    "mean", "F.mean(x[0])", "f256x1000", |x| F::mean(&x[0], None, false);
    "mean, axis 1", "F.mean(x[0], axis=1)", "f256x1000", |x| F::mean(&x[0], 1, false);
    "max", "F.max(x[0])", "f256x1000", |x| F::max(&x[0], None, false);
    "max, axis 1", "F.max(x[0], axis=1)", "f256x1000", |x| F::max(&x[0], 1, false);
    "min", "F.min(x[0])", "f256x1000", |x| F::min(&x[0], None, false);
    "min, axis 1", "F.min(x[0], axis=1)", "f256x1000", |x| F::min(&x[0], 1, false);
    "prod", "F.prod(x[0])", "f256x1000", |x| F::prod(&x[0], None, false);
    "prod, axis 1", "F.prod(x[0], axis=1)", "f256x1000", |x| F::prod(&x[0], 1, false);
    "argmax", "F.argmax(x[0], axis=1)", "f256x1000", |x| F::argmax(&x[0], 1);
    "argmin", "F.argmin(x[0], axis=1)", "f256x1000", |x| F::argmin(&x[0], 1);
    "argsort", "", "f256x1000", |x| F::argsort(&x[0]);
    "sort", "", "f256x1000", |x| F::sort(&x[0]);
    "topk", "", "f256x1000", |x| F::topk(&x[0], 10);
    "average", "F.average(x[0], 1, x[1])", "f256x1000 f1000", |x| F::average(&x[0], 1, &x[1], false);
    "logsumexp", "F.logsumexp(x[0], axis=1)", "f256x1000", |x| F::logsumexp(&x[0], 1);
    "cumsum", "F.cumsum(x[0], axis=1)", "f256x1000", |x| F::cumsum(&x[0], 1);
    "cumprod", "F.cumprod(x[0], axis=1)", "f256x100", |x| F::cumprod(&x[0], 1);
    "inv", "F.inv(x[0])", "g100x100", |x| F::inv(&x[0]);
    "batch_inv", "F.batch_inv(x[0])", "g1000x8x8", |x| F::batch_inv(&x[0]);
    "det", "F.det(x[0])", "g100x100", |x| F::det(&x[0]);
    "batch_det", "F.batch_det(x[0])", "g1000x8x8", |x| F::batch_det(&x[0]);
    "cholesky", "F.cholesky(x[0])", "p100x100", |x| F::cholesky(&x[0]);
    "eigh", "", "p100x100", |x| F::eigh(&x[0]);
    "qr", "", "g100x60", |x| F::qr(&x[0]);
    "solve", "", "p100x100 f100x20", |x| F::solve(&x[0], &x[1]);
    "solve_triangular", "", "p100x100 f100x20", |x| F::solve_triangular(&x[0], &x[1]);
    "svd", "", "g100x60", |x| F::svd(&x[0]);
    "matmul", "F.matmul(x[0], x[1])", "f256x512 f512x256", |x| F::matmul(&x[0], &x[1]);
    "batch_matmul", "F.batch_matmul(x[0], x[1])", "f32x64x64 f32x64x64", |x| F::batch_matmul(&x[0], &x[1]);
    "einsum", "F.einsum('bij,bjk->bik', x[0], x[1])", "f32x64x64 f32x64x64", |x| F::einsum("bij,bjk->bik", [&x[0], &x[1]]);
    "tensordot", "F.tensordot(x[0], x[1], axes=1)", "f256x512 f512x256", |x| F::tensordot(&x[0], &x[1], 1);
    "broadcast", "F.broadcast(*x)", "f256x1000 f1000", |x| F::broadcast(x);
    "broadcast_to", "F.broadcast_to(x[0], (256, 1000))", "f1000", |x| F::broadcast_to(&x[0], [256, 1000]);
    "sum_to", "F.sum_to(x[0], (1000,))", "f256x1000", |x| F::sum_to(&x[0], [1000]);
    "cast", "F.cast(x[0], 'float64')", "f256x1000", |x| F::cast(&x[0], Dtype::F64);
    "concat", "F.concat(x)", "f128x500 f128x500 f128x500", |x| F::concat(x);
    "copy", "F.copy(x[0], -1)", "f256x1000", |x| F::copy(&x[0], chainer::Device::Cpu);
    "dstack", "F.dstack(x)", "f128x500 f128x500 f128x500", |x| F::dstack(x);
    "hstack", "F.hstack(x)", "f128x500 f128x500 f128x500", |x| F::hstack(x);
    "stack", "F.stack(x)", "f128x500 f128x500 f128x500", |x| F::stack(x);
    "vstack", "F.vstack(x)", "f128x500 f128x500 f128x500", |x| F::vstack(x);
    "depth2space", "F.depth2space(x[0], 2)", "f8x64x16x16", |x| F::depth2space(&x[0], 2);
    "space2depth", "F.space2depth(x[0], 2)", "f8x16x32x32", |x| F::space2depth(&x[0], 2);
    "expand_dims", "F.expand_dims(x[0], 1)", "f256x1000", |x| F::expand_dims(&x[0], 1);
    "get_item, slices", "F.get_item(x[0], (slice(10, 200), slice(None, None, 2)))", "f256x1000", |x| F::get_item(&x[0], (10..200, chainer_kernels::Index::Slice(None, None, Some(2))));
    "get_item, indices", "F.get_item(x[0], x[1])", "f5000x64 i5000:1000", |x| F::get_item(&x[0], x[1].data());
    "im2col", "F.im2col(x[0], 3, pad=1)", "f8x16x28x28", |x| F::Im2Col::new(3).pad(1).call(&x[0]);
    "moveaxis", "F.moveaxis(x[0], 0, -1)", "f64x20x200", |x| F::moveaxis(&x[0], 0, -1);
    "pad", "F.pad(x[0], 2, 'constant')", "f256x1000", |x| F::pad(&x[0], 2, F::PadMode::Constant(0.into()));
    "pad_sequence", "F.pad_sequence(x)", "f200x64 f180x64 f100x64 f50x64", |x| F::pad_sequence(x);
    "permutate", "F.permutate(x[0], np.arange(256).astype('i'))", "f256x1000", |x| F::permutate(&x[0], chainer_kernels::ops::arange(0, 256, 1, Dtype::I32));
    "repeat", "F.repeat(x[0], 2, 1)", "f128x500", |x| F::repeat(&x[0], 2, 1);
    "reshape", "F.reshape(x[0], (1000, 256))", "f256x1000", |x| F::reshape(&x[0], [1000, 256]);
    "resize_images", "F.resize_images(x[0], (48, 48))", "f8x16x32x32", |x| F::resize_images(&x[0], (48, 48));
    "rollaxis", "F.rollaxis(x[0], 1)", "f256x1000", |x| F::rollaxis(&x[0], 1, 0);
    "scatter_add", "F.scatter_add(x[0], x[1], x[2])", "f5000x64 i5000:1000 f1000x64", |x| F::scatter_add(&x[0], x[1].data(), &x[2]);
    "select_item", "F.select_item(x[0], x[1])", "f256x1000 i1000:256", |x| F::select_item(&x[0], &x[1]);
    "spatial_transformer_grid", "F.spatial_transformer_grid(x[0], (32, 32))", "f32x2x3", |x| F::spatial_transformer_grid(&x[0], (32, 32));
    "spatial_transformer_sampler", "F.spatial_transformer_sampler(x[0], x[1])", "f8x16x32x32 f8x2x32x32", |x| F::spatial_transformer_sampler(&x[0], &x[1]);
    "split_axis", "F.split_axis(x[0], 4, 1)", "f256x1000", |x| F::split_axis(&x[0], 4, 1);
    "squeeze", "F.squeeze(x[0])", "f256x1x1000", |x| F::squeeze(&x[0], None);
    "swap_axes", "F.swapaxes(x[0], 0, 1)", "f256x1000", |x| F::swap_axes(&x[0], 0, 1);
    "take_along_axis", "", "f256x1000 i1000:256x100", |x| F::take_along_axis(&x[0], &x[1], 1);
    "tile", "F.tile(x[0], (2, 2))", "f128x500", |x| F::tile(&x[0], [2, 2]);
    "transpose", "F.transpose(x[0])", "f256x1000", |x| F::transpose(&x[0], &[]);
    "transpose_sequence", "F.transpose_sequence(x)", "f20x64 f18x64 f10x64 f5x64", |x| F::transpose_sequence(x);
    "where_", "F.where(x[0], x[1], x[2])", "b:256x1000 f256x1000 f256x1000", |x| F::where_(&x[0], &x[1], &x[2]);
    "bilinear", "F.bilinear(x[0], x[1], x[2])", "f64x32 f64x32 f32x32x32", |x| F::bilinear(&x[0], &x[1], &x[2], None, None, None);
    "convolution_2d", "F.convolution_2d(x[0], x[1], x[2], pad=1)", "f16x16x28x28 f32x16x3x3 f32", |x| F::Convolution2D::new().pad(1).call(&x[0], &x[1], &x[2]);
    "convolution_nd", "F.convolution_nd(x[0], x[1], x[2])", "f4x8x12x12x12 f16x8x3x3x3 f16", |x| F::convolution_nd(&x[0], &x[1], &x[2]);
    "deconvolution_2d", "F.deconvolution_2d(x[0], x[1], x[2], pad=1)", "f16x16x28x28 f16x32x3x3 f32", |x| F::Deconvolution2D::new().pad(1).call(&x[0], &x[1], &x[2]);
    "deconvolution_nd", "F.deconvolution_nd(x[0], x[1], x[2])", "f4x8x12x12x12 f8x16x3x3x3 f16", |x| F::deconvolution_nd(&x[0], &x[1], &x[2]);
    "depthwise_convolution_2d", "F.depthwise_convolution_2d(x[0], x[1])", "f16x16x28x28 f2x16x3x3", |x| F::depthwise_convolution_2d(&x[0], &x[1], None);
    "dilated_convolution_2d", "F.dilated_convolution_2d(x[0], x[1], x[2], dilate=2)", "f16x16x28x28 f32x16x3x3 f32", |x| F::DilatedConvolution2D::new().dilate(2).call(&x[0], &x[1], &x[2]);
    "embed_id", "F.embed_id(x[0], x[1])", "i5000:512 f5000x128", |x| F::embed_id(&x[0], &x[1]);
    "linear", "F.linear(*x)", "f128x512 f512x512 f512", |x| F::linear(&x[0], &x[1], &x[2]);
    "n_step_rnn", "F.n_step_rnn(1, 0., x[0], lists(x[1]), lists(x[2]), F.separate(x[3]))", "g1x32x128 g1x2x128x128 g1x2x128 g20x32x128", |x| F::n_step_rnn(1, 0.0, &x[0], lists(&x[1]), lists(&x[2]), F::separate(&x[3]));
    "n_step_lstm", "F.n_step_lstm(1, 0., x[0], x[1], lists(x[2]), lists(x[3]), F.separate(x[4]))", "g1x32x128 g1x32x128 g1x8x128x128 g1x8x128 g20x32x128", |x| F::n_step_lstm(1, 0.0, &x[0], &x[1], lists(&x[2]), lists(&x[3]), F::separate(&x[4]));
    "n_step_gru", "F.n_step_gru(1, 0., x[0], lists(x[1]), lists(x[2]), F.separate(x[3]))", "g1x32x128 g1x6x128x128 g1x6x128 g20x32x128", |x| F::n_step_gru(1, 0.0, &x[0], lists(&x[1]), lists(&x[2]), F::separate(&x[3]));
    "n_step_birnn", "F.n_step_birnn(1, 0., x[0], lists(x[1]), lists(x[2]), F.separate(x[3]))", "g2x32x128 g2x2x128x128 g2x2x128 g20x32x128", |x| F::n_step_birnn(1, 0.0, &x[0], lists(&x[1]), lists(&x[2]), F::separate(&x[3]));
    "n_step_bilstm", "F.n_step_bilstm(1, 0., x[0], x[1], lists(x[2]), lists(x[3]), F.separate(x[4]))", "g2x32x128 g2x32x128 g2x8x128x128 g2x8x128 g20x32x128", |x| F::n_step_bilstm(1, 0.0, &x[0], &x[1], lists(&x[2]), lists(&x[3]), F::separate(&x[4]));
    "n_step_bigru", "F.n_step_bigru(1, 0., x[0], lists(x[1]), lists(x[2]), F.separate(x[3]))", "g2x32x128 g2x6x128x128 g2x6x128 g20x32x128", |x| F::n_step_bigru(1, 0.0, &x[0], lists(&x[1]), lists(&x[2]), F::separate(&x[3]));
    "scaled_dot_product_attention", "", "g4x8x128x64 g4x8x128x64 g4x8x128x64", |x| F::scaled_dot_product_attention(&x[0], &x[1], &x[2]);
    "accuracy", "F.accuracy(x[0], x[1])", "f256x1000 i1000:256", |x| F::accuracy(&x[0], &x[1]);
    "binary_accuracy", "F.binary_accuracy(x[0], x[1])", "f256x1000 i2:256x1000", |x| F::binary_accuracy(&x[0], &x[1]);
    "classification_summary", "F.classification_summary(x[0], x[1])", "f1024x10 i10:1024", |x| F::classification_summary(&x[0], &x[1]);
    "f1_score", "F.f1_score(x[0], x[1])", "f1024x10 i10:1024", |x| F::f1_score(&x[0], &x[1]);
    "precision", "F.precision(x[0], x[1])", "f1024x10 i10:1024", |x| F::precision(&x[0], &x[1]);
    "recall", "F.recall(x[0], x[1])", "f1024x10 i10:1024", |x| F::recall(&x[0], &x[1]);
    "r2_score", "F.r2_score(x[0], x[1])", "f256x1000 f256x1000", |x| F::r2_score(&x[0], &x[1]);
    "argmax_crf1d", "F.argmax_crf1d(x[0], [x[1][i] for i in range(20)])", "f30x30 f20x32x30", |x| F::argmax_crf1d(&x[0], F::separate(&x[1]));
    "bernoulli_nll", "F.bernoulli_nll(x[0], x[1])", "f256x1000 f256x1000", |x| F::bernoulli_nll(&x[0], &x[1]);
    "black_out", "F.black_out(*x)", "g256x128 i5000:256 g5000x128 i5000:256x20", |x| F::black_out(&x[0], &x[1], &x[2], &x[3]);
    "connectionist_temporal_classification", "F.connectionist_temporal_classification([x[0][i] for i in range(30)], x[1], 0)", "f30x16x40 i39:16x10", |x| F::connectionist_temporal_classification(F::separate(&x[0]), x[1].data() + 1, 0);
    "contrastive", "F.contrastive(x[0], x[1], x[2])", "f256x200 f256x200 i2:256", |x| F::contrastive(&x[0], &x[1], &x[2]);
    "cosine_embedding_loss", "", "f256x200 f256x200 i2:256", |x| F::cosine_embedding_loss(&x[0], &x[1], x[2].data() * 2 - 1);
    "cosine_similarity", "", "f256x200 f256x200", |x| F::cosine_similarity(&x[0], &x[1]);
    "crf1d", "F.crf1d(x[0], [x[1][i] for i in range(20)], [x[2][i] for i in range(20)])", "f30x30 f20x32x30 i30:20x32", |x| F::crf1d(&x[0], F::separate(&x[1]), F::separate(&x[2]));
    "cross_covariance", "F.cross_covariance(x[0], x[1])", "f256x200 f256x100", |x| F::cross_covariance(&x[0], &x[1]);
    "decov", "F.decov(x[0])", "f256x200", |x| F::decov(&x[0]);
    "focal_loss", "", "g256x1000 i2:256x1000", |x| F::focal_loss(&x[0], &x[1]);
    "gaussian_kl_divergence", "F.gaussian_kl_divergence(x[0], x[1])", "f256x1000 f256x1000", |x| F::gaussian_kl_divergence(&x[0], &x[1]);
    "gaussian_nll", "F.gaussian_nll(*x)", "f256x1000 f256x1000 f256x1000", |x| F::gaussian_nll(&x[0], &x[1], &x[2]);
    "hinge", "F.hinge(x[0], x[1])", "f256x1000 i1000:256", |x| F::hinge(&x[0], &x[1]);
    "huber_loss", "F.huber_loss(x[0], x[1], 0.5)", "f256x1000 f256x1000", |x| F::huber_loss(&x[0], &x[1], 0.5);
    "kl_divergence", "", "f256x1000 f256x1000", |x| F::kl_divergence(&x[0], &x[1]);
    "mean_absolute_error", "F.mean_absolute_error(x[0], x[1])", "f256x1000 f256x1000", |x| F::mean_absolute_error(&x[0], &x[1]);
    "mean_squared_error", "F.mean_squared_error(x[0], x[1])", "f256x1000 f256x1000", |x| F::mean_squared_error(&x[0], &x[1]);
    "negative_sampling", "F.negative_sampling(x[0], x[1], x[2], lambda shape: x[3], 5)", "g256x128 i5000:256 g5000x128 i5000:256x6", |x| F::negative_sampling(&x[0], &x[1], &x[2], &drawn(&x[3]), 5);
    "nll_loss", "", "f256x1000 i1000:256", |x| F::nll_loss(&x[0], &x[1]);
    "sigmoid_cross_entropy", "F.sigmoid_cross_entropy(x[0], x[1])", "f256x1000 i2:256x1000", |x| F::sigmoid_cross_entropy(&x[0], &x[1]);
    "smooth_l1_loss", "", "f256x1000 f256x1000", |x| F::smooth_l1_loss(&x[0], &x[1]);
    "softmax_cross_entropy", "F.softmax_cross_entropy(x[0], x[1])", "f256x1000 i1000:256", |x| F::softmax_cross_entropy(&x[0], &x[1]);
    "softmax_focal_loss", "", "f256x1000 i1000:256", |x| F::softmax_focal_loss(&x[0], &x[1]);
    "triplet", "F.triplet(*x)", "f256x200 f256x200 f256x200", |x| F::triplet(&x[0], &x[1], &x[2]);
    "dropout", "F.dropout(x[0], 0.5)", "f256x1000", |x| F::dropout(&x[0], 0.5);
    "gaussian", "F.gaussian(x[0], x[1])", "f256x1000 f256x1000", |x| F::gaussian(&x[0], &x[1]);
    "simplified_dropconnect", "F.simplified_dropconnect(x[0], x[1], x[2])", "f32x128 f128x128 f128", |x| F::simplified_dropconnect(&x[0], &x[1], &x[2]);
    "zoneout", "F.zoneout(x[0], x[1], 0.5)", "f256x1000 f256x1000", |x| F::zoneout(&x[0], &x[1], 0.5);
    "batch_normalization", "F.batch_normalization(*x)", "f64x32x14x14 f32 f32", |x| F::batch_normalization(&x[0], &x[1], &x[2]);
    "fixed_batch_normalization", "F.fixed_batch_normalization(*x)", "f64x32x14x14 f32 f32 f32 f32", |x| F::fixed_batch_normalization(&x[0], &x[1], &x[2], &x[3], &x[4]);
    "layer_normalization", "F.layer_normalization(*x)", "f256x1000 f1000 f1000", |x| F::layer_normalization(&x[0], &x[1], &x[2]);
    "group_normalization", "F.group_normalization(x[0], 8, x[1], x[2])", "f64x32x14x14 f32 f32", |x| F::group_normalization(&x[0], 8, &x[1], &x[2]);
    "instance_normalization", "", "f64x32x14x14 f32 f32", |x| F::instance_normalization(&x[0], &x[1], &x[2]);
    "rms_norm", "", "f256x1000 f1000", |x| F::rms_norm(&x[0], &x[1]);
    "local_response_normalization", "F.local_response_normalization(x[0])", "f16x32x28x28", |x| F::local_response_normalization(&x[0]);
    "average_pooling_2d", "F.average_pooling_2d(x[0], 2)", "f16x32x28x28", |x| F::average_pooling_2d(&x[0], 2);
    "max_pooling_2d", "F.max_pooling_2d(x[0], 2)", "f16x32x28x28", |x| F::max_pooling_2d(&x[0], 2);
    "average_pooling_nd", "F.average_pooling_nd(x[0], 2)", "f4x8x16x16x16", |x| F::average_pooling_nd(&x[0], 2);
    "max_pooling_nd", "F.max_pooling_nd(x[0], 2)", "f4x8x16x16x16", |x| F::max_pooling_nd(&x[0], 2);
    "roi_pooling_2d", "F.roi_pooling_2d(x[0], x[1].astype('f'), 7, 7, 3.)", "f8x32x28x28 i8:64x5", |x| F::roi_pooling_2d(&x[0], x[1].data().astype(Dtype::F32), 7, 7, 3.0);
    "spatial_pyramid_pooling_2d", "F.spatial_pyramid_pooling_2d(x[0], 3, pooling='max')", "f16x32x28x28", |x| F::spatial_pyramid_pooling_2d(&x[0], 3);
    "unpooling_2d", "F.unpooling_2d(x[0], 2)", "f16x32x14x14", |x| F::unpooling_2d(&x[0], 2);
    "unpooling_nd", "F.unpooling_nd(x[0], 2)", "f4x8x8x8x8", |x| F::unpooling_nd(&x[0], 2);
    "upsampling_2d", "F.upsampling_2d(x[0], x[1], 2, outsize=(28, 28))", "f16x32x14x14 i4:16x32x14x14", |x| F::Upsampling2D::new(2).outsize((28, 28)).call(&x[0], &x[1]);
    "forget", "F.forget(lambda a: F.tanh(a) * a, x[0])", "g256x1000", |x| F::forget(|xs| F::tanh(&xs[0]) * &xs[0], x);
    "identity", "F.identity(x[0])", "f256x1000", |x| F::identity(x);
}
