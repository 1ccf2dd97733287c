//! What models said, with what became of it. The newest first, bounded by the caller.

use domain::assessment::Probability;
use domain::fact::Ending;
use domain::id::{AssessmentId, SessionId, TenantId};
use domain::phase::RiskPhase;
use domain::time::Timestamp;
use sea_orm::ActiveValue::Set;
use sea_orm::sea_query::{Expr, ExprTrait, JoinType, Order, Query, SelectStatement};
use sea_orm::{ConnectionTrait, EntityTrait, QueryResult};
use storage::column::{Row, millis};
use storage::{StoreError, Tx, shape};

use super::entities::{outcome, score};
use super::{Judged, Store};
use crate::assess::ShadowScore;
use crate::model::ModelKey;

/// One score of one model.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Scored {
    pub(crate) assessment: AssessmentId,
    pub(crate) session: SessionId,
    pub(crate) abandonment: Probability,
    /// How the session ended, once that is known.
    pub(crate) ending: Option<Ending>,
}

/// Which scores of a model are wanted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct ScoreQuery {
    /// Made at this time or later.
    pub(crate) from: Option<Timestamp>,
    /// Made before this time.
    pub(crate) until: Option<Timestamp>,
    pub(crate) endings: Endings,
    /// At most so many.
    pub(crate) limit: u64,
}

/// Of which sessions scores are wanted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Endings {
    Any,
    Known,
}

impl Store {
    /// Stores what the champion and its shadows said of each moment.
    pub(crate) async fn insert_scores(
        &self,
        tx: &Tx,
        tenant: &TenantId,
        all: &[Judged],
    ) -> Result<(), StoreError> {
        let rows: Vec<_> = all.iter().flat_map(|judged| rows(tenant, judged)).collect();
        for rows in shape::rows(&rows) {
            score::Entity::insert_many(rows.iter().cloned())
                .exec_without_returning(tx)
                .await?;
        }
        Ok(())
    }

    /// The last scores of a model on sessions that had no order yet, the newest first.
    pub(crate) async fn scores(
        &self,
        tenant: &TenantId,
        model: &ModelKey,
        wanted: ScoreQuery,
    ) -> Result<Vec<Scored>, StoreError> {
        let mut query = of_model(tenant, model);
        if let Some(from) = wanted.from {
            query.and_where(of_score(score::Column::ScoredAt).gte(millis(from)));
        }
        if let Some(until) = wanted.until {
            query.and_where(of_score(score::Column::ScoredAt).lt(millis(until)));
        }
        match wanted.endings {
            Endings::Any => {}
            Endings::Known => {
                query.and_where(of_outcome(outcome::Column::Ending).is_not_null());
            }
        }
        query.limit(wanted.limit);
        let rows = self.database.read().query_all(&query).await?;
        rows.iter().map(scored).collect()
    }
}

/// What the champion said, and each model in the shadow.
fn rows(tenant: &TenantId, judged: &Judged) -> Vec<score::ActiveModel> {
    let assessment = &judged.stored.assessment;
    let champion = ShadowScore {
        model: ModelKey {
            id: assessment.model.clone(),
            version: assessment.model_version,
        },
        abandonment: assessment.abandonment,
    };
    let row = |said: &ShadowScore| score::ActiveModel {
        tenant: Set(tenant.as_str().to_owned()),
        assessment_id: Set(assessment.id.to_string()),
        name: Set(said.model.id.as_str().to_owned()),
        version: Set(i64::from(said.model.version)),
        session_id: Set(assessment.session.to_string()),
        phase: Set(assessment.phase.as_str().to_owned()),
        abandonment: Set(said.abandonment.get()),
        scored_at: Set(millis(assessment.assessed_at)),
    };
    let all = std::iter::once(&champion).chain(&judged.shadows);
    all.map(row).collect()
}

/// Moments after an order are left out: the outcome of their session is known when they are scored.
fn of_model(tenant: &TenantId, model: &ModelKey) -> SelectStatement {
    let same =
        |score: score::Column, outcome: outcome::Column| of_score(score).eq(of_outcome(outcome));
    Query::select()
        .column((score::Entity, score::Column::AssessmentId))
        .column((score::Entity, score::Column::SessionId))
        .column((score::Entity, score::Column::Abandonment))
        .column((outcome::Entity, outcome::Column::Ending))
        .from(score::Entity)
        .join(
            JoinType::LeftJoin,
            outcome::Entity,
            same(score::Column::Tenant, outcome::Column::Tenant)
                .and(same(score::Column::SessionId, outcome::Column::SessionId)),
        )
        .and_where(of_score(score::Column::Tenant).eq(tenant.as_str()))
        .and_where(of_score(score::Column::Name).eq(model.id.as_str()))
        .and_where(of_score(score::Column::Version).eq(i64::from(model.version)))
        .and_where(of_score(score::Column::Phase).ne(RiskPhase::PostClickAnxiety.as_str()))
        .order_by((score::Entity, score::Column::ScoredAt), Order::Desc)
        .order_by((score::Entity, score::Column::AssessmentId), Order::Desc)
        .to_owned()
}

fn of_score(column: score::Column) -> Expr {
    Expr::col((score::Entity, column))
}

fn of_outcome(column: outcome::Column) -> Expr {
    Expr::col((outcome::Entity, column))
}

fn scored(found: &QueryResult) -> Result<Scored, StoreError> {
    let id: String = found.try_get("", "assessment_id")?;
    let row = Row::of("scores", &id);
    let session: String = found.try_get("", "session_id")?;
    let ending: Option<String> = found.try_get("", "ending")?;
    Ok(Scored {
        assessment: row.parse("assessment_id", &id)?,
        session: row.parse("session_id", &session)?,
        abandonment: row.valid(
            "abandonment",
            Probability::new(found.try_get("", "abandonment")?),
        )?,
        ending: row.parse_optional("ending", ending.as_deref())?,
    })
}
