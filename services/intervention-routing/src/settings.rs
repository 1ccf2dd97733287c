//! The settings that decisions and timers rest on, resolved once for each tenant.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use domain::id::{PartnerId, QueueId, TenantId};

use crate::config::{Config, DesksConfig, InvitationsConfig, RulesConfig};
use crate::decide::Rules;

/// What the use cases are told by the operator.
#[derive(Debug)]
pub(crate) struct Settings {
    /// Desks and their work.
    pub(crate) desks: DesksConfig,
    /// Invitations and notices.
    pub(crate) invitations: InvitationsConfig,
    /// How long a decision can be explained.
    pub(crate) decisions_kept: Duration,
    rules: Rules,
    tenants: BTreeMap<TenantId, Rules>,
    partners: BTreeMap<PartnerId, BTreeSet<QueueId>>,
}

impl Settings {
    pub(crate) fn new(config: &Config) -> Self {
        let of_tenant = |(tenant, rules): (&TenantId, &crate::TenantRules)| {
            (tenant.clone(), resolved(&rules.over(&config.rules)))
        };
        Self {
            desks: config.desks.clone(),
            invitations: config.invitations.clone(),
            decisions_kept: config.retention.decisions(),
            rules: resolved(&config.rules),
            tenants: config.tenants.iter().map(of_tenant).collect(),
            partners: config
                .partners
                .iter()
                .map(|(partner, contract)| (partner.clone(), contract.queues.clone()))
                .collect(),
        }
    }

    /// The rules of a tenant.
    pub(crate) fn rules(&self, tenant: &TenantId) -> &Rules {
        self.tenants.get(tenant).unwrap_or(&self.rules)
    }

    /// Whether agents of a partner may serve a queue.
    pub(crate) fn may_serve(&self, partner: &PartnerId, queue: &QueueId) -> bool {
        self.partners
            .get(partner)
            .is_none_or(|contracted| contracted.contains(queue))
    }
}

fn resolved(config: &RulesConfig) -> Rules {
    let RulesConfig {
        experiment,
        holdout_bps,
        outreach,
        contact_cap,
        contact_window_hours,
        call_hours,
        silent_pages,
        page_change,
    } = config.clone();
    Rules {
        experiment,
        holdout: holdout_bps,
        outreach,
        contact_cap,
        contact_window: Duration::from_secs(contact_window_hours.saturating_mul(3_600)),
        call_hours,
        silent_pages,
        page_change,
    }
}
