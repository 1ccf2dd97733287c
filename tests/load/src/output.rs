//! Standard output is for the figures, standard error for what a person wants to know meanwhile.

use std::fmt;
use std::io::{self, Write};

use serde::Serialize;

/// Writes the figures. Whoever closed the pipe has read enough.
pub(crate) fn figures(figures: &impl Serialize) {
    let text = serde_json::to_string_pretty(figures).unwrap_or_default();
    let mut out = io::stdout().lock();
    let _ = writeln!(out, "{text}");
    let _ = out.flush();
}

/// Writes one line for the person at the terminal.
pub(crate) fn note(text: impl fmt::Display) {
    let _ = writeln!(io::stderr().lock(), "load: {text}");
}
