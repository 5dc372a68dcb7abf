//! Changing a hyperparameter while training.

use chainer_kernels::{Error, Result};

use super::super::{Context, Extension, UpdateStep};
use super::find_optimizer;
use crate::serializers::Serializer;

/// Which hyperparameter is changed, and how often it has been.
struct Shift {
    operation: &'static str,
    attr: String,
    optimizer: String,
    steps: usize,
    last_value: Option<f64>,
}

impl Shift {
    fn new(operation: &'static str, attr: impl Into<String>) -> Self {
        Shift { operation, attr: attr.into(), optimizer: "main".to_owned(), steps: 0, last_value: None }
    }

    fn find<'a>(&self, context: &'a mut Context<'_>) -> Result<&'a mut dyn UpdateStep> {
        find_optimizer(self.operation, context, &self.optimizer)
    }

    fn read(&self, context: &mut Context<'_>) -> Result<f64> {
        let value = self.find(context)?.hyperparameter(&self.attr);
        value.ok_or_else(|| Error::value(self.operation, "attr naming a hyperparameter", format!("{:?}", self.attr)))
    }

    fn write(&mut self, context: &mut Context<'_>, value: f64) -> Result<()> {
        self.last_value = Some(value);
        self.find(context)?.set_hyperparameter(&self.attr, value)
    }

    /// Chainer 1 counts its call before training as well and stores no value.
    fn serialize(&mut self, s: &mut Serializer<'_>) -> Result<()> {
        s.value("_t", &mut self.steps)?;
        let mut value = self.last_value.unwrap_or(f64::NAN);
        if !s.is_loading() {
            if self.last_value.is_some() {
                s.value("_last_value", &mut value)?;
            }
        } else if s.optional("_last_value", &mut value)? {
            self.last_value = Some(value);
        } else {
            self.steps = self.steps.saturating_sub(1);
            self.last_value = None;
        }
        Ok(())
    }
}

/// Multiplies a hyperparameter, usually the learning rate, by a rate at each call: after `t` calls it is `init · rateᵗ`.
///
/// Give it the trigger of the decay: `trainer.extend(ExponentialShift::new("lr", 0.5)).trigger((25, Epoch))`.
pub struct ExponentialShift {
    shift: Shift,
    rate: f64,
    init: Option<f64>,
    target: Option<f64>,
}

impl ExponentialShift {
    /// Multiplies `attr` by `rate`, starting from the value that the optimizer has.
    pub fn new(attr: impl Into<String>, rate: f64) -> Self {
        ExponentialShift { shift: Shift::new("ExponentialShift", attr), rate, init: None, target: None }
    }

    /// The value to start from.
    pub fn init(mut self, init: f64) -> Self {
        self.init = Some(init);
        self
    }

    /// The value at which the shift stops.
    pub fn target(mut self, target: f64) -> Self {
        self.target = Some(target);
        self
    }

    /// The optimizer to change, instead of `main`.
    pub fn optimizer(mut self, name: impl Into<String>) -> Self {
        self.shift.optimizer = name.into();
        self
    }

    fn value(&self, init: f64) -> f64 {
        let value = init * self.rate.powi(self.shift.steps.min(i32::MAX as usize) as i32);
        match self.target {
            // The shift grows in magnitude or shrinks; either way it must not pass the target.
            Some(target) if self.rate > 1.0 && value / target > 1.0 => target,
            Some(target) if self.rate <= 1.0 && value / target < 1.0 => target,
            _ => value,
        }
    }
}

impl Extension for ExponentialShift {
    fn initialize(&mut self, context: &mut Context<'_>) -> Result<()> {
        if self.rate < 0.0 {
            return Err(Error::value("ExponentialShift", "rate of at least 0", self.rate));
        }
        let init = match self.init {
            Some(init) => init,
            None => self.shift.read(context)?,
        };
        self.init = Some(init);
        let value = self.shift.last_value.unwrap_or_else(|| self.value(init));
        self.shift.write(context, value)
    }

    fn run(&mut self, context: &mut Context<'_>) -> Result<()> {
        let init = match self.init {
            Some(init) => init,
            None => self.shift.read(context)?,
        };
        self.init = Some(init);
        self.shift.steps += 1;
        let value = self.value(init);
        self.shift.write(context, value)
    }

