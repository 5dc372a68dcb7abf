//! The folder below which the files of well-known datasets lie.

use std::path::PathBuf;
use std::sync::Mutex;

static ROOT: Mutex<Option<PathBuf>> = Mutex::new(None);

/// The folder below which dataset files are looked for: the one given to [`set_dataset_root`], else the environment variable
/// `CHAINER_DATASET_ROOT`, else `~/.chainer/dataset`.
pub fn get_dataset_root() -> PathBuf {
    let set = ROOT.lock().unwrap_or_else(|poisoned| poisoned.into_inner()).clone();
    set.or_else(|| std::env::var_os("CHAINER_DATASET_ROOT").filter(|root| !root.is_empty()).map(PathBuf::from))
        .unwrap_or_else(|| std::env::home_dir().unwrap_or_default().join(".chainer").join("dataset"))
}

/// Sets the folder below which dataset files are looked for, for the whole process.
pub fn set_dataset_root(path: impl Into<PathBuf>) {
    *ROOT.lock().unwrap_or_else(|poisoned| poisoned.into_inner()) = Some(path.into());
}
