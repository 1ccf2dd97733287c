//! Learning causes from what agents note at wrap-up: per tenant, in versions, each of which can be gone back to.

use std::collections::HashMap;
use std::sync::Arc;

use domain::cause::Cause;
use domain::id::{AssessmentId, TenantId};
use domain::time::Timestamp;
use futures::FutureExt;
use serde::{Deserialize, Serialize};
use storage::RequestKey;

use super::{Service, Unit};
use crate::cause::{self, Labelled, Shifts};
use crate::error::RiskError;
use crate::store::{Accuracy, CauseLabel, LearnedTable};

/// How many of the causes that were noted last are learned from.
const MAX_LABELS: u64 = 5_000;
/// Learned tables that are kept and listed, the newest.
const MAX_TABLES: u64 = 199;

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
        self.once(key, (assessment, label), |unit, (assessment, label)| {
            async move { unit.record_cause(assessment, label).await }.boxed()
        })
        .await
    }

    /// Learns a table from what was noted, and uses it. All that is read and reckoned comes before the transaction, which others
    /// wait for.
    pub(crate) async fn learn_causes(&self, key: RequestKey) -> Result<CauseTableCard, RiskError> {
        let taught = Arc::new(self.taught(&key.tenant).await?);
        self.once(key, taught, |unit, taught| {
            async move { unit.learn_causes(&taught).await }.boxed()
        })
        .await
    }

    /// What the built-in table alone finds on the assessments that were labelled, where that teaches anything.
    async fn taught(&self, tenant: &TenantId) -> Result<Vec<Labelled>, RiskError> {
        let store = &self.inner.store;
        let reader = store.database().read();
        let labels = store.cause_labels(reader, tenant, MAX_LABELS).await?;
        let true_causes: HashMap<AssessmentId, Cause> = labels
            .iter()
            .map(|noted| (noted.assessment, noted.label))
            .collect();
        let ids: Vec<AssessmentId> = labels.iter().map(|noted| noted.assessment).collect();
        let known = store.assessments_of(reader, tenant, &ids).await?;
        let labelled = known.iter().filter_map(|stored| {
            Some(Labelled {
                findings: cause::findings(&stored.moment, &self.inner.causes),
                label: *true_causes.get(&stored.assessment.id)?,
            })
        });
        Ok(labelled.filter(Labelled::teaches).collect())
    }

    /// All tables of the tenant, the newest first, the built-in one last. One that was learned on another built-in table than
    /// this release's is listed, and not active even if it was chosen.
    pub(crate) async fn cause_tables(
        &self,
        tenant: &TenantId,
    ) -> Result<Vec<CauseTableCard>, RiskError> {
        let store = &self.inner.store;
        let reader = store.database().read();
        let built_in = &self.inner.causes;
        let chosen = store.cause_choice(reader, tenant).await?;
        let chosen = chosen.filter(|version| built_in.is_base_of(*version));
        let accuracies = store.cause_accuracy(reader, tenant).await?;
        let accuracy = |version: u32| accuracies.get(&version).copied().unwrap_or_default();
        let tables = store.cause_tables(reader, tenant, MAX_TABLES).await?;
        let learned = tables.iter().map(|table| {
            let active = Active::of(Some(table.version), chosen);
            card(table, active, accuracy(table.version))
        });
        let mut cards: Vec<CauseTableCard> = learned.collect();
        let version = built_in.version();
        let active = Active::of(None, chosen);
        cards.push(built_in_card(version, active, accuracy(version)));
        Ok(cards)
    }

    /// Goes over to a table, such as the one before.
    pub(crate) async fn activate_cause_table(
        &self,
        key: RequestKey,
        version: u32,
    ) -> Result<CauseTableCard, RiskError> {
        self.once(key, version, |unit, version| {
            async move { unit.activate_cause_table(version).await }.boxed()
        })
        .await
    }
}

impl Unit<'_> {
    async fn record_cause(
        &self,
        assessment: AssessmentId,
        label: Cause,
    ) -> Result<Cause, RiskError> {
        let (store, tx, tenant) = (self.store(), self.tx, &self.tenant);
        let known = store.assessment_in(tx, tenant, assessment).await?;
        let known = known.ok_or(RiskError::AssessmentUnknown)?;
        let noted = CauseLabel {
            assessment,
            label,
            found: known.assessment.likely_cause(),
            table_version: known.assessment.cause_table_version.unwrap_or_default(),
        };
        store.record_cause(tx, tenant, &noted, self.now).await?;
        Ok(noted.found)
    }

    async fn learn_causes(&self, taught: &[Labelled]) -> Result<CauseTableCard, RiskError> {
        if taught.is_empty() {
            return Err(RiskError::NoLabel);
        }
        let (store, tx, tenant) = (self.store(), self.tx, &self.tenant);
        let newest = store.cause_tables(tx, tenant, 1).await?;
        let newest = newest.first().map(|table| table.version);
        let version = self.service.inner.causes.next_learned(newest);
        let table = LearnedTable {
            version: version.ok_or(RiskError::TooManyTables)?,
            shifts: Shifts::learn(taught),
            labels: u64::try_from(taught.len()).unwrap_or(u64::MAX),
            learned_at: self.now,
        };
        store.insert_cause_table(tx, tenant, &table).await?;
        store.choose_causes(tx, tenant, Some(table.version)).await?;
        store.forget_cause_tables(tx, tenant, MAX_TABLES).await?;
        // It has made no assessment yet.
        Ok(card(&table, Active::Yes, Accuracy::default()))
    }

    async fn activate_cause_table(&self, version: u32) -> Result<CauseTableCard, RiskError> {
        let (store, tx, tenant) = (self.store(), self.tx, &self.tenant);
        let built_in = &self.service.inner.causes;
        let accuracies = store.cause_accuracy(tx, tenant).await?;
        let accuracy = accuracies.get(&version).copied().unwrap_or_default();
        if version == built_in.version() {
            store.choose_causes(tx, tenant, None).await?;
            return Ok(built_in_card(version, Active::Yes, accuracy));
        }
        let chosen = store.cause_table(tx, tenant, version).await?;
        let chosen = chosen.ok_or(RiskError::CauseTableUnknown)?;
        if !built_in.is_base_of(version) {
            return Err(RiskError::CauseTableOutdated);
        }
        store.choose_causes(tx, tenant, Some(version)).await?;
        Ok(card(&chosen, Active::Yes, accuracy))
    }
}

impl Active {
    fn of(version: Option<u32>, chosen: Option<u32>) -> Self {
        if version == chosen {
            Self::Yes
        } else {
            Self::No
        }
    }
}

fn card(table: &LearnedTable, active: Active, accuracy: Accuracy) -> CauseTableCard {
    CauseTableCard {
        labels: table.labels,
        learned_at: Some(table.learned_at),
        ..built_in_card(table.version, active, accuracy)
    }
}

fn built_in_card(version: u32, active: Active, accuracy: Accuracy) -> CauseTableCard {
    let Accuracy { judged, right } = accuracy;
    CauseTableCard {
        version,
        active,
        labels: 0,
        learned_at: None,
        judged,
        right,
    }
}
