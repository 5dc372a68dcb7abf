//! Evaluation on other examples than those of the training.

use std::sync::Arc;

use chainer_kernels::{Device, Result};

use super::super::standard_updater::register_links;
use super::super::{Context, Epoch, Extension, IntoTrigger, ModelBatch, PRIORITY_WRITER, Trigger};
use crate::dataset::{Concat, Example};
use crate::iterators::DatasetIterator;
use crate::reporter::{Observation, Reporter};
use crate::summary::DictSummary;
use crate::{Forward, Link, no_backprop_mode, using_config};

/// Runs a model over a validation dataset once an epoch, without training it, and observes the means over the batches of all values
/// that it reports: as `validation/main/loss` and so on, where `validation` is the name of the extension.
///
/// While it runs, the configuration says `train = false`, and no graph is recorded.
pub struct Evaluator<I: DatasetIterator> {
    iterator: I,
    model: Arc<dyn Link>,
    evaluate: Evaluate<I::Example>,
    hook: Option<Box<dyn FnMut()>>,
    concat: Concat,
}

type Evaluate<E> = Box<dyn FnMut(&Concat, Vec<E>) -> Result<()>>;

impl<I: DatasetIterator> Evaluator<I> {
    /// Evaluates `model` on the examples of `iterator`, which should make one sweep
    /// ([`SerialIterator::once`](crate::iterators::SerialIterator::once)).
    pub fn new<M>(iterator: I, model: &Arc<M>) -> Self
    where
        I::Example: Example<Batch: ModelBatch>,
        M: Forward<<<I::Example as Example>::Batch as ModelBatch>::Args>,
    {
        let shared = model.clone();
        let evaluate =
            move |concat: &Concat, examples: Vec<I::Example>| concat.concat(examples)?.call(&*shared).check();
        Evaluator::build(iterator, model.clone(), Box::new(evaluate))
    }

    /// Evaluates by a function of a list of examples, which reports values: for models that are called in another way.
    pub fn with_eval<M: Link>(
        iterator: I,
        model: &Arc<M>,
        mut evaluate: impl FnMut(Vec<I::Example>) -> Result<()> + 'static,
    ) -> Self {
        Evaluator::build(iterator, model.clone(), Box::new(move |_, examples| evaluate(examples)))
    }

    fn build(iterator: I, model: Arc<dyn Link>, evaluate: Evaluate<I::Example>) -> Self {
        Evaluator { iterator, model, evaluate, hook: None, concat: Concat::new() }
    }

    /// Called before each evaluation: to reset a recurrent model, for example.
    pub fn eval_hook(mut self, hook: impl FnMut() + 'static) -> Self {
        self.hook = Some(Box::new(hook));
        self
    }

    /// The device to which batches go.
    pub fn device(mut self, device: Device) -> Self {
        self.concat = self.concat.device(device);
        self
    }

    /// How examples are joined to batches: with padding, for example.
    pub fn concat(mut self, concat: Concat) -> Self {
        self.concat = concat;
        self
    }

    /// Evaluates now, and returns the means of what was reported, under the names that the model has as `main`.
    ///
    /// # Errors
    /// An example cannot be read, or a value has failed.
    pub fn evaluate(&mut self) -> Result<Observation> {
        let _testing = using_config(|config| config.train = false);
        let _no_graph = no_backprop_mode();
        if let Some(hook) = &mut self.hook {
            hook();
        }
        let mut reporter = Reporter::new();
        register_links(&mut reporter, "main", &*self.model);
        let mut summary = DictSummary::new();
        self.iterator.reset();
        while let Some(examples) = self.iterator.next_batch()? {
            let (evaluated, observation) = reporter.observe(|| (self.evaluate)(&self.concat, examples));
            evaluated?;
            summary.add(observation.numbers()?);
        }
        let mut means = Observation::new();
        for (name, mean) in summary.compute_mean() {
            means.insert(name, mean);
        }
        Ok(means)
    }
}

impl<I: DatasetIterator> Extension for Evaluator<I> {
    fn run(&mut self, context: &mut Context<'_>) -> Result<()> {
        for (name, mean) in self.evaluate()?.numbers()? {
            context.observation.insert(format!("{}/{name}", context.name), mean);
        }
        Ok(())
    }

    fn finalize(&mut self) -> Result<()> {
        self.iterator.finalize();
        Ok(())
    }

    fn default_trigger(&self) -> Box<dyn Trigger> {
        (1, Epoch).into_trigger()
    }

    fn default_name(&self) -> String {
        "validation".to_owned()
    }

    fn default_priority(&self) -> i32 {
        PRIORITY_WRITER
    }
}
