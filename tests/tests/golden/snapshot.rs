//! Files that Chainer itself wrote: loaded, used, and written again with the same entries.

use std::sync::Arc;

use chainer::datasets::TupleDataset;
use chainer::iterators::SerialIterator;
use chainer::prelude::*;
use chainer::serializers::{DictionarySerializer, Entry, Serializable, Serializer, load_npz};
use chainer::training::{Iteration, StandardUpdater, Trainer, extensions as E};
use chainer::{Result, UpdateRule, functions as F, links as L, optimizers, using_config};
use chainer_tests::golden::{Arguments, Context, Failure, Layout, Outcome, Recorded};
use serde_json::{Map, Value};

use super::optimizer::{self, Driver};

/// Linear layers `l1`, `l2` … with relu between them.
#[chain]
struct Mlp {
    l1: L::Linear,
    l2: Option<L::Linear>,
    l3: Option<L::Linear>,
    l4: Option<L::Linear>,
}

impl Mlp {
    fn new(sizes: &[usize]) -> Outcome<Self> {
        let layer = |i: usize| Some(L::Linear::new(*sizes.get(i)?, *sizes.get(i + 1)?));
        if !(2..=5).contains(&sizes.len()) {
            return Err(Failure::NotImplemented(format!("a perceptron of sizes {sizes:?}")));
        }
        Ok(Mlp { l1: L::Linear::new(sizes[0], sizes[1]), l2: layer(1), l3: layer(2), l4: layer(3) })
    }
}

impl Forward for Mlp {
    fn forward(&self, x: &Variable) -> Variable {
        let rest = [&self.l2, &self.l3, &self.l4].into_iter().flatten();
        rest.fold(self.l1.forward(x), |h, layer| layer.forward(&F::relu(h)))
    }
}

#[chain]
struct Block {
    fc: L::Linear,
    bn: L::BatchNormalization,
}

/// Every kind of nesting and of value: links in lists, a bare parameter, a persistent count, an LSTM's state that is not saved.
#[chain]
struct Nested {
    embed: L::EmbedID,
    lstm: L::LSTM,
    blocks: Vec<Block>,
    out: L::Linear,
    scale: Parameter,
    #[persistent]
    step: State<i64>,
}

impl Nested {
    fn new(sizes: &[usize]) -> Outcome<Self> {
        let &[vocabulary, embedding, units, outputs] = sizes else {
            return Err(format!("expected four sizes, found {sizes:?}").into());
        };
        let block = || Block { fc: L::Linear::new(units, units), bn: L::BatchNormalization::new(units) };
        Ok(Nested {
            embed: L::EmbedID::new(vocabulary, embedding),
            lstm: L::LSTM::new(embedding, units),
            blocks: vec![block(), block()],
            out: L::Linear::new(units, outputs).nobias(true),
            scale: Parameter::new(Array::ones(outputs, chainer::Dtype::F32)),
            step: State::new(0),
        })
    }
}

impl Forward for Nested {
    fn forward(&self, ids: &Variable) -> Variable {
        attempt(|| {
            let [_, length] = ids.dims()?;
            self.lstm.reset_state();
            let mut h = None;
            for column in F::split_axis(ids, length, 1) {
                let column = column.reshape([column.len()]);
                h = Some(self.lstm.forward(&self.embed.forward(&column)));
            }
            let mut h = h.ok_or_else(|| chainer::Error::value("forward", "at least one column", length))?;
            for block in &self.blocks {
                h = F::relu(block.bn.forward(&block.fc.forward(&h)));
            }
            Ok(self.out.forward(&h) * &self.scale)
        })
    }
}

/// Runs a case.
pub fn run(context: &Context<'_>) -> Outcome {
    let args = Arguments::new(&context.case.args);
    if args.text("format")? != "npz" {
        return Err(Failure::NotImplemented(format!("{} ({})", context.case.name, args.text("format")?)));
    }
    match (context.case.name.as_str(), args.opt_text("model")?) {
        (_, Some("Classifier(MLP)")) if args.has("optimizer") => optimizer_file(context, &args),
        (_, Some("Classifier(MLP)")) => classifier(context, &args),
        (_, Some("Nested")) => nested(context, &args),
        ("trainer", None) => trainer(context),
        _ => Err(context.not_implemented()),
    }
}

