//! The one error type of the framework, and how it learns the user's line.
//!
//! Operations never panic on bad input: they return a failed value that carries an [`Error`] to the next fallible call. So the
//! error has to remember where in the *user's* source the operation stood; [`Position`] sees to that where `#[track_caller]`
//! cannot reach (calls through `dyn` and closures).

use std::borrow::Cow;
use std::cell::Cell;
use std::fmt;
use std::panic::Location;
use std::sync::Arc;

/// What went wrong, in the large.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Hash)]
#[non_exhaustive]
pub enum ErrorKind {
    /// Ranks, shapes or dtypes do not fit: Chainer's `InvalidType`.
    InvalidType,
    /// An argument has a value that it cannot have.
    InvalidValue,
    /// An index lies outside its axis.
    IndexOutOfBounds,
    /// The device has no memory left.
    OutOfMemory,
    /// A file could not be read or written.
    Io,
    /// A file's contents are not what they should be.
    Format,
    /// The operation does not exist for this dtype, device or order of derivative.
    Unsupported,
    /// Debug mode found a NaN.
    NaN,
    /// A device library failed.
    Device,
    /// The object is not in a state in which this can be done.
    State,
}

impl ErrorKind {
    /// The word that opens the message.
    pub const fn name(self) -> &'static str {
        match self {
            ErrorKind::InvalidType => "InvalidType",
            ErrorKind::InvalidValue => "InvalidValue",
            ErrorKind::IndexOutOfBounds => "IndexOutOfBounds",
            ErrorKind::OutOfMemory => "OutOfMemory",
            ErrorKind::Io => "Io",
            ErrorKind::Format => "Format",
            ErrorKind::Unsupported => "Unsupported",
            ErrorKind::NaN => "NaN",
            ErrorKind::Device => "Device",
            ErrorKind::State => "State",
        }
    }
}

/// A source position.
pub type Loc = &'static Location<'static>;

/// Why an operation failed, and where the user wrote it. Cheap to clone.
///
/// ```text
/// InvalidType in linear (src/main.rs:31:18)
///   Expect: x.shape[1] == W.shape[1]
///   Actual: 784 != 100
/// ```
#[derive(Clone)]
pub struct Error(Arc<Inner>);

#[derive(Clone)]
struct Inner {
    kind: ErrorKind,
    operation: Cow<'static, str>,
    at: Option<Loc>,
    message: String,
    source: Option<Arc<dyn std::error::Error + Send + Sync>>,
}

/// The framework's result.
pub type Result<T, E = Error> = std::result::Result<T, E>;

impl Error {
    /// An error of `operation` that has no source position (yet; see [`Error::at`]).
    pub fn new(kind: ErrorKind, operation: impl Into<Cow<'static, str>>, message: impl Into<String>) -> Self {
        Error(Arc::new(Inner { kind, operation: operation.into(), at: None, message: message.into(), source: None }))
    }

    /// Chainer's form: what was expected and what came.
    pub fn mismatch(
        operation: impl Into<Cow<'static, str>>,
        expect: impl fmt::Display,
        actual: impl fmt::Display,
    ) -> Self {
        Error::new(ErrorKind::InvalidType, operation, format!("Expect: {expect}\nActual: {actual}"))
    }

    /// An argument's value was refused: the argument, what was expected and what came.
    pub fn value(
        operation: impl Into<Cow<'static, str>>,
        expect: impl fmt::Display,
        actual: impl fmt::Display,
    ) -> Self {
        Error::new(ErrorKind::InvalidValue, operation, format!("Expect: {expect}\nActual: {actual}"))
    }

    /// A file could not be read or written.
    pub fn io(operation: impl Into<Cow<'static, str>>, path: &std::path::Path, source: std::io::Error) -> Self {
        let mut error = Error::new(ErrorKind::Io, operation, format!("{}: {source}", path.display()));
        Arc::make_mut(&mut error.0).source = Some(Arc::new(source));
        error
    }

    /// The same error at a source position: the given one, or the user's last one where it lies in the library ([`Position`]).
    /// An error keeps the first position that it got.
    pub fn at(mut self, location: Loc) -> Self {
        if self.0.at.is_none() {
            Arc::make_mut(&mut self.0).at = Some(Position::or(location));
        }
        self
    }

    /// What went wrong, in the large.
    pub fn kind(&self) -> ErrorKind {
        self.0.kind
    }

    /// The operation that failed, such as `linear`.
    pub fn operation(&self) -> &str {
        &self.0.operation
    }

    /// The user's line, if known.
    pub fn location(&self) -> Option<Loc> {
        self.0.at
    }

    /// The message without its head line.
    pub fn message(&self) -> &str {
        &self.0.message
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} in {}", self.0.kind.name(), self.0.operation)?;
        if let Some(at) = self.0.at {
            write!(f, " ({at})")?;
        }
        for line in self.0.message.lines() {
            write!(f, "\n  {line}")?;
        }
        Ok(())
    }
}

/// The same text as `Display`, so that `main() -> chainer::Result<()>` prints something readable.
impl fmt::Debug for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl std::error::Error for Error {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        self.0.source.as_deref().map(|e| e as &(dyn std::error::Error + 'static))
    }
}

thread_local! {
    static LAST_USER_LINE: Cell<Option<Loc>> = const { Cell::new(None) };
}

/// Crates whose lines are the library's own: a position there says nothing to the user.
const OWN_CRATES: [&str; 2] = ["chainer-core", "chainer-kernels"];

/// Whether a position is the library's own. Every application of a function asks, mostly about the same few positions: the answers are
/// kept by address (a `Location` lives forever).
fn is_library(location: Loc) -> bool {
    const KEPT: usize = 64;
    thread_local! {
        static ANSWERS: [Cell<(usize, bool)>; KEPT] = const { [const { Cell::new((0, false)) }; KEPT] };
    }
    let address = std::ptr::from_ref(location).addr();
    ANSWERS.with(|answers| {
        let answer = &answers[(address / align_of::<Location>()) % KEPT];
        let (known, library) = answer.get();
        if known == address {
            return library;
        }
        let library = lies_in_library(location);
        answer.set((address, library));
        library
    })
}

fn lies_in_library(location: Loc) -> bool {
    // The folder of a checkout, or of the registry with a version behind the name.
    let own = |folder: &str| {
        OWN_CRATES.iter().any(|name| match folder.strip_prefix(name) {
            Some(rest) => {
                rest.is_empty() || rest.strip_prefix('-').is_some_and(|v| v.starts_with(|c: char| c.is_ascii_digit()))
            }
            None => false,
        })
    };
    let folders = || location.file().split(['/', '\\']);
    folders().zip(folders().skip(1)).any(|(folder, inside)| inside == "src" && own(folder))
}

/// Held while the library calls user code or itself through `dyn` or a closure, where `#[track_caller]` is lost: errors raised
/// meanwhile at a library line are reported at this position instead.
#[must_use = "the position holds until this value is dropped"]
pub struct Position {
    before: Option<Loc>,
}

impl Position {
    /// Makes `location` the user's line until the value is dropped. A library line changes nothing.
    pub fn enter(location: Loc) -> Position {
        let before = LAST_USER_LINE.get();
        if !is_library(location) {
            LAST_USER_LINE.set(Some(location));
        }
        Position { before }
    }

    /// `location`, or the last user line where `location` is the library's.
    #[cold]
    pub fn or(location: Loc) -> Loc {
        if is_library(location) { LAST_USER_LINE.get().unwrap_or(location) } else { location }
    }
}

impl Drop for Position {
    fn drop(&mut self) {
        LAST_USER_LINE.set(self.before);
    }
}
