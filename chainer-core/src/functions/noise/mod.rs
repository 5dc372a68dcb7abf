//! Noise injection.

mod dropout;
mod gaussian;
mod simplified_dropconnect;
mod zoneout;

pub use dropout::{Dropout, dropout};
pub use gaussian::{Gaussian, gaussian};
pub use simplified_dropconnect::{SimplifiedDropconnect, simplified_dropconnect};
pub use zoneout::{Zoneout, zoneout};

use crate::{Error, Result};

/// The share of what is dropped.
fn check_ratio(name: &'static str, ratio: f64) -> Result<()> {
    // NaN lies in no range.
    if (0.0..1.0).contains(&ratio) {
        return Ok(());
    }
    Err(Error::value(name, "0 <= ratio < 1", format_args!("ratio = {ratio}")))
}
