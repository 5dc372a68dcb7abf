//! Optimizers: recorded gradients, the parameters after each update, the state at the end.

use std::collections::VecDeque;
use std::sync::Mutex;

use chainer::optimizer::{GradientClipping, GradientNoise, Lasso, WeightDecay, exponential_decay_noise};
use chainer::optimizers::{AdaDelta, AdaGrad, Adam, MomentumSGD, NesterovAG, RMSprop, RMSpropGraves, SGD, SMORMS3};
use chainer::training::UpdateStep;
use chainer::{Array, ArrayOps, Dtype, Optimizer, Parameter, Shape, UpdateRule};
use chainer_tests::golden::{Arguments, Context, Failure, Layout, Outcome};
use serde_json::{Map, Value};

/// An optimizer of any rule.
pub trait Driver: UpdateStep {
    /// A state array.
    fn state(&self, param: &str, key: &str) -> Option<Array>;
    /// Adds a hook of `chainer::optimizer`.
    fn hook(&mut self, hook: Hook);
}

/// The hooks that cases name.
pub enum Hook {
    /// As the reference calls them.
    WeightDecay(WeightDecay),
    /// L1.
    Lasso(Lasso),
    /// By the norm of all gradients.
    GradientClipping(GradientClipping),
    /// With the recorded noise.
    GradientNoise(GradientNoise),
}

impl<R: UpdateRule> Driver for Optimizer<R> {
    fn state(&self, param: &str, key: &str) -> Option<Array> {
        Optimizer::state(self, param, key)
    }
    fn hook(&mut self, hook: Hook) {
        match hook {
            Hook::WeightDecay(hook) => self.add_hook(hook),
            Hook::Lasso(hook) => self.add_hook(hook),
            Hook::GradientClipping(hook) => self.add_hook(hook),
            Hook::GradientNoise(hook) => self.add_hook(hook),
        }
    }
}

/// Parameters with their names.
pub type Params = Vec<(String, Parameter)>;

