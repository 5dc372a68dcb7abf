//! Where tables and bars are printed, and C's `%g`, which Chainer prints numbers with.

use std::io::{IsTerminal, Write};

/// A stream that people read. What cannot be written, because nobody reads any more, is lost: training goes on.
pub(super) struct Console {
    stream: Box<dyn Write>,
    is_terminal: bool,
}

impl Console {
    pub fn stdout() -> Self {
        let stdout = std::io::stdout();
        Console { is_terminal: stdout.is_terminal(), stream: Box::new(stdout) }
    }

    /// Any other stream; it gets no terminal codes.
    pub fn stream(stream: impl Write + 'static) -> Self {
        Console { stream: Box::new(stream), is_terminal: false }
    }

    pub fn is_terminal(&self) -> bool {
        self.is_terminal
    }

    pub fn print(&mut self, text: &str) {
        let _ = self.stream.write_all(text.as_bytes());
        let _ = self.stream.flush();
    }

    /// Clears from the cursor to the end of the screen: the bar that a table's next line is printed over.
    pub fn clear_below(&mut self) {
        if self.is_terminal {
            self.print("\x1b[J");
        }
    }
}

/// A number as C's `%.{digits}g` prints it: that many significant digits, no trailing zeros, an exponent where the number is very
/// large or small.
pub(super) fn general(value: f64, digits: usize) -> String {
    if value.is_nan() {
        return "nan".to_owned();
    }
    if value.is_infinite() {
        return if value > 0.0 { "inf" } else { "-inf" }.to_owned();
    }
    let digits = digits.max(1);
    let scientific = format!("{value:.*e}", digits - 1);
    let (mantissa, exponent) = scientific.split_once('e').unwrap_or((&scientific, "0"));
    let exponent: i32 = exponent.parse().unwrap_or(0);
    let trim = |text: &str| match text.contains('.') {
        true => text.trim_end_matches('0').trim_end_matches('.').to_owned(),
        false => text.to_owned(),
    };
    if exponent < -4 || exponent >= digits as i32 {
        let sign = if exponent < 0 { '-' } else { '+' };
        return format!("{}e{sign}{:02}", trim(mantissa), exponent.abs());
    }
    trim(&format!("{value:.*}", (digits as i32 - 1 - exponent).max(0) as usize))
}

#[cfg(test)]
pub(super) mod tests {
    use std::cell::RefCell;
    use std::rc::Rc;

    use super::*;

    /// A stream whose text can be looked at afterwards.
    #[derive(Clone, Default)]
    pub struct Shared(Rc<RefCell<Vec<u8>>>);

    impl Shared {
        pub fn text(&self) -> String {
            String::from_utf8(self.0.borrow().clone()).unwrap()
        }
    }

    impl Write for Shared {
        fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
            self.0.borrow_mut().extend_from_slice(bytes);
            Ok(bytes.len())
        }
        fn flush(&mut self) -> std::io::Result<()> {
            Ok(())
        }
    }

    #[test]
    fn numbers_look_as_in_c() {
        for (value, want) in [
            (0.0, "0"),
            (1.0, "1"),
            (0.1906491, "0.190649"),
            (123456.0, "123456"),
            (1234567.0, "1.23457e+06"),
            (0.0001, "0.0001"),
            (0.00001234, "1.234e-05"),
            (-2.5, "-2.5"),
            (999999.7, "1e+06"),
            (100.0, "100"),
            (f64::NAN, "nan"),
        ] {
            assert_eq!(general(value, 6), want);
        }
        assert_eq!(general(201.5123, 5), "201.51");
    }
}
