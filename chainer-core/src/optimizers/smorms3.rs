//! SMORMS3.

use chainer_kernels::ArrayOps;

use super::{rule, take};
use crate::Array;

rule! {
    /// SMORMS3 (Funk, *RMSprop loses to SMORMS3*, 2015): running means `g` of the gradient and `g2` of its square over a memory `mem`
    /// that starts at 1. With `r = 1 / (mem + 1)` the means move by `r`; with `x = g² / (g2 + eps)`,
    /// `p -= grad * min(lr, x) / (sqrt(g2) + eps)` and `mem = 1 + mem * (1 - x)`.
    SMORMS3 {
        /// The learning rate.
        lr = 0.001,
        /// Added to denominators.
        eps = 1e-16,
    }
    state ["mem", "g", "g2"];
    init |key, param| if key == "mem" { Array::ones_like(param) } else { Array::zeros_like(param) };
    update |rule, _, param, grad, [mem, g, g2]| {
        let old = take(mem);
        let r = (&old + 1.0).reciprocal();
        let rest = 1.0 - &r;
        *g = take(g) * &rest + &grad * &r;
        *g2 = take(g2) * rest + (&grad).square() * r;
        let x = (&*g).square() / (&*g2 + rule.eps);
        *mem = 1.0 + old * (1.0 - &x);
        param - grad * x.minimum(rule.lr) / ((&*g2).sqrt() + rule.eps)
    }
}
