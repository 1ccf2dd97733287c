//! Settings of this service; `defaults.toml` says what each one means.

use std::time::Duration;

use platform::config::{
    AuthConfig, ClientConfig, Faults, ServerConfig, ServiceConfig, TelemetryConfig, Validate,
};
use serde::{Deserialize, Deserializer};
use storage::StoreConfig;

pub use crate::event::limits::TimeBounds;
pub use crate::fold::SignalSettings;
pub use crate::moment::MomentSettings;

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
    pub events: TimeBounds,
    pub ingest: IngestConfig,
    pub signals: SignalSettings,
    pub moments: MomentSettings,
    pub watch: WatchConfig,
    pub retention: RetentionConfig,
}

/// Where the services are that are told of sessions.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct UpstreamsConfig {
    pub risk_scoring: String,
    pub kpi: String,
}

/// How events are taken in.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct IngestConfig {
    pub partition: u16,
    #[serde(rename = "queue_kib", deserialize_with = "kibibytes")]
    pub queue_bytes: usize,
    pub group_max_events: usize,
    #[serde(rename = "group_max_delay_ms", deserialize_with = "millis")]
    pub group_max_delay: Duration,
    pub live_sessions: usize,
    #[serde(rename = "memory_kib", deserialize_with = "kibibytes")]
    pub memory_bytes: usize,
    pub session_max_events: usize,
    #[serde(rename = "row_delay_ms", deserialize_with = "millis")]
    pub row_delay: Duration,
    pub rows_behind: usize,
    #[serde(rename = "log_behind_kib", deserialize_with = "kibibytes_of_log")]
    pub log_behind_bytes: u64,
    pub rows_per_commit: usize,
    #[serde(rename = "timer_tick_ms", deserialize_with = "millis")]
    pub timer_tick: Duration,
    pub timer_max_sessions: usize,
}

/// Streams of changes.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct WatchConfig {
    pub buffered_changes: usize,
    #[serde(rename = "heartbeat_ms", deserialize_with = "millis")]
    pub heartbeat: Duration,
}

/// How long things are kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RetentionConfig {
    #[serde(rename = "log_days", deserialize_with = "days")]
    pub log: Duration,
    #[serde(rename = "sessions_days", deserialize_with = "days")]
    pub sessions: Duration,
    #[serde(rename = "erased_days", deserialize_with = "days")]
    pub erased: Duration,
    #[serde(rename = "histories_days", deserialize_with = "days")]
    pub histories: Duration,
    #[serde(rename = "consents_days", deserialize_with = "days")]
    pub consents: Duration,
    #[serde(rename = "request_keys_days", deserialize_with = "days")]
    pub request_keys: Duration,
    #[serde(rename = "undelivered_days", deserialize_with = "days")]
    pub undelivered: Duration,
    #[serde(rename = "sweep_interval_ms", deserialize_with = "millis")]
    pub sweep_interval: Duration,
}

impl ServiceConfig for Config {
    const DEFAULTS: &'static str = include_str!("defaults.toml");
    const VARIABLES: &'static str = "RESCATE_SESSIONS";

    fn telemetry(&self) -> &TelemetryConfig {
        &self.telemetry
    }
}

/// Reads a span that a setting gives in milliseconds.
pub(crate) fn millis<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Duration, D::Error> {
    u64::deserialize(deserializer).map(Duration::from_millis)
}

const DAY: Duration = Duration::from_hours(24);

/// Reads a span that a setting gives in days.
fn days<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Duration, D::Error> {
    u32::deserialize(deserializer).map(|days| DAY.saturating_mul(days))
}

const KIBIBYTE: usize = 1_024;

/// Reads a size that a setting gives in KiB.
fn kibibytes<'de, D: Deserializer<'de>>(deserializer: D) -> Result<usize, D::Error> {
    usize::deserialize(deserializer).map(|kibibytes| kibibytes.saturating_mul(KIBIBYTE))
}

/// Reads a size on disk that a setting gives in KiB.
fn kibibytes_of_log<'de, D: Deserializer<'de>>(deserializer: D) -> Result<u64, D::Error> {
    u32::deserialize(deserializer).map(|kibibytes| u64::from(kibibytes).saturating_mul(1_024))
}

impl Validate for Config {
    fn validate(&self, faults: &mut Faults) {
        faults.section("server", &self.server);
        faults.section("client", &self.client);
        faults.section("auth", &self.auth);
        faults.section("telemetry", &self.telemetry);
        faults.section("upstreams", &self.upstreams);
        faults.section("events", &self.events);
        faults.section("ingest", &self.ingest);
        faults.section("signals", &self.signals);
        faults.section("moments", &self.moments);
        faults.section("watch", &self.watch);
        faults.section("retention", &self.retention);
        faults.check(
            self.retention.erased >= self.events.longest_behind(),
            "retention.erased_days",
            "must not be shorter than events.max_behind_binding_ms: what was erased could be sent again",
        );
        faults.check(
            self.auth.signing_key.is_some(),
            "auth.signing_key",
            "must be given: moments are sent in this service's own name",
        );
    }
}

