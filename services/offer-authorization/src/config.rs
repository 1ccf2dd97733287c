//! Settings of this service; `defaults.toml` says what each one means.

use std::path::PathBuf;
use std::time::Duration;

use platform::config::{
    AuthConfig, ClientConfig, Faults, ServerConfig, ServiceConfig, TelemetryConfig, Validate,
};
use serde::Deserialize;
use storage::StoreConfig;

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
    pub offers: OffersConfig,
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

/// How long offers live.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OffersConfig {
    pub approval_timeout_ms: u64,
    pub redeem_grace_ms: u64,
    pub reversal_max_age_hours: u64,
    pub expiry_poll_ms: u64,
    pub answers_kept_hours: u64,
}

impl ServiceConfig for Config {
    const DEFAULTS: &'static str = include_str!("defaults.toml");
    const VARIABLES: &'static str = "RESCATE_OFFERS";

    fn telemetry(&self) -> &TelemetryConfig {
        &self.telemetry
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

impl Validate for OffersConfig {
    fn validate(&self, faults: &mut Faults) {
        let Self {
            approval_timeout_ms,
            redeem_grace_ms,
            reversal_max_age_hours,
            expiry_poll_ms,
            answers_kept_hours,
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
    fn waits_out_of_range_are_refused_with_their_names() {
        let text = "[offers]\nredeem_grace_ms = 600001\nexpiry_poll_ms = 0\n";

        let refused = load(text).unwrap_err().to_string();

        for key in ["`offers.redeem_grace_ms`", "`offers.expiry_poll_ms`"] {
            assert!(refused.contains(key), "{key} in {refused}");
        }
    }
}
