//! Settings of this service; `defaults.toml` says what each one means.

use std::time::Duration;

use platform::config::{
    AuthConfig, ClientConfig, Faults, ServerConfig, ServiceConfig, TelemetryConfig, Validate,
};
use serde::Deserialize;
use storage::StoreConfig;

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
    pub moments: MomentsConfig,
    pub models: ModelsConfig,
    pub retention: RetentionConfig,
}

/// Where the services are that are told of assessments.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct UpstreamsConfig {
    pub intervention_routing: String,
    pub kpi: String,
}

/// Which moments and outcomes are taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MomentsConfig {
    pub max_ahead_ms: u64,
    pub max_age_hours: u64,
}

/// How many models there may be, and on how much they are judged.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ModelsConfig {
    pub max_versions: u64,
    pub max_shadows: u64,
    pub max_judged: u64,
}

/// How long things are kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RetentionConfig {
    pub assessments_days: u64,
    pub request_keys_days: u64,
    pub undelivered_days: u64,
    pub sweep_interval_ms: u64,
}

impl ServiceConfig for Config {
    const DEFAULTS: &'static str = include_str!("defaults.toml");
    const VARIABLES: &'static str = "RESCATE_RISK";

    fn telemetry(&self) -> &TelemetryConfig {
        &self.telemetry
    }
}

impl MomentsConfig {
    pub(crate) fn max_ahead(&self) -> Duration {
        Duration::from_millis(self.max_ahead_ms)
    }

    pub(crate) fn max_age(&self) -> Duration {
        Duration::from_secs(self.max_age_hours.saturating_mul(3_600))
    }
}

impl RetentionConfig {
    pub(crate) fn sweep_interval(&self) -> Duration {
        Duration::from_millis(self.sweep_interval_ms)
    }
}

impl Validate for Config {
    fn validate(&self, faults: &mut Faults) {
        faults.section("server", &self.server);
        faults.section("client", &self.client);
        faults.section("auth", &self.auth);
        faults.section("telemetry", &self.telemetry);
        faults.section("upstreams", &self.upstreams);
        faults.section("moments", &self.moments);
        faults.section("models", &self.models);
        faults.section("retention", &self.retention);
        faults.check(
            self.auth.signing_key.is_some(),
            "auth.signing_key",
            "must be given: assessments are sent in this service's own name",
        );
    }
}

impl Validate for UpstreamsConfig {
    fn validate(&self, faults: &mut Faults) {
        faults.address("intervention_routing", &self.intervention_routing);
        faults.address("kpi", &self.kpi);
    }
}

impl Validate for MomentsConfig {
    fn validate(&self, faults: &mut Faults) {
        faults.range("max_ahead_ms", self.max_ahead_ms, 0..=3_600_000);
        faults.range("max_age_hours", self.max_age_hours, 1..=8_760);
    }
}

impl Validate for ModelsConfig {
    fn validate(&self, faults: &mut Faults) {
        faults.range("max_versions", self.max_versions, 1..=1_000);
        faults.range("max_shadows", self.max_shadows, 1..=50);
        faults.range("max_judged", self.max_judged, 100..=1_000_000);
    }
}

impl Validate for RetentionConfig {
    fn validate(&self, faults: &mut Faults) {
        faults.range("assessments_days", self.assessments_days, 1..=3_650);
        faults.range("request_keys_days", self.request_keys_days, 1..=3_650);
        faults.range("undelivered_days", self.undelivered_days, 1..=3_650);
        faults.range(
            "sweep_interval_ms",
            self.sweep_interval_ms,
            1_000..=86_400_000,
        );
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn load(text: &str) -> Result<Config, platform::config::ConfigError> {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("risk.toml");
        let keys = "[auth]\njwks = \"keys.json\"\nsigning_key = \"key.pem\"\n";
        std::fs::write(&file, format!("{keys}{text}")).unwrap();
        Config::load(Some(&file))
    }

    #[test]
    fn the_documented_defaults_are_accepted_once_keys_are_named() {
        let config = load("").unwrap();

        assert_eq!(config.auth.audience, "risk-scoring");
        assert_eq!(config.moments.max_age(), Duration::from_hours(48));
        assert_eq!(config.models.max_shadows, 8);
    }

    #[test]
    fn wrong_settings_are_refused_and_all_of_them_named() {
        let refused = load("[upstreams]\nkpi = \"kpi:7105\"\n[models]\nmax_shadows = 0\n")
            .unwrap_err()
            .to_string();

        for key in ["upstreams.kpi", "models.max_shadows"] {
            assert!(refused.contains(&format!("`{key}`")), "{key} in {refused}");
        }
    }
}