type Make = fn(&Arguments<'_>, Params) -> Outcome<Box<dyn Driver>>;

/// One line an optimizer: its rule with the hyperparameters that the case gives.
macro_rules! rules {
    ($($rule:ident { $($hyper:ident),* })*) => {
        const RULES: &[(&str, Make)] = &[$((stringify!($rule), |args, params| {
            let mut rule = $rule::default();
            $(rule.$hyper = args.float_or(stringify!($hyper), rule.$hyper)?;)*
            Ok(Box::new(rule.setup_params(params)))
        })),*];
    };
}
rules! {
    AdaDelta { rho, eps }
    AdaGrad { lr, eps }
    Adam { alpha, beta1, beta2, eps }
    MomentumSGD { lr, momentum }
    NesterovAG { lr, momentum }
    RMSprop { lr, alpha, eps }
    RMSpropGraves { lr, alpha, momentum, eps }
    SGD { lr }
    SMORMS3 { lr, eps }
}

/// The optimizer of this name.
pub fn make(name: &str, args: &Map<String, Value>, params: Params) -> Outcome<Box<dyn Driver>> {
    let (_, make) =
        RULES.iter().find(|(known, _)| *known == name).ok_or_else(|| Failure::NotImplemented(name.into()))?;
    let args = Arguments::new(args);
    let optimizer = make(&args, params)?;
    let unread = args.unread();
    if unread.is_empty() { Ok(optimizer) } else { Err(format!("{name} does not read {unread:?}").into()) }
}

/// Adds the hooks of a line, `[{"name": …, "args": {…}}, …]`; `noise` is what gradient noise draws, in order.
pub fn add_hooks(optimizer: &mut dyn Driver, hooks: &[Value], noise: Vec<Array>) -> Outcome {
    let noise = Mutex::new(VecDeque::from(noise));
    let mut noise = Some(noise);
    let none = Map::new();
    for hook in hooks {
        let args = Arguments::new(hook["args"].as_object().unwrap_or(&none));
        let made = match hook["name"].as_str().unwrap_or_default() {
            "WeightDecay" => Hook::WeightDecay(WeightDecay::new(args.float("rate")?)),
            "Lasso" => Hook::Lasso(Lasso::new(args.float("rate")?)),
            "GradientClipping" => Hook::GradientClipping(GradientClipping::new(args.float("threshold")?)),
            "GradientNoise" => {
                let draws = noise.take().ok_or("there is one gradient noise at most")?;
                Hook::GradientNoise(GradientNoise::with_noise(args.float("eta")?, move |shape, dtype, _, _| {
                    draw(&draws, shape, dtype)
                }))
            }
            other => return Err(Failure::NotImplemented(format!("hook {other}"))),
        };
        optimizer.hook(made);
    }
    Ok(())
}

fn draw(draws: &Mutex<VecDeque<Array>>, shape: &Shape, dtype: Dtype) -> Array {
    let next = draws.lock().ok().and_then(|mut draws| draws.pop_front());
    // A draw too many shows as NaN.
    next.map_or_else(|| Array::full(shape, f64::NAN, dtype), |noise| noise.astype(dtype))
}

/// Runs a case.
pub fn run(context: &Context<'_>) -> Outcome {
    let (case, recorded) = (context.case, context.recorded);
    let names: Vec<String> = case.field("params")?;
    let params = names.iter().map(|name| {
        let value = recorded.array(&format!("param:{name}"), Layout::RowMajor)?;
        Ok((name.clone(), Parameter::new(value)))
    });
    let params = params.collect::<Outcome<Params>>()?;
    let mut optimizer = make(&case.name, &case.args, params.clone())?;

    let steps: usize = case.field("steps")?;
    let hooks: Vec<Value> = case.field("hooks")?;
    let mut noise = Vec::new();
    for step in 1..=steps {
        for name in &names {
            if recorded.find(&format!("noise{step}:{name}")).is_some() {
                noise.push(recorded.array(&format!("noise{step}:{name}"), Layout::RowMajor)?);
            }
        }
    }
    add_hooks(&mut *optimizer, &hooks, noise)?;

    let mut rates = Vec::new();
    for step in 1..=steps {
        for (name, param) in &params {
            param.cleargrad();
            if recorded.find(&format!("grad{step}:{name}")).is_some() {
                param.set_grad(recorded.array(&format!("grad{step}:{name}"), Layout::RowMajor)?)?;
            }
        }
        optimizer.update()?;
        rates.extend(optimizer.hyperparameter("lr"));
        for (name, param) in &params {
            let hooked = format!("hooked{step}:{name}");
            if recorded.find(&hooked).is_some() {
                context.check(&hooked, &param.grad().ok_or_else(|| format!("{hooked}: there is no gradient"))?)?;
            }
            context.check(&format!("after{step}:{name}"), &param.array()?)?;
        }
        check_noise(context, &hooks, step)?;
    }
    for key in recorded.keys_below("state:") {
        let (param, key) = key.rsplit_once(':').ok_or_else(|| format!("state:{key} names no parameter"))?;
        let state = optimizer.state(param, key).ok_or_else(|| format!("there is no state {key:?} of {param:?}"))?;
        context.check(&format!("state:{param}:{key}"), &state)?;
    }
    match recorded.find("lr") {
        Some(_) => context.check("lr", &Array::from(rates)),
        None => Ok(()),
    }
}

/// The noise that the library would draw has the recorded standard deviation.
fn check_noise(context: &Context<'_>, hooks: &[Value], step: usize) -> Outcome {
    let key = format!("std{step}");
    let (Some(_), Some(eta)) = (context.recorded.find(&key), hooks.iter().find_map(|h| h["args"]["eta"].as_f64()))
    else {
        return Ok(());
    };
    let want = context.recorded.array(&key, Layout::RowMajor)?.item::<f64>()?;
    let noise = exponential_decay_noise(&[20_000].into(), Dtype::F64, eta, step - 1);
    let got = noise.var(None, false).item::<f64>()?.sqrt();
    // The deviation of 20,000 draws is off by half a percent.
    if (got / want - 1.0).abs() < 0.05 { Ok(()) } else { Err(format!("{key}: {got}, expected {want}").into()) }
}
