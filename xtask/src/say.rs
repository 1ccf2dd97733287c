//! The one place that writes to the terminal. A closed pipe is no reason to fail, so write errors are ignored.

use std::error::Error;
use std::io::{self, Write};

use crate::failure::Failure;

pub(crate) fn line(text: &str) {
    let _ = writeln!(io::stdout().lock(), "{text}");
}

/// Opens the part of the output that belongs to one step.
pub(crate) fn heading(text: &str) {
    line(&format!("\n==> {text}"));
}

/// The failure and, indented below it, what caused it.
pub(crate) fn failure(failure: &Failure) {
    let mut text = format!("error: {failure}");
    let mut cause = failure.source();
    while let Some(error) = cause {
        text.push_str("\n  because: ");
        text.push_str(&error.to_string());
        cause = error.source();
    }
    let _ = writeln!(io::stderr().lock(), "{text}");
}
