//! AdaGrad and AdaDelta.

use chainer_kernels::ArrayOps;

use super::{moved, rule, take};

rule! {
    /// AdaGrad (Duchi et al., JMLR 12, 2011): `h += g²`, `p -= lr * g / (sqrt(h) + eps)`.
    AdaGrad {
        /// The learning rate.
        lr = 0.001,
        /// Added to the denominator.
        eps = 1e-8,
    }
    state ["h"];
    keeps_zero_rows true;
    update |rule, _, param, grad, [h]| {
        *h = take(h) + (&grad).square();
        param - grad * rule.lr / ((&*h).sqrt() + rule.eps)
    }
}

rule! {
    /// ADADELTA (Zeiler, arXiv:1212.5701): running means `msg` of the squared gradient and `msdx` of the squared step, and a step of
    /// `-sqrt((msdx + eps) / (msg + eps)) * g`.
    AdaDelta {
        /// What remains of the running means.
        rho = 0.95,
        /// Added to both running means.
        eps = 1e-6,
    }
    state ["msg", "msdx"];
    update |rule, _, param, grad, [msg, msdx]| {
        moved(msg, 1.0 - rule.rho, (&grad).square());
        let step = ((&*msdx + rule.eps) / (&*msg + rule.eps)).sqrt() * grad;
        moved(msdx, 1.0 - rule.rho, (&step).square());
        param - step
    }
}
