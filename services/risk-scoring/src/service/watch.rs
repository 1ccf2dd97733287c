//! Watching models day by day: drift and calibration are found once, kept, and told as metrics.
//!
//! A day that was found is never found again, so that a restart or a second replica changes nothing; its figures are told anew
//! from the store as long as the day lasts.

use domain::id::TenantId;
use futures::FutureExt;
use platform::metrics::Gauge;
use tokio_util::sync::CancellationToken;

use super::Service;
use super::evaluate::judged;
use crate::NAME;
use crate::config::Alert;
use crate::drift::{self, Day, DayFigures, FeatureDrift, Held, Span};
use crate::error::RiskError;
use crate::features::{SessionFeatures, Snapshot};
use crate::model::ModelKey;
use crate::store::{Endings, ModelDay, ScoreQuery, Scored};

/// Moments of the window, and of the reference, that tell the drift of features: each is read whole.
const MAX_MOMENTS: u64 = 2_000;
/// Scores of the window, and of the reference, that are looked at.
const MAX_SCORES: u64 = 10_000;

impl Service {
    /// Watches until `stop`: right at the start, and then now and then whether a day began that nobody has looked at.
    pub(crate) async fn watch_models(self, stop: CancellationToken) {
        let gauges = Gauges::new();
        let mut due = tokio::time::interval(self.inner.settings.drift.check_interval());
        while stop.run_until_cancelled(due.tick()).await.is_some() {
            let day = Day::due(self.now());
            match stop.run_until_cancelled(self.watch(day, &gauges)).await {
                None => return,
                Some(Ok(0)) => {}
                Some(Ok(watched)) => tracing::info!(watched, "models were watched"),
                Some(Err(error)) => tracing::warn!(%error, "models could not be watched"),
            }
        }
    }

    /// Finds what is missing of a day, of every tenant and model, and tells all of it. Says how much was missing.
    async fn watch(&self, day: Day, gauges: &Gauges) -> Result<u64, RiskError> {
        let mut last: Option<TenantId> = None;
        let mut watched = 0_u64;
        while let Some(tenant) = self.inner.store.next_tenant(last.as_ref()).await? {
            match self.watch_tenant(&tenant, day, gauges).await {
                Ok(found) => watched = watched.saturating_add(found),
                // One tenant's broken row must not blind all others.
                Err(error) => tracing::warn!(%tenant, %error, "models could not be watched"),
            }
            last = Some(tenant);
        }
        Ok(watched)
    }

    async fn watch_tenant(
        &self,
        tenant: &TenantId,
        day: Day,
        gauges: &Gauges,
    ) -> Result<u64, RiskError> {
        let store = &self.inner.store;
        let drift = self.inner.settings.drift;
        let shadows = self.inner.settings.models.max_shadows;
        let (mut features, mut watched) = (None, 0);
        for model in store.running(tenant, shadows).await? {
            let figures = if let Some(known) = store.model_day(tenant, &model, day).await? {
                known
            } else {
                // Of all models of the tenant alike.
                let features = match &features {
                    Some(features) => features,
                    None => features.insert(self.feature_drift_of(tenant, day).await?),
                };
                watched += 1;
                self.find(tenant, &model, day, features).await?
            };
            gauges.tell(tenant, &model, &figures, &drift.alerts(&figures));
        }
        Ok(watched)
    }

    /// Finds what a day says of a model, and keeps it.
    async fn find(
        &self,
        tenant: &TenantId,
        model: &ModelKey,
        day: Day,
        features: &[FeatureDrift],
    ) -> Result<DayFigures, RiskError> {
        let found = ModelDay {
            model: model.clone(),
            day,
            figures: self.figures_of(tenant, model, day, features).await?,
        };
        self.note(tenant, &found).await?;
        let alerts = self.inner.settings.drift.alerts(&found.figures);
        warn(tenant, model, &alerts);
        Ok(found.figures)
    }

    async fn feature_drift_of(
        &self,
        tenant: &TenantId,
        day: Day,
    ) -> Result<Vec<FeatureDrift>, RiskError> {
        let (window, reference) = self.spans(day)?;
        let store = &self.inner.store;
        let newer = store.moments_of(tenant, window, MAX_MOMENTS).await?;
        let older = store.moments_of(tenant, reference, MAX_MOMENTS).await?;
        let features = |moments: &[domain::moment::Moment]| -> Vec<SessionFeatures> {
            let of = |moment| SessionFeatures::of(&Snapshot::from(moment));
            moments.iter().map(of).collect()
        };
        Ok(drift::of_features(&features(&older), &features(&newer)))
    }

