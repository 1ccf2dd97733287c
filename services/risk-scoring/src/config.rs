//! Settings of this service; `defaults.toml` says what each one means.

use std::time::Duration;

use platform::config::{
    AuthConfig, ClientConfig, Faults, ServerConfig, ServiceConfig, TelemetryConfig, Validate,
};
use serde::Deserialize;
use storage::StoreConfig;

use crate::drift::DayFigures;

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
    pub drift: DriftConfig,
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
    pub preview_staleness_ms: u64,
}

/// When models are watched, and what is too much. Figures of a day are those of the window before it against the reference
/// before that.
#[derive(Debug, Clone, Copy, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DriftConfig {
    pub check_interval_ms: u64,
    pub window_days: u64,
    pub reference_days: u64,
    pub max_score_psi: f64,
    pub max_feature_psi: f64,
    pub max_calibration_gap: f64,
    pub min_calibration_slope: f64,
    pub max_calibration_slope: f64,
    pub min_known: u64,
}

/// What lies beyond its limit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Alert {
    /// The scores drift.
    Scores,
    /// What the model looks at drifts.
    Features,
    /// Probabilities do not hold any more.
    Calibration,
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

impl ModelsConfig {
    pub(crate) fn preview_staleness(&self) -> Duration {
        Duration::from_millis(self.preview_staleness_ms)
    }
}

impl DriftConfig {
    pub(crate) fn check_interval(&self) -> Duration {
        Duration::from_millis(self.check_interval_ms)
    }

    /// What of a day lies beyond its limit. Calibration is not judged on a handful of outcomes.
    pub(crate) fn alerts(&self, figures: &DayFigures) -> Vec<Alert> {
        let beyond = |psi: Option<f64>, most: f64| psi.is_some_and(|psi| psi > most);
        let features = figures.features.first().map(|drift| drift.stability_index);
        let slopes = self.min_calibration_slope..=self.max_calibration_slope;
        let held = figures.held.filter(|held| held.n >= self.min_known);
        let off = held.is_some_and(|held| {
            held.gap.abs() > self.max_calibration_gap
                || held.slope.is_some_and(|slope| !slopes.contains(&slope))
        });
        [
            (Alert::Scores, beyond(figures.score_psi, self.max_score_psi)),
            (Alert::Features, beyond(features, self.max_feature_psi)),
            (Alert::Calibration, off),
        ]
        .into_iter()
        .filter_map(|(alert, raised)| raised.then_some(alert))
        .collect()
    }
}

impl Alert {
    pub(crate) const ALL: &[Self] = &[Self::Scores, Self::Features, Self::Calibration];

    /// Its name in metrics and logs.
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Scores => "scores",
            Self::Features => "features",
            Self::Calibration => "calibration",
        }
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
        faults.section("drift", &self.drift);
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
        faults.range(
            "preview_staleness_ms",
            self.preview_staleness_ms,
            0..=60_000,
        );
    }
}

impl Validate for DriftConfig {
    fn validate(&self, faults: &mut Faults) {
        faults.range(
            "check_interval_ms",
            self.check_interval_ms,
            1_000..=86_400_000,
        );
        faults.range("window_days", self.window_days, 1..=28);
        faults.range("reference_days", self.reference_days, 1..=365);
        faults.range("max_score_psi", self.max_score_psi, 0.01..=10.0);
        faults.range("max_feature_psi", self.max_feature_psi, 0.01..=10.0);
        faults.range("max_calibration_gap", self.max_calibration_gap, 0.001..=1.0);
        faults.range(
            "min_calibration_slope",
            self.min_calibration_slope,
            0.0..=1.0,
        );
        faults.range(
            "max_calibration_slope",
            self.max_calibration_slope,
            1.0..=10.0,
        );
        faults.range("min_known", self.min_known, 50..=1_000_000);
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
    use crate::drift::{FeatureDrift, Held};

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
        assert_eq!(config.models.preview_staleness(), Duration::from_secs(1));
        assert_eq!(config.drift.check_interval(), Duration::from_mins(10));
    }

    #[test]
    fn wrong_settings_are_refused_and_all_of_them_named() {
        let refused = load(
            "[upstreams]\nkpi = \"kpi:7105\"\n[models]\nmax_shadows = 0\n\
             [drift]\nwindow_days = 0\nmax_feature_psi = nan\n",
        )
        .unwrap_err()
        .to_string();

        for key in [
            "upstreams.kpi",
            "models.max_shadows",
            "drift.window_days",
            "drift.max_feature_psi",
        ] {
            assert!(refused.contains(&format!("`{key}`")), "{key} in {refused}");
        }
    }

    #[test]
    fn alerts_are_what_lies_beyond_the_limits_and_a_handful_of_outcomes_raises_none() {
        let drift = load("").unwrap().drift;
        let held = |n, gap, slope| {
            Some(Held {
                n,
                log_loss: 0.5,
                calibration_error: 0.01,
                gap,
                slope,
            })
        };
        let figures = |score_psi, psi, held| DayFigures {
            n: 1_000,
            score_psi,
            features: vec![FeatureDrift {
                feature: "minutes_on_site".to_owned(),
                stability_index: psi,
            }],
            held,
        };
        for (figures, expected) in [
            (
                figures(Some(0.25), 0.25, held(500, 0.05, Some(0.7))),
                vec![],
            ),
            (figures(None, 0.0, None), vec![]),
            (figures(Some(0.26), 0.0, None), vec![Alert::Scores]),
            (figures(None, 0.26, None), vec![Alert::Features]),
            (
                figures(None, 0.0, held(500, -0.06, None)),
                vec![Alert::Calibration],
            ),
            (
                figures(None, 0.0, held(500, 0.0, Some(0.69))),
                vec![Alert::Calibration],
            ),
            (
                figures(None, 0.0, held(500, 0.0, Some(1.41))),
                vec![Alert::Calibration],
            ),
            (figures(None, 0.0, held(499, 0.5, Some(9.0))), vec![]),
        ] {
            assert_eq!(drift.alerts(&figures), expected, "{figures:?}");
        }
    }
}
