//! [`PrintHook`].

use std::cell::RefCell;
use std::io::{self, Write};
use std::rc::Rc;

use super::{FunctionCall, FunctionHook, HookGuard, add_function_hook};
use crate::{Array, variable::type_label};

/// Prints each function before it runs, forward and backward, with its inputs.
///
/// ```
/// use chainer::function_hooks::PrintHook;
/// use chainer::{Array, Variable};
/// let printer = PrintHook::new(); // to the standard output
/// let _printing = printer.enter();
/// let x = Variable::new(Array::from([1.0f32, 2.0]));
/// x.sum().backward()?;
/// // function   sum
/// // input data
/// //   (2), float32: [1. 2.]
/// // backward   sum
/// // ...
/// # Ok::<(), chainer::Error>(())
/// ```
pub struct PrintHook {
    out: RefCell<Box<dyn Write>>,
    flush: bool,
    separator: String,
    end: String,
}

impl PrintHook {
    /// Prints to the standard output and flushes after each function.
    pub fn new() -> Rc<Self> {
        PrintHook::to(io::stdout())
    }

    /// Prints to `out` and flushes after each function.
    pub fn to(out: impl Write + 'static) -> Rc<Self> {
        PrintHook::with(out, "", "\n", true)
    }

    /// Prints to `out`, with `separator` after each line's head, `end` after each line, and flushing after each function if `flush`.
    pub fn with(out: impl Write + 'static, separator: &str, end: &str, flush: bool) -> Rc<Self> {
        let out: RefCell<Box<dyn Write>> = RefCell::new(Box::new(out));
        Rc::new(PrintHook { out, flush, separator: separator.to_owned(), end: end.to_owned() })
    }

    /// Prints on this thread until the guard is dropped.
    pub fn enter(self: &Rc<Self>) -> HookGuard {
        add_function_hook(self.clone())
    }

    fn print(&self, pass: &str, call: &FunctionCall, groups: &[(&str, Vec<Option<&Array>>)]) -> io::Result<()> {
        let (separator, end) = (&self.separator, &self.end);
        let mut out = self.out.borrow_mut();
        write!(out, "{pass}\t{separator}{}{end}", call.label)?;
        for (title, arrays) in groups {
            write!(out, "{title}{end}")?;
            for array in arrays {
                match array {
                    None => write!(out, "  None{end}")?,
                    Some(array) if array.is_failed() => write!(out, "  failed{end}")?,
                    Some(array) => write!(out, "  {}: {array}{end}", type_label(array.shape(), array.dtype()))?,
                }
            }
        }
        if self.flush { out.flush() } else { Ok(()) }
    }
}

// A hook has no way to report that its output is gone, and that must not stop a training.
impl FunctionHook for PrintHook {
    fn forward_preprocess(&self, call: &FunctionCall, inputs: &[Array]) {
        let _ = self.print("function", call, &[("input data", inputs.iter().map(Some).collect())]);
    }
    fn backward_preprocess(&self, call: &FunctionCall, inputs: &[Option<Array>], grad_outputs: &[Option<Array>]) {
        let groups = [
            ("input data", inputs.iter().map(Option::as_ref).collect()),
            ("output gradient", grad_outputs.iter().map(Option::as_ref).collect()),
        ];
        let _ = self.print("backward", call, &groups);
    }
}
