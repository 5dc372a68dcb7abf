//! The graph of a computation as a drawing: [`build_computational_graph`] and DOT.

use crate::graph::Creator;

/// What a drawing shows of an operation; `None` for leaves.
pub(crate) fn creator_label(creator: &Creator) -> Option<String> {
    match creator {
        Creator::None => None,
        Creator::Map(record) => Some(record.op.name().to_owned()),
        Creator::Call(call, _) => Some(call.function.label().into_owned()),
        Creator::FirstOrderOnly { name, .. } => Some((*name).to_owned()),
    }
}
