//! [`UpdateRule`]: the arithmetic of an optimizer.

use crate::{Array, Link, Optimizer};

/// How one parameter changes by its gradient: the arithmetic of an optimizer and its hyperparameters. Everything else is the affair of
/// [`Optimizer`].
///
/// ```
/// use chainer::{Array, Parameter, UpdateRule};
///
/// /// p -= lr * sign(g)
/// #[derive(Clone)]
/// struct SignDescent { lr: f64 }
///
/// impl UpdateRule for SignDescent {
///     fn name(&self) -> &'static str {
///         "SignDescent"
///     }
///     fn update_one(&self, _t: usize, param: Array, grad: Array, _state: &mut [Array]) -> Array {
///         use chainer::ArrayOps;
///         param - grad.sign() * self.lr
///     }
/// }
///
/// let w = Parameter::new(Array::from([1.0f32, 2.0]));
/// let mut optimizer = SignDescent { lr: 0.5 }.setup_params([("w", w.clone())]);
/// w.set_grad(Array::from([3.0f32, -3.0]))?;
/// optimizer.update()?;
/// assert_eq!(w.array()?.to_vec::<f32>()?, [0.5, 2.5]);
/// # Ok::<(), chainer::Error>(())
/// ```
pub trait UpdateRule: Clone + Send + 'static {
    /// The optimizer's name.
    fn name(&self) -> &'static str;

    /// The names of the arrays that are kept for each parameter; snapshots use them as keys.
    fn state_keys(&self) -> &'static [&'static str] {
        &[]
    }

    /// The first value of a state array: zeros of the parameter's shape and dtype unless the rule says otherwise.
    fn init_state(&self, key: &str, param: &Array) -> Array {
        let _ = key;
        Array::zeros_like(param)
    }

    /// The parameter's new value. `t` is the number of this update, from 1. The states stand in the order of
    /// [`state_keys`](Self::state_keys) and are replaced by their new values. Whatever is elementwise stays pending: the optimizer
    /// computes the parameter and its states in one pass over memory.
    fn update_one(&self, t: usize, param: Array, grad: Array, state: &mut [Array]) -> Array;

    /// Whether a parameter and its states keep the rows whose gradient is zero. Then, where a backward pass has found a gradient row by
    /// row ([`Parameter::grad_rows`](crate::Parameter::grad_rows)), [`update_one`](Self::update_one) is given the other rows only, of
    /// parameter, gradient and states; the results are the same. Rules with momentum or running means move every row at every update.
    fn keeps_zero_rows(&self) -> bool {
        false
    }

    /// The learning rate after `t` updates, if the rule has one then.
    fn lr(&self, t: usize) -> Option<f64> {
        let _ = t;
        self.hyperparameter("lr")
    }

    /// The value of a hyperparameter; `None` if there is none of this name.
    fn hyperparameter(&self, name: &str) -> Option<f64> {
        let _ = name;
        None
    }

    /// A hyperparameter, to change it.
    fn hyperparameter_mut(&mut self, name: &str) -> Option<&mut f64> {
        let _ = name;
        None
    }

    /// The names of the hyperparameters.
    fn hyperparameter_names(&self) -> &'static [&'static str] {
        &[]
    }

    /// The optimizer of all parameters of a link.
    ///
    /// ```
    /// use chainer::{UpdateRule, links as L, optimizers};
    /// let model = L::Linear::new(3, 2);
    /// let optimizer = optimizers::Adam::default().setup(&model);
    /// assert_eq!(optimizer.params().count(), 2);
    /// ```
    fn setup<L: Link>(self, link: &L) -> Optimizer<Self>
    where
        Self: Sized,
    {
        Optimizer::new(self, link.named_params())
    }

    /// The optimizer of these parameters, with the names that snapshots call them by.
    fn setup_params<N: Into<String>>(self, params: impl IntoIterator<Item = (N, crate::Parameter)>) -> Optimizer<Self>
    where
        Self: Sized,
    {
        Optimizer::new(self, params)
    }
}
