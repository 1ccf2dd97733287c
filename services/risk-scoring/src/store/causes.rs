//! True causes as agents noted them, and the tables learned from them.

use std::collections::BTreeMap;
use std::sync::Arc;

use domain::cause::Cause;
use domain::id::{AssessmentId, TenantId};
use domain::time::Timestamp;
use sea_orm::ActiveValue::Set;
use sea_orm::sea_query::{Expr, ExprTrait, OnConflict};
use sea_orm::{ColumnTrait, ConnectionTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect};
use storage::column::{self, Row, millis};
use storage::{StoreError, TenantScoped, Tx};

use super::entities::{assessment, cause_choice, cause_label, cause_table};
use super::{Store, StoredAssessment, assessments};
use crate::cause::{CauseBasis, CauseTable, Shifts};

/// Assessments read at once.
const CHUNK: usize = 200;

/// How often a table was right.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Accuracy {
    /// Assessments made by it whose true cause was noted.
    pub(crate) judged: u32,
    /// Those of them whose likeliest cause was the true one.
    pub(crate) right: u32,
}

/// The true cause of an assessment, beside the one that was found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct CauseLabel {
    pub(crate) assessment: AssessmentId,
    pub(crate) label: Cause,
    pub(crate) found: Cause,
    /// The table by which it was found; 0 for assessments from before that was kept.
    pub(crate) table_version: u32,
}

/// What a tenant's agents have taught.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct LearnedTable {
    pub(crate) version: u32,
    pub(crate) shifts: Shifts,
    pub(crate) labels: u64,
    pub(crate) learned_at: Timestamp,
}

impl Store {
    /// Notes the true cause of an assessment; a later one counts.
    pub(crate) async fn record_cause(
        &self,
        tx: &Tx,
        tenant: &TenantId,
        label: &CauseLabel,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        let row = cause_label::ActiveModel {
            tenant: Set(tenant.as_str().to_owned()),
            assessment_id: Set(label.assessment.to_string()),
            label: Set(label.label.as_str().to_owned()),
            found: Set(label.found.as_str().to_owned()),
            table_version: Set(i64::from(label.table_version)),
            labelled_at: Set(millis(now)),
        };
        let replace = OnConflict::columns([
            cause_label::Column::Tenant,
            cause_label::Column::AssessmentId,
        ])
        .update_columns([cause_label::Column::Label, cause_label::Column::LabelledAt])
        .to_owned();
        cause_label::Entity::insert(row)
            .on_conflict(replace)
            .exec_without_returning(tx)
            .await?;
        Ok(())
    }

    /// The causes that were noted last, the newest first.
    pub(crate) async fn cause_labels<C: ConnectionTrait>(
        &self,
        connection: &C,
        tenant: &TenantId,
        limit: u64,
    ) -> Result<Vec<CauseLabel>, StoreError> {
        let rows = cause_label::Entity::find_in(tenant)
            .order_by_desc(cause_label::Column::LabelledAt)
            .order_by_desc(cause_label::Column::AssessmentId)
            .limit(limit)
            .all(connection)
            .await?;
        rows.iter().map(label).collect()
    }

    /// How often each table was right, by version.
    pub(crate) async fn cause_accuracy<C: ConnectionTrait>(
        &self,
        connection: &C,
        tenant: &TenantId,
    ) -> Result<BTreeMap<u32, Accuracy>, StoreError> {
        let column = |column: cause_label::Column| Expr::col((cause_label::Entity, column));
        let was_right = column(cause_label::Column::Found).eq(column(cause_label::Column::Label));
        let rows: Vec<(i64, bool, i64)> = cause_label::Entity::find_in(tenant)
            .select_only()
            .column(cause_label::Column::TableVersion)
            .column_as(was_right.clone(), "was_right")
            .column_as(cause_label::Column::AssessmentId.count(), "labels")
            .group_by(column(cause_label::Column::TableVersion))
            .group_by(was_right)
            .into_tuple()
            .all(connection)
            .await?;
        let row = Row::of("cause_labels", tenant.as_str());
        let mut accuracies: BTreeMap<u32, Accuracy> = BTreeMap::new();
        for (version, right, labels) in rows {
            let accuracy = accuracies
                .entry(row.count("table_version", version)?)
                .or_default();
            let labels: u32 = row.count("labels", labels)?;
            accuracy.judged = accuracy.judged.saturating_add(labels);
            if right {
                accuracy.right = labels;
            }
        }
        Ok(accuracies)
    }

    /// The assessments of these ids, with their moments; those that are forgotten are left out.
    pub(crate) async fn assessments_of<C: ConnectionTrait>(
        &self,
        connection: &C,
        tenant: &TenantId,
        ids: &[AssessmentId],
    ) -> Result<Vec<StoredAssessment>, StoreError> {
        let mut found = Vec::with_capacity(ids.len());
        for chunk in ids.chunks(CHUNK) {
            let names = chunk.iter().map(ToString::to_string);
            let rows = assessment::Entity::find_in(tenant)
                .filter(assessment::Column::AssessmentId.is_in(names))
                .all(connection)
                .await?;
            for row in &rows {
                found.push(assessments::stored(row)?);
            }
        }
        Ok(found)
    }

