//! Losses with parameters.

use std::sync::{Arc, Mutex, PoisonError};

use chainer::links::{self as L, BinaryTree};
use chainer::{Array, Shape, Variable};
use chainer_tests::golden::{Call, Nested, Outcome};
use serde_json::Value;

use super::super::function::loss::{list, reduction};
use super::{Adapter, Constructor, Made};

/// The adapters.
pub const ADAPTERS: &[(&str, Adapter)] = &[
    ("BinaryHierarchicalSoftmax", binary_hierarchical_softmax),
    ("BlackOut", black_out),
    ("CRF1d", crf1d),
    ("NegativeSampling", negative_sampling),
];

/// A link without attributes.
fn made<T: chainer::Link>(
    link: T,
    call: impl Fn(&T, &str, &Call<'_, Variable>) -> super::function::Made + 'static,
) -> Outcome<Made> {
    Ok(Made::with_attributes(link, call, |_, name| Err(format!("there is no attribute {name:?}").into())))
}

/// A tree of nested pairs.
pub fn tree(value: &Value) -> Outcome<BinaryTree> {
    match value {
        Value::Array(parts) if parts.len() == 2 => Ok((tree(&parts[0])?, tree(&parts[1])?).into()),
        leaf => match leaf.as_u64() {
            Some(word) => Ok((word as usize).into()),
            None => Err(format!("expected a word or a pair, found {leaf}").into()),
        },
    }
}

fn binary_hierarchical_softmax(c: &Constructor<'_>) -> Outcome<Made> {
    let tree = tree(c.args.raw("tree").unwrap_or(&Value::Null))?;
    let link = L::BinaryHierarchicalSoftmax::new(c.args.size("in_size")?, tree);
    made(link, |link, _, c| Ok(chainer::Forward::forward(link, (c.get("x")?, c.get("t")?)).into()))
}

/// A sampler that gives what a call has recorded.
#[derive(Clone, Default)]
struct Recorded(Arc<Mutex<Option<Array>>>);

impl Recorded {
    fn set(&self, drawn: &Variable) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some(drawn.data().clone());
    }

    fn sampler(&self) -> impl Fn(&Shape) -> Array + Send + Sync + use<> {
        let drawn = self.0.clone();
        move |shape| match &*drawn.lock().unwrap_or_else(PoisonError::into_inner) {
            Some(drawn) => drawn.clone(),
            // Out of range: it cannot pass unnoticed.
            None => Array::full(shape, -1, chainer::Dtype::I32),
        }
    }
}

fn black_out(c: &Constructor<'_>) -> Outcome<Made> {
    let (drawn, counts) = (Recorded::default(), c.args.sizes("counts")?);
    let link = L::BlackOut::new(c.args.size("in_size")?, &counts, c.args.size("sample_size")?).sampler(drawn.sampler());
    made(link, move |link, _, c| {
        drawn.set(c.get("samples")?);
        Ok(link.loss(c.get("x")?, c.get("t")?, reduction(c, "mean")?).into())
    })
}

fn negative_sampling(c: &Constructor<'_>) -> Outcome<Made> {
    let (drawn, counts) = (Recorded::default(), c.args.sizes("counts")?);
    let link = L::NegativeSampling::new(c.args.size("in_size")?, &counts, c.args.size("sample_size")?)
        .power(c.args.float_or("power", 0.75)?)
        .sampler(drawn.sampler());
    made(link, move |link, _, c| {
        drawn.set(c.get("sampler_output")?);
        Ok(link.loss(c.get("x")?, c.get("t")?, reduction(c, "sum")?).into())
    })
}

fn crf1d(c: &Constructor<'_>) -> Outcome<Made> {
    made(L::CRF1d::new(c.args.size("n_label")?), |link, method, c| {
        if method == "argmax" {
            let (score, labels) = link.argmax(list(c, "xs")?);
            let labels = Nested::tuple(labels.into_iter().map(Variable::constant));
            return Ok(Nested::Many(vec![score.into(), labels]));
        }
        Ok(link.loss(list(c, "xs")?, list(c, "ys")?, reduction(c, "mean")?).into())
    })
}
