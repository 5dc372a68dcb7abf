//! Training runs: learning, resuming, files, and what happens when something is wrong with them.

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use chainer::dataset::Dataset;
use chainer::datasets::{LabeledArrays, Mnist, TupleDataset, split_dataset};
use chainer::iterators::{MultithreadIterator, SerialIterator};
use chainer::prelude::*;
use chainer::serializers::{NpzDeserializer, Store, load_npz, save_npz};
use chainer::training::{Epoch, Extension, Iteration, StandardUpdater, Trainer, UpdateStep, extensions as E};
use chainer::{Array, Dtype, ErrorKind, Result, functions as F, links as L, optimizers};

#[chain]
struct Mlp {
    l1: L::Linear,
    l2: L::Linear,
    #[plain]
    dropout: f64,
}

impl Mlp {
    fn new(units: usize, classes: usize) -> Self {
        Mlp { l1: L::Linear::new(None, units), l2: L::Linear::new(None, classes), dropout: 0.0 }
    }
}

impl Forward for Mlp {
    fn forward(&self, x: &Variable) -> Variable {
        let h = F::relu(self.l1.forward(x));
        let h = if self.dropout > 0.0 { F::dropout(h, self.dropout) } else { h };
        self.l2.forward(&h)
    }
}

/// Held by every test: they all draw from the random numbers of the process, and one of them compares what it drew.
fn alone() -> MutexGuard<'static, ()> {
    static ALONE: Mutex<()> = Mutex::new(());
    ALONE.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Some of the embedded digits.
fn digits(
    train: usize,
    test: usize,
) -> (impl Dataset<Example = (Array, Array)>, impl Dataset<Example = (Array, Array)>) {
    let (all_train, all_test) = Mnist::new().embedded().load().unwrap();
    let first = |dataset: LabeledArrays, n| split_dataset(dataset, n, None).unwrap().0;
    (first(all_train, train), first(all_test, test))
}

/// A trainer of a perceptron with dropout, whose log has no times in it.
fn trainer(out: &Path, epochs: usize) -> Trainer {
    let (train, test) = digits(600, 200);
    let model = Arc::new(L::Classifier::new(Mlp { dropout: 0.3, ..Mlp::new(20, 10) }));
    let optimizer = optimizers::Adam::default().setup(&model);
    let updater = StandardUpdater::new(SerialIterator::new(train, 64), optimizer, &model);
    let mut trainer = Trainer::new(updater, (epochs, Epoch)).out(out);
    trainer.extend(E::Evaluator::new(SerialIterator::new(test, 64).once(), &model));
    trainer.extend(E::snapshot()).trigger((1, Epoch));
    // A record in the middle of an epoch: the snapshot holds half-filled summaries.
    let log = E::LogReport::new().every((7, Iteration)).postprocess(|record| record.remove("elapsed_time"));
    trainer.extend(log);
    trainer.extend(E::ExponentialShift::new("alpha", 0.7)).trigger((1, Epoch));
    trainer
}

fn text(path: PathBuf) -> String {
    std::fs::read_to_string(path).unwrap()
}

#[test]
fn a_perceptron_learns_digits() {
    let _alone = alone();
    let folder = tempfile::tempdir().unwrap();
    let (train, test) = digits(2000, 500);
    let model = Arc::new(L::Classifier::new(Mlp::new(50, 10)));
    let optimizer = optimizers::Adam::default().setup(&model);
    let updater = StandardUpdater::new(MultithreadIterator::new(train, 50), optimizer, &model);
    let mut trainer = Trainer::new(updater, (4, Epoch)).out(folder.path());
    trainer.extend(E::Evaluator::new(SerialIterator::new(test, 100).once(), &model));
    trainer.extend(E::dump_graph("main/loss"));
    trainer.extend(E::PlotReport::new(["main/loss", "validation/main/loss"], "epoch").file_name("loss.png"));
    let report = E::LogReport::new();
    let log = report.log();
    trainer.extend(report);
    trainer.run().unwrap();
    let log = log.lock().unwrap();
    let losses: Vec<f64> = log.iter().map(|record| record.number("main/loss").unwrap()).collect();
    assert!(losses.is_sorted_by(|a, b| a > b), "{losses:?}");
    let accuracy = log[3].number("validation/main/accuracy").unwrap();
    assert!(accuracy > 0.85, "{accuracy}");
    for file in ["log", "loss.png", "cg.dot"] {
        assert!(folder.path().join(file).metadata().unwrap().len() > 100, "{file}");
    }
    let graph = text(folder.path().join("cg.dot"));
    assert!(graph.starts_with("digraph") && graph.contains("linear"), "{graph}");
}

