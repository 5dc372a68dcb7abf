//! Trains a network on handwritten digits.
//!
//! `cargo run --release -p mnist` runs 20 epochs of a three-layer perceptron; `--help` lists the options.

use std::path::PathBuf;
use std::sync::Arc;

use chainer::datasets::Mnist;
use chainer::iterators::SerialIterator;
use chainer::prelude::*;
use chainer::serializers::load_npz;
use chainer::training::{Epoch, StandardUpdater, Trainer, extensions as E};
use chainer::{functions as F, links as L, optimizers};
use clap::{Parser, ValueEnum};

/// Train a network on handwritten digits.
#[derive(Parser)]
struct Options {
    /// Sweeps over the training data
    #[arg(long, short, default_value_t = 20)]
    epoch: usize,
    /// Images in each batch
    #[arg(long, short, default_value_t = 100)]
    batchsize: usize,
    /// Units of the hidden layers
    #[arg(long, short, default_value_t = 1000)]
    unit: usize,
    /// The network
    #[arg(long, short, value_enum, default_value_t = Model::Mlp)]
    model: Model,
    /// Threads to compute with [default: all]
    #[arg(long, short)]
    threads: Option<usize>,
    /// Seed of the initial weights and of the order of the images
    #[arg(long, default_value_t = 0)]
    seed: u64,
    /// Epochs from one snapshot to the next
    #[arg(long, short, default_value_t = 5)]
    frequency: usize,
    /// Go on from a snapshot, such as result/snapshot_iter_800
    #[arg(long, short)]
    resume: Option<PathBuf>,
    /// Folder for the results
    #[arg(long, short, default_value = "result")]
    out: PathBuf,
}

#[derive(Clone, Copy, ValueEnum)]
enum Model {
    Mlp,
    Convnet,
}

/// A perceptron of three layers.
#[chain]
struct Mlp {
    l1: L::Linear,
    l2: L::Linear,
    l3: L::Linear,
}

impl Mlp {
    fn new(units: usize, classes: usize) -> Self {
        Mlp { l1: L::Linear::new(None, units), l2: L::Linear::new(None, units), l3: L::Linear::new(None, classes) }
    }
}

impl Forward for Mlp {
    fn forward(&self, x: &Variable) -> Variable {
        let h = F::relu(self.l1.forward(x));
        let h = F::relu(self.l2.forward(&h));
        self.l3.forward(&h)
    }
}

/// Two convolutions and two linear layers.
#[chain]
struct Convnet {
    conv1: L::Convolution2D,
    conv2: L::Convolution2D,
    l1: L::Linear,
    l2: L::Linear,
}

impl Convnet {
    fn new(units: usize, classes: usize) -> Self {
        Convnet {
            conv1: L::Convolution2D::new(1, 16, 5),
            conv2: L::Convolution2D::new(16, 32, 5),
            l1: L::Linear::new(None, units),
            l2: L::Linear::new(None, classes),
        }
    }
}

impl Forward for Convnet {
    fn forward(&self, x: &Variable) -> Variable {
        let h = F::max_pooling_2d(F::relu(self.conv1.forward(x)), 2);
        let h = F::max_pooling_2d(F::relu(self.conv2.forward(&h)), 2);
        let h = F::dropout(F::relu(self.l1.forward(&h)), 0.5);
        self.l2.forward(&h)
    }
}

fn main() -> chainer::Result<()> {
    let options = Options::parse();
    chainer::set_seed(options.seed);
    if let Some(threads) = options.threads {
        chainer::set_num_threads(threads);
    }

    // The network; the classifier adds the loss and the accuracy.
    let network: Box<dyn Forward> = match options.model {
        Model::Mlp => Box::new(Mlp::new(options.unit, 10)),
        Model::Convnet => Box::new(Convnet::new(options.unit, 10)),
    };
    let model = Arc::new(L::Classifier::new(network));
    let optimizer = optimizers::Adam::default().setup(&model);

    // The digits: flat for the perceptron, as pictures for the convolutions.
    let ndim = if let Model::Mlp = options.model { 1 } else { 3 };
    let (train, test) = Mnist::new().ndim(ndim).load()?;
    let train = SerialIterator::new(train, options.batchsize);
    let test = SerialIterator::new(test, options.batchsize).once();

    // What happens beside the training.
    let updater = StandardUpdater::new(train, optimizer, &model);
    let mut trainer = Trainer::new(updater, (options.epoch, Epoch)).out(options.out);
    trainer.extend(E::Evaluator::new(test, &model));
    trainer.extend(E::dump_graph("main/loss"));
    trainer.extend(E::snapshot()).trigger((options.frequency, Epoch));
    trainer.extend(E::LogReport::new());
    trainer.extend(E::PlotReport::new(["main/loss", "validation/main/loss"], "epoch").file_name("loss.png"));
    trainer
        .extend(E::PlotReport::new(["main/accuracy", "validation/main/accuracy"], "epoch").file_name("accuracy.png"));
    trainer.extend(E::PrintReport::new([
        "epoch",
        "main/loss",
        "validation/main/loss",
        "main/accuracy",
        "validation/main/accuracy",
        "elapsed_time",
    ]));
    trainer.extend(E::ProgressBar::new());

    if let Some(snapshot) = options.resume {
        load_npz(snapshot, &mut trainer)?;
    }
    trainer.run()
}
