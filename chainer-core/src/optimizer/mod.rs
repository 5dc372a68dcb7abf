//! [`Optimizer`]: what all optimizers share: the parameters and their states, hooks, counters, snapshots. The arithmetic is an
//! [`UpdateRule`] of [`crate::optimizers`].

mod hooks;
mod replay;
mod rule;
#[cfg(test)]
mod tests;

use std::ops::{Deref, DerefMut};
use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;

use chainer_kernels::{flush_all, ops};
use smallvec::SmallVec;

pub use hooks::{
    GradientClipping, GradientNoise, HookTarget, Lasso, OptimizerHook, WeightDecay, exponential_decay_noise,
};
use replay::{Shared, Updates};
pub use rule::UpdateRule;

use crate::serializers::{Serializable, Serializer};
use crate::training::UpdateStep;
use crate::{Array, Error, Parameter, Result, State, Variable, compile, config};

/// Updates parameters by their gradients.
///
/// It holds handles on the parameters, which model and user code share. The rule's hyperparameters are its fields:
/// `optimizer.alpha *= 0.5`.
///
/// ```
/// use chainer::{Array, UpdateRule, Variable, functions as F, links as L, optimizers};
/// use chainer::prelude::*;
///
/// let model = L::Linear::new(2, 1);
/// let mut optimizer = optimizers::Adam::default().setup(&model);
/// optimizer.alpha = 0.1;
/// let (x, y) = (Array::from([[1.0f32, 2.0], [3.0, -1.0]]), Array::from([[1.0f32], [0.0]]));
/// let loss = || F::mean_squared_error(model.forward(&Variable::constant(x.clone())), &y);
/// let before = loss().item::<f32>()?;
/// for _ in 0..20 {
///     optimizer.update_with(loss)?;
/// }
/// assert!(loss().item::<f32>()? < before);
/// assert_eq!(optimizer.t(), 20);
/// # Ok::<(), chainer::Error>(())
/// ```
pub struct Optimizer<R> {
    rule: R,
    /// Counts the updates, and what graphs know of the rule.
    shared: Arc<Shared<R>>,
    slots: Vec<Slot>,
    epoch: usize,
    hooks: Vec<(String, Box<dyn OptimizerHook>)>,
    cleargrads: bool,
}

/// A parameter and what the rule keeps for it.
struct Slot {
    name: String,
    param: Parameter,
    /// In the order of the rule's keys; empty until the parameter has a value.
    state: SmallVec<[State<Array>; 3]>,
}

impl<R> Deref for Optimizer<R> {
    type Target = R;
    fn deref(&self) -> &R {
        &self.rule
    }
}

impl<R: UpdateRule> DerefMut for Optimizer<R> {
    fn deref_mut(&mut self) -> &mut R {
        self.shared.outdate();
        &mut self.rule
    }
}

impl<R: UpdateRule> Optimizer<R> {
    /// An optimizer of these parameters; [`UpdateRule::setup`] is the usual way to make one. A parameter that is given twice is
    /// updated once.
    pub fn new<N: Into<String>>(rule: R, params: impl IntoIterator<Item = (N, Parameter)>) -> Self {
        let mut optimizer =
            Optimizer { rule, shared: Shared::new(), slots: Vec::new(), epoch: 0, hooks: Vec::new(), cleargrads: true };
        for (name, param) in params {
            optimizer.add_param(name, param);
        }
        optimizer
    }

    /// Takes one more parameter into care.
    pub fn add_param(&mut self, name: impl Into<String>, param: Parameter) {
        if self.slots.iter().all(|slot| slot.param.id() != param.id()) {
            self.slots.push(Slot { name: name.into(), param, state: SmallVec::new() });
        }
    }

    /// The arithmetic.
    pub fn rule(&self) -> &R {
        &self.rule
    }

    /// The parameters with their names.
    pub fn params(&self) -> impl Iterator<Item = (&str, &Parameter)> {
        self.slots.iter().map(|slot| (slot.name.as_str(), &slot.param))
    }