impl Validate for UpstreamsConfig {
    fn validate(&self, faults: &mut Faults) {
        faults.address("risk_scoring", &self.risk_scoring);
        faults.address("kpi", &self.kpi);
    }
}

impl Validate for IngestConfig {
    fn validate(&self, faults: &mut Faults) {
        // The smallest queue takes the largest batch of two tenants.
        faults.range("queue_kib", self.queue_bytes / KIBIBYTE, 512..=4_194_304);
        faults.range("group_max_events", self.group_max_events, 1..=100_000);
        let delay = self.group_max_delay.as_millis();
        faults.range("group_max_delay_ms", delay, 0..=1_000);
        faults.range("live_sessions", self.live_sessions, 1..=10_000_000);
        faults.range(
            "memory_kib",
            self.memory_bytes / KIBIBYTE,
            64..=1_073_741_824,
        );
        faults.range("row_delay_ms", self.row_delay.as_millis(), 0..=600_000);
        faults.range("rows_behind", self.rows_behind, 1..=10_000_000);
        let log_behind = self.log_behind_bytes / 1_024;
        faults.range("log_behind_kib", log_behind, 64..=4_194_303);
        faults.range("rows_per_commit", self.rows_per_commit, 1..=100_000);
        faults.range("session_max_events", self.session_max_events, 1..=100_000);
        faults.range("timer_tick_ms", self.timer_tick.as_millis(), 1..=60_000);
        faults.range("timer_max_sessions", self.timer_max_sessions, 1..=10_000);
    }
}

impl Validate for RetentionConfig {
    fn validate(&self, faults: &mut Faults) {
        for (name, kept) in [
            ("log_days", self.log),
            ("sessions_days", self.sessions),
            ("erased_days", self.erased),
            ("histories_days", self.histories),
            ("consents_days", self.consents),
            ("request_keys_days", self.request_keys),
            ("undelivered_days", self.undelivered),
        ] {
            faults.range(name, kept.as_secs() / DAY.as_secs(), 1..=3_650);
        }
        faults.check(
            self.log <= self.sessions,
            "sessions_days",
            "must not be shorter than log_days: the row of a session says where its events lie",
        );
        faults.check(
            self.sessions <= self.consents,
            "consents_days",
            "must not be shorter than sessions_days: a withdrawal must outlive every session that it holds in",
        );
        let interval = self.sweep_interval.as_millis();
        faults.range("sweep_interval_ms", interval, 1_000..=86_400_000);
    }
}

impl Validate for WatchConfig {
    fn validate(&self, faults: &mut Faults) {
        faults.range("buffered_changes", self.buffered_changes, 16..=1_000_000);
        faults.range("heartbeat_ms", self.heartbeat.as_millis(), 10..=600_000);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn load(text: &str) -> Result<Config, platform::config::ConfigError> {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("sessions.toml");
        let keys = "[auth]\njwks = \"keys.json\"\nsigning_key = \"key.pem\"\n";
        std::fs::write(&file, format!("{keys}{text}")).unwrap();
        Config::load(Some(&file))
    }

    #[test]
    fn the_documented_defaults_are_accepted_once_keys_are_named() {
        let config = load("").unwrap();

        assert_eq!(config.auth.audience, "session-tracking");
        assert_eq!(config.signals.checkout_idle, Duration::from_secs(90));
        assert_eq!(config.moments.min_gap, Duration::from_secs(1));
    }

    #[test]
    fn contradictions_are_refused_and_all_of_them_named() {
        let refused = load(
            "[signals]\nsession_idle_end_ms = 1000\n[moments]\nlive_expiry_ms = 10\n\
             [upstreams]\nkpi = \"kpi:7105\"\n\
             [events]\nmax_behind_binding_ms = 60000\n\
             [retention]\nlog_days = 99\nsessions_days = 9\nconsents_days = 8\n",
        )
        .unwrap_err()
        .to_string();

        for key in [
            "signals.session_idle_end_ms",
            "moments.live_expiry_ms",
            "upstreams.kpi",
            "events.max_behind_binding_ms",
            "retention.sessions_days",
            "retention.consents_days",
        ] {
            assert!(refused.contains(&format!("`{key}`")), "{key} in {refused}");
        }
    }
}