#[test]
fn an_interrupted_and_resumed_run_is_an_uninterrupted_one() {
    let _alone = alone();
    let folders = [tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap()];
    let [whole, parts] = folders.each_ref().map(|folder| folder.path());
    chainer::set_seed(5);
    trainer(whole, 4).run().unwrap();
    chainer::set_seed(5);
    trainer(parts, 2).run().unwrap();
    // The new process starts from another seed; all that matters is in the snapshot.
    chainer::set_seed(99);
    let mut resumed = trainer(parts, 4);
    load_npz(parts.join("snapshot_iter_19"), &mut resumed).unwrap();
    resumed.run().unwrap();
    assert_eq!(text(parts.join("log")), text(whole.join("log")));
    let [mut a, mut b] = [whole, parts].map(|folder| NpzDeserializer::open(folder.join("snapshot_iter_38")).unwrap());
    for key in a.keys().into_iter().filter(|key| key != "_snapshot_elapsed_time") {
        assert_eq!(a.get(&key).unwrap(), b.get(&key).unwrap(), "{key}");
    }
}

#[test]
fn a_damaged_snapshot_and_one_of_another_model_are_refused() {
    let _alone = alone();
    let folder = tempfile::tempdir().unwrap();
    trainer(folder.path(), 1).run().unwrap();
    let snapshot = folder.path().join("snapshot_iter_10");
    let whole = std::fs::read(&snapshot).unwrap();
    std::fs::write(&snapshot, &whole[..whole.len() / 2]).unwrap();
    let error = load_npz(&snapshot, &mut trainer(folder.path(), 1)).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Format);
    std::fs::write(&snapshot, &whole).unwrap();
    let (train, _) = digits(600, 0);
    let other = Arc::new(L::Classifier::new(Mlp::new(21, 10)));
    let x = Variable::constant(Array::zeros([1, 784], Dtype::F32));
    other.predictor().forward(&x).check().unwrap();
    let optimizer = optimizers::Adam::default().setup(&other);
    let updater = StandardUpdater::new(SerialIterator::new(train, 64), optimizer, &other);
    let error = load_npz(&snapshot, &mut Trainer::new(updater, (1, Epoch))).unwrap_err();
    assert!(error.to_string().contains("l1/W") && error.to_string().contains("21"), "{error}");
}

#[test]
fn wrong_labels_and_wrong_shapes_are_errors_that_say_so() {
    let _alone = alone();
    let folder = tempfile::tempdir().unwrap();
    let run = |labels: Array, inputs: Array| {
        let model = Arc::new(L::Classifier::new(Mlp::new(4, 3)));
        model.predictor().l1.forward(&Variable::constant(Array::zeros([1, 5], Dtype::F32))).check()?;
        let optimizer = optimizers::SGD::default().setup(&model);
        let data = TupleDataset::new((inputs, labels))?;
        let updater = StandardUpdater::new(SerialIterator::new(data, 2), optimizer, &model);
        Trainer::new(updater, (3, Iteration)).out(folder.path()).run()
    };
    let inputs = || Array::zeros([2, 5], Dtype::F32);
    run(Array::from([0i32, 2]), inputs()).unwrap();
    let error = run(Array::from([0i32, 3]), inputs()).unwrap_err();
    assert!(error.to_string().contains('3'), "{error}");
    let error = run(Array::from([0.5f32, 1.0]), inputs()).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::InvalidType, "{error}");
    let error = run(Array::from([0i32, 1]), Array::zeros([2, 6], Dtype::F32)).unwrap_err();
    assert!(error.to_string().contains("6") && error.to_string().contains("5"), "{error}");
    assert!(run(Array::from([0i32]), inputs()).is_err());
}

