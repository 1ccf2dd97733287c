//! Settings: a documented defaults file, then a file, then the environment; refused whole, with every fault named.
//!
//! The defaults file is the schema. A key that it does not hold is unknown, a value of another type is wrong, and an
//! empty string stands for "absent". Values are never repeated in faults: some are secret. Nothing else in the suite
//! reads the environment.

use std::fmt;
use std::path::{Path, PathBuf};

use serde::Deserialize;
use serde::de::DeserializeOwned;
use thiserror::Error;
use toml::{Table, Value};

mod layers;
mod shared;

pub use crate::auth::AuthConfig;
pub use crate::client::ClientConfig;
pub use crate::server::ServerConfig;
pub use crate::telemetry::TelemetryConfig;
pub use shared::SHARED_DEFAULTS;

/// Why the configuration was refused.
#[derive(Debug, Error)]
pub enum ConfigError {
    /// The file cannot be read.
    #[error("configuration file `{}` cannot be read", path.display())]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// One or more settings are wrong; all of them are named.
    #[error("configuration refused:{0}")]
    Refused(Faults),
}

/// What is wrong with a configuration, by key. No value is repeated.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Faults {
    prefix: Vec<String>,
    found: Vec<(String, String)>,
}

impl Faults {
    /// Notes that `key`, of the section at hand, is wrong unless `valid`.
    #[expect(
        clippy::fn_params_excessive_bools,
        reason = "a condition, not an option"
    )]
    pub fn check(&mut self, valid: bool, key: &str, rule: &str) {
        if !valid {
            self.add(key, rule);
        }
    }

    /// Notes that a number is outside a range.
    pub fn range<T: PartialOrd + fmt::Display + Copy>(
        &mut self,
        key: &str,
        value: T,
        range: std::ops::RangeInclusive<T>,
    ) {
        if !range.contains(&value) {
            self.add(
                key,
                &format!("must be {} to {}", range.start(), range.end()),
            );
        }
    }

    /// Notes that the address of a service is none.
    pub fn address(&mut self, key: &str, uri: &str) {
        let known = uri.starts_with("http://") || uri.starts_with("https://");
        self.check(known, key, "must be an http:// or https:// address");
    }

    /// Checks a section below the one at hand.
    pub fn section<T: Validate + ?Sized>(&mut self, name: &str, section: &T) {
        self.prefix.push(name.to_owned());
        section.validate(self);
        self.prefix.pop();
    }

    fn add(&mut self, key: &str, rule: &str) {
        let mut path = self.prefix.clone();
        path.push(key.to_owned());
        self.found.push((path.join("."), rule.to_owned()));
    }

    fn into_result(self) -> Result<(), ConfigError> {
        if self.found.is_empty() {
            Ok(())
        } else {
            Err(ConfigError::Refused(self))
        }
    }
}

impl fmt::Display for Faults {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (key, rule) in &self.found {
            write!(out, "\n  `{key}` {rule}")?;
        }
        Ok(())
    }
}

/// Settings that know their ranges and contradictions.
pub trait Validate {
    /// Adds what is wrong; all of it, not the first.
    fn validate(&self, faults: &mut Faults);
}

/// All settings of a service.
pub trait ServiceConfig: DeserializeOwned + Validate + Send + Sync {
    /// Documented defaults in TOML, which are also the list of known settings.
    const DEFAULTS: &'static str;
    /// How the names of environment variables begin that set one: under `RESCATE_OFFERS`, the variable
    /// `RESCATE_OFFERS__SERVER__CONCURRENCY_LIMIT` sets `server.concurrency_limit`.
    const VARIABLES: &'static str;

    /// The part that is about logs and traces.
    fn telemetry(&self) -> &TelemetryConfig;

    /// Reads the settings: defaults, then `file`, then the environment.
    ///
    /// # Errors
    /// [`ConfigError::Refused`] names every unknown key, wrong type and range at fault.
    fn load(file: Option<&Path>) -> Result<Self, ConfigError> {
        let text = match file {
            None => String::new(),
            Some(path) => std::fs::read_to_string(path).map_err(|source| {
                let path = path.to_owned();
                ConfigError::Unreadable { path, source }
            })?,
        };
        let variables = layers::settings(Self::VARIABLES, environment());
        read(Self::DEFAULTS, &text, variables)
    }
}

#[expect(
    clippy::disallowed_methods,
    reason = "this is where settings come from"
)]
fn environment() -> impl Iterator<Item = (String, String)> {
    std::env::vars_os()
        .filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)))
}

fn read<T>(
    defaults: &str,
    file: &str,
    environment: Vec<(Vec<String>, String)>,
) -> Result<T, ConfigError>
where
    T: DeserializeOwned + Validate,
{
    let mut faults = Faults::default();
    let mut settings = shared::with_shared_defaults(parse(defaults, "defaults", &mut faults));
    let schema = settings.clone();
    let file = parse(file, "file", &mut faults);
    layers::merge_file(&mut settings, file, &schema, &mut faults);
    for (path, text) in environment {
        layers::merge_variable(&mut settings, &schema, &path, &text, &mut faults);
    }
    faults.clone().into_result()?;
    match Value::Table(settings).try_into::<T>() {
        Ok(config) => {
            config.validate(&mut faults);
            faults.into_result().map(|()| config)
        }
        Err(failure) => {
            // Types were judged above, so this is a word or a number that its field does not take.
            faults.add(
                "settings",
                failure.message().lines().next().unwrap_or("cannot be read"),
            );
            Err(ConfigError::Refused(faults))
        }
    }
}

/// The text of a parse error would show the line at fault, and with it perhaps a secret; only its place is told.
fn parse(text: &str, source: &str, faults: &mut Faults) -> Table {
    text.parse::<Table>().unwrap_or_else(|failure| {
        let line = failure
            .span()
            .and_then(|span| text.get(..span.start))
            .map_or(1, |before| before.matches('\n').count() + 1);
        faults.add(source, &format!("is not TOML, line {line}"));
        Table::new()
    })
}

/// Reads an optional text setting, for which the empty string means absent.
pub fn empty_as_none<'de, D, T>(deserializer: D) -> Result<Option<T>, D::Error>
where
    D: serde::Deserializer<'de>,
    T: From<String>,
{
    let text = String::deserialize(deserializer)?;
    Ok((!text.is_empty()).then(|| T::from(text)))
}

#[cfg(test)]
mod tests;
