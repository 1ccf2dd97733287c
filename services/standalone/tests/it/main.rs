//! The `rescate` command as a user runs it: real processes, real ports, real files.

mod commands;
mod crash;
mod demo;
