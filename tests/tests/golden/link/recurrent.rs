//! Recurrent layers.

use chainer::{Array, Forward, Variable, links as L, using_config};
use chainer_tests::golden::{Call, Failure, Nested, Outcome};

use super::super::function;
use super::{Adapter, Constructor, Made};

/// A link of lists of sequences.
macro_rules! n_step {
    ($link:ident, $($state:literal),+) => {
        (stringify!($link), |c: &Constructor<'_>| {
            let sizes = (c.args.size("n_layers")?, c.args.size("in_size")?, c.args.size("out_size")?);
            let link = L::$link::new(sizes.0, sizes.1, sizes.2, c.args.float("dropout")?);
            let call = |link: &L::$link, _: &str, c: &Call<'_, Variable>| {
                let train = c.args.flag("train", true)?;
                let _train = using_config(|config| config.train = train);
                outputs(link.forward($(c.opt($state)?,)+ c.list("xs")?))
            };
            Ok(Made::with_attributes(link, call, no_attribute))
        })
    };
}

/// The adapters.
pub const ADAPTERS: &[(&str, Adapter)] = &[
    ("GRU", gru),
    ("LSTM", lstm),
    n_step!(NStepBiGRU, "hx"),
    n_step!(NStepBiLSTM, "hx", "cx"),
    n_step!(NStepBiRNNReLU, "hx"),
    n_step!(NStepBiRNNTanh, "hx"),
    n_step!(NStepGRU, "hx"),
    n_step!(NStepLSTM, "hx", "cx"),
    n_step!(NStepRNNReLU, "hx"),
    n_step!(NStepRNNTanh, "hx"),
    ("StatefulGRU", stateful_gru),
    ("StatefulPeepholeLSTM", stateful_peephole_lstm),
    ("StatefulZoneoutLSTM", stateful_zoneout_lstm),
    ("StatelessLSTM", stateless_lstm),
];

fn no_attribute<T>(_: &T, name: &str) -> Outcome<Array> {
    Err(format!("there is no attribute {name:?}").into())
}

/// The value of an attribute that may be unset.
fn attribute(name: &str, value: Option<Variable>) -> Outcome<Array> {
    value.map(Variable::into_data).ok_or_else(|| format!("there is no attribute {name:?}").into())
}

/// Last states, and a list.
trait Outputs {
    fn nested(self) -> Vec<Nested<Variable>>;
}
impl Outputs for (Variable, Vec<Variable>) {
    fn nested(self) -> Vec<Nested<Variable>> {
        vec![self.0.into(), self.1.into()]
    }
}
impl Outputs for (Variable, Variable, Vec<Variable>) {
    fn nested(self) -> Vec<Nested<Variable>> {
        vec![self.0.into(), self.1.into(), self.2.into()]
    }
}

fn outputs(outputs: impl Outputs) -> function::Made {
    Ok(Nested::Many(outputs.nested()))
}

/// The first values of the gates of long short-term memory.
macro_rules! gates {
    ($link:ident, $c:ident) => {
        if let Some(initializer) = $c.initializer("lateral_init")? {
            $link = $link.lateral_init(initializer);
        }
        if let Some(initializer) = $c.initializer("upward_init")? {
            $link = $link.upward_init(initializer);
        }
        if let Some(initializer) = $c.initializer("bias_init")? {
            $link = $link.bias_init(initializer);
        }
        if let Some(initializer) = $c.initializer("forget_bias_init")? {
            $link = $link.forget_bias_init(initializer);
        }
    };
}

fn lstm(c: &Constructor<'_>) -> Outcome<Made> {
    let mut link = L::LSTM::new(c.args.opt_size("in_size")?, c.args.size("out_size")?);
    gates!(link, c);
    let call = |link: &L::LSTM, method: &str, c: &Call<'_, Variable>| {
        match method {
            "reset_state" => link.reset_state(),
            "set_state" => link.set_state(c.get("c")?, c.get("h")?)?,
            _ => return Ok(link.forward(c.get("x")?).into()),
        }
        Ok(Nested::Many(Vec::new()))
    };
    Ok(Made::with_attributes(link, call, |link, name| {
        attribute(
            name,
            match name {
                "c" => link.c(),
                "h" => link.h(),
                _ => None,
            },
        )
    }))
}

