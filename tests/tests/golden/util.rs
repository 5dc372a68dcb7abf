//! Small helpers: iterators, triggers, splits of datasets, summaries, output sizes.

use std::collections::BTreeMap;
use std::path::Path;

use chainer::dataset::Dataset;
use chainer::datasets::{SubDataset, get_cross_validation_datasets, split_dataset_n};
use chainer::iterators::{DatasetIterator, SerialIterator};
use chainer::reporter::{Observation, Reporter};
use chainer::serializers::{Serializer, read_npy};
use chainer::training::extensions::{ExponentialShift, LinearShift};
use chainer::training::triggers::{
    BestValueTrigger, IntervalTrigger, ManualScheduleTrigger, MaxValueTrigger, MinValueTrigger,
};
use chainer::training::{Clock, Context as TrainingContext, Extension, Trigger, Unit, UpdateStep, Updater};
use chainer::{DictSummary, Flag, Summary, flag};
use chainer_tests::golden::{Arguments, Context, Outcome};
use serde_json::{Map, Value, json};

type Adapter = fn(&Context<'_>, &Arguments<'_>) -> Outcome;

const ADAPTERS: &[(&str, Adapter)] = &[
    ("DictSummary", dict_summary),
    ("Summary", summary),
    ("datasets.get_cross_validation_datasets", cross_validation),
    ("datasets.split_dataset_n", split_n),
    ("flag.aggregate_flags", aggregate_flags),
    ("iterators.SerialIterator", serial_iterator),
    ("load", load),
    ("training.extensions.ExponentialShift", exponential_shift),
    ("training.extensions.LinearShift", linear_shift),
    ("training.triggers.IntervalTrigger", interval_trigger),
    ("training.triggers.ManualScheduleTrigger", schedule_trigger),
    ("training.triggers.MaxValueTrigger", |c, a| best_value(c, a, MaxValueTrigger::new(a.text("key")?))),
    ("training.triggers.MinValueTrigger", |c, a| best_value(c, a, MinValueTrigger::new(a.text("key")?))),
];

/// Runs a case.
pub fn run(context: &Context<'_>) -> Outcome {
    let name = context.case.name.as_str();
    let (_, adapter) = ADAPTERS.iter().find(|(known, _)| *known == name).ok_or_else(|| context.not_implemented())?;
    let arguments = Arguments::new(&context.case.args);
    adapter(context, &arguments)?;
    let unread = arguments.unread();
    if unread.is_empty() { Ok(()) } else { Err(format!("the adapter does not read {unread:?}").into()) }
}

fn summary(context: &Context<'_>, args: &Arguments<'_>) -> Outcome {
    let mut summary = Summary::new();
    args.floats("values")?.into_iter().for_each(|value| summary.add(value));
    let (mean, deviation) = summary.make_statistics();
    context.expect(json!({"mean": summary.compute_mean(), "statistics": [mean, deviation]}))
}

fn dict_summary(context: &Context<'_>, args: &Arguments<'_>) -> Outcome {
    let dicts: Vec<BTreeMap<String, f64>> = args.parsed("dicts")?;
    let mut summary = DictSummary::new();
    for dict in dicts {
        summary.add(dict);
    }
    let object = |values: Vec<(String, f64)>| values.into_iter().map(|(k, v)| (k, json!(v))).collect::<Map<_, _>>();
    context.expect(json!({"mean": object(summary.compute_mean()), "statistics": object(summary.make_statistics())}))
}

fn numbers(args: &Arguments<'_>) -> Outcome<Vec<usize>> {
    Ok((0..args.size("n")?).collect())
}

fn examples(part: &SubDataset<Vec<usize>>) -> Outcome<Value> {
    Ok(json!(part.get_examples(&(0..part.len()).collect::<Vec<_>>())?))
}

fn cross_validation(context: &Context<'_>, args: &Arguments<'_>) -> Outcome {
    let folds = get_cross_validation_datasets(numbers(args)?, args.size("n_fold")?, args.opt_sizes("order")?)?;
    let pairs = folds.iter().map(|(train, test)| Ok(json!([examples(train)?, examples(test)?])));
    context.expect(Value::Array(pairs.collect::<Outcome<_>>()?))
}

