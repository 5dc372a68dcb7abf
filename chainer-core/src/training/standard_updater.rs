//! The usual updater: one iterator, one model, and an optimizer or several.

use std::sync::Arc;

use chainer_kernels::{Device, Error, ErrorKind, Result};

use super::{ModelBatch, UpdateStep, Updater};
use crate::compile::{Cache, CompiledGraph, Work};
use crate::dataset::{Concat, Example};
use crate::iterators::DatasetIterator;
use crate::reporter::Reporter;
use crate::serializers::Serializer;
use crate::{Array, Forward, Link, Variable};

/// Takes a batch from an iterator, lets a model compute the loss of it, and an optimizer change the parameters by its gradients.
pub struct StandardUpdater<I: DatasetIterator, O> {
    iterator: I,
    optimizer: O,
    further: Vec<(String, Box<dyn UpdateStep>)>,
    model: Arc<dyn Link>,
    loss: Loss<I::Example>,
    concat: Concat,
    iteration: usize,
    compiled: Option<Cache>,
}

/// From a list of examples to their loss.
enum Loss<E> {
    /// The arrays of a batch, and the loss of these.
    Batch { arrays: ToArrays<E>, loss: Box<dyn Fn(Vec<Array>) -> Variable> },
    /// By a closure of the user's.
    Own(Box<dyn FnMut(Vec<E>) -> Result<Variable>>),
}

type ToArrays<E> = fn(&Concat, Vec<E>) -> Result<Vec<Array>>;

impl<I: DatasetIterator, O: UpdateStep> StandardUpdater<I, O> {
    /// Trains `model`, whose output is the loss, such as a [`Classifier`](crate::links::Classifier).
    ///
    /// Batches are made of examples by [`concat_examples`](crate::dataset::concat_examples).
    pub fn new<M>(iterator: I, optimizer: O, model: &Arc<M>) -> Self
    where
        I::Example: Example<Batch: ModelBatch>,
        M: Forward<<<I::Example as Example>::Batch as ModelBatch>::Args>,
    {
        let shared = model.clone();
        let loss = move |arrays| match <I::Example as Example>::Batch::from_arrays(arrays) {
            Some(batch) => batch.call(&*shared),
            None => Variable::failed(Error::new(ErrorKind::State, "StandardUpdater", "a batch has lost an array")),
        };
        let arrays: ToArrays<I::Example> = |concat, examples| Ok(concat.concat(examples)?.into_arrays());
        Self::build(iterator, optimizer, model.clone(), Loss::Batch { arrays, loss: Box::new(loss) })
    }

    /// Trains `model` by a loss that `loss` computes of a list of examples: for models that are called in another way, and for
    /// batches that are made in another way.
    pub fn with_loss<M: Link>(
        iterator: I,
        optimizer: O,
        model: &Arc<M>,
        loss: impl FnMut(Vec<I::Example>) -> Result<Variable> + 'static,
    ) -> Self {
        Self::build(iterator, optimizer, model.clone(), Loss::Own(Box::new(loss)))
    }

    /// Compiles the whole step: forward, backward, hooks and updates are traced once for each shape of batch, and then run as one optimised
    /// graph; see [`compile`](crate::compile()). Results are the same bit for bit. Afterwards parameters hold no gradients.
    ///
    /// An updater [`with_loss`](Self::with_loss) makes its batches in its closure, which a graph cannot: it stays define-by-run.
    ///
    /// ```
    /// use chainer::prelude::*;
    /// use chainer::{links as L, optimizers, training::Updater};
    /// use std::sync::Arc;
    ///
    /// let model = Arc::new(L::Classifier::new(L::Linear::new(2, 2)));
    /// let optimizer = optimizers::SGD::new(0.1).setup(&*model);
    /// let data = vec![(vec![0.0f32, 1.0], 1i32), (vec![1.0, 0.0], 0)];
    /// let mut updater = StandardUpdater::new(SerialIterator::new(data, 2), optimizer, &model).compiled();
    /// for _ in 0..3 {
    ///     updater.update()?;
    /// }
    /// assert_eq!(updater.replays(), 2);
    /// # Ok::<(), chainer::Error>(())
    /// ```
    pub fn compiled(mut self) -> Self {
        self.compiled = matches!(self.loss, Loss::Batch { .. }).then(Cache::default);
        self
    }

