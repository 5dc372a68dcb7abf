//! Small helpers: iterators, triggers, splits of datasets, summaries, output sizes.

use std::collections::BTreeMap;
use std::path::Path;

use chainer::dataset::{Concat, Dataset};
use chainer::datasets::{SubDataset, get_cross_validation_datasets, split_dataset_n};
use chainer::initializers::{self, Constant, Initializer, get_fans};
use chainer::iterators::{DatasetIterator, SerialIterator};
use chainer::links::BinaryHierarchicalSoftmax;
use chainer::random::Generator;
use chainer::reporter::{Observation, Reporter};
use chainer::serializers::{Serializer, read_npy};
use chainer::training::extensions::{ExponentialShift, LinearShift};
use chainer::training::triggers::{
    BestValueTrigger, IntervalTrigger, ManualScheduleTrigger, MaxValueTrigger, MinValueTrigger,
};
use chainer::training::{Clock, Context as TrainingContext, Extension, Trigger, Unit, UpdateStep, Updater};
use chainer::utils::WalkerAlias;
use chainer::{Array, ArrayOps, DictSummary, Dtype, Flag, Summary, flag};
use chainer_kernels::ops;
use chainer_tests::golden::{Arguments, Context, Failure, Layout, Outcome};
use serde_json::{Map, Value, json};

type Adapter = fn(&Context<'_>, &Arguments<'_>) -> Outcome;

