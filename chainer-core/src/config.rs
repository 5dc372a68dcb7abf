//! The configuration of a thread: what functions do differently in training and evaluation, whether a graph is recorded, debug mode.
//!
//! Every thread has its own configuration; a new thread starts with the defaults, which a few environment variables change:
//! `CHAINER_DEBUG=1` and `CHAINER_TYPE_CHECK=0`. A change lasts as long as the guard that made it.

use std::cell::Cell;
use std::marker::PhantomData;
use std::sync::OnceLock;

use crate::Dtype;

/// Whether functions may use cuDNN.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum UseCudnn {
    /// Wherever it can be used.
    Always,
    /// Where it is expected to be the fastest.
    #[default]
    Auto,
    /// Nowhere.
    Never,
}

/// What [`config`] returns and [`using_config`] changes.
///
/// ```
/// use chainer::{config, using_config};
/// assert!(config().train);
/// {
///     let _evaluation = using_config(|c| c.train = false);
///     assert!(!config().train);
/// }
/// assert!(config().train);
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub struct Config {
    /// Training (dropout drops, batch normalization uses the batch) or evaluation. Default: `true`.
    pub train: bool,
    /// Whether functions record a graph for `backward`. Default: `true`. See [`no_backprop_mode`].
    pub enable_backprop: bool,
    /// Whether functions check the shapes and dtypes of their inputs before they run. Default: `true`, but for
    /// `CHAINER_TYPE_CHECK=0` in the environment. With it off, a mistake is noticed later or is described less well.
    pub type_check: bool,
    /// Debug mode: every operation computes its result at once and fails there if it holds a NaN. Default: `false`, but for
    /// `CHAINER_DEBUG=1` in the environment.
    pub debug: bool,
    /// Whether functions may use cuDNN. Default: [`UseCudnn::Auto`]. Means nothing on the CPU.
    pub use_cudnn: UseCudnn,
    /// Whether only deterministic algorithms of cuDNN may be used. Default: `false`. Means nothing on the CPU.
    pub cudnn_deterministic: bool,
    /// The dtype of parameters and of plain numbers that become variables. Default: `float32`.
    pub dtype: Dtype,
}

impl Config {
    fn from_environment() -> Config {
        static DEFAULTS: OnceLock<Config> = OnceLock::new();
        *DEFAULTS.get_or_init(|| {
            let set = |name: &str| std::env::var(name).ok();
            Config {
                train: true,
                enable_backprop: true,
                type_check: set("CHAINER_TYPE_CHECK").is_none_or(|v| v != "0"),
                debug: set("CHAINER_DEBUG").is_some_and(|v| !v.is_empty() && v != "0"),
                use_cudnn: UseCudnn::Auto,
                cudnn_deterministic: false,
                dtype: Dtype::F32,
            }
        })
    }
}

thread_local! {
    static CONFIG: Cell<Option<Config>> = const { Cell::new(None) };
    static MODE: Cell<Mode> = const { Cell::new(Mode::UNKNOWN) };
}

/// What an operation has to know before anything else, in one byte: the configuration and whether hooks are there.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) struct Mode(u8);

impl Mode {
    const UNKNOWN: Mode = Mode(0);
    const KNOWN: u8 = 1;
    const RECORD: u8 = 2;
    const DEBUG: u8 = 4;
    const HOOKS: u8 = 8;

    /// This thread's.
    #[inline]
    pub(crate) fn current() -> Mode {
        let mode = MODE.get();
        if mode == Mode::UNKNOWN { refresh_mode() } else { mode }
    }

    /// Functions record a graph.
    #[inline]
    pub(crate) fn records(self) -> bool {
        self.0 & Mode::RECORD != 0
    }

    /// Debug mode is on.
    #[inline]
    pub(crate) fn debug(self) -> bool {
        self.0 & Mode::DEBUG != 0
    }

    /// Function hooks are there.
    #[inline]
    pub(crate) fn hooks(self) -> bool {
        self.0 & Mode::HOOKS != 0
    }

    /// An operation has nothing to do but itself (and perhaps to record).
    #[inline]
    pub(crate) fn plain(self) -> bool {
        self.0 & (Mode::DEBUG | Mode::HOOKS) == 0
    }
}