    /// How many updates were made.
    pub fn t(&self) -> usize {
        self.shared.t.load(Relaxed)
    }

    /// How many sweeps over the dataset were completed, as [`new_epoch`](Self::new_epoch) counts them.
    pub fn epoch(&self) -> usize {
        self.epoch
    }

    /// Counts a completed sweep.
    pub fn new_epoch(&mut self) {
        self.epoch += 1;
    }

    /// The learning rate of the last update (Adam's with its bias corrections); `None` if the rule has none, or none yet.
    pub fn lr(&self) -> Option<f64> {
        self.rule.lr(self.t())
    }

    /// The value of a hyperparameter, such as `alpha`; of `lr` see [`lr`](Self::lr). `None` if there is none of this name.
    pub fn hyperparameter(&self, name: &str) -> Option<f64> {
        if name == "lr" { self.lr() } else { self.rule.hyperparameter(name) }
    }

    /// Changes the value of a hyperparameter.
    ///
    /// # Errors
    /// The rule has no hyperparameter of this name.
    pub fn set_hyperparameter(&mut self, name: &str, value: f64) -> Result<()> {
        self.shared.outdate();
        let (rule, names) = (self.rule.name(), self.rule.hyperparameter_names());
        match self.rule.hyperparameter_mut(name) {
            Some(slot) => {
                *slot = value;
                Ok(())
            }
            None => {
                Err(Error::value(rule, format_args!("one of the hyperparameters {names:?}"), format_args!("{name:?}")))
            }
        }
    }

    /// The state of a parameter by the names of parameter and state (`/l1/W`, `m`); `None` before it exists.
    pub fn state(&self, param: &str, key: &str) -> Option<Array> {
        let slot = self.slots.iter().find(|slot| slot.name == param)?;
        let at = self.rule.state_keys().iter().position(|k| *k == key)?;
        slot.state.get(at).map(State::get)
    }

    /// Adds a hook under its own name. Hooks run before each update, in the order in which they were added.
    ///
    /// A hook of the same name is replaced.
    pub fn add_hook(&mut self, hook: impl OptimizerHook) {
        let name = hook.name();
        self.add_hook_as(name, hook);
    }

    /// Adds a hook under a name.
    pub fn add_hook_as(&mut self, name: impl Into<String>, hook: impl OptimizerHook) {
        let (name, hook): (String, Box<dyn OptimizerHook>) = (name.into(), Box::new(hook));
        match self.hooks.iter_mut().find(|(known, _)| *known == name) {
            Some((_, old)) => *old = hook,
            None => self.hooks.push((name, hook)),
        }
    }

    /// Removes the hook of a name.
    ///
    /// # Errors
    /// There is none.
    pub fn remove_hook(&mut self, name: &str) -> Result<()> {
        match self.hooks.iter().position(|(known, _)| known == name) {
            Some(at) => {
                self.hooks.remove(at);
                Ok(())
            }
            None => {
                let names: Vec<&str> = self.hooks.iter().map(|(name, _)| name.as_str()).collect();
                Err(Error::value(
                    "remove_hook",
                    format_args!("the name of a hook, one of {names:?}"),
                    format_args!("{name:?}"),
                ))
            }
        }
    }

    /// Whether [`update_with`](Self::update_with) forgets gradients (`true`, the default) or sets them to zero. Both give the same
    /// updates; forgetting them saves an addition for each parameter.
    pub fn use_cleargrads(&mut self, use_cleargrads: bool) {
        self.cleargrads = use_cleargrads;
    }

    /// Makes the states of parameters that have got their value since the last call. Updates do this by themselves.
    pub fn prepare(&mut self) {
        let Optimizer { rule, slots, .. } = self;
        for slot in slots.iter_mut().filter(|slot| slot.state.is_empty()) {
            if let Ok(value) = slot.param.array() {
                slot.state = rule.state_keys().iter().map(|key| State::new(rule.init_state(key, &value))).collect();
            }
        }
    }

