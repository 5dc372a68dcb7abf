//! The NumPy-like routines, against NumPy's results. Every case runs twice, with row-major and with column-major inputs.

mod arrange;
mod create;
mod elementwise;
mod index;
mod linalg;
mod statistics;

pub use arrange::pad_mode;
use chainer_kernels::Array;
use chainer_tests::golden::{Call, Context, Layout, Nested, Outcome};

/// What the call of a routine gives.
pub type Made = Outcome<Nested<Array>>;

/// Makes the call of a routine.
pub type Adapter = fn(&Call<'_, Array>) -> Made;

const CHAPTERS: &[&[(&str, Adapter)]] = &[
    arrange::ADAPTERS,
    create::ADAPTERS,
    elementwise::ADAPTERS,
    index::ADAPTERS,
    linalg::ADAPTERS,
    statistics::ADAPTERS,
];

/// Runs a case.
pub fn run(context: &Context<'_>) -> Outcome {
    let name = context.case.name.as_str();
    let found = CHAPTERS.iter().copied().flatten().find(|(known, _)| *known == name);
    let (_, adapter) = found.ok_or_else(|| context.not_implemented())?;
    for layout in [Layout::RowMajor, Layout::ColumnMajor] {
        check(context, *adapter, layout).map_err(|failure| failure.at(format!("{layout:?} inputs")))?;
    }
    Ok(())
}

fn check(context: &Context<'_>, adapter: Adapter, layout: Layout) -> Outcome {
    let inputs = context.inputs(layout)?;
    let call = Call::new(&context.case.args, &context.case.inputs, &inputs);
    let outputs = adapter(&call)?.numbered(&context.case.outputs)?;
    call.all_read()?;
    if context.case.tags.iter().any(|tag| tag == "sign") {
        return linalg::check_up_to_sign(context, &outputs);
    }
    outputs.iter().try_for_each(|(number, output)| context.check(&format!("out{number}"), output))
}
