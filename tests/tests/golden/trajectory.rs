//! Twenty steps of training from recorded parameters: the losses on the way and the parameters at the end.
//!
//! The networks are written with functions over parameters (but for batch normalization); links have cases of their own.

use std::cell::RefCell;

use chainer::serializers::DictionarySerializer;
use chainer::{Array, Forward, Link, Parameter, Variable, functions as F, links as L, using_config};
use chainer_kernels::Index;
use chainer_tests::golden::{Arguments, Context, Layout, Outcome, Recorded};
use serde_json::{Map, Value};

use super::optimizer;

/// Computes the loss of a step.
type Loss = fn(&Training, usize) -> Outcome<Variable>;

const NETWORKS: &[(&str, Loss)] = &[("lenet", lenet), ("lstm_lm", lstm_lm), ("mlp", mlp), ("mlp_bn", mlp_bn)];

/// The parameters by path, the samples, and the state of a recurrent network.
struct Training {
    params: optimizer::Params,
    x: Array,
    t: Option<Array>,
    batch: usize,
    state: RefCell<Option<(Variable, Variable)>>,
    /// The only link, because it has persistent values.
    normalization: Option<L::BatchNormalization>,
}

impl Training {
    fn param(&self, path: &str) -> Outcome<&Parameter> {
        let found = self.params.iter().find(|(name, _)| name == path);
        found.map(|(_, param)| param).ok_or_else(|| format!("there is no parameter {path:?}").into())
    }

    fn has(&self, path: &str) -> bool {
        self.params.iter().any(|(name, _)| name == path)
    }

    fn linear(&self, name: &str, x: &Variable) -> Outcome<Variable> {
        Ok(F::linear(x, self.param(&format!("{name}/W"))?, self.param(&format!("{name}/b"))?))
    }

    fn convolution(&self, name: &str, x: &Variable) -> Outcome<Variable> {
        Ok(F::convolution_2d(x, self.param(&format!("{name}/W"))?, self.param(&format!("{name}/b"))?))
    }

    /// The samples and labels of a step, which walks over the data again and again.
    fn samples(&self, step: usize) -> Outcome<(Variable, Array)> {
        let t = self.t.as_ref().ok_or("there are no labels")?;
        let start = ((step * self.batch) % self.x.shape()[0]) as isize;
        let rows = [Index::Slice(Some(start), Some(start + self.batch as isize), None)];
        Ok((Variable::constant(self.x.slice(&rows[..])), t.slice(&rows[..])))
    }

    /// The name of the only link below which there is a parameter of this path.
    fn owner(&self, path: &str) -> Outcome<&str> {
        let mut owners = self.params.iter().filter_map(|(name, _)| name.strip_suffix(path)?.strip_suffix('/'));
        match (owners.next(), owners.next()) {
            (Some(owner), None) => Ok(owner),
            _ => Err(format!("expected one link with a parameter {path:?}").into()),
        }
    }
}

fn mlp(net: &Training, step: usize) -> Outcome<Variable> {
    let layers = (1..).take_while(|i| net.has(&format!("l{i}/W"))).count();
    let (mut h, t) = net.samples(step)?;
    for layer in 1..=layers {
        h = net.linear(&format!("l{layer}"), &h)?;
        if layer < layers {
            h = F::relu(h);
        }
    }
    Ok(F::softmax_cross_entropy(h, t))
}

fn mlp_bn(net: &Training, step: usize) -> Outcome<Variable> {
    let (x, t) = net.samples(step)?;
    let normalization = net.normalization.as_ref().ok_or("there is no batch normalization")?;
    let h = F::tanh(normalization.forward(&net.linear("l1", &x)?));
    Ok(F::softmax_cross_entropy(net.linear("l2", &h)?, t))
}

fn lenet(net: &Training, step: usize) -> Outcome<Variable> {
    let (mut h, t) = net.samples(step)?;
    for layer in ["conv1", "conv2"] {
        h = F::max_pooling_2d(F::relu(net.convolution(layer, &h)?), 2);
    }
    let h = F::relu(net.linear("fc1", &h)?);
    Ok(F::softmax_cross_entropy(net.linear("fc2", &h)?, t))
}