fn stateless_lstm(c: &Constructor<'_>) -> Outcome<Made> {
    let mut link = L::StatelessLSTM::new(c.args.opt_size("in_size")?, c.args.size("out_size")?);
    gates!(link, c);
    let call = |link: &L::StatelessLSTM, _: &str, c: &Call<'_, Variable>| {
        Ok(link.forward(c.opt("c")?, c.opt("h")?, c.get("x")?).into())
    };
    Ok(Made::with_attributes(link, call, no_attribute))
}

fn stateful_peephole_lstm(c: &Constructor<'_>) -> Outcome<Made> {
    let link = L::StatefulPeepholeLSTM::new(c.args.opt_size("in_size")?, c.args.size("out_size")?);
    let call = |link: &L::StatefulPeepholeLSTM, method: &str, c: &Call<'_, Variable>| match method {
        "reset_state" => {
            link.reset_state();
            Ok(Nested::Many(Vec::new()))
        }
        _ => Ok(link.forward(c.get("x")?).into()),
    };
    Ok(Made::with_attributes(link, call, |link, name| {
        attribute(
            name,
            match name {
                "c" => link.c(),
                "h" => link.h(),
                _ => None,
            },
        )
    }))
}

fn stateful_zoneout_lstm(c: &Constructor<'_>) -> Outcome<Made> {
    let link = L::StatefulZoneoutLSTM::new(c.args.opt_size("in_size")?, c.args.size("out_size")?)
        .c_ratio(c.args.float_or("c_ratio", 0.5)?)
        .h_ratio(c.args.float_or("h_ratio", 0.5)?);
    let call = |link: &L::StatefulZoneoutLSTM, method: &str, c: &Call<'_, Variable>| {
        match method {
            "reset_state" => link.reset_state(),
            "set_state" => link.set_state(c.get("c")?, c.get("h")?)?,
            _ => {
                let train = c.args.flag("train", true)?;
                let _train = using_config(|config| config.train = train);
                let flag = |name| Ok::<_, Failure>(c.opt(name)?.map(|flag| flag.data().clone()));
                return Ok(link.forward_with(c.get("x")?, flag("flag_c")?, flag("flag_h")?).into());
            }
        }
        Ok(Nested::Many(Vec::new()))
    };
    Ok(Made::with_attributes(link, call, |link, name| {
        attribute(
            name,
            match name {
                "c" => link.c(),
                "h" => link.h(),
                _ => None,
            },
        )
    }))
}

/// The first values of gated recurrent units.
macro_rules! units {
    ($link:ident, $c:ident) => {
        if let Some(initializer) = $c.initializer("init")? {
            $link = $link.init(initializer);
        }
        if let Some(initializer) = $c.initializer("inner_init")? {
            $link = $link.inner_init(initializer);
        }
        if let Some(initializer) = $c.initializer("bias_init")? {
            $link = $link.bias_init(initializer);
        }
    };
}

fn gru(c: &Constructor<'_>) -> Outcome<Made> {
    let mut link = L::GRU::new(c.args.size("n_units")?, c.args.opt_size("n_inputs")?);
    units!(link, c);
    let call = |link: &L::GRU, _: &str, c: &Call<'_, Variable>| Ok(link.forward((c.get("h")?, c.get("x")?)).into());
    Ok(Made::with_attributes(link, call, no_attribute))
}

fn stateful_gru(c: &Constructor<'_>) -> Outcome<Made> {
    let mut link = L::StatefulGRU::new(c.args.opt_size("in_size")?, c.args.size("out_size")?);
    units!(link, c);
    let call = |link: &L::StatefulGRU, method: &str, c: &Call<'_, Variable>| {
        match method {
            "reset_state" => link.reset_state(),
            "set_state" => link.set_state(c.get("h")?)?,
            _ => return Ok(link.forward(c.get("x")?).into()),
        }
        Ok(Nested::Many(Vec::new()))
    };
    Ok(Made::with_attributes(link, call, |link, name| attribute(name, if name == "h" { link.h() } else { None })))
}