    /// How many steps have run as graphs ([`compiled`](Self::compiled)).
    pub fn replays(&self) -> usize {
        self.compiled.as_ref().map_or(0, |cache| cache.replays)
    }

    /// The newest graph of [`compiled`](Self::compiled).
    pub fn graph(&self) -> Option<CompiledGraph<'_>> {
        self.compiled.as_ref()?.graph()
    }

    /// Measures the kernels of later steps, for [`CompiledGraph::explain`].
    pub fn measure(&mut self, on: bool) {
        if let Some(cache) = &mut self.compiled {
            cache.set_timed(on);
        }
    }

    fn build(iterator: I, optimizer: O, model: Arc<dyn Link>, loss: Loss<I::Example>) -> Self {
        StandardUpdater {
            iterator,
            optimizer,
            further: Vec::new(),
            model,
            loss,
            concat: Concat::new(),
            iteration: 0,
            compiled: None,
        }
    }

    /// Adds an optimizer under a name, beside the one called `main`: each was set up with a part of the model, and all make their
    /// step after each backward pass.
    ///
    /// ```
    /// use chainer::prelude::*;
    /// use chainer::{links as L, optimizers};
    /// use std::sync::Arc;
    ///
    /// #[chain]
    /// struct Net { body: L::Linear, head: L::Linear }
    /// # impl Forward<(Variable, Variable)> for Net {
    /// #     fn forward(&self, (x, t): (&Variable, &Variable)) -> Variable {
    /// #         chainer::functions::softmax_cross_entropy(self.head.forward(&self.body.forward(x)), t)
    /// #     }
    /// # }
    ///
    /// let model = Arc::new(Net { body: L::Linear::new(2, 8), head: L::Linear::new(8, 2) });
    /// let body = optimizers::SGD::new(0.01).setup(&model.body);
    /// let head = optimizers::Adam::default().setup(&model.head);
    /// let data = vec![(vec![0.0f32, 1.0], 1i32), (vec![1.0, 0.0], 0)];
    /// let updater = StandardUpdater::new(SerialIterator::new(data, 2), body, &model).add_optimizer("head", head);
    /// # let folder = tempfile::tempdir().unwrap();
    /// # let weights = || [model.body.params()[0].array(), model.head.params()[0].array()];
    /// # let before = weights();
    /// # let mut trainer = Trainer::new(updater, (2, Iteration)).out(folder.path());
    /// # trainer.run()?;
    /// # for (before, after) in before.into_iter().zip(weights()) { assert_ne!(before?.to_vec::<f32>()?, after?.to_vec::<f32>()?); }
    /// # assert!(trainer.updater().optimizer("head").is_some() && trainer.updater().optimizer("body").is_none());
    /// # Ok::<(), chainer::Error>(())
    /// ```
    pub fn add_optimizer(mut self, name: impl Into<String>, optimizer: impl UpdateStep + 'static) -> Self {
        self.further.push((name.into(), Box::new(optimizer)));
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

    /// The iterator over the training dataset.
    pub fn iterator(&mut self) -> &mut I {
        &mut self.iterator
    }
}

/// What makes an update of a loss.
struct Step<'a, O> {
    model: &'a dyn Link,
    optimizer: &'a mut O,
    further: &'a mut [(String, Box<dyn UpdateStep>)],
}

impl<O: UpdateStep> Step<'_, O> {
    fn update(&mut self, loss: Variable) -> Result<()> {
        self.model.cleargrads();
        loss.backward()?;
        // The graph holds memory that the optimizer may need.
        drop(loss);
        self.optimizer.update()?;
        self.further.iter_mut().try_for_each(|(_, optimizer)| optimizer.update())
    }
}

/// The whole step, from the arrays of a batch.
struct CompiledStep<'a, O> {
    step: Step<'a, O>,
    loss: &'a dyn Fn(Vec<Array>) -> Variable,
}

