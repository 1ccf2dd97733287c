//! The settings file of each service of a suite: written at start, so that what a service runs with can be read.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use platform::auth::DevelopmentKeys;
use toml::{Table, Value};

use super::{Addresses, ISSUER, KEYS, SERVICES, SuiteError, SuiteOptions};

/// Settings that differ from the defaults, as TOML tables by service.
#[derive(Debug, Clone, Default)]
pub struct Overrides(BTreeMap<&'static str, Table>);

/// Which services call which; the keys of `[upstreams]` are the names with underscores.
const UPSTREAMS: [(&str, &[&str]); 5] = [
    (session_tracking::NAME, &[risk_scoring::NAME, kpi::NAME]),
    (risk_scoring::NAME, &[intervention_routing::NAME, kpi::NAME]),
    (
        intervention_routing::NAME,
        &[
            session_tracking::NAME,
            risk_scoring::NAME,
            offer_authorization::NAME,
            kpi::NAME,
        ],
    ),
    (offer_authorization::NAME, &[kpi::NAME]),
    (kpi::NAME, &[]),
];

impl Overrides {
    /// Sets one key of one section of one service.
    pub fn set(
        &mut self,
        service: &'static str,
        section: &str,
        key: &str,
        value: impl Into<Value>,
    ) {
        put(
            self.0.entry(service).or_default(),
            section,
            key,
            value.into(),
        );
    }
}

/// Where the settings of a service are, in a data folder.
pub(super) fn file(data: &Path, service: &str) -> PathBuf {
    data.join("config").join(format!("{service}.toml"))
}

/// Writes the settings of every service.
pub(super) fn write(
    options: &SuiteOptions,
    addresses: &Addresses,
    keys: &DevelopmentKeys,
) -> Result<(), SuiteError> {
    for (service, _) in SERVICES {
        let text = settings(service, options, addresses, keys).to_string();
        write_file(&file(&options.data, service), &text)?;
    }
    Ok(())
}

fn settings(
    service: &'static str,
    options: &SuiteOptions,
    addresses: &Addresses,
    keys: &DevelopmentKeys,
) -> Table {
    let mut table = Table::new();
    let path = |path: PathBuf| Value::from(path.display().to_string());
    let database = options.data.join(format!("{service}.db"));
    let url = format!("sqlite:{}", database.display());
    put(&mut table, "store", "url", Value::from(url));
    put(&mut table, "auth", "issuer", Value::from(ISSUER));
    put(&mut table, "auth", "jwks", path(keys.jwks_path()));
    put(&mut table, "auth", "signing_key", path(keys.key_path()));
    if service == offer_authorization::NAME {
        let folder = options.data.join(KEYS).join("offers");
        put(&mut table, "tokens", "key_folder", path(folder));
    }
    let upstreams = UPSTREAMS.iter().find(|(name, _)| *name == service);
    for upstream in upstreams.map_or([].as_slice(), |(_, upstreams)| *upstreams) {
        let key = upstream.replace('-', "_");
        let uri = Value::from(addresses.uri(upstream));
        put(&mut table, "upstreams", &key, uri);
    }
    for (section, keys) in options.overrides.0.get(service).into_iter().flatten() {
        for (key, value) in keys.as_table().into_iter().flatten() {
            put(&mut table, section, key, value.clone());
        }
    }
    table
}

fn put(table: &mut Table, section: &str, key: &str, value: Value) {
    let section = table
        .entry(section)
        .or_insert_with(|| Value::Table(Table::new()));
    if let Value::Table(keys) = section {
        keys.insert(key.to_owned(), value);
    }
}

fn write_file(file: &Path, text: &str) -> Result<(), SuiteError> {
    let refused = |source| SuiteError::Data {
        path: file.to_owned(),
        source,
    };
    if let Some(folder) = file.parent() {
        std::fs::create_dir_all(folder).map_err(refused)?;
    }
    std::fs::write(file, text).map_err(refused)
}
