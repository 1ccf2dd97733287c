//! Settings of this service; `defaults.toml` says what each one means.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use domain::id::{ExperimentId, PartnerId, QueueId, TenantId};
use domain::money::BasisPoints;
use domain::time::LocalHours;
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
    pub rules: RulesConfig,
    /// What single tenants have otherwise, by tenant.
    pub tenants: BTreeMap<TenantId, TenantRules>,
    /// What partners may serve; one that is not named may serve every queue.
    pub partners: BTreeMap<PartnerId, PartnerConfig>,
    pub desks: DesksConfig,
    pub invitations: InvitationsConfig,
    pub retention: RetentionConfig,
}

/// Where the other services are.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct UpstreamsConfig {
    pub session_tracking: String,
    pub risk_scoring: String,
    pub offer_authorization: String,
    pub kpi: String,
}

/// Rules that hold for every tenant that has none of its own.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RulesConfig {
    pub experiment: ExperimentId,
    pub holdout_bps: BasisPoints,
    pub outreach: Outreach,
    pub contact_cap: u32,
    pub contact_window_hours: u64,
    pub call_hours: LocalHours,
    pub silent_pages: Vec<String>,
    pub page_change: PageChange,
}

/// Rules of one tenant; what is absent is as for all.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct TenantRules {
    pub experiment: Option<ExperimentId>,
    pub holdout_bps: Option<BasisPoints>,
    pub outreach: Option<Outreach>,
    pub contact_cap: Option<u32>,
    pub contact_window_hours: Option<u64>,
    pub call_hours: Option<LocalHours>,
    pub silent_pages: Option<Vec<String>>,
    pub page_change: Option<PageChange>,
}

/// What a partner is contracted for.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PartnerConfig {
    pub queues: BTreeSet<QueueId>,
}

/// The kill switch.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Outreach {
    /// Plays run.
    Running,
    /// An operator stopped all contacts.
    Stopped,
}

/// What another page means for an invitation that nobody has answered.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PageChange {
    /// It is stale: it was about the page before.
    Stale,
    /// It goes with the shopper.
    Tolerated,
}

/// Agents' desks and the work they are given.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DesksConfig {
    pub chat_reservation_timeout_ms: u64,
    pub call_reservation_timeout_ms: u64,
    pub silent_after_ms: u64,
    pub misses_in_a_row: u32,
    pub begin_within_ms: u64,
    pub wrap_up_within_ms: u64,
    pub per_agent: usize,
    pub poll_ms: u64,
}

/// Invitations and notices.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct InvitationsConfig {
    pub fresh_for_ms: u64,
    pub answer_within_ms: u64,
    pub cool_down_hours: u64,
    pub streams: usize,
}

/// How long things are kept.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RetentionConfig {
    pub decisions_days: u64,
}

impl ServiceConfig for Config {
    const DEFAULTS: &'static str = include_str!("defaults.toml");
    const VARIABLES: &'static str = "RESCATE_ROUTING";

    fn telemetry(&self) -> &TelemetryConfig {
        &self.telemetry
    }
}

impl DesksConfig {
    pub(crate) const fn silent_after(&self) -> Duration {
        Duration::from_millis(self.silent_after_ms)
    }

    pub(crate) const fn chat_reservation_timeout(&self) -> Duration {
        Duration::from_millis(self.chat_reservation_timeout_ms)
    }

    pub(crate) const fn call_reservation_timeout(&self) -> Duration {
        Duration::from_millis(self.call_reservation_timeout_ms)
    }

    pub(crate) const fn begin_within(&self) -> Duration {
        Duration::from_millis(self.begin_within_ms)
    }

    pub(crate) const fn wrap_up_within(&self) -> Duration {
        Duration::from_millis(self.wrap_up_within_ms)
    }

    pub(crate) const fn poll(&self) -> Duration {
        Duration::from_millis(self.poll_ms)
    }
}

impl RetentionConfig {
    pub(crate) const fn decisions(&self) -> Duration {
        Duration::from_secs(self.decisions_days.saturating_mul(24 * 3_600))
    }
}

impl InvitationsConfig {
    pub(crate) const fn fresh_for(&self) -> Duration {
        Duration::from_millis(self.fresh_for_ms)
    }

    pub(crate) const fn answer_within(&self) -> Duration {
        Duration::from_millis(self.answer_within_ms)
    }