impl<O: UpdateStep> Work<Result<()>> for CompiledStep<'_, O> {
    fn call(&mut self, batch: &[Variable]) -> Result<()> {
        let loss = (self.loss)(batch.iter().map(|x| x.data().clone()).collect());
        self.step.update(loss)
    }
    fn variables(_: &mut Result<()>, _: &mut dyn FnMut(&mut Variable)) {}
    fn failure(returned: &Result<()>) -> Option<Error> {
        returned.as_ref().err().cloned()
    }
    fn failed(error: Error) -> Result<()> {
        Err(error)
    }
    fn template(_: &Result<()>) -> Result<()> {
        Ok(())
    }
}

impl<I: DatasetIterator, O: UpdateStep> Updater for StandardUpdater<I, O> {
    fn update(&mut self) -> Result<()> {
        let Some(examples) = self.iterator.next_batch()? else {
            let message = "Expect: an iterator that repeats\nActual: the training iterator has come to its end";
            return Err(Error::new(ErrorKind::State, "StandardUpdater", message));
        };
        let mut step = Step { model: &*self.model, optimizer: &mut self.optimizer, further: &mut self.further };
        match (&mut self.loss, &mut self.compiled) {
            (Loss::Own(loss), _) => step.update(loss(examples)?)?,
            (Loss::Batch { arrays, loss }, None) => step.update(loss(arrays(&self.concat, examples)?))?,
            (Loss::Batch { arrays, loss }, Some(cache)) => {
                let batch = arrays(&self.concat, examples)?.into_iter().map(Variable::constant).collect::<Vec<_>>();
                step.optimizer.publish();
                step.further.iter_mut().for_each(|(_, optimizer)| optimizer.publish());
                cache.run(&batch, Vec::new(), &mut CompiledStep { step, loss })?;
            }
        }
        if self.iterator.is_new_epoch() {
            self.optimizer.new_epoch();
            self.further.iter_mut().for_each(|(_, optimizer)| optimizer.new_epoch());
        }
        self.iteration += 1;
        Ok(())
    }

    fn iteration(&self) -> usize {
        self.iteration
    }

    fn epoch(&self) -> usize {
        self.iterator.epoch()
    }

    fn epoch_detail(&self) -> f64 {
        self.iterator.epoch_detail()
    }

    fn previous_epoch_detail(&self) -> Option<f64> {
        self.iterator.previous_epoch_detail()
    }

    fn is_new_epoch(&self) -> bool {
        self.iterator.is_new_epoch()
    }

    fn optimizer(&mut self, name: &str) -> Option<&mut dyn UpdateStep> {
        if name == "main" {
            return Some(&mut self.optimizer);
        }
        let (_, optimizer) = self.further.iter_mut().find(|(known, _)| known == name)?;
        Some(&mut **optimizer)
    }

    fn register(&self, reporter: &mut Reporter) {
        register_links(reporter, "main", &*self.model);
    }

    fn finalize(&mut self) {
        self.iterator.finalize();
    }

    fn serialize(&mut self, s: &mut Serializer<'_>) -> Result<()> {
        self.iterator.serialize(&mut s.child("iterator:main"))?;
        // Loading the model gives parameters their shapes, which the optimizer's state needs.
        if s.is_loading() {
            self.model.serialize(&mut s.child("model:main"))?;
            self.optimizer.serialize(&mut s.child("optimizer:main"))?;
        } else {
            self.optimizer.serialize(&mut s.child("optimizer:main"))?;
            self.model.serialize(&mut s.child("model:main"))?;
        }
        for (name, optimizer) in &mut self.further {
            optimizer.serialize(&mut s.child(&format!("optimizer:{name}")))?;
        }
        s.value("iteration", &mut self.iteration)
    }
}

/// Gives a link and all links below it their names: `main`, `main/predictor`, `main/predictor/l1` …
pub(super) fn register_links(reporter: &mut Reporter, name: &str, link: &dyn Link) {
    for (path, link) in link.named_links() {
        reporter.add_observer(format!("{name}{}", path.trim_end_matches('/')), link);
    }
}
