//! Where this library differs from Chainer 1.24 on purpose.
//!
//! A key of a case is exempt only if the case itself says that later versions of Chainer give something else for the key *and* an
//! entry here gives the reason. Shape and dtype are compared all the same.

use super::Case;

/// Keys of a name's cases whose numbers are not compared.
pub struct Exemption {
    /// The kind of the cases.
    pub kind: &'static str,
    /// Their name.
    pub name: &'static str,
    /// The keys.
    pub keys: &'static [&'static str],
    /// Why.
    pub reason: &'static str,
}

const fn exempt(
    kind: &'static str,
    name: &'static str,
    keys: &'static [&'static str],
    reason: &'static str,
) -> Exemption {
    Exemption { kind, name, keys, reason }
}

const BROADCASTING: &str = "operators, maximum, minimum and where broadcast as NumPy does";
const NO_GRADIENT: &str = "a step function passes no gradient";
const RUNNING_VARIANCE: &str = "the running variance is var * m/(m-1), without eps";
const DTYPES: &str =
    "labels may be of any integer dtype, losses, embed_id, normalize and gaussian take every float dtype";
const MATMUL: &str = "matmul follows NumPy's rule for vectors and batches";

/// The table.
pub const EXEMPTIONS: &[Exemption] = &[
    exempt("function", "ceil", &["gx0"], NO_GRADIENT),
    exempt("function", "floor", &["gx0"], NO_GRADIENT),
    exempt("function", "clip", &["gx0"], "the gradient passes at clip's bounds"),
    exempt("function", "leaky_relu", &["gx0"], "the gradient at 0 is the slope"),
    exempt("function", "normalize", &["gx0"], "the gradient is the true one: eps is not part of the norm"),
    exempt(
        "function",
        "fixed_batch_normalization",
        &["gx0", "gx1", "gx3", "gx4"],
        "the gradient is the true one: it divides by sqrt(var + eps) as the forward pass does",
    ),
    exempt("error", "operator.add", &["raises"], BROADCASTING),
    exempt("error", "operator.sub", &["raises"], BROADCASTING),
    exempt("error", "operator.mul", &["raises"], BROADCASTING),
    exempt("error", "operator.truediv", &["raises"], BROADCASTING),
    exempt("error", "operator.pow", &["raises"], BROADCASTING),
    exempt("error", "maximum", &["raises"], BROADCASTING),
    exempt("error", "minimum", &["raises"], BROADCASTING),
    exempt("error", "where", &["raises"], BROADCASTING),
    exempt("error", "softmax_cross_entropy", &["raises"], DTYPES),
    exempt("error", "accuracy", &["raises"], DTYPES),
    exempt("error", "embed_id", &["raises"], DTYPES),
    exempt("error", "mean_squared_error", &["raises"], DTYPES),
    exempt("error", "sigmoid_cross_entropy", &["raises"], DTYPES),
    exempt("error", "binary_accuracy", &["raises"], DTYPES),
    exempt("error", "classification_summary", &["raises"], DTYPES),
    exempt("error", "f1_score", &["raises"], DTYPES),
    exempt("error", "gaussian", &["raises"], DTYPES),
    exempt("error", "normalize", &["raises"], DTYPES),
    exempt("error", "precision", &["raises"], DTYPES),
    exempt("error", "recall", &["raises"], DTYPES),
    exempt("error", "softmax", &["raises"], "softmax takes vectors"),
    exempt("error", "matmul", &["raises"], MATMUL),
    exempt("error", "operator.matmul", &["raises"], MATMUL),
    exempt(
        "link",
        "BatchNormalization",
        &["out2", "gx2", "gparam:gamma", "gparam:beta", "after_persistent:avg_var"],
        RUNNING_VARIANCE,
    ),
    exempt("trajectory", "mlp_bn", &["final_persistent:bn1/avg_var"], RUNNING_VARIANCE),
    exempt("link", "LayerNormalization", &["out0", "gx0", "gparam:gamma"], "eps is added to the variance"),
];

/// Whether the numbers of a key of a case are not compared.
pub fn is_exempt(case: &Case, key: &str) -> bool {
    case.v7_differs.iter().any(|k| k == key)
        && EXEMPTIONS.iter().any(|e| e.kind == case.kind && e.name == case.name && e.keys.contains(&key))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn an_exemption_needs_both_the_case_and_the_table() {
        let case = |name: &str, differs: &[&str]| -> Case {
            serde_json::from_value(json!({"id": "i", "kind": "function", "name": name, "v7_differs": differs})).unwrap()
        };
        assert!(is_exempt(&case("normalize", &["gx0"]), "gx0"));
        assert!(!is_exempt(&case("normalize", &["gx0"]), "out0"));
        assert!(!is_exempt(&case("normalize", &[]), "gx0"));
        assert!(!is_exempt(&case("relu", &["gx0"]), "gx0"));
    }

    #[test]
    fn every_exemption_has_a_reason() {
        assert!(EXEMPTIONS.iter().all(|e| e.reason.len() > 10 && !e.keys.is_empty()));
    }
}
