//! Settings of one store. The URL is parsed once, names its engine, and never prints its password.

use std::fmt;
use std::path::{Path, PathBuf};
use std::time::Duration;

use serde::{Deserialize, Deserializer};

/// How one service reaches its database.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct StoreConfig {
    /// `sqlite:PATH` or `postgres://…`.
    pub url: StoreUrl,
    /// Connections of the pool; on SQLite the readers, beside the one writer. 1 or more.
    #[serde(default = "default_pool_size")]
    pub pool_size: u32,
    /// How long a call waits for a connection of the pool.
    #[serde(default = "default_acquire_timeout_ms")]
    pub acquire_timeout_ms: u64,
    /// Whether commits must survive a power cut.
    #[serde(default)]
    pub durability: Durability,
    /// File that holds the PostgreSQL password, in place of one in the URL. The empty text stands for absent.
    #[serde(default, deserialize_with = "empty_as_none")]
    pub password_file: Option<PathBuf>,
}

/// What a commit promises.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Durability {
    /// An acknowledged commit is on the disk. A server set up otherwise is refused at start.
    #[default]
    Full,
    /// Commits may be lost with the machine: for tests and throw-away data.
    Relaxed,
}

impl StoreConfig {
    /// A store with default settings.
    ///
    /// # Errors
    /// The URL names neither a SQLite file nor a PostgreSQL database.
    pub fn new(url: &str) -> Result<Self, InvalidStoreUrl> {
        StoreUrl::parse(url).map(Self::at)
    }

    /// The SQLite store in this file, with default settings.
    pub fn sqlite(file: impl Into<PathBuf>) -> Self {
        Self::at(StoreUrl(Location::Sqlite(file.into())))
    }

    /// The same store without the promise that commits survive a power cut.
    #[must_use]
    pub fn relaxed(self) -> Self {
        Self {
            durability: Durability::Relaxed,
            ..self
        }
    }

    fn at(url: StoreUrl) -> Self {
        Self {
            url,
            pool_size: default_pool_size(),
            acquire_timeout_ms: default_acquire_timeout_ms(),
            durability: Durability::default(),
            password_file: None,
        }
    }

    pub(crate) fn acquire_timeout(&self) -> Duration {
        Duration::from_millis(self.acquire_timeout_ms)
    }
}

fn empty_as_none<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<PathBuf>, D::Error> {
    let path = PathBuf::deserialize(deserializer)?;
    Ok((!path.as_os_str().is_empty()).then_some(path))
}

const fn default_pool_size() -> u32 {
    10
}

const fn default_acquire_timeout_ms() -> u64 {
    1_000
}

/// Where a store lives. `Debug` and `Display` leave credentials out.
#[derive(Clone, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
pub struct StoreUrl(Location);

#[derive(Clone, PartialEq, Eq)]
pub(crate) enum Location {
    Sqlite(PathBuf),
    Postgres(String),
}

/// The text is not the URL of a store.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a store url is `sqlite:PATH` or `postgres://USER@HOST/DATABASE`")]
pub struct InvalidStoreUrl;

impl StoreUrl {
    /// Parses `sqlite:PATH` (also `sqlite://PATH`) or `postgres://…`.
    ///
    /// # Errors
    /// Any other scheme, an empty path, or a SQLite database in memory, which could not be shared by connections.
    pub fn parse(text: &str) -> Result<Self, InvalidStoreUrl> {
        if let Some(rest) = text.strip_prefix("sqlite:") {
            let path = rest.strip_prefix("//").unwrap_or(rest);
            if path.is_empty() || path.starts_with(':') || path.contains('?') {
                return Err(InvalidStoreUrl);
            }
            return Ok(Self(Location::Sqlite(Path::new(path).to_owned())));
        }
        match text.strip_prefix("postgres://") {
            Some(rest) if !rest.is_empty() => Ok(Self(Location::Postgres(text.to_owned()))),
            _ => Err(InvalidStoreUrl),
        }
    }

    pub(crate) fn location(&self) -> &Location {
        &self.0
    }
}

impl TryFrom<String> for StoreUrl {
    type Error = InvalidStoreUrl;

    fn try_from(text: String) -> Result<Self, InvalidStoreUrl> {
        Self::parse(&text)
    }
}

impl fmt::Display for StoreUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            Location::Sqlite(path) => write!(f, "sqlite:{}", path.display()),
            Location::Postgres(url) => {
                let place = url.rsplit('@').next().unwrap_or_default();
                let place = place.strip_prefix("postgres://").unwrap_or(place);
                let place = place.split('?').next().unwrap_or_default();
                write!(f, "postgres://{place}")
            }
        }
    }
}

impl fmt::Debug for StoreUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn urls_of_both_engines_are_read() {
        assert_eq!(
            StoreUrl::parse("sqlite:data/kpi.db"),
            Ok(StoreUrl(Location::Sqlite("data/kpi.db".into())))
        );
        assert_eq!(
            StoreUrl::parse("sqlite:///var/kpi.db").unwrap().to_string(),
            "sqlite:/var/kpi.db"
        );
        assert!(StoreUrl::parse("postgres://db/kpi").is_ok());
    }

    #[test]
    fn other_urls_are_refused() {
        for text in [
            "",
            "sqlite:",
            "sqlite::memory:",
            "sqlite:x?mode=memory",
            "postgres://",
            "mysql://h/d",
        ] {
            assert_eq!(StoreUrl::parse(text), Err(InvalidStoreUrl), "{text}");
        }
    }

    #[test]
    fn credentials_are_never_printed() {
        let url =
            StoreUrl::parse("postgres://kpi:s3cr@et@db:5432/kpi?sslmode=require&password=s3cr")
                .unwrap();
        assert_eq!(format!("{url} {url:?}").matches("s3cr").count(), 0);
        assert_eq!(url.to_string(), "postgres://db:5432/kpi");
    }
}