/// A language model: four steps of truncated back-propagation through time, over columns of `x`.
fn lstm_lm(net: &Training, step: usize) -> Outcome<Variable> {
    if step.is_multiple_of(5) {
        *net.state.borrow_mut() = None;
    }
    let lstm = net.owner("upward/W")?;
    let output = {
        let rest = net.params.iter().filter(|(name, _)| !name.starts_with(&format!("{lstm}/")));
        rest.filter_map(|(name, _)| name.strip_suffix("/b")).next().ok_or("there is no output layer")?
    };
    let embed = {
        let weights = net.params.iter().filter_map(|(name, _)| name.strip_suffix("/W"));
        let mut rest = weights.filter(|name| *name != output && !name.starts_with(&format!("{lstm}/")));
        rest.next().ok_or("there is no embedding")?
    };
    let mut total: Option<Variable> = None;
    for j in 0..4 {
        let column = (4 * step + j) % 20;
        let at = |c: usize| net.x.slice(&[Index::Slice(None, None, None), Index::Int(c as isize)][..]);
        let x = F::embed_id(at(column), net.param(&format!("{embed}/W"))?);
        let mut gates = net.linear(&format!("{lstm}/upward"), &x)?;
        let before = net.state.borrow_mut().take();
        let c = match before {
            Some((c, h)) => {
                gates += F::linear(&h, net.param(&format!("{lstm}/lateral/W"))?, None);
                c
            }
            None => Variable::constant(Array::zeros([x.shape()[0], gates.shape()[1] / 4], x.dtype())),
        };
        let (c, h) = F::lstm(&c, &gates);
        let loss = F::softmax_cross_entropy(net.linear(output, &h)?, at(column + 1));
        *net.state.borrow_mut() = Some((c, h));
        total = Some(match total {
            Some(total) => total + loss,
            None => loss,
        });
    }
    total.ok_or_else(|| "no column was read".into())
}

/// Runs a case.
pub fn run(context: &Context<'_>) -> Outcome {
    let (case, recorded) = (context.case, context.recorded);
    let (_, loss) = NETWORKS.iter().find(|(name, _)| *name == case.name).ok_or_else(|| context.not_implemented())?;
    let args = Arguments::new(&case.args);
    let params = recorded.keys_below("init:").into_iter().map(|path| {
        let value = recorded.array(&format!("init:{path}"), Layout::RowMajor)?;
        Ok((path.to_owned(), Parameter::new(value)))
    });
    let mut params = params.collect::<Outcome<optimizer::Params>>()?;
    let normalization = normalization(&mut params)?;
    let training = Training {
        params,
        x: recorded.array("x", Layout::RowMajor)?,
        t: recorded.find("t").map(|_| recorded.array("t", Layout::RowMajor)).transpose()?,
        batch: args.size_or("batch", 0)?,
        state: RefCell::default(),
        normalization,
    };
    let none = Map::new();
    let optimizer_args = args.raw("optimizer_args").and_then(Value::as_object).unwrap_or(&none);
    let mut optimizer = optimizer::make(args.text("optimizer")?, optimizer_args, training.params.clone())?;
    let hooks: Vec<Value> = args.parsed("hooks")?;
    optimizer::add_hooks(&mut *optimizer, &hooks, Vec::new())?;

    let _training = using_config(|config| config.train = true);
    let mut losses = Vec::new();
    for step in 0..args.size("steps")? {
        training.params.iter().for_each(|(_, param)| param.cleargrad());
        let loss = loss(&training, step)?;
        losses.push(loss.item::<f32>()?);
        loss.backward()?;
        loss.unchain_backward();
        optimizer.update()?;
    }
    context.check("loss", &Array::from(losses))?;
    for (path, param) in &training.params {
        context.check(&format!("final:{path}"), &param.array()?)?;
    }
    if let Some(link) = &training.normalization {
        let saved = DictionarySerializer::of(link)?;
        for path in recorded.keys_below("final_persistent:") {
            let key = format!("final_persistent:{path}");
            let entry = path.strip_prefix("bn1/").and_then(|name| saved.get(name));
            let entry = entry.ok_or_else(|| format!("{key}: there is no such persistent value"))?.clone();
            context.check(&key, &Recorded::new([(key.clone(), entry)]).array(&key, Layout::RowMajor)?)?;
        }
    }
    Ok(())
}

/// The link `bn1`, if there are parameters of it, with its recorded values; its parameters take their place in the list.
fn normalization(params: &mut optimizer::Params) -> Outcome<Option<L::BatchNormalization>> {
    let Some(gamma) = params.iter().find(|(path, _)| path == "bn1/gamma").and_then(|(_, param)| param.shape()) else {
        return Ok(None);
    };
    let link = L::BatchNormalization::new(gamma);
    for (path, param) in link.named_params() {
        let path = format!("bn1{path}");
        let place = params.iter_mut().find(|(known, _)| *known == path);
        let (_, recorded) = place.ok_or_else(|| format!("there is no parameter {path:?}"))?;
        param.set(recorded.array()?);
        *recorded = param;
    }
    Ok(Some(link))
}