fn split_n(context: &Context<'_>, args: &Arguments<'_>) -> Outcome {
    let parts = split_dataset_n(numbers(args)?, args.size("k")?, args.opt_sizes("order")?)?;
    context.expect(Value::Array(parts.iter().map(examples).collect::<Outcome<_>>()?))
}

/// Two flags and what they give, a row each.
fn aggregate_flags(context: &Context<'_>, _: &Arguments<'_>) -> Outcome {
    let rows: Vec<(String, String, String)> = context.case.field("expected")?;
    for (first, second, want) in rows {
        let flags = [first.parse::<Flag>()?, second.parse::<Flag>()?];
        let got = flag::aggregate_flags(flags)?;
        if got.name() != want {
            return Err(format!("{first} and {second} give {got}, expected {want}").into());
        }
    }
    Ok(())
}

fn serial_iterator(context: &Context<'_>, args: &Arguments<'_>) -> Outcome {
    let repeat = args.flag("repeat", true)?;
    let mut iterator = SerialIterator::new(numbers(args)?, args.size("batch_size")?)
        .repeat(repeat)
        .shuffle(args.flag("shuffle", true)?);
    let expected: Vec<Value> = context.case.field("expected")?;
    // An iterator that does not repeat ends by itself: ask it once more than expected.
    let calls = if repeat { expected.len() } else { expected.len() + 1 };
    let mut states = Vec::new();
    for _ in 0..calls {
        let Some(batch) = iterator.next_batch()? else { break };
        states.push(json!({
            "batch": batch,
            "epoch": iterator.epoch(),
            "is_new_epoch": iterator.is_new_epoch(),
            "epoch_detail": iterator.epoch_detail(),
            "previous_epoch_detail": iterator.previous_epoch_detail(),
            "current_position": iterator.current_position(),
        }));
    }
    context.expect(Value::Array(states))
}

fn load(context: &Context<'_>, args: &Arguments<'_>) -> Outcome {
    let path = context.folder.join(args.text("npy")?);
    let bytes = std::fs::read(&path).map_err(|error| format!("{}: {error}", path.display()))?;
    // They describe the file.
    args.ignore("dtype");
    args.ignore("fortran_order");
    let entry = read_npy(&bytes[..])?;
    let want = context.recorded.get("out0")?;
    if &entry == want { Ok(()) } else { Err(format!("read {entry:?}, expected {want:?}").into()) }
}

fn unit(name: &str) -> Outcome<Unit> {
    match name {
        "epoch" => Ok(Unit::Epoch),
        "iteration" => Ok(Unit::Iteration),
        other => Err(format!("{other:?} is no unit of time").into()),
    }
}

/// What a trigger says after each of as many updates as are expected.
fn fired(context: &Context<'_>, fire: impl FnMut(usize) -> Outcome<bool>) -> Outcome {
    let updates = context.case.field::<Vec<Value>>("expected")?.len();
    context.expect(json!((0..updates).map(fire).collect::<Outcome<Vec<bool>>>()?))
}

/// A trigger asked after each update of a serial iterator.
fn clocked(context: &Context<'_>, args: &Arguments<'_>, mut trigger: impl Trigger) -> Outcome {
    let mut iterator = SerialIterator::new(numbers(args)?, args.size("batch_size")?);
    fired(context, |update| {
        iterator.next_batch()?;
        let clock = Clock {
            iteration: update + 1,
            epoch: iterator.epoch(),
            epoch_detail: iterator.epoch_detail(),
            previous_epoch_detail: iterator.previous_epoch_detail(),
            is_new_epoch: iterator.is_new_epoch(),
            elapsed_time: 0.0,
        };
        Ok(trigger.fire(&clock, &Observation::new())?)
    })
}

fn interval_trigger(context: &Context<'_>, args: &Arguments<'_>) -> Outcome {
    clocked(context, args, IntervalTrigger::new(args.float("period")?, unit(args.text("unit")?)?))
}