    /// Adds a learned table.
    pub(crate) async fn insert_cause_table(
        &self,
        tx: &Tx,
        tenant: &TenantId,
        table: &LearnedTable,
    ) -> Result<(), StoreError> {
        let row = cause_table::ActiveModel {
            tenant: Set(tenant.as_str().to_owned()),
            version: Set(i64::from(table.version)),
            shifts: Set(column::json(&table.shifts)?),
            labels: Set(i64::try_from(table.labels).unwrap_or(i64::MAX)),
            learned_at: Set(millis(table.learned_at)),
        };
        cause_table::Entity::insert(row)
            .exec_without_returning(tx)
            .await?;
        Ok(())
    }

    /// The learned tables, the newest first.
    pub(crate) async fn cause_tables<C: ConnectionTrait>(
        &self,
        connection: &C,
        tenant: &TenantId,
        limit: u64,
    ) -> Result<Vec<LearnedTable>, StoreError> {
        let rows = cause_table::Entity::find_in(tenant)
            .order_by_desc(cause_table::Column::Version)
            .limit(limit)
            .all(connection)
            .await?;
        rows.iter().map(table).collect()
    }

    /// A learned table; `None` when there is none of this version.
    pub(crate) async fn cause_table<C: ConnectionTrait>(
        &self,
        connection: &C,
        tenant: &TenantId,
        version: u32,
    ) -> Result<Option<LearnedTable>, StoreError> {
        let row = cause_table::Entity::find_in(tenant)
            .filter(cause_table::Column::Version.eq(i64::from(version)))
            .one(connection)
            .await?;
        row.as_ref().map(table).transpose()
    }

    /// Forgets the learned tables but the newest `kept`.
    pub(crate) async fn forget_cause_tables(
        &self,
        tx: &Tx,
        tenant: &TenantId,
        kept: u64,
    ) -> Result<(), StoreError> {
        let oldest_kept: Option<i64> = cause_table::Entity::find_in(tenant)
            .select_only()
            .column(cause_table::Column::Version)
            .order_by_desc(cause_table::Column::Version)
            .offset(kept.saturating_sub(1))
            .limit(1)
            .into_tuple()
            .one(tx)
            .await?;
        if let Some(oldest) = oldest_kept {
            cause_table::Entity::delete_in(tenant)
                .filter(cause_table::Column::Version.lt(oldest))
                .exec(tx)
                .await?;
        }
        Ok(())
    }

    /// The version in use; `None` while it is the built-in one.
    pub(crate) async fn cause_choice<C: ConnectionTrait>(
        &self,
        connection: &C,
        tenant: &TenantId,
    ) -> Result<Option<u32>, StoreError> {
        let row = cause_choice::Entity::find_in(tenant)
            .one(connection)
            .await?;
        row.map(|row| Row::of("cause_choices", &row.tenant).count("version", row.version))
            .transpose()
    }

    /// Chooses a learned table, or the built-in one.
    pub(crate) async fn choose_causes(
        &self,
        tx: &Tx,
        tenant: &TenantId,
        version: Option<u32>,
    ) -> Result<(), StoreError> {
        self.changes_basis(tx, tenant);
        let Some(version) = version else {
            cause_choice::Entity::delete_in(tenant).exec(tx).await?;
            return Ok(());
        };
        let row = cause_choice::ActiveModel {
            tenant: Set(tenant.as_str().to_owned()),
            version: Set(i64::from(version)),
        };
        let replace = OnConflict::column(cause_choice::Column::Tenant)
            .update_column(cause_choice::Column::Version)
            .to_owned();
        cause_choice::Entity::insert(row)
            .on_conflict(replace)
            .exec_without_returning(tx)
            .await?;
        Ok(())
    }

    /// What causes are found by now. A table that was learned on another built-in one than this release's is not used.
    pub(crate) async fn cause_basis<C: ConnectionTrait>(
        &self,
        connection: &C,
        tenant: &TenantId,
        built_in: &Arc<CauseTable>,
    ) -> Result<CauseBasis, StoreError> {
        let choice = cause_choice::Entity::find_in(tenant)
            .find_also_related(cause_table::Entity)
            .one(connection)
            .await?;
        let Some((choice, learned)) = choice else {
            return Ok(CauseBasis::built_in(Arc::clone(built_in)));
        };
        let choices = Row::of("cause_choices", tenant.as_str());
        let version = choices.count("version", choice.version)?;
        if !built_in.is_base_of(version) {
            return Ok(CauseBasis::built_in(Arc::clone(built_in)));
        }
        let row = learned.ok_or_else(|| choices.corrupt("version"))?;
        let LearnedTable {
            version, shifts, ..
        } = table(&row)?;
        Ok(CauseBasis::learned(Arc::clone(built_in), version, shifts))
    }
}

fn label(row: &cause_label::Model) -> Result<CauseLabel, StoreError> {
    let reader = Row::of("cause_labels", &row.assessment_id);
    Ok(CauseLabel {
        assessment: reader.parse("assessment_id", &row.assessment_id)?,
        label: reader.parse("label", &row.label)?,
        found: reader.parse("found", &row.found)?,
        table_version: reader.count("table_version", row.table_version)?,
    })
}

fn table(row: &cause_table::Model) -> Result<LearnedTable, StoreError> {
    let name = row.version.to_string();
    let reader = Row::of("cause_tables", &name);
    Ok(LearnedTable {
        version: reader.count("version", row.version)?,
        shifts: reader.json("shifts", &row.shifts)?,
        labels: reader.count("labels", row.labels)?,
        learned_at: reader.instant("learned_at", row.learned_at)?,
    })
}