    /// Computes a loss, its gradients, and updates the parameters by them.
    ///
    /// # Errors
    /// The loss has failed, or as [`update`](Self::update).
    #[track_caller]
    pub fn update_with(&mut self, loss: impl FnOnce() -> Variable) -> Result<()> {
        for slot in &self.slots {
            slot.param.cleargrad();
        }
        if !self.cleargrads {
            self.fill_missing_grads()?;
        }
        let loss = loss();
        if !self.cleargrads {
            // Parameters that got their shape from the first batch.
            self.fill_missing_grads()?;
        }
        loss.backward()?;
        // The graph goes before the update, so that the parameters' memory can be reused in place.
        drop(loss);
        self.update()
    }

    /// Updates the parameters by their gradients, after the hooks have seen them. A parameter without a gradient counts as having a
    /// gradient of zero; one without a value, or that does not take part in training
    /// ([`Parameter::set_requires_grad`]), stays as it is.
    ///
    /// Parameter and states are computed by one kernel for each parameter; of a gradient that is zero but for some rows
    /// ([`Parameter::grad_rows`]) only those rows, if the rule allows it ([`UpdateRule::keeps_zero_rows`]).
    ///
    /// # Errors
    /// A parameter, gradient or hook has failed; then nothing has changed. Out of memory.
    #[track_caller]
    pub fn update(&mut self) -> Result<()> {
        self.prepare();
        self.call_hooks()?;
        let t = self.t() + 1;
        let mut captured = compile::is_active().then(|| {
            self.shared.publish(&self.rule);
            Updates::new(&self.shared)
        });
        let mut updates = Vec::with_capacity(self.slots.len());
        for slot in &self.slots {
            let update =
                if takes_part(&slot.param) { Some(update_of(&self.rule, t, slot, &mut captured)?) } else { None };
            updates.push(update);
        }
        // From here on nothing fails but for want of memory.
        for (slot, update) in self.slots.iter_mut().zip(updates) {
            let Some(Update { rows, value, state }) = update else { continue };
            if let Some(indices) = rows {
                flush_all(std::iter::once(&value).chain(&state));
                slot.param.modify(|all| all.put_slices(&indices, &value, 0))?;
                let mut states = slot.state.iter().zip(&state);
                states.try_for_each(|(all, rows)| all.update(|all| all.put_slices(&indices, rows, 0)))?;
                continue;
            }
            // The old values go first: the kernel then writes into their memory.
            slot.param.set(value.clone());
            slot.state.iter().zip(&state).for_each(|(cell, state)| cell.set(state.clone()));
            flush_all(std::iter::once(&value).chain(&state));
            value.check()?;
            state.iter().try_for_each(Array::check)?;
        }
        if let Some(captured) = captured {
            captured.register();
            self.slots.iter().filter(|slot| takes_part(&slot.param)).for_each(|slot| compile::consumed(&slot.param));
        }
        self.shared.t.store(t, Relaxed);
        Ok(())
    }

    /// Runs the hooks. [`update`](Self::update) does this by itself.
    ///
    /// # Errors
    /// A hook has failed.
    pub fn call_hooks(&mut self) -> Result<()> {
        for i in 0..self.hooks.len() {
            self.fill_missing_grads()?;
            let params: Vec<(&str, &Parameter)> =
                self.slots.iter().filter(|s| takes_part(&s.param)).map(|s| (s.name.as_str(), &s.param)).collect();
            self.hooks[i].1.call(&HookTarget { t: self.shared.t.load(Relaxed), params: &params })?;
        }
        Ok(())
    }

    fn fill_missing_grads(&self) -> Result<()> {
        for Slot { param, .. } in self.slots.iter().filter(|slot| takes_part(&slot.param)) {
            if param.grad().is_none() {
                param.set_grad(Array::zeros_like(&param.array()?))?;
            }
        }
        Ok(())
    }
}

fn takes_part(param: &Parameter) -> bool {
    param.is_initialized() && param.requires_grad()
}

/// The new value and states of a parameter, or of some of its rows; still pending.
struct Update {
    /// The indices of the rows; `None` for all.
    rows: Option<Array>,
    value: Array,
    state: SmallVec<[Array; 3]>,
}