/// Computes the byte anew after the configuration or the hooks changed.
#[cold]
pub(crate) fn refresh_mode() -> Mode {
    let config = config();
    let mut bits = Mode::KNOWN;
    bits |= if config.enable_backprop { Mode::RECORD } else { 0 };
    bits |= if config.debug { Mode::DEBUG } else { 0 };
    bits |= if crate::function_hooks::any() { Mode::HOOKS } else { 0 };
    MODE.set(Mode(bits));
    Mode(bits)
}

/// This thread's configuration.
pub fn config() -> Config {
    CONFIG.get().unwrap_or_else(Config::from_environment)
}

fn set(config: Config) {
    CONFIG.set(Some(config));
    refresh_mode();
}

/// Brings back the configuration that held before it was made. Guards end in the reverse order of their making.
#[must_use = "the change ends when this value is dropped"]
pub struct ConfigGuard {
    before: Config,
    // A configuration belongs to its thread.
    _not_send: PhantomData<*const ()>,
}

impl Drop for ConfigGuard {
    fn drop(&mut self) {
        set(self.before);
    }
}

/// Changes this thread's configuration until the guard is dropped.
///
/// ```
/// use chainer::{config, using_config, Dtype};
/// let guard = using_config(|c| {
///     c.train = false;
///     c.dtype = Dtype::F64;
/// });
/// assert_eq!(config().dtype, Dtype::F64);
/// drop(guard);
/// assert_eq!(config().dtype, Dtype::F32);
/// ```
pub fn using_config(change: impl FnOnce(&mut Config)) -> ConfigGuard {
    let before = config();
    let mut now = before;
    change(&mut now);
    set(now);
    ConfigGuard { before, _not_send: PhantomData }
}

/// Records no graph until the guard is dropped: what evaluation and inference use, to save memory and time.
///
/// Results made meanwhile have no creator and need no gradient. A variable whose volatile flag was set to `off` by hand
/// ([`Variable::with_volatile`](crate::Variable::with_volatile)) still records.
///
/// ```
/// use chainer::{no_backprop_mode, Array, Variable};
/// let x = Variable::new(Array::scalar(2.0f32));
/// let y = {
///     let _inference = no_backprop_mode();
///     &x * &x
/// };
/// assert!(!y.requires_grad());
/// ```
pub fn no_backprop_mode() -> ConfigGuard {
    using_config(|c| c.enable_backprop = false)
}

/// Records graphs again inside of [`no_backprop_mode`], until the guard is dropped. Outside of it, it changes nothing.
///
/// ```
/// use chainer::{force_backprop_mode, no_backprop_mode, Array, Variable};
/// let x = Variable::new(Array::scalar(2.0f32));
/// let _inference = no_backprop_mode();
/// let _but_here = force_backprop_mode();
/// assert!((&x * &x).requires_grad());
/// ```
pub fn force_backprop_mode() -> ConfigGuard {
    using_config(|c| c.enable_backprop = true)
}

/// Whether this thread is in debug mode.
pub fn is_debug() -> bool {
    config().debug
}

/// Turns debug mode on or off for this thread: every operation, forward and backward, computes its result at once and fails there
/// if it holds a NaN. Costs time and memory.
///
/// ```
/// use chainer::{Array, ErrorKind, Variable};
/// let _debug = chainer::debug_mode(true);
/// let x = Variable::new(Array::scalar(-1.0f32));
/// let y = x.log();
/// assert_eq!(y.error().map(|e| e.kind()), Some(ErrorKind::NaN));
/// ```
pub fn set_debug(debug: bool) {
    let mut now = config();
    now.debug = debug;
    set(now);
}

/// Debug mode on or off until the guard is dropped; see [`set_debug`].
pub fn debug_mode(debug: bool) -> ConfigGuard {
    using_config(|c| c.debug = debug)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn guards_restore_what_was_before() {
        let outer = using_config(|c| c.train = false);
        {
            let _inner = no_backprop_mode();
            assert!(!config().enable_backprop && !config().train);
            assert!(!Mode::current().records());
        }
        assert!(config().enable_backprop && !config().train && Mode::current().records());
        drop(outer);
        assert!(config().train);
    }

    #[test]
    fn a_new_thread_starts_with_the_defaults() {
        let _guard = using_config(|c| c.train = false);
        assert!(std::thread::spawn(|| config().train).join().unwrap());
    }
}
