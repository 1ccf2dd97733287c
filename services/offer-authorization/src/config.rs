//! Settings of this service; `defaults.toml` says what each one means.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::Duration;

use domain::id::TenantId;
use domain::money::{BasisPoints, Currency, MAX_MINOR_UNITS, Money};
use platform::config::{
    AuthConfig, ClientConfig, Faults, ServerConfig, ServiceConfig, TelemetryConfig, Validate,
    empty_as_none,
};
use serde::Deserialize;
use storage::StoreConfig;

use crate::amounts::Worth;
use crate::service::Settings;

/// All settings.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Config {
    pub server: ServerConfig,
    pub client: ClientConfig,
    pub auth: AuthConfig,
    pub telemetry: TelemetryConfig,
    pub store: StoreConfig,
    pub upstreams: UpstreamsConfig,
    pub tokens: TokensConfig,
    pub audit: AuditConfig,
    pub offers: OffersConfig,
    /// What single tenants test of their offers, by tenant.
    pub tenants: BTreeMap<TenantId, WorthConfig>,
}

/// Where the services are that are told of offers.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct UpstreamsConfig {
    pub kpi: String,
}

/// The keys of offer tokens.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TokensConfig {
    pub key_folder: PathBuf,
}

/// The audit trail.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AuditConfig {
    /// Absent: beside the keys.
    #[serde(deserialize_with = "empty_as_none")]
    pub checkpoint_folder: Option<PathBuf>,
}

/// What offers of a tenant have to bring in.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct WorthConfig {
    pub expected_lift_bps: u32,
    pub contact_cost_minor: BTreeMap<Currency, i64>,
}

/// How long offers live.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OffersConfig {
    pub approval_timeout_ms: u64,
    pub redeem_grace_ms: u64,
    pub reversal_max_age_hours: u64,
    pub expiry_poll_ms: u64,
    pub answers_kept_hours: u64,
    pub watch_poll_ms: u64,
    pub watch_streams: usize,
}

impl ServiceConfig for Config {
    const DEFAULTS: &'static str = include_str!("defaults.toml");
    const VARIABLES: &'static str = "RESCATE_OFFERS";

    fn telemetry(&self) -> &TelemetryConfig {
        &self.telemetry
    }
}

impl Config {
    /// Where checkpoints of audit trails are kept.
    pub(crate) fn checkpoint_folder(&self) -> &Path {
        let own = self.audit.checkpoint_folder.as_deref();
        own.unwrap_or(&self.tokens.key_folder)
    }

    /// What offers have to bring in, for the tenants that test it.
    pub(crate) fn worths(&self) -> BTreeMap<TenantId, Worth> {
        let tenants = self.tenants.iter();
        let worths = tenants.map(|(tenant, config)| (tenant.clone(), config.worth()));
        worths.collect()
    }
}

impl WorthConfig {
    /// INVARIANT: what is out of range was refused at start.
    fn worth(&self) -> Worth {
        let costs = self.contact_cost_minor.iter();
        let costs = costs.filter_map(|(currency, minor)| Money::new(*minor, *currency).ok());
        Worth {
            lift: BasisPoints::new(self.expected_lift_bps).unwrap_or(BasisPoints::ZERO),
            contact_costs: costs.collect(),
        }
    }
}

impl OffersConfig {
    pub(crate) fn settings(self) -> Settings {
        let hours = |hours: u64| Duration::from_secs(hours.saturating_mul(3_600));
        Settings {
            approval_timeout: Duration::from_millis(self.approval_timeout_ms),
            redeem_grace: Duration::from_millis(self.redeem_grace_ms),
            reversal_max_age: hours(self.reversal_max_age_hours),
            expiry_poll: Duration::from_millis(self.expiry_poll_ms),
            answers_kept: hours(self.answers_kept_hours),
            watch_poll: Duration::from_millis(self.watch_poll_ms),
            watch_streams: self.watch_streams,
        }
    }
}

impl Validate for Config {
    fn validate(&self, faults: &mut Faults) {
        faults.section("server", &self.server);
        faults.section("client", &self.client);
        faults.section("auth", &self.auth);
        faults.section("telemetry", &self.telemetry);
        faults.section("upstreams", &self.upstreams);
        faults.section("tokens", &self.tokens);
        faults.section("offers", &self.offers);
        for (tenant, worth) in &self.tenants {
            faults.section(&format!("tenants.{tenant}"), worth);
        }
        faults.check(
            self.auth.signing_key.is_some(),
            "auth.signing_key",
            "must be given: facts are sent in this service's own name",
        );
    }
}

