//! Standard output, the result of a command. Progress and logs go to standard error.

use std::fmt;
use std::io::{self, Write};

/// Writes one line. Whoever closed the pipe has read enough, so that is no failure.
pub(crate) fn line(text: impl fmt::Display) {
    let mut out = io::stdout().lock();
    let _ = writeln!(out, "{text}");
    let _ = out.flush();
}
