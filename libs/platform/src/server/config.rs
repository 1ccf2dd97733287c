//! Settings of the server.

use std::path::PathBuf;
use std::time::Duration;

use serde::Deserialize;

use crate::config::{Faults, Validate, empty_as_none};

/// Settings of the server; what each means is told in the shared defaults.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
#[expect(
    missing_docs,
    reason = "documented where operators read it, in shared.toml"
)]
pub struct ServerConfig {
    pub concurrency_limit: usize,
    pub default_deadline_ms: u64,
    pub max_deadline_ms: u64,
    pub tenant_calls_per_second: u32,
    pub partner_calls_per_second: u32,
    pub agent_calls_per_second: u32,
    pub max_connections: usize,
    pub max_streams_per_connection: u32,
    pub max_connection_age_ms: u64,
    pub first_byte_timeout_ms: u64,
    pub keepalive_interval_ms: u64,
    pub keepalive_timeout_ms: u64,
    pub drain_accept_ms: u64,
    pub drain_calls_ms: u64,
    pub reflection: bool,
    pub allowed_origins: Vec<String>,
    #[serde(deserialize_with = "empty_as_none")]
    pub tls_certificate: Option<PathBuf>,
    #[serde(deserialize_with = "empty_as_none")]
    pub tls_key: Option<PathBuf>,
    #[serde(deserialize_with = "empty_as_none")]
    pub tls_client_ca: Option<PathBuf>,
}

impl Default for ServerConfig {
    fn default() -> Self {
        Self {
            concurrency_limit: 64,
            default_deadline_ms: 5_000,
            max_deadline_ms: 30_000,
            tenant_calls_per_second: 500,
            partner_calls_per_second: 50,
            agent_calls_per_second: 10,
            max_connections: 1_000,
            max_streams_per_connection: 64,
            max_connection_age_ms: 300_000,
            first_byte_timeout_ms: 10_000,
            keepalive_interval_ms: 20_000,
            keepalive_timeout_ms: 10_000,
            drain_accept_ms: 5_000,
            drain_calls_ms: 15_000,
            reflection: true,
            allowed_origins: Vec::new(),
            tls_certificate: None,
            tls_key: None,
            tls_client_ca: None,
        }
    }
}

impl ServerConfig {
    pub(super) fn drain_accept(&self) -> Duration {
        Duration::from_millis(self.drain_accept_ms)
    }

    pub(super) fn drain_calls(&self) -> Duration {
        Duration::from_millis(self.drain_calls_ms)
    }
}

/// The process must be gone 25 s after it was told to; 5 s of those are for writes and telemetry.
const MAX_DRAIN_MS: u64 = 20_000;

impl Validate for ServerConfig {
    fn validate(&self, faults: &mut Faults) {
        self.ranges(faults);
        self.contradictions(faults);
    }
}

impl ServerConfig {
    fn ranges(&self, faults: &mut Faults) {
        let deadlines = 10..=self.max_deadline_ms.max(10);
        faults.range("concurrency_limit", self.concurrency_limit, 1..=10_000);
        faults.range("max_deadline_ms", self.max_deadline_ms, 10..=300_000);
        faults.range("default_deadline_ms", self.default_deadline_ms, deadlines);
        for (key, rate) in [
            ("tenant_calls_per_second", self.tenant_calls_per_second),
            ("partner_calls_per_second", self.partner_calls_per_second),
            ("agent_calls_per_second", self.agent_calls_per_second),
        ] {
            faults.range(key, rate, 1..=1_000_000);
        }
        let streams = self.max_streams_per_connection;
        faults.range("max_connections", self.max_connections, 1..=100_000);
        faults.range("max_streams_per_connection", streams, 1..=10_000);
        for (key, millis, range) in [
            (
                "max_connection_age_ms",
                self.max_connection_age_ms,
                1_000..=86_400_000,
            ),
            (
                "first_byte_timeout_ms",
                self.first_byte_timeout_ms,
                100..=60_000,
            ),
            (
                "keepalive_interval_ms",
                self.keepalive_interval_ms,
                1_000..=7_200_000,
            ),
            (
                "keepalive_timeout_ms",
                self.keepalive_timeout_ms,
                1_000..=60_000,
            ),
        ] {
            faults.range(key, millis, range);
        }
    }

    fn contradictions(&self, faults: &mut Faults) {
        let drain = self.drain_accept_ms.saturating_add(self.drain_calls_ms);
        let rule = "and drain_accept_ms must be 20000 together at most";
        faults.check(drain <= MAX_DRAIN_MS, "drain_calls_ms", rule);
        let paired = self.tls_certificate.is_some() == self.tls_key.is_some();
        faults.check(
            paired,
            "tls_key",
            "and tls_certificate must be given together",
        );
        let usable = self.tls_client_ca.is_none() || self.tls_certificate.is_some();
        faults.check(usable, "tls_client_ca", "needs tls_certificate");
        let origins = self.allowed_origins.iter().all(|origin| {
            origin.starts_with("http") && origin.parse::<http::HeaderValue>().is_ok()
        });
        let rule = "must be origins such as https://shop.example";
        faults.check(origins, "allowed_origins", rule);
    }
}