const ADAPTERS: &[(&str, Adapter)] = &[
    ("DictSummary", dict_summary),
    ("Summary", summary),
    ("dataset.concat_examples", concat_examples),
    ("datasets.get_cross_validation_datasets", cross_validation),
    ("datasets.split_dataset_n", split_n),
    ("flag.aggregate_flags", aggregate_flags),
    ("initializer.get_fans", |c, a| {
        let (fan_in, fan_out) = get_fans(&a.sizes("shape")?.into())?;
        c.expect(json!([fan_in, fan_out]))
    }),
    ("initializers.Constant", |c, a| generated(c, a, &Constant::new(a.float("fill_value")?))),
    ("initializers.GlorotNormal", |c, a| drawn(c, a, &initializers::GlorotNormal::new(a.float_or("scale", 1.0)?))),
    ("initializers.GlorotUniform", |c, a| drawn(c, a, &initializers::GlorotUniform::new(a.float_or("scale", 1.0)?))),
    ("initializers.HeNormal", |c, a| drawn(c, a, &initializers::HeNormal::new(a.float_or("scale", 1.0)?))),
    ("initializers.HeUniform", |c, a| drawn(c, a, &initializers::HeUniform::new(a.float_or("scale", 1.0)?))),
    ("initializers.Identity", |c, a| generated(c, a, &initializers::Identity::new(a.float_or("scale", 1.0)?))),
    ("initializers.LeCunUniform", |c, a| drawn(c, a, &initializers::LeCunUniform::new(a.float_or("scale", 1.0)?))),
    ("initializers.Normal", |c, a| drawn(c, a, &initializers::Normal::new(a.float_or("scale", 0.05)?))),
    ("initializers.One", |c, a| generated(c, a, &initializers::One)),
    ("initializers.Orthogonal", |c, a| drawn(c, a, &initializers::Orthogonal::new(a.float_or("scale", 1.1)?))),
    ("initializers.Uniform", |c, a| drawn(c, a, &initializers::Uniform::new(a.float_or("scale", 0.05)?))),
    ("initializers.Zero", |c, a| generated(c, a, &initializers::Zero)),
    ("iterators.SerialIterator", serial_iterator),
    ("links.BinaryHierarchicalSoftmax.create_huffman_tree", huffman_tree),
    ("load", load),
    ("training.extensions.ExponentialShift", exponential_shift),
    ("training.extensions.LinearShift", linear_shift),
    ("training.triggers.IntervalTrigger", interval_trigger),
    ("training.triggers.ManualScheduleTrigger", schedule_trigger),
    ("training.triggers.MaxValueTrigger", |c, a| best_value(c, a, MaxValueTrigger::new(a.text("key")?))),
    ("training.triggers.MinValueTrigger", |c, a| best_value(c, a, MinValueTrigger::new(a.text("key")?))),
    ("utils.WalkerAlias", walker_alias),
    ("utils.get_conv_outsize", |c, a| {
        sizes(c, a, |row| ops::get_conv_outsize(row[0], row[1], row[2], row[3], row[4] != 0, row[5]))
    }),
    ("utils.get_deconv_outsize", |c, a| {
        sizes(c, a, |row| ops::get_deconv_outsize(row[0], row[1], row[2], row[3], row[4] != 0, 1))
    }),
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

fn concat_examples(context: &Context<'_>, args: &Arguments<'_>) -> Outcome {
    let inputs = context.inputs(Layout::RowMajor)?;
    let example = |number: usize| inputs.get(number).cloned().ok_or_else(|| Failure::from("an input is missing"));
    let concat = match args.raw("padding") {
        None | Some(Value::Null) => Concat::new(),
        Some(number) if number.is_i64() => Concat::new().padding(number.as_i64().unwrap_or_default()),
        Some(_) => Concat::new().padding(args.float("padding")?),
    };
    let outputs: Vec<Array> = match args.text("batch_of")? {
        "array" => {
            let batch = args.sizes("batch")?.into_iter().map(example).collect::<Outcome<Vec<Array>>>()?;
            vec![concat.concat(batch)?]
        }
        "tuple" => {
            let batch: Vec<(usize, usize)> = args.parsed("batch")?;
            let batch = batch.into_iter().map(|(a, b)| Ok((example(a)?, example(b)?)));
            let (first, second) = concat.concat(batch.collect::<Outcome<Vec<_>>>()?)?;
            vec![first, second]
        }
        "dict" => {
            let batch: Vec<BTreeMap<String, usize>> = args.parsed("batch")?;
            let named = |map: BTreeMap<String, usize>| {
                map.into_iter().map(|(name, number)| Ok((name, example(number)?))).collect::<Outcome<BTreeMap<_, _>>>()
            };
            let arrays = concat.concat(batch.into_iter().map(named).collect::<Outcome<Vec<_>>>()?)?;
            let numbers: BTreeMap<String, usize> = args.parsed("outputs")?;
            for (name, number) in numbers {
                let array = arrays.get(&name).ok_or_else(|| format!("the batch has no {name:?}"))?;
                context.check(&format!("out{number}"), array)?;
            }
            return Ok(());
        }
        other => return Err(format!("batch_of {other:?}").into()),
    };
    for (number, array) in args.sizes("outputs")?.into_iter().zip(&outputs) {
        context.check(&format!("out{number}"), array)?;
    }
    Ok(())
}

/// One call for each row of `in0`.
fn sizes(context: &Context<'_>, args: &Arguments<'_>, size: fn(&[usize]) -> usize) -> Outcome {
    args.ignore("columns");
    let rows = context.recorded.array("in0", Layout::RowMajor)?;
    let [_, width] = rows.dims()?;
    let rows: Vec<usize> = rows.to_vec::<i64>()?.into_iter().map(|n| n as usize).collect();
    let sizes: Vec<i64> = rows.chunks(width).map(|row| size(row) as i64).collect();
    context.check("out0", &Array::from(sizes))
}

/// How the distribution is cut into columns is up to each implementation: what is compared is the distribution that the recorded
/// columns give, and with it the shares of a large sample.
fn walker_alias(context: &Context<'_>, args: &Arguments<'_>) -> Outcome {
    let walker = WalkerAlias::new(args.floats("probs")?)?;
    let (columns, samples) = (walker.probabilities().len(), 40_000);
    let own = context.recorded.array("out0", Layout::RowMajor)?.to_f64_vec()?;
    let numbers = context.recorded.array("out1", Layout::RowMajor)?.to_vec::<i32>()?;
    let mut recorded = vec![0.0; columns];
    for (own, pair) in own.iter().zip(numbers.chunks(2)) {
        recorded[pair[0] as usize] += own / columns as f64;
        recorded[pair[1] as usize] += (1.0 - own) / columns as f64;
    }
    let mut shares = vec![0.0; columns];
    for number in walker.sample_from(&Generator::new(0), samples).to_vec::<i32>()? {
        shares[number as usize] += 1.0 / samples as f64;
    }
    let tolerance = context.case.tolerance()?;
    for (number, &want) in recorded.iter().enumerate() {
        let (got, share) = (walker.probabilities()[number], shares[number]);
        if (got - want).abs() > tolerance.atol + tolerance.rtol * want {
            return Err(format!("number {number} has probability {got}, expected {want}").into());
        }
        // Six standard deviations.
        if (share - want).abs() > 6.0 * (want * (1.0 - want) / samples as f64).sqrt() + 1e-9 {
            return Err(format!("number {number} has share {share} of {samples} samples, expected {want}").into());
        }
    }
    Ok(())
}

/// The tree as nested lists, and the path to each word.
fn huffman_tree(context: &Context<'_>, args: &Arguments<'_>) -> Outcome {
    let counts = args.floats("word_counts")?;
    let tree = BinaryHierarchicalSoftmax::create_huffman_tree(counts.into_iter().enumerate())?;
    let nested = tree.to_string().replace('(', "[").replace(')', "]");
    let nested: Value = serde_json::from_str(&nested).map_err(|error| format!("{nested}: {error}"))?;
    let paths = tree.paths()?;
    let of_words = |part: fn(&(usize, i8)) -> Value| -> Value {
        paths.values().map(|path| Value::Array(path.iter().map(part).collect())).collect()
    };
    context.expect(json!({
        "tree": nested,
        "paths": of_words(|(node, _)| json!(node)),
        "codes": of_words(|(_, side)| json!(f64::from(*side))),
        "internal_nodes": tree.inner_nodes(),
    }))
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

fn generate(args: &Arguments<'_>, initializer: &dyn Initializer) -> Outcome<Array> {
    let dtype = args.opt_dtype("dtype")?.unwrap_or(Dtype::F32);
    Ok(initializer.generate(&args.sizes("shape")?.into(), dtype))
}

fn generated(context: &Context<'_>, args: &Arguments<'_>, initializer: &dyn Initializer) -> Outcome {
    context.check("out0", &generate(args, initializer)?)
}

/// A draw is compared by its statistics.
fn drawn(context: &Context<'_>, args: &Arguments<'_>, initializer: &dyn Initializer) -> Outcome {
    let draw = &generate(args, initializer)?.astype(Dtype::F64);
    let expected: Map<String, Value> = context.case.field("expected")?;
    let mut got = Map::new();
    for key in expected.keys() {
        let number: f64 = match key.as_str() {
            "mean" => draw.mean(None, false).item()?,
            "std" => draw.var(None, false).item::<f64>()?.sqrt(),
            "max_abs" => draw.abs().max(None, false).item()?,
            other => return Err(format!("statistic {other:?} is unknown").into()),
        };
        got.insert(key.clone(), json!(number));
    }
    context.expect(Value::Object(got))
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