/// The recorded results of a program that loaded the file.
fn expectations<'a>(context: &Context<'a>, recorded: &'a Recorded) -> Context<'a> {
    Context { case: context.case, recorded, folder: context.folder }
}

fn check_file(context: &Context<'_>) -> Outcome<Option<Recorded>> {
    let file: Option<String> = context.case.field("check")?;
    file.map(|file| Recorded::open(&context.folder.join(file))).transpose()
}

fn variable(recorded: &Recorded, key: &str) -> Outcome<Variable> {
    Ok(Variable::constant(recorded.array(key, Layout::RowMajor)?))
}

fn classifier(context: &Context<'_>, args: &Arguments<'_>) -> Outcome {
    let model = L::Classifier::new(Mlp::new(&args.sizes("sizes")?)?);
    let path = context.folder.join(context.case.file.as_deref().unwrap_or_default());
    load_npz(&path, &model)?;
    same_entries(context, &model, &|_| false)?;
    let Some(recorded) = check_file(context)? else { return Ok(()) };
    let check = expectations(context, &recorded);
    let (x, t) = (variable(&recorded, "x")?, variable(&recorded, "t")?);
    check.check("y", model.predictor().forward(&x).data())?;
    check.check("loss", model.forward((&x, &t)).data())?;
    check.check("accuracy", model.accuracy().ok_or("there is no accuracy")?.data())
}

fn optimizer_file(context: &Context<'_>, args: &Arguments<'_>) -> Outcome {
    let model = L::Classifier::new(Mlp::new(&args.sizes("sizes")?)?);
    let file = context.case.file.as_deref().unwrap_or_default();
    // `mlp_adam-a` was saved together with the model `mlp_updated-a`.
    load_npz(context.folder.join(file.replace(&context.case.name, "mlp_updated")), &model)?;
    let none = Map::new();
    let hyperparameters = args.raw("optimizer_args").and_then(Value::as_object).unwrap_or(&none);
    let mut optimizer = optimizer::make(args.text("optimizer")?, hyperparameters, model.named_params())?;
    load_npz(context.folder.join(file), &mut Saved(&mut *optimizer))?;
    same_entries(context, &mut Saved(&mut *optimizer), &|_| false)?;
    let Some(recorded) = check_file(context)? else { return Ok(()) };
    let check = expectations(context, &recorded);
    model.cleargrads();
    model.forward((&variable(&recorded, "x")?, &variable(&recorded, "t")?)).backward()?;
    optimizer.update()?;
    for (path, param) in model.named_params() {
        check.check(&format!("after:{}", path.trim_start_matches('/')), &param.array()?)?;
    }
    Ok(())
}

fn nested(context: &Context<'_>, args: &Arguments<'_>) -> Outcome {
    let model = Nested::new(&args.sizes("sizes")?)?;
    load_npz(context.folder.join(context.case.file.as_deref().unwrap_or_default()), &model)?;
    same_entries(context, &model, &|_| false)?;
    let Some(recorded) = check_file(context)? else { return Ok(()) };
    let check = expectations(context, &recorded);
    let ids = variable(&recorded, "ids")?;
    {
        let _test = using_config(|config| config.train = false);
        check.check("y_test", model.forward(&ids).data())?;
    }
    let _train = using_config(|config| config.train = true);
    check.check("y_train", model.forward(&ids).data())
}

/// An optimizer of any rule as something to save.
struct Saved<'a>(&'a mut dyn Driver);

impl Serializable for Saved<'_> {
    fn serialize(&mut self, serializer: &mut Serializer<'_>) -> Result<()> {
        self.0.serialize(serializer)
    }
}

/// Time goes on after loading.
const ELAPSED: &str = "_snapshot_elapsed_time";

/// How often the shift was called.
const SHIFTS: &str = "extensions/ExponentialShift/_t";

/// Whether a later version than 1.24 wrote the file.
fn is_later(context: &Context<'_>) -> bool {
    context.case.more.get("ref").and_then(Value::as_str).is_some_and(|by| !by.starts_with("chainer-1."))
}

