//! Where two captures of the same work differ.

use chainer_kernels::graph::Graph;

/// The first difference in words; `None` if there is none.
pub(super) fn first_difference(before: &Graph, now: &Graph) -> Option<String> {
    let lines = |graph: &Graph| graph.to_string().lines().map(str::to_owned).collect::<Vec<_>>();
    let (before_lines, now_lines) = (lines(before), lines(now));
    for (i, (a, b)) in before_lines.iter().zip(&now_lines).enumerate() {
        if a != b {
            return Some(format!("kernel {i} was `{a}`, and now is `{b}`"));
        }
    }
    if before_lines.len() != now_lines.len() {
        return Some(format!("it ran {} kernels, and now {}", before_lines.len() - 1, now_lines.len() - 1));
    }
    before.changed_scalar(now).map(|(i, what)| format!("a number in kernel {i} (`{what}`) has changed"))
}