impl Validate for UpstreamsConfig {
    fn validate(&self, faults: &mut Faults) {
        faults.address("kpi", &self.kpi);
    }
}

impl Validate for TokensConfig {
    fn validate(&self, faults: &mut Faults) {
        let given = !self.key_folder.as_os_str().is_empty();
        faults.check(given, "key_folder", "must be given");
    }
}

impl Validate for WorthConfig {
    fn validate(&self, faults: &mut Faults) {
        faults.range("expected_lift_bps", self.expected_lift_bps, 1..=10_000);
        let costs = &self.contact_cost_minor;
        let given = !costs.is_empty();
        faults.check(given, "contact_cost_minor", "must name a currency");
        for (currency, minor) in costs {
            let name = format!("contact_cost_minor.{currency}");
            faults.range(&name, *minor, 0..=MAX_MINOR_UNITS);
        }
    }
}

impl Validate for OffersConfig {
    fn validate(&self, faults: &mut Faults) {
        let Self {
            approval_timeout_ms,
            redeem_grace_ms,
            reversal_max_age_hours,
            expiry_poll_ms,
            answers_kept_hours,
            watch_poll_ms,
            watch_streams,
        } = *self;
        faults.range(
            "approval_timeout_ms",
            approval_timeout_ms,
            1_000..=86_400_000,
        );
        faults.range("redeem_grace_ms", redeem_grace_ms, 0..=600_000);
        faults.range("reversal_max_age_hours", reversal_max_age_hours, 1..=87_600);
        faults.range("expiry_poll_ms", expiry_poll_ms, 10..=60_000);
        faults.range("answers_kept_hours", answers_kept_hours, 24..=87_600);
        faults.range("watch_poll_ms", watch_poll_ms, 10..=10_000);
        faults.range("watch_streams", watch_streams, 1..=100_000);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn load(text: &str) -> Result<Config, platform::config::ConfigError> {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("offers.toml");
        let keys = "[auth]\njwks = \"keys.json\"\nsigning_key = \"own.pem\"\n";
        std::fs::write(&file, format!("{keys}{text}")).unwrap();
        Config::load(Some(&file))
    }

    #[test]
    fn the_documented_defaults_are_accepted_once_keys_are_named() {
        let config = load("").unwrap();

        assert_eq!(config.auth.audience, crate::NAME);
        let settings = config.offers.settings();
        assert_eq!(settings.redeem_grace, Duration::from_secs(30));
        assert_eq!(settings.approval_timeout, Duration::from_mins(5));
    }

    #[test]
    fn a_tenant_may_ask_of_offers_that_they_are_worth_it() {
        let worth = |lift, cost| {
            let text = format!("[tenants.acme]\nexpected_lift_bps = {lift}\n");
            load(&format!("{text}contact_cost_minor = {{ {cost} }}\n"))
        };

        let worths = worth(800, "USD = 350, EUR = 320").unwrap().worths();
        let [(tenant, of_acme)] = Vec::from_iter(worths).try_into().unwrap();
        assert_eq!((tenant.as_str(), of_acme.lift.get()), ("acme", 800));
        assert_eq!(of_acme.contact_costs.len(), 2);
        for (lift, cost, key) in [
            (0, "USD = 1", "`tenants.acme.expected_lift_bps`"),
            (800, "", "`tenants.acme.contact_cost_minor`"),
            (800, "USD = -1", "`tenants.acme.contact_cost_minor.USD`"),
        ] {
            let refused = worth(lift, cost).unwrap_err().to_string();
            assert!(refused.contains(key), "{key} in {refused}");
        }
    }

    #[test]
    fn waits_out_of_range_are_refused_with_their_names() {
        let text = "[offers]\nredeem_grace_ms = 600001\nexpiry_poll_ms = 0\n";

        let refused = load(text).unwrap_err().to_string();

        for key in ["`offers.redeem_grace_ms`", "`offers.expiry_poll_ms`"] {
            assert!(refused.contains(key), "{key} in {refused}");
        }
    }
}
