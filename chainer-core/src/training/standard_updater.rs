//! The usual updater: one iterator, one model, and an optimizer or several.

use std::sync::Arc;

use chainer_kernels::{Device, Error, ErrorKind, Result};

use super::{ModelBatch, UpdateStep, Updater};
use crate::dataset::{Concat, Example};
use crate::iterators::DatasetIterator;
use crate::reporter::Reporter;
use crate::serializers::Serializer;
use crate::{Forward, Link, Variable};

/// Takes a batch from an iterator, lets a model compute the loss of it, and an optimizer change the parameters by its gradients.
pub struct StandardUpdater<I: DatasetIterator, O> {
    iterator: I,
    optimizer: O,
    further: Vec<(String, Box<dyn UpdateStep>)>,
    model: Arc<dyn Link>,
    loss: Loss<I::Example>,
    concat: Concat,
    iteration: usize,
}

/// From a list of examples to their loss.
type Loss<E> = Box<dyn FnMut(&Concat, Vec<E>) -> Result<Variable>>;

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
        let loss = move |concat: &Concat, examples: Vec<I::Example>| Ok(concat.concat(examples)?.call(&*shared));
        Self::build(iterator, optimizer, model.clone(), Box::new(loss))
    }

    /// Trains `model` by a loss that `loss` computes of a list of examples: for models that are called in another way, and for
    /// batches that are made in another way.
    pub fn with_loss<M: Link>(
        iterator: I,
        optimizer: O,
        model: &Arc<M>,
        mut loss: impl FnMut(Vec<I::Example>) -> Result<Variable> + 'static,
    ) -> Self {
        Self::build(iterator, optimizer, model.clone(), Box::new(move |_, examples| loss(examples)))
    }

    fn build(iterator: I, optimizer: O, model: Arc<dyn Link>, loss: Loss<I::Example>) -> Self {
        StandardUpdater { iterator, optimizer, further: Vec::new(), model, loss, concat: Concat::new(), iteration: 0 }
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

impl<I: DatasetIterator, O: UpdateStep> Updater for StandardUpdater<I, O> {
    fn update(&mut self) -> Result<()> {
        let Some(examples) = self.iterator.next_batch()? else {
            let message = "Expect: an iterator that repeats\nActual: the training iterator has come to its end";
            return Err(Error::new(ErrorKind::State, "StandardUpdater", message));
        };
        let loss = (self.loss)(&self.concat, examples)?;
        self.model.cleargrads();
        loss.backward()?;
        // The graph holds memory that the optimizer may need.
        drop(loss);
        self.optimizer.update()?;
        for (_, optimizer) in &mut self.further {
            optimizer.update()?;
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