    pub(crate) const fn cool_down(&self) -> Duration {
        Duration::from_secs(self.cool_down_hours.saturating_mul(3_600))
    }
}

impl Validate for Config {
    fn validate(&self, faults: &mut Faults) {
        faults.section("server", &self.server);
        faults.section("client", &self.client);
        faults.section("auth", &self.auth);
        faults.section("telemetry", &self.telemetry);
        faults.section("upstreams", &self.upstreams);
        faults.section("rules", &self.rules);
        for (tenant, rules) in &self.tenants {
            let name = format!("tenants.{tenant}");
            faults.section(&name, &rules.over(&self.rules));
        }
        faults.section("desks", &self.desks);
        faults.section("invitations", &self.invitations);
        faults.section("retention", &self.retention);
        faults.check(
            self.auth.signing_key.is_some(),
            "auth.signing_key",
            "must be given: cases, causes and facts are sent in this service's own name",
        );
    }
}

impl Validate for UpstreamsConfig {
    fn validate(&self, faults: &mut Faults) {
        faults.address("session_tracking", &self.session_tracking);
        faults.address("risk_scoring", &self.risk_scoring);
        faults.address("offer_authorization", &self.offer_authorization);
        faults.address("kpi", &self.kpi);
    }
}

impl TenantRules {
    /// The rules of the tenant, whole.
    pub(crate) fn over(&self, all: &RulesConfig) -> RulesConfig {
        let Self {
            experiment,
            holdout_bps,
            outreach,
            contact_cap,
            contact_window_hours,
            call_hours,
            silent_pages,
            page_change,
        } = self.clone();
        RulesConfig {
            experiment: experiment.unwrap_or_else(|| all.experiment.clone()),
            holdout_bps: holdout_bps.unwrap_or(all.holdout_bps),
            // INVARIANT: a kill switch for all holds for each, whatever its own setting says.
            outreach: match all.outreach {
                Outreach::Running => outreach.unwrap_or(Outreach::Running),
                Outreach::Stopped => Outreach::Stopped,
            },
            contact_cap: contact_cap.unwrap_or(all.contact_cap),
            contact_window_hours: contact_window_hours.unwrap_or(all.contact_window_hours),
            call_hours: call_hours.unwrap_or(all.call_hours),
            silent_pages: silent_pages.unwrap_or_else(|| all.silent_pages.clone()),
            page_change: page_change.unwrap_or(all.page_change),
        }
    }
}

impl Validate for RulesConfig {
    fn validate(&self, faults: &mut Faults) {
        faults.range("contact_cap", self.contact_cap, 0..=100);
        let hours = 1..=24 * 366;
        faults.range("contact_window_hours", self.contact_window_hours, hours);
        let named = self.silent_pages.iter().all(|page| !page.is_empty());
        faults.check(named, "silent_pages", "must hold no empty page");
    }
}

impl Validate for DesksConfig {
    fn validate(&self, faults: &mut Faults) {
        let reservation = 1_000..=600_000;
        let chat = self.chat_reservation_timeout_ms;
        faults.range("chat_reservation_timeout_ms", chat, reservation.clone());
        let call = self.call_reservation_timeout_ms;
        faults.range("call_reservation_timeout_ms", call, reservation);
        faults.range("silent_after_ms", self.silent_after_ms, 1_000..=600_000);
        faults.range("misses_in_a_row", self.misses_in_a_row, 1..=100);
        faults.range("begin_within_ms", self.begin_within_ms, 1_000..=3_600_000);
        let a_day = 24 * 3_600_000;
        faults.range("wrap_up_within_ms", self.wrap_up_within_ms, 60_000..=a_day);
        faults.range("per_agent", self.per_agent, 1..=10);
        faults.range("poll_ms", self.poll_ms, 10..=10_000);
    }
}

impl Validate for InvitationsConfig {
    fn validate(&self, faults: &mut Faults) {
        faults.range("fresh_for_ms", self.fresh_for_ms, 0..=600_000);
        faults.range("answer_within_ms", self.answer_within_ms, 1_000..=3_600_000);
        faults.range("streams", self.streams, 1..=1_000_000);
        faults.range("cool_down_hours", self.cool_down_hours, 0..=24 * 366);
    }
}

impl Validate for RetentionConfig {
    fn validate(&self, faults: &mut Faults) {
        faults.range("decisions_days", self.decisions_days, 1..=3_660);
    }
}

#[cfg(test)]
mod tests;