    fn serialize(&mut self, serializer: &mut Serializer<'_>) -> Result<()> {
        self.shift.serialize(serializer)
    }
}

/// Moves a hyperparameter linearly from one value to another between two numbers of calls.
pub struct LinearShift {
    shift: Shift,
    value_range: (f64, f64),
    time_range: (usize, usize),
}

impl LinearShift {
    /// `attr` is the first value up to the first time, the second value from the second time on, and on the line between. Time is
    /// the number of calls: iterations, with the usual trigger.
    pub fn new(attr: impl Into<String>, value_range: (f64, f64), time_range: (usize, usize)) -> Self {
        LinearShift { shift: Shift::new("LinearShift", attr), value_range, time_range }
    }

    /// The optimizer to change, instead of `main`.
    pub fn optimizer(mut self, name: impl Into<String>) -> Self {
        self.shift.optimizer = name.into();
        self
    }

    fn value(&self) -> f64 {
        let ((from, to), (start, end), now) = (self.value_range, self.time_range, self.shift.steps);
        if now <= start {
            from
        } else if now >= end {
            to
        } else {
            let rate = (now - start) as f64 / (end - start) as f64;
            from + rate * (to - from)
        }
    }
}

impl Extension for LinearShift {
    fn initialize(&mut self, context: &mut Context<'_>) -> Result<()> {
        self.shift.read(context)?;
        let value = self.shift.last_value.unwrap_or_else(|| self.value());
        self.shift.write(context, value)
    }

    fn run(&mut self, context: &mut Context<'_>) -> Result<()> {
        self.shift.steps += 1;
        let value = self.value();
        self.shift.write(context, value)
    }

    fn serialize(&mut self, serializer: &mut Serializer<'_>) -> Result<()> {
        self.shift.serialize(serializer)
    }
}

#[cfg(test)]
mod tests {
    use super::super::observe_lr;
    use super::super::testing::CountingUpdater;
    use super::*;
    use crate::training::{Iteration, Trainer};

    /// The rate before training and after each call.
    fn rates(shift: impl Extension + 'static, calls: usize) -> Result<Vec<f64>> {
        use std::cell::RefCell;
        use std::rc::Rc;
        let folder = tempfile::tempdir().unwrap();
        let mut trainer = Trainer::new(CountingUpdater::new(4, 1), (calls, Iteration)).out(folder.path());
        let seen = Rc::new(RefCell::new(Vec::new()));
        let list = seen.clone();
        trainer.extend(shift);
        trainer.extend(observe_lr()).priority(0).run_before_training(true);
        let read = move |c: &mut Context<'_>| {
            list.borrow_mut().extend(c.observation.number("lr")?);
            Ok(())
        };
        trainer.extend(read).priority(-1).run_before_training(true);
        trainer.run()?;
        Ok(seen.take())
    }

    #[test]
    fn exponential_shifts_multiply_up_to_the_target() {
        assert_eq!(rates(ExponentialShift::new("lr", 0.5), 4).unwrap(), [1.0, 0.5, 0.25, 0.125, 0.0625]);
        let bounded = ExponentialShift::new("lr", 10.0).init(0.1).target(20.0);
        assert_eq!(rates(bounded, 4).unwrap(), [0.1, 1.0, 10.0, 20.0, 20.0]);
        let bounded = ExponentialShift::new("lr", 0.5).target(0.3);
        assert_eq!(rates(bounded, 3).unwrap(), [1.0, 0.5, 0.3, 0.3]);
    }

    #[test]
    fn linear_shifts_stay_between_their_ends() {
        let shift = LinearShift::new("lr", (1.0, 0.0), (2, 6));
        assert_eq!(rates(shift, 7).unwrap(), [1.0, 1.0, 1.0, 0.75, 0.5, 0.25, 0.0, 0.0]);
    }

    #[test]
    fn unknown_names_are_errors() {
        assert!(rates(ExponentialShift::new("rate", 0.5), 1).unwrap_err().to_string().contains("\"rate\""));
        assert!(rates(LinearShift::new("lr", (0.0, 1.0), (0, 1)).optimizer("other"), 1).is_err());
        assert!(rates(ExponentialShift::new("lr", -0.5), 1).is_err());
    }
}
