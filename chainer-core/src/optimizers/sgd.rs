//! Gradient descent, with and without momentum.

use super::{rule, take};

rule! {
    /// Stochastic gradient descent: `p -= lr * g`.
    ///
    /// ```
    /// use chainer::{Array, Parameter, UpdateRule, optimizers::SGD};
    /// let w = Parameter::new(Array::from([1.0f32]));
    /// let mut optimizer = SGD::new(0.5).setup_params([("w", w.clone())]);
    /// w.set_grad(Array::from([1.0f32]))?;
    /// optimizer.update()?;
    /// assert_eq!(w.array()?.to_vec::<f32>()?, [0.5]);
    /// # Ok::<(), chainer::Error>(())
    /// ```
    SGD {
        /// The learning rate.
        lr = 0.01,
    }
    state [];
    keeps_zero_rows true;
    update |rule, _, param, grad, []| param - grad * rule.lr
}

rule! {
    /// Gradient descent with classical momentum: `v = momentum * v - lr * g`, `p += v`.
    MomentumSGD {
        /// The learning rate.
        lr = 0.01,
        /// What remains of the velocity.
        momentum = 0.9,
    }
    state ["v"];
    update |rule, _, param, grad, [v]| {
        *v = take(v) * rule.momentum - grad * rule.lr;
        param + &*v
    }
}

rule! {
    /// Nesterov's accelerated gradient: `v = momentum * v - lr * g`, `p += momentum² * v - (1 + momentum) * lr * g` (in the form of
    /// Bengio et al., *Advances in optimizing recurrent networks*, arXiv:1212.0901).
    NesterovAG {
        /// The learning rate.
        lr = 0.01,
        /// What remains of the velocity.
        momentum = 0.9,
    }
    state ["v"];
    update |rule, _, param, grad, [v]| {
        *v = take(v) * rule.momentum - &grad * rule.lr;
        param + &*v * (rule.momentum * rule.momentum) - grad * ((1.0 + rule.momentum) * rule.lr)
    }
}

impl SGD {
    /// Gradient descent with this learning rate.
    pub fn new(lr: f64) -> Self {
        SGD { lr }
    }
}

impl MomentumSGD {
    /// Momentum 0.9 and this learning rate.
    pub fn new(lr: f64) -> Self {
        MomentumSGD { lr, ..Default::default() }
    }
}

impl NesterovAG {
    /// Momentum 0.9 and this learning rate.
    pub fn new(lr: f64) -> Self {
        NesterovAG { lr, ..Default::default() }
    }
}