/// Sweeps of 10 examples, as for the snapshots that Chainer wrote.
fn chainer_trainer(out: &Path) -> (Trainer, Arc<L::Classifier<Mlp>>) {
    let model = Arc::new(L::Classifier::new(Mlp::new(3, 2)));
    let optimizer = optimizers::MomentumSGD::new(0.1).setup(&model);
    let data = TupleDataset::new((Array::zeros([10, 4], Dtype::F32), Array::zeros([10], Dtype::I32))).unwrap();
    let updater = StandardUpdater::new(SerialIterator::new(data, 3), optimizer, &model);
    let mut trainer = Trainer::new(updater, (8, Iteration)).out(out);
    trainer.extend(E::LogReport::new().every((2, Iteration)));
    trainer.extend(E::ExponentialShift::new("lr", 0.5)).trigger((2, Iteration));
    trainer.extend(E::snapshot()).trigger((5, Iteration));
    (trainer, model)
}

#[test]
fn snapshots_of_chainer_go_on_here() {
    let _alone = alone();
    for version in ["snapshots", "snapshots7"] {
        let folder = tempfile::tempdir().unwrap();
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("golden").join(version).join("trainer-a.npz");
        let (mut trainer, model) = chainer_trainer(folder.path());
        load_npz(&path, &mut trainer).unwrap();
        let clock = trainer.clock();
        assert_eq!((clock.iteration, clock.epoch, clock.is_new_epoch), (5, 1, false));
        assert_eq!((clock.epoch_detail, clock.previous_epoch_detail), (1.5, Some(1.2)));
        let mut file = NpzDeserializer::open(&path).unwrap();
        let stored = file.get("updater/model:main/predictor/l1/W").unwrap().unwrap();
        let own = model.predictor().l1.w().array().unwrap();
        assert_eq!(stored.to_vec::<f32>().unwrap(), own.to_vec::<f32>().unwrap());
        trainer.extend_fn(|c| {
            let lr =
                c.updater.optimizer("main").and_then(|optimizer: &mut dyn UpdateStep| optimizer.hyperparameter("lr"));
            // Two decays before the snapshot, and one more at iterations 6 and 8.
            assert_eq!(lr, Some(0.1 * 0.5f64.powi(c.clock.iteration as i32 / 2)));
            Ok(())
        });
        trainer.run().unwrap();
        let log = text(folder.path().join("log"));
        for iteration in [2, 4, 6, 8] {
            assert!(log.contains(&format!("\"iteration\": {iteration},")), "{log}");
        }
        assert!(log.contains("0.6825117468833923"), "{log}");
    }
}

#[test]
fn a_model_comes_back_from_its_file() -> Result<()> {
    let _alone = alone();
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("model.npz");
    let x = Variable::constant(Array::ones([2, 5], Dtype::F32));
    let model = Mlp::new(4, 3);
    let want = model.forward(&x).to_vec::<f32>()?;
    save_npz(&path, &model)?;
    let keys = NpzDeserializer::open(&path)?.keys();
    assert_eq!(keys, ["l1/W", "l1/b", "l2/W", "l2/b"]);
    // The restored model has not seen an input: its parameters take their shapes from the file.
    let restored = Mlp::new(4, 3);
    load_npz(&path, &restored)?;
    assert_eq!(restored.forward(&x).to_vec::<f32>()?, want);
    Ok(())
}

#[test]
fn an_evaluator_runs_without_a_trainer() {
    let _alone = alone();
    let (_, test) = digits(0, 100);
    let model = Arc::new(L::Classifier::new(Mlp { dropout: 0.5, ..Mlp::new(8, 10) }));
    let mut evaluator = E::Evaluator::new(SerialIterator::new(test, 30).once(), &model);
    let first = evaluator.evaluate().unwrap();
    assert_eq!(first.names(), ["main/loss", "main/accuracy"]);
    // Dropout is off, and the second sweep sees the same digits.
    assert_eq!(first.number("main/loss").unwrap(), evaluator.evaluate().unwrap().number("main/loss").unwrap());
    assert_eq!(evaluator.default_name(), "validation");
    assert!(model.predictor().l1.w().grad().is_none());
}
