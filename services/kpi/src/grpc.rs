//! The wire: parse, call, render. No rule and no query lives here.

mod convert;
mod export;
mod kpi;
mod render;
mod watch;

pub(crate) use kpi::Api;
