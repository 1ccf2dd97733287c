//! Learning causes from what agents note at wrap-up: per tenant, in versions, each of which can be gone back to.

use std::collections::HashMap;

use domain::cause::Cause;
use domain::id::{AssessmentId, TenantId};
use domain::time::Timestamp;
use futures::FutureExt;
use serde::{Deserialize, Serialize};
use storage::{RequestKey, Tx};

use super::Service;
use crate::cause::{self, Labelled, Shifts};
use crate::error::RiskError;
use crate::store::{CauseLabel, LearnedTable};

/// How many of the causes that were noted last are learned from and judge.
const MAX_LABELS: u64 = 5_000;
/// How many learned tables are listed.
const MAX_TABLES: u64 = 199;
/// Learned versions of one built-in table; see `CauseTable.version` in the contract.
const VERSIONS: u32 = 1_000;

/// What a list tells of a table of causes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct CauseTableCard {
    pub(crate) version: u32,
    pub(crate) active: Active,
    /// Noted causes that it was learned from.
    pub(crate) labels: u64,
    /// `None` for the built-in one.
    pub(crate) learned_at: Option<Timestamp>,
    /// Assessments made by it whose true cause was noted.
    pub(crate) judged: u32,
    /// Those of them whose likeliest cause was the true one.
    pub(crate) right: u32,
}

/// Whether assessments are made by a table now.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Active {
    Yes,
    No,
}

impl Service {
    /// Notes the true cause of an assessment, and says which was found.
    pub(crate) async fn record_cause(
        &self,
        key: RequestKey,
        assessment: AssessmentId,
        label: Cause,
    ) -> Result<Cause, RiskError> {
        let now = self.now();
        let (service, tenant) = (self.clone(), key.tenant.clone());
        let database = self.inner.store.database();
        database
            .write_once(key, now, move |tx| {
                let (service, tenant) = (service.clone(), tenant.clone());
                async move {
                    let store = &service.inner.store;
                    let ids = [assessment];
                    let known = store.assessments_of(tx, &tenant, &ids).await?;
                    let known = known.first().ok_or(RiskError::AssessmentUnknown)?;
                    let noted = CauseLabel {
                        assessment,
                        label,
                        found: known.assessment.likely_cause(),
                        table_version: known.assessment.cause_table_version.unwrap_or_default(),
                    };
                    store.record_cause(tx, &tenant, &noted, now).await?;
                    Ok(noted.found)
                }
                .boxed()
            })
            .await
    }

    /// Learns a table from what was noted, and uses it.
    pub(crate) async fn learn_causes(&self, key: RequestKey) -> Result<CauseTableCard, RiskError> {
        let now = self.now();
        let (service, tenant) = (self.clone(), key.tenant.clone());
        let database = self.inner.store.database();
        database
            .write_once(key, now, move |tx| {
                let (service, tenant) = (service.clone(), tenant.clone());
                async move { service.learn_in(tx, &tenant, now).await }.boxed()
            })
            .await
    }

    async fn learn_in(
        &self,
        tx: &Tx,
        tenant: &TenantId,
        now: Timestamp,
    ) -> Result<CauseTableCard, RiskError> {
        let store = &self.inner.store;
        let labels = store.cause_labels(tx, tenant, MAX_LABELS).await?;
        let labelled = self.labelled(tx, tenant, &labels).await?;
        if labelled.is_empty() {
            return Err(RiskError::NoLabel);
        }
        let newest = store.cause_tables(tx, tenant, 1).await?;
        let first = self.inner.causes.version().saturating_mul(VERSIONS);
        let newest = newest
            .first()
            .map_or(first, |table| table.version.max(first));
        let table = LearnedTable {
            version: newest.saturating_add(1),
            shifts: Shifts::learn(&labelled),
            labels: u64::try_from(labelled.len()).unwrap_or(u64::MAX),
            learned_at: now,
        };
        store.insert_cause_table(tx, tenant, &table).await?;
        store.choose_causes(tx, tenant, Some(table.version)).await?;
        Ok(card(&table, Some(table.version), &labels))
    }

