//! Evaluation: numbers that have no gradient.

mod accuracy;
mod binary_accuracy;
mod classification_summary;
mod f1_score;
mod precision;
mod r2_score;
mod recall;

pub use accuracy::{Accuracy, accuracy};
pub use binary_accuracy::binary_accuracy;
pub use classification_summary::{ClassificationSummary, classification_summary};
pub use f1_score::{F1Score, f1_score};
pub use precision::{Precision, precision};
pub use r2_score::{MultiOutput, R2Score, r2_score};
pub use recall::{Recall, recall};
