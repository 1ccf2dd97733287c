//! Standard output is for the result of a command, standard error for what else a person should know. Logs go there too.

use std::fmt;
use std::io::{self, Write};

/// Writes one line of the result. Whoever closed the pipe has read enough, so that is no failure.
pub(crate) fn line(text: impl fmt::Display) {
    let mut out = io::stdout().lock();
    let _ = writeln!(out, "{text}");
    let _ = out.flush();
}

/// Writes one line for the person at the terminal, whatever the log filter. Whoever closed standard error does not want to
/// know.
pub(crate) fn note(text: impl fmt::Display) {
    let _ = writeln!(io::stderr().lock(), "{text}");
}
