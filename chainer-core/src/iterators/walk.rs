//! Where an iterator stands in its dataset, and which examples come next.

use std::sync::Arc;

use chainer_kernels::{Error, Result};

use crate::serializers::Serializer;
use crate::shuffle::Shuffler;

/// A position in a sequence of sweeps over `length` examples. It knows indices only, never examples.
#[derive(Clone, Debug)]
pub(super) struct Walk {
    pub length: usize,
    pub batch_size: usize,
    pub repeat: bool,
    shuffle: bool,
    shuffler: Shuffler,
    /// The order of the current sweep, shared by clones; `None` where examples come in the order of the dataset.
    order: Option<Arc<Vec<usize>>>,
    current_position: usize,
    epoch: usize,
    is_new_epoch: bool,
    previous_epoch_detail: Option<f64>,
}

impl Walk {
    pub fn new(length: usize, batch_size: usize) -> Self {
        let mut walk = Walk {
            length,
            batch_size,
            repeat: true,
            shuffle: true,
            shuffler: Shuffler::fresh(),
            order: None,
            current_position: 0,
            epoch: 0,
            is_new_epoch: false,
            previous_epoch_detail: None,
        };
        walk.reset();
        walk
    }

    pub fn set_shuffle(&mut self, shuffle: bool) {
        self.shuffle = shuffle;
        self.reset();
    }

    pub fn set_seed(&mut self, seed: u64) {
        self.shuffler = Shuffler::new(seed);
        self.reset();
    }

    /// Back to the start. The order of the next sweep is a new one, as it is for every sweep.
    pub fn reset(&mut self) {
        self.current_position = 0;
        self.epoch = 0;
        self.is_new_epoch = false;
        self.previous_epoch_detail = None;
        self.order = self.shuffle.then(|| Arc::new(self.shuffler.permutation(self.length)));
    }

    /// The indices of the next batch, or `None` at the end.
    ///
    /// A batch that reaches the end of a sweep is filled from the next sweep when the walk repeats; it is never longer than the
    /// batch size, and never empty.
    pub fn next_indices(&mut self) -> Result<Option<Vec<usize>>> {
        if self.batch_size == 0 {
            return Err(Error::value("DatasetIterator", "batch_size of at least 1", 0));
        }
        if !self.repeat && self.epoch > 0 {
            return Ok(None);
        }
        if self.length == 0 {
            if self.repeat {
                return Err(Error::value("DatasetIterator", "a dataset with examples", "an empty one"));
            }
            self.epoch = 1;
            return Ok(None);
        }
        self.previous_epoch_detail = Some(self.epoch_detail());
        self.is_new_epoch = false;
        let mut batch = Vec::with_capacity(self.batch_size);
        while batch.len() < self.batch_size {
            let wanted = self.batch_size - batch.len();
            let end = (self.current_position + wanted).min(self.length);
            let here = self.current_position..end;
            match &self.order {
                Some(order) => batch.extend_from_slice(&order[here]),
                None => batch.extend(here),
            }
            self.current_position = end;
            if end == self.length {
                self.current_position = 0;
                self.epoch += 1;
                self.is_new_epoch = true;
                if self.shuffle {
                    self.order = Some(Arc::new(self.shuffler.permutation(self.length)));
                }
                if !self.repeat {
                    break;
                }
            }
        }
        Ok(Some(batch))
    }

    pub fn epoch(&self) -> usize {
        self.epoch
    }

    pub fn is_new_epoch(&self) -> bool {
        self.is_new_epoch
    }

    pub fn current_position(&self) -> usize {
        self.current_position
    }

    pub fn epoch_detail(&self) -> f64 {
        self.epoch as f64 + self.current_position as f64 / self.length.max(1) as f64
    }

    pub fn previous_epoch_detail(&self) -> Option<f64> {
        self.previous_epoch_detail
    }

    /// Chainer's keys, and one of ours for the random state, without which a resumed run would shuffle otherwise.
    pub fn serialize(&mut self, s: &mut Serializer<'_>) -> Result<()> {
        let mut position = self.current_position;
        s.value("current_position", &mut position)?;
        if position > 0 && position >= self.length {
            let message =
                format!("expected a position below {}, the length of the dataset; found {position}", self.length);
            return Err(s.error("current_position", &message));
        }
        self.current_position = position;
        s.value("epoch", &mut self.epoch)?;
        s.value("is_new_epoch", &mut self.is_new_epoch)?;
        if let Some(order) = &mut self.order {
            let mut stored = order.to_vec();
            s.value("order", &mut stored)?;
            if !is_permutation(&stored, self.length) {
                let message = format!("expected an order of the {} examples of the dataset", self.length);
                return Err(s.error("order", &message));
            }
            *order = Arc::new(stored);
        }
        // Chainer stores -1 for "no batch yet". Versions before 1.22 lack the entry.
        let mut previous = self.previous_epoch_detail.unwrap_or(-1.0);
        if !s.optional("previous_epoch_detail", &mut previous)? {
            let before = self.epoch_detail() - self.batch_size as f64 / self.length.max(1) as f64;
            previous = if before > 0.0 { before } else { -1.0 };
        }
        self.previous_epoch_detail = (previous >= 0.0).then_some(previous);
        let mut state = self.shuffler.state().to_vec();
        if s.optional("random_state", &mut state)? {
            let Ok(state) = state.try_into() else {
                return Err(s.error("random_state", "expected two numbers"));
            };
            self.shuffler = Shuffler::from_state(state);
        }
        Ok(())
    }
}

fn is_permutation(order: &[usize], length: usize) -> bool {
    let mut seen = vec![false; length];
    order.len() == length && order.iter().all(|i| *i < length && !std::mem::replace(&mut seen[*i], true))
}