/// A whole trainer: after loading it stands where Chainer's stood, and goes on from there.
fn trainer(context: &Context<'_>) -> Outcome {
    let path = context.folder.join(context.case.file.as_deref().unwrap_or_default());
    let file = Recorded::open(&path)?;
    let order = file.array("updater/iterator:main/order", Layout::RowMajor)?;
    let mut sizes = Vec::new();
    for layer in 1.. {
        let key = format!("updater/model:main/predictor/l{layer}/W");
        if file.find(&key).is_none() {
            break;
        }
        let [outputs, inputs] = file.array(&key, Layout::RowMajor)?.dims()?;
        sizes.extend((layer == 1).then_some(inputs));
        sizes.push(outputs);
    }
    let model = Arc::new(L::Classifier::new(Mlp::new(&sizes)?));
    let x = Array::zeros([order.size(), sizes[0]], chainer::Dtype::F32);
    let t = Array::zeros(order.size(), chainer::Dtype::I32);
    let iterator = SerialIterator::new(TupleDataset::new((x, t))?, 3);
    let updater = StandardUpdater::new(iterator, optimizers::MomentumSGD::new(0.1).setup(&model), &model);
    let mut trainer = Trainer::new(updater, (5, Iteration));
    trainer.extend(E::LogReport::new().every((2, Iteration)));
    trainer.extend(E::ExponentialShift::new("lr", 0.5)).trigger((2, Iteration));
    trainer.extend(E::snapshot()).trigger((5, Iteration)).name("_Snapshot");
    load_npz(&path, &mut trainer)?;
    // Version 1.24 did not yet save what triggers and unfinished averages know.
    let is_new = |key: &str| !is_later(context) && file.find(key).is_none();
    let is_own = |key: &str| key.ends_with("random_state") || key == ELAPSED || key == SHIFTS || is_new(key);
    same_entries(context, &mut trainer, &is_own)?;
    // Version 1.24 counts the call before training, too; later versions, and this library, do not.
    let saved = DictionarySerializer::of(&mut trainer)?;
    let saved = Recorded::new(saved.get(SHIFTS).map(|entry| (SHIFTS.to_owned(), entry.clone())));
    let [got, want] =
        [&saved, &file].map(|entries| entries.array(SHIFTS, Layout::RowMajor)?.item::<i64>().map_err(Failure::from));
    let (got, want) = (got?, want? - i64::from(!is_later(context)));
    if got != want {
        return Err(format!("{SHIFTS} is {got}, expected {want}").into());
    }
    let iteration = file.array("updater/iteration", Layout::RowMajor)?.item::<i64>()?;
    trainer.updater().update()?;
    let after = trainer.clock().iteration as i64;
    if after == iteration + 1 { Ok(()) } else { Err(format!("iteration {after} follows {iteration}").into()) }
}

/// What is saved after loading is what the file holds, entry by entry: names, dtypes, shapes, bytes. Some names only one side knows:
/// ours (`extra`), and the count of updates that version 7 keeps with each parameter.
fn same_entries(context: &Context<'_>, target: impl Serializable, extra: &dyn Fn(&str) -> bool) -> Outcome {
    let file = Recorded::open(&context.folder.join(context.case.file.as_deref().unwrap_or_default()))?;
    let saved = DictionarySerializer::of(target)?;
    let is_later = is_later(context);
    let mut differing = Vec::new();
    for key in saved.keys().filter(|key| !extra(key)) {
        let (got, want) = (saved.get(key), file.find(key));
        if got != want {
            let describe = |entry: Option<&Entry>| entry.map_or_else(|| "nothing".to_owned(), |e| format!("{e:?}"));
            differing.push(format!("{key}: saved {}, the file has {}", describe(got), describe(want)));
        }
    }
    let missing = file.keys().into_iter().filter(|key| saved.get(key).is_none() && !(is_later && key.ends_with("/t")));
    differing.extend(missing.map(|key| format!("{key} is not saved")));
    if differing.is_empty() { Ok(()) } else { Err(differing.join("; ").into()) }
}