    async fn figures_of(
        &self,
        tenant: &TenantId,
        model: &ModelKey,
        day: Day,
        features: &[FeatureDrift],
    ) -> Result<DayFigures, RiskError> {
        let (window, reference) = self.spans(day)?;
        let scored = |span: Span| {
            let wanted = ScoreQuery {
                from: Some(span.from),
                until: Some(span.until),
                endings: Endings::Any,
                limit: MAX_SCORES,
            };
            self.inner.store.scores(tenant, model, wanted)
        };
        let (newer, older) = (scored(window).await?, scored(reference).await?);
        let told = |scores: &[Scored]| -> Vec<f64> {
            scores.iter().map(|score| score.abandonment.get()).collect()
        };
        let features = features.to_vec();
        Ok(drift::figures(
            &told(&newer),
            &told(&older),
            &judged(&newer),
            features,
        ))
    }

    /// The days that are judged, and those that they are held against.
    fn spans(&self, day: Day) -> Result<(Span, Span), RiskError> {
        let drift = self.inner.settings.drift;
        let until = day.start().map_err(|_| RiskError::NoSuchDay)?;
        let window = Span::before(until, drift.window_days);
        Ok((window, Span::before(window.from, drift.reference_days)))
    }

    async fn note(&self, tenant: &TenantId, found: &ModelDay) -> Result<(), RiskError> {
        let (store, now) = (self.inner.store.clone(), self.now());
        let (tenant, found) = (tenant.clone(), found.clone());
        let database = self.inner.store.database();
        database
            .write(move |tx| {
                let (store, tenant, found) = (store.clone(), tenant.clone(), found.clone());
                async move { Ok(store.note_model_day(tx, &tenant, &found, now).await?) }.boxed()
            })
            .await
    }
}

fn warn(tenant: &TenantId, model: &ModelKey, alerts: &[Alert]) {
    for alert in alerts {
        let (name, alert) = (&model.id, alert.as_str());
        tracing::warn!(%tenant, model = %name, version = model.version, alert, "a model drifts");
    }
}

/// The figures of the day, by tenant, model and version.
struct Gauges {
    score_psi: Gauge,
    feature_psi: Gauge,
    gap: Gauge,
    slope: Gauge,
    calibration_error: Gauge,
    alert: Gauge,
}

impl Gauges {
    fn new() -> Self {
        let gauge = |name, description| Gauge::new(NAME, name, "1", description);
        Self {
            score_psi: gauge(
                "rescate.risk.model.score_psi",
                "Population stability index of the scores of the last days against those before",
            ),
            feature_psi: gauge(
                "rescate.risk.model.feature_psi",
                "Population stability index of the feature that drifted most",
            ),
            gap: gauge(
                "rescate.risk.model.calibration_gap",
                "Mean predicted less observed abandonment",
            ),
            slope: gauge(
                "rescate.risk.model.calibration_slope",
                "Slope of the outcome on the predicted log-odds; 1 is right",
            ),
            calibration_error: gauge(
                "rescate.risk.model.calibration_error",
                "Expected calibration error over ten bins of equal mass",
            ),
            alert: gauge(
                "rescate.risk.model.alert",
                "1 while a figure of the day is beyond its limit, else 0",
            ),
        }
    }

    fn tell(&self, tenant: &TenantId, model: &ModelKey, figures: &DayFigures, alerts: &[Alert]) {
        let version = model.version.to_string();
        let labels = [
            ("rescate.tenant", tenant.as_str()),
            ("rescate.model", model.id.as_str()),
            ("rescate.model_version", version.as_str()),
        ];
        let tell = |gauge: &Gauge, figure: Option<f64>| {
            if let Some(figure) = figure {
                gauge.tell(figure, &labels);
            }
        };
        tell(&self.score_psi, figures.score_psi);
        let most = figures.features.first();
        tell(&self.feature_psi, most.map(|drift| drift.stability_index));
        let held = figures.held;
        tell(&self.gap, held.map(|held: Held| held.gap));
        tell(&self.slope, held.and_then(|held| held.slope));
        tell(
            &self.calibration_error,
            held.map(|held| held.calibration_error),
        );
        for alert in Alert::ALL {
            let [tenant, model, version] = labels;
            let labels = [tenant, model, version, ("rescate.alert", alert.as_str())];
            let beyond = alerts.contains(alert);
            self.alert.tell(f64::from(u8::from(beyond)), &labels);
        }
    }
}

#[cfg(test)]
mod tests;