fn schedule_trigger(context: &Context<'_>, args: &Arguments<'_>) -> Outcome {
    clocked(context, args, ManualScheduleTrigger::new(args.floats("points")?, unit(args.text("unit")?)?))
}

fn best_value(context: &Context<'_>, args: &Arguments<'_>, trigger: BestValueTrigger) -> Outcome {
    let key = args.text("key")?;
    let (period, name): (f64, String) = args.parsed("trigger")?;
    let mut trigger = trigger.every((period, unit(&name)?));
    let values = args.floats("values")?;
    fired(context, |update| {
        let mut observation = Observation::new();
        observation.insert(key, values[update]);
        Ok(trigger.fire(&Clock { iteration: update + 1, ..Clock::default() }, &observation)?)
    })
}

fn exponential_shift(context: &Context<'_>, args: &Arguments<'_>) -> Outcome {
    let mut shift = ExponentialShift::new(args.text("attr")?, args.float("rate")?);
    if let Some(init) = args.opt_float("init")? {
        shift = shift.init(init);
    }
    if let Some(target) = args.opt_float("target")? {
        shift = shift.target(target);
    }
    shifted(context, args, shift)
}

fn linear_shift(context: &Context<'_>, args: &Arguments<'_>) -> Outcome {
    let (values, times): ((f64, f64), (usize, usize)) = (args.parsed("value_range")?, args.parsed("time_range")?);
    shifted(context, args, LinearShift::new(args.text("attr")?, values, times))
}

/// The hyperparameter after each call of an extension; the first call is the one before training.
fn shifted(context: &Context<'_>, args: &Arguments<'_>, mut shift: impl Extension) -> Outcome {
    let attr = args.text("attr")?;
    let mut updater = Rate(args.float("initial_lr")?);
    let calls = context.case.field::<Vec<Value>>("expected")?.len();
    let mut rates = Vec::new();
    for call in 0..calls {
        let (mut observation, mut logs, mut save_requests) = (Observation::new(), BTreeMap::new(), Vec::new());
        let clock = Clock { iteration: call, ..Clock::default() };
        let mut training = TrainingContext {
            updater: &mut updater,
            observation: &mut observation,
            clock: &clock,
            out: Path::new("."),
            name: "shift",
            training_length: None,
            logs: &mut logs,
            save_requests: &mut save_requests,
        };
        if call == 0 {
            shift.initialize(&mut training)?
        } else {
            shift.run(&mut training)?
        };
        rates.push(json!(updater.hyperparameter(attr)));
    }
    context.expect(Value::Array(rates))
}

/// An updater whose optimizer has a learning rate and does nothing.
struct Rate(f64);

impl Updater for Rate {
    fn update(&mut self) -> chainer_kernels::Result<()> {
        Ok(())
    }
    fn iteration(&self) -> usize {
        0
    }
    fn epoch(&self) -> usize {
        0
    }
    fn epoch_detail(&self) -> f64 {
        0.0
    }
    fn previous_epoch_detail(&self) -> Option<f64> {
        None
    }
    fn is_new_epoch(&self) -> bool {
        false
    }
    fn optimizer(&mut self, name: &str) -> Option<&mut dyn UpdateStep> {
        (name == "main").then_some(self as _)
    }
    fn register(&self, _: &mut Reporter) {}
    fn serialize(&mut self, _: &mut Serializer<'_>) -> chainer_kernels::Result<()> {
        Ok(())
    }
}

impl UpdateStep for Rate {
    fn update(&mut self) -> chainer_kernels::Result<()> {
        Ok(())
    }
    fn new_epoch(&mut self) {}
    fn hyperparameter(&self, name: &str) -> Option<f64> {
        (name == "lr").then_some(self.0)
    }
    fn set_hyperparameter(&mut self, _: &str, value: f64) -> chainer_kernels::Result<()> {
        self.0 = value;
        Ok(())
    }
    fn serialize(&mut self, _: &mut Serializer<'_>) -> chainer_kernels::Result<()> {
        Ok(())
    }
}
