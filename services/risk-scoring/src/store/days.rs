//! What was found of models day by day, and what it is found from.

use domain::id::TenantId;
use domain::moment::Moment;
use domain::phase::RiskPhase;
use domain::time::Timestamp;
use sea_orm::ActiveValue::Set;
use sea_orm::sea_query::OnConflict;
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect};
use storage::column::{self, Row, millis};
use storage::{StoreError, TenantScoped, Tx};

use super::Store;
use super::assessments;
use super::entities::assessment;
use super::entities::model_day::{ActiveModel, Column, Entity, Model};
use crate::drift::{Day, DayFigures, Span};
use crate::model::ModelKey;

/// What was found of a model on a day.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct ModelDay {
    pub(crate) model: ModelKey,
    pub(crate) day: Day,
    pub(crate) figures: DayFigures,
}

impl Store {
    /// The tenant after this one, by name, that has assessments; each is found by one look into the index.
    pub(crate) async fn next_tenant(
        &self,
        after: Option<&TenantId>,
    ) -> Result<Option<TenantId>, StoreError> {
        let mut query = assessment::Entity::find()
            .select_only()
            .column(assessment::Column::Tenant)
            .order_by_asc(assessment::Column::Tenant)
            .limit(1);
        if let Some(after) = after {
            query = query.filter(assessment::Column::Tenant.gt(after.as_str()));
        }
        let found: Option<String> = query.into_tuple().one(self.database.read()).await?;
        let row = Row::of("assessments", "tenant");
        found.map(|name| row.parse("tenant", &name)).transpose()
    }

    /// The moments of a span before an order, the newest first, at most `limit`.
    pub(crate) async fn moments_of(
        &self,
        tenant: &TenantId,
        span: Span,
        limit: u64,
    ) -> Result<Vec<Moment>, StoreError> {
        let rows = assessment::Entity::find_in(tenant)
            .filter(assessment::Column::AssessedAt.gte(millis(span.from)))
            .filter(assessment::Column::AssessedAt.lt(millis(span.until)))
            .filter(assessment::Column::Phase.ne(RiskPhase::PostClickAnxiety.as_str()))
            .order_by_desc(assessment::Column::AssessedAt)
            .order_by_desc(assessment::Column::AssessmentId)
            .limit(limit)
            .all(self.database.read())
            .await?;
        rows.iter()
            .map(|row| Ok(assessments::stored(row)?.moment))
            .collect()
    }

    /// What was found of a model on a day; `None` before it was watched.
    pub(crate) async fn model_day(
        &self,
        tenant: &TenantId,
        model: &ModelKey,
        day: Day,
    ) -> Result<Option<DayFigures>, StoreError> {
        let row = of_model(tenant, model)
            .filter(Column::Day.eq(day.number()))
            .one(self.database.read())
            .await?;
        Ok(row
            .as_ref()
            .map(figures)
            .transpose()?
            .map(|(_, found)| found))
    }

    /// The last days of a model that were watched, the newest first.
    pub(crate) async fn model_days(
        &self,
        tenant: &TenantId,
        model: &ModelKey,
        limit: u64,
    ) -> Result<Vec<(Day, DayFigures)>, StoreError> {
        let rows = of_model(tenant, model)
            .order_by_desc(Column::Day)
            .limit(limit)
            .all(self.database.read())
            .await?;
        rows.iter().map(figures).collect()
    }

    /// Notes what was found on a day. What was noted before stays: two replicas may watch the same day.
    pub(crate) async fn note_model_day(
        &self,
        tx: &Tx,
        tenant: &TenantId,
        found: &ModelDay,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        let ModelDay {
            model,
            day,
            figures,
        } = found;
        let row = ActiveModel {
            tenant: Set(tenant.as_str().to_owned()),
            name: Set(model.id.as_str().to_owned()),
            version: Set(i64::from(model.version)),
            day: Set(day.number()),
            figures: Set(column::json(figures)?),
            watched_at: Set(millis(now)),
        };
        let kept =
            OnConflict::columns([Column::Tenant, Column::Name, Column::Version, Column::Day])
                .do_nothing()
                .to_owned();
        Entity::insert(row)
            .on_conflict(kept)
            .exec_without_returning(tx)
            .await?;
        Ok(())
    }
}

fn of_model(tenant: &TenantId, model: &ModelKey) -> sea_orm::Select<Entity> {
    Entity::find_in(tenant)
        .filter(Column::Name.eq(model.id.as_str()))
        .filter(Column::Version.eq(i64::from(model.version)))
}

fn figures(row: &Model) -> Result<(Day, DayFigures), StoreError> {
    let reader = Row::of("model_days", &row.name);
    Ok((Day::of(row.day), reader.json("figures", &row.figures)?))
}