    /// What the built-in table alone finds on the assessments that were labelled.
    async fn labelled(
        &self,
        tx: &Tx,
        tenant: &TenantId,
        labels: &[CauseLabel],
    ) -> Result<Vec<Labelled>, RiskError> {
        let true_causes: HashMap<AssessmentId, Cause> = labels
            .iter()
            .map(|noted| (noted.assessment, noted.label))
            .collect();
        let ids: Vec<AssessmentId> = labels.iter().map(|noted| noted.assessment).collect();
        let known = self.inner.store.assessments_of(tx, tenant, &ids).await?;
        let labelled = known.iter().filter_map(|stored| {
            Some(Labelled {
                findings: cause::findings(&stored.moment, &self.inner.causes),
                label: *true_causes.get(&stored.assessment.id)?,
            })
        });
        Ok(labelled.collect())
    }

    /// All tables of the tenant, the newest first, the built-in one last.
    pub(crate) async fn cause_tables(
        &self,
        tenant: &TenantId,
    ) -> Result<Vec<CauseTableCard>, RiskError> {
        let store = &self.inner.store;
        let reader = store.database().read();
        let active = store.cause_choice(reader, tenant).await?;
        let labels = store.cause_labels(reader, tenant, MAX_LABELS).await?;
        let tables = store.cause_tables(reader, tenant, MAX_TABLES).await?;
        let learned = tables.iter().map(|table| card(table, active, &labels));
        let mut cards: Vec<CauseTableCard> = learned.collect();
        cards.push(self.built_in_causes(active, &labels));
        Ok(cards)
    }

    /// Goes over to a table, such as the one before.
    pub(crate) async fn activate_cause_table(
        &self,
        key: RequestKey,
        version: u32,
    ) -> Result<CauseTableCard, RiskError> {
        let now = self.now();
        let (service, tenant) = (self.clone(), key.tenant.clone());
        let database = self.inner.store.database();
        database
            .write_once(key, now, move |tx| {
                let (service, tenant) = (service.clone(), tenant.clone());
                async move { service.activate_causes_in(tx, &tenant, version).await }.boxed()
            })
            .await
    }

    async fn activate_causes_in(
        &self,
        tx: &Tx,
        tenant: &TenantId,
        version: u32,
    ) -> Result<CauseTableCard, RiskError> {
        let store = &self.inner.store;
        let labels = store.cause_labels(tx, tenant, MAX_LABELS).await?;
        if version == self.inner.causes.version() {
            store.choose_causes(tx, tenant, None).await?;
            return Ok(self.built_in_causes(None, &labels));
        }
        let tables = store.cause_tables(tx, tenant, u64::from(VERSIONS)).await?;
        let chosen = tables.iter().find(|table| table.version == version);
        let chosen = chosen.ok_or(RiskError::CauseTableUnknown)?;
        store.choose_causes(tx, tenant, Some(version)).await?;
        Ok(card(chosen, Some(version), &labels))
    }

    fn built_in_causes(&self, active: Option<u32>, labels: &[CauseLabel]) -> CauseTableCard {
        let version = self.inner.causes.version();
        let (judged, right) = judged(version, labels);
        CauseTableCard {
            version,
            active: if active.is_none() {
                Active::Yes
            } else {
                Active::No
            },
            labels: 0,
            learned_at: None,
            judged,
            right,
        }
    }
}

fn card(table: &LearnedTable, active: Option<u32>, labels: &[CauseLabel]) -> CauseTableCard {
    let (judged, right) = judged(table.version, labels);
    CauseTableCard {
        version: table.version,
        active: if active == Some(table.version) {
            Active::Yes
        } else {
            Active::No
        },
        labels: table.labels,
        learned_at: Some(table.learned_at),
        judged,
        right,
    }
}

/// How many labelled assessments a table made, and on how many of them it was right. Each was made before its label.
fn judged(version: u32, labels: &[CauseLabel]) -> (u32, u32) {
    let made = labels.iter().filter(|noted| noted.table_version == version);
    made.fold((0, 0), |(judged, right), noted| {
        (judged + 1, right + u32::from(noted.found == noted.label))
    })
}
