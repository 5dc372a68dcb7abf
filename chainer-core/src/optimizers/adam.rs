//! Adam.

use chainer_kernels::ArrayOps;

use super::{moved, rule};

rule! {
    /// Adam (Kingma and Ba, arXiv:1412.6980v8): running means `m` of the gradient and `v` of its square, and
    /// `p -= lr * m / (sqrt(v) + eps)` with `lr = alpha * sqrt(1 - beta2^t) / (1 - beta1^t)` in the t-th update.
    ///
    /// ```
    /// use chainer::{Array, Parameter, UpdateRule, optimizers::Adam};
    /// let w = Parameter::new(Array::from([1.0f32]));
    /// let mut optimizer = Adam::default().alpha(0.1).setup_params([("w", w.clone())]);
    /// w.set_grad(Array::from([5.0f32]))?;
    /// optimizer.update()?; // the first step has the length alpha
    /// assert!((w.array()?.item::<f32>()? - 0.9).abs() < 1e-6);
    /// assert!((optimizer.lr().unwrap() - 0.1 * 0.001f64.sqrt() / 0.1).abs() < 1e-12);
    /// # Ok::<(), chainer::Error>(())
    /// ```
    Adam {
        /// The step size.
        alpha = 0.001,
        /// What remains of the running mean of gradients.
        beta1 = 0.9,
        /// What remains of the running mean of their squares.
        beta2 = 0.999,
        /// Added to the denominator.
        eps = 1e-8,
    }
    state ["m", "v"];
    lr |rule, t| (t > 0).then(|| {
        let corrections = (1.0 - rule.beta2.powf(t as f64)).sqrt() / (1.0 - rule.beta1.powf(t as f64));
        rule.alpha * corrections
    });
    update |rule, t, param, grad, [m, v]| {
        let lr = crate::UpdateRule::lr(rule, t).unwrap_or(rule.alpha);
        moved(m, 1.0 - rule.beta1, grad.clone());
        moved(v, 1.0 - rule.beta2, grad.square());
        param - &*m / ((&*v).sqrt() + rule.eps) * lr
    }
}

impl Adam {
    /// Adam with this `alpha` and the other defaults.
    pub fn new(alpha: f64) -> Self {
        Adam { alpha, ..Default::default() }
    }
}