fn update_of<R: UpdateRule>(rule: &R, t: usize, slot: &Slot, captured: &mut Option<Updates<R>>) -> Result<Update> {
    let value = slot.param.array()?;
    value.check()?;
    let sparse = if rule.keeps_zero_rows() { slot.param.grad_rows() } else { None };
    let (rows, old, grad, mut state): (_, _, _, SmallVec<[Array; 3]>) = match sparse {
        Some(sparse) => {
            let indices = sparse.indices();
            let of = |all: &Array| ops::take(all, &indices, 0);
            let (value, state) = (of(&value), slot.state.iter().map(|state| of(&state.get())).collect());
            (Some(indices), value, sparse.rows().clone(), state)
        }
        None => {
            let grad = slot.param.grad().unwrap_or_else(|| Array::zeros_like(&value));
            (None, value, grad, slot.state.iter().map(State::get).collect())
        }
    };
    let (shape, dtype) = (old.shape().clone(), old.dtype());
    let value = match captured {
        Some(captured) => captured.update(rule, t, old, grad, &mut state),
        None => rule.update_one(t, old, grad, &mut state),
    };
    value.check()?;
    state.iter().try_for_each(Array::check)?;
    if *value.shape() != shape || value.dtype() != dtype {
        let expect = format!("update_one returns {dtype} of shape {shape:?} for {}", slot.name);
        let actual = format!("{} of shape {:?}", value.dtype(), value.shape());
        return Err(Error::mismatch(rule.name(), expect, actual));
    }
    Ok(Update { rows, value, state })
}

impl<R: UpdateRule> Serializable for Optimizer<R> {
    /// The number of updates and epochs and the states, under Chainer's keys (`t`, `epoch`, `l1/W/m`).
    fn serialize(&mut self, serializer: &mut Serializer<'_>) -> Result<()> {
        let mut t = self.t();
        serializer.value("t", &mut t)?;
        self.shared.t.store(t, Relaxed);
        serializer.value("epoch", &mut self.epoch)?;
        self.prepare();
        let keys = self.rule.state_keys();
        for slot in &mut self.slots {
            let mut part = serializer.child(&slot.name);
            if slot.param.is_initialized() {
                let mut states = keys.iter().zip(&slot.state);
                states.try_for_each(|(key, state)| state.update(|state| part.array(key, state)))?;
            } else if part.is_loading() {
                // The parameter waits for its shape; its states are there already.
                let mut found: SmallVec<[State<Array>; 3]> = SmallVec::new();
                for key in keys {
                    let mut state = None;
                    part.optional_array(key, &mut state, config().dtype)?;
                    found.extend(state.map(State::new));
                }
                if found.len() == keys.len() {
                    slot.state = found;
                }
            }
        }
        Ok(())
    }
}

impl<R: UpdateRule> UpdateStep for Optimizer<R> {
    fn publish(&mut self) {
        self.shared.publish(&self.rule);
    }
    fn update(&mut self) -> Result<()> {
        Optimizer::update(self)
    }
    fn new_epoch(&mut self) {
        Optimizer::new_epoch(self);
    }
    fn hyperparameter(&self, name: &str) -> Option<f64> {
        Optimizer::hyperparameter(self, name)
    }
    fn set_hyperparameter(&mut self, name: &str, value: f64) -> Result<()> {
        Optimizer::set_hyperparameter(self, name, value)
    }
    fn serialize(&mut self, serializer: &mut Serializer<'_>) -> Result<()> {
        Serializable::serialize(self, serializer)
    }
}

impl<R: UpdateRule> std::fmt::Debug for Optimizer<R> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let hooks: Vec<&str> = self.hooks.iter().map(|(name, _)| name.as_str()).collect();
        f.debug_struct(self.rule.name())
            .field("t", &self.t())
            .field("epoch", &self.epoch)
            .field("parameters", &self.slots.len())
            .field("hooks", &hooks)
            .finish()
    }
}
