//! What the training loop asks of the object that updates parameters, and of an optimizer.

use chainer_kernels::Result;

use crate::reporter::Reporter;
use crate::serializers::Serializer;

/// Updates the parameters of models: loads a batch, computes the loss and its gradients, and lets optimizers make their step.
///
/// [`StandardUpdater`](super::StandardUpdater) does this for one model; implement the trait for anything else, such as two models
/// that train against each other.
pub trait Updater {
    /// Makes one update.
    fn update(&mut self) -> Result<()>;

    /// Completed updates.
    fn iteration(&self) -> usize;

    /// Completed sweeps over the training dataset.
    fn epoch(&self) -> usize;

    /// Sweeps with their fraction.
    fn epoch_detail(&self) -> f64;

    /// [`epoch_detail`](Self::epoch_detail) before the last update; `None` before the first one.
    fn previous_epoch_detail(&self) -> Option<f64>;

    /// Whether the last update completed a sweep.
    fn is_new_epoch(&self) -> bool;

    /// The optimizer of a name; `main` where there is one only.
    fn optimizer(&mut self, name: &str) -> Option<&mut dyn UpdateStep>;

    /// Gives the links of the models their names, so that what they report can be told apart.
    fn register(&self, reporter: &mut Reporter);

    /// Stops what runs in the background. Called at the end of training.
    fn finalize(&mut self) {}

    /// Stores or restores iterators, optimizers, models and the number of updates.
    fn serialize(&mut self, serializer: &mut Serializer<'_>) -> Result<()>;
}

/// What the training loop asks of an optimizer.
pub trait UpdateStep {
    /// Changes the parameters by their gradients.
    fn update(&mut self) -> Result<()>;

    /// Shows compiled steps the hyperparameters as they are now.
    #[doc(hidden)]
    fn publish(&mut self) {}

    /// Notes that a sweep over the training dataset is complete.
    fn new_epoch(&mut self);

    /// The value of a hyperparameter, such as `lr`; `None` if the optimizer has none of this name.
    fn hyperparameter(&self, name: &str) -> Option<f64>;

    /// Changes the value of a hyperparameter.
    ///
    /// # Errors
    /// The optimizer has no hyperparameter of this name.
    fn set_hyperparameter(&mut self, name: &str, value: f64) -> Result<()>;

    /// Stores or restores the number of updates and the state of each parameter.
    fn serialize(&mut self, serializer: &mut Serializer<'_>) -> Result<()>;
}
