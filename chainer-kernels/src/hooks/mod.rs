//! What stands at the door: hooks that see every kernel of their thread.

mod count;
mod nan_check;
mod profile;

pub use count::{KernelCount, KernelCounter};
pub use nan_check::NanCheck;
pub use profile::{Limits, Profile, ProfileRow};
