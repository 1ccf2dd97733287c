//! Settings of this service; `defaults.toml` says what each one means.

use std::time::Duration;

use platform::config::{
    AuthConfig, Faults, ServerConfig, ServiceConfig, TelemetryConfig, Validate,
};
use serde::Deserialize;
use storage::StoreConfig;

/// All settings.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Config {
    pub server: ServerConfig,
    pub auth: AuthConfig,
    pub telemetry: TelemetryConfig,
    pub store: StoreConfig,
    pub facts: FactsConfig,
    pub reports: ReportsConfig,
}

/// Which facts are taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FactsConfig {
    pub max_age_hours: u64,
    pub clock_skew_ms: u64,
}

/// How figures are computed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ReportsConfig {
    pub horizon_hours: u64,
    pub follow_up_hours: u64,
    pub max_facts: u64,
    pub max_watches: usize,
}

impl ServiceConfig for Config {
    const DEFAULTS: &'static str = include_str!("defaults.toml");
    const VARIABLES: &'static str = "RESCATE_KPI";

    fn telemetry(&self) -> &TelemetryConfig {
        &self.telemetry
    }
}

impl FactsConfig {
    pub(crate) fn max_age(&self) -> Duration {
        Duration::from_secs(self.max_age_hours.saturating_mul(3_600))
    }

    pub(crate) fn clock_skew(&self) -> Duration {
        Duration::from_millis(self.clock_skew_ms)
    }
}

impl ReportsConfig {
    pub(crate) fn horizon(&self) -> Duration {
        Duration::from_secs(self.horizon_hours.saturating_mul(3_600))
    }

    pub(crate) fn follow_up(&self) -> Duration {
        Duration::from_secs(self.follow_up_hours.saturating_mul(3_600))
    }
}

impl Validate for Config {
    fn validate(&self, faults: &mut Faults) {
        faults.section("server", &self.server);
        faults.section("auth", &self.auth);
        faults.section("telemetry", &self.telemetry);
        faults.section("facts", &self.facts);
        faults.section("reports", &self.reports);
    }
}

impl Validate for FactsConfig {
    fn validate(&self, faults: &mut Faults) {
        faults.range("max_age_hours", self.max_age_hours, 24..=87_600);
        faults.range("clock_skew_ms", self.clock_skew_ms, 0..=3_600_000);
    }
}

impl Validate for ReportsConfig {
    fn validate(&self, faults: &mut Faults) {
        faults.range("horizon_hours", self.horizon_hours, 1..=1_440);
        faults.range("follow_up_hours", self.follow_up_hours, 1..=1_440);
        faults.range("max_facts", self.max_facts, 1_000..=100_000_000);
        faults.range("max_watches", self.max_watches, 1..=10_000);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_documented_defaults_are_accepted_once_keys_are_named() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("kpi.toml");
        std::fs::write(&file, "[auth]\njwks = \"keys.json\"\n").unwrap();

        let config = Config::load(Some(&file)).unwrap();

        assert_eq!(config.auth.audience, "kpi");
        assert_eq!(config.store.password_file, None);
        assert_eq!(config.reports.horizon(), Duration::from_hours(7 * 24));
    }

    #[test]
    fn a_horizon_of_no_time_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("kpi.toml");
        std::fs::write(
            &file,
            "[auth]\njwks = \"k\"\n[reports]\nhorizon_hours = 0\n",
        )
        .unwrap();

        let refused = Config::load(Some(&file)).unwrap_err();

        assert!(
            refused.to_string().contains("`reports.horizon_hours`"),
            "{refused}"
        );
    }
}
