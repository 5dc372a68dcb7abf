//! RMSprop in two forms.

use chainer_kernels::ArrayOps;

use super::{moved, rule, take};

rule! {
    /// RMSprop (Hinton, *Neural networks for machine learning*, lecture 6): a running mean `ms` of the squared gradient, and
    /// `p -= lr * g / (sqrt(ms) + eps)`.
    RMSprop {
        /// The learning rate.
        lr = 0.01,
        /// What remains of the running mean.
        alpha = 0.99,
        /// Added to the denominator.
        eps = 1e-8,
    }
    state ["ms"];
    update |rule, _, param, grad, [ms]| {
        moved(ms, 1.0 - rule.alpha, (&grad).square());
        param - grad * rule.lr / ((&*ms).sqrt() + rule.eps)
    }
}

rule! {
    /// RMSprop in the form of Graves (*Generating sequences with recurrent neural networks*, arXiv:1308.0850): running means `n` of
    /// the squared gradient and `g` of the gradient, `delta = momentum * delta - lr * grad / sqrt(n - g² + eps)`, `p += delta`.
    RMSpropGraves {
        /// The learning rate.
        lr = 0.0001,
        /// What remains of the running means.
        alpha = 0.95,
        /// What remains of the step.
        momentum = 0.9,
        /// Added to the variance.
        eps = 0.0001,
    }
    state ["n", "g", "delta"];
    update |rule, _, param, grad, [n, g, delta]| {
        moved(n, 1.0 - rule.alpha, (&grad).square());
        moved(g, 1.0 - rule.alpha, grad.clone());
        let deviation = (&*n - (&*g).square() + rule.eps).sqrt();
        *delta = take(delta) * rule.momentum - grad * rule.lr / deviation;
        param + &*delta
    }
}
