use std::collections::BTreeMap;

use super::*;

const DEFAULTS: &str = r#"
listen = "127.0.0.1:7104"
pace = 1.5
[server]
[client]
[auth]
audience = "offer-authorization"
[telemetry]
[destinations]
"#;

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Sample {
    listen: String,
    pace: f64,
    server: ServerConfig,
    client: ClientConfig,
    auth: AuthConfig,
    telemetry: TelemetryConfig,
    destinations: BTreeMap<String, String>,
}

impl Validate for Sample {
    fn validate(&self, faults: &mut Faults) {
        faults.check(self.listen.contains(':'), "listen", "must be host:port");
        faults.section("server", &self.server);
        faults.section("client", &self.client);
        faults.section("auth", &self.auth);
        faults.section("telemetry", &self.telemetry);
    }
}

const FILE: &str = "[auth]\njwks = \"/etc/keys.json\"\n";

fn sample(file: &str, environment: &[(&str, &str)]) -> Result<Sample, ConfigError> {
    let environment = environment
        .iter()
        .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
    read(
        DEFAULTS,
        &format!("{file}\n{FILE}"),
        layers::settings("RESCATE_OFFERS", environment),
    )
}

fn faults(file: &str, environment: &[(&str, &str)]) -> String {
    sample(file, environment).unwrap_err().to_string()
}

#[test]
fn later_layers_win() {
    let config = sample(
        "pace = 2.0\n[server]\ndrain_calls_ms = 100\nconcurrency_limit = 8",
        &[
            ("RESCATE_OFFERS__SERVER__CONCURRENCY_LIMIT", "9"),
            (
                "RESCATE_OFFERS__SERVER__ALLOWED_ORIGINS",
                "https://a.example, https://b.example",
            ),
            ("RESCATE_OFFERS__DESTINATIONS__KPI", "http://kpi:7105"),
            ("RESCATE_KPI__PACE", "9"),
        ],
    )
    .unwrap();
    assert_eq!(config.server.concurrency_limit, 9);
    assert_eq!(config.server.drain_calls_ms, 100);
    assert_eq!(config.server.allowed_origins.len(), 2);
    assert_eq!(config.destinations["kpi"], "http://kpi:7105");
    assert!((config.pace - 2.0).abs() < f64::EPSILON);
    assert_eq!(config.auth.audience, "offer-authorization");
    assert_eq!(config.telemetry.otlp_endpoint, None);
}

#[test]
fn every_unknown_key_and_wrong_type_is_named() {
    let text = faults(
        "lissen = \"x\"\npace = \"fast\"\n[server]\ndrain = 1\n[client]\nretry = 3",
        &[
            ("RESCATE_OFFERS__SERVER__MAX_CONNECTIONS", "many"),
            ("RESCATE_OFFERS__NONE", "1"),
        ],
    );
    for key in [
        "lissen",
        "pace",
        "server.drain",
        "client.retry",
        "server.max_connections",
        "none",
    ] {
        assert!(text.contains(&format!("`{key}`")), "{key} in {text}");
    }
    assert!(!text.contains("fast") && !text.contains("many"), "{text}");
}

#[test]
fn every_value_out_of_range_is_named() {
    let text = faults(
        "listen = \"nowhere\"\n[server]\nconcurrency_limit = 0\nmax_deadline_ms = 1\n[telemetry]\nlog_filter = \"=[\"",
        &[],
    );
    for key in [
        "listen",
        "server.concurrency_limit",
        "server.max_deadline_ms",
        "telemetry.log_filter",
    ] {
        assert!(text.contains(&format!("`{key}`")), "{key} in {text}");
    }
}

#[test]
fn a_broken_file_is_placed_but_not_shown() {
    let text = faults("pace = 1.0\nsecret = hunter2", &[]);
    assert!(text.contains("line 2"), "{text}");
    assert!(!text.contains("hunter2"), "{text}");
}

#[test]
fn documented_defaults_are_those_of_the_code() {
    let config = sample("", &[]).unwrap();
    assert_eq!(config.server, ServerConfig::default());
    assert_eq!(config.client, ClientConfig::default());
    assert_eq!(config.telemetry, TelemetryConfig::default());
}
