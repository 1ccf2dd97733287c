//! Stored assessments: written once, read whole.

use domain::assessment::Assessment;
use domain::id::{AssessmentId, MomentId, SessionId, TenantId};
use domain::moment::Moment;
use domain::phase::RiskPhase;
use domain::time::Timestamp;
use prost::Message;
use proto::assessment::v1 as wire_assessment;
use proto::moment::v1 as wire_moment;
use sea_orm::ActiveValue::Set;
use sea_orm::{
    ColumnTrait, Condition, ConnectionTrait, EntityTrait, PaginatorTrait, QueryFilter, QueryOrder,
    QuerySelect,
};
use serde::{Deserialize, Serialize};
use storage::column::{Row, millis};
use storage::{StoreError, TenantScoped, Tx, shape};

use super::Store;
use super::entities::assessment::{ActiveModel, Column, Entity, Model};
use crate::assess::ShadowScore;

const TABLE: &str = "assessments";

/// An assessment with the moment it was made on.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct StoredAssessment {
    pub(crate) assessment: Assessment,
    pub(crate) moment: Moment,
}

/// An assessment to be stored, and what the models in the shadow would have said.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Judged {
    pub(crate) stored: StoredAssessment,
    pub(crate) shadows: Vec<ShadowScore>,
}

/// A place in the list of assessments, the newest first.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Cursor {
    assessed_at: i64,
    assessment_id: AssessmentId,
}

impl Cursor {
    /// The place of an assessment.
    pub(crate) fn at(assessment: &Assessment) -> Self {
        Self {
            assessed_at: millis(assessment.assessed_at),
            assessment_id: assessment.id,
        }
    }
}

impl Store {
    /// Stores assessments. A moment is assessed once: a second one is a conflict.
    pub(crate) async fn insert_assessments(
        &self,
        tx: &Tx,
        tenant: &TenantId,
        all: &[Judged],
    ) -> Result<(), StoreError> {
        for some in shape::rows(all) {
            let rows = some.iter().map(|judged| row(tenant, &judged.stored));
            Entity::insert_many(rows).exec_without_returning(tx).await?;
        }
        Ok(())
    }

    /// The assessment of this moment, read in the transaction that may add it.
    pub(crate) async fn assessment_of(
        &self,
        tx: &Tx,
        tenant: &TenantId,
        moment: MomentId,
    ) -> Result<Option<StoredAssessment>, StoreError> {
        let row = Entity::find_in(tenant)
            .filter(Column::MomentId.eq(moment.to_string()))
            .one(tx)
            .await?;
        row.as_ref().map(stored).transpose()
    }

    /// One assessment.
    pub(crate) async fn assessment(
        &self,
        tenant: &TenantId,
        id: AssessmentId,
    ) -> Result<Option<StoredAssessment>, StoreError> {
        self.assessment_in(self.database.read(), tenant, id).await
    }

    /// One assessment, as this connection sees it.
    pub(crate) async fn assessment_in<C: ConnectionTrait>(
        &self,
        connection: &C,
        tenant: &TenantId,
        id: AssessmentId,
    ) -> Result<Option<StoredAssessment>, StoreError> {
        let row = Entity::find_in(tenant)
            .filter(Column::AssessmentId.eq(id.to_string()))
            .one(connection)
            .await?;
        row.as_ref().map(stored).transpose()
    }

    /// A page of assessments, the newest first.
    pub(crate) async fn assessments(
        &self,
        tenant: &TenantId,
        session: Option<SessionId>,
        from: Option<Timestamp>,
        page: (Option<&Cursor>, u64),
    ) -> Result<Vec<Assessment>, StoreError> {
        let (after, limit) = page;
        let mut query = Entity::find_in(tenant).limit(limit);
        if let Some(session) = session {
            query = query.filter(Column::SessionId.eq(session.to_string()));
        }
        if let Some(from) = from {
            query = query.filter(Column::AssessedAt.gte(millis(from)));
        }
        if let Some(last) = after {
            let at = last.assessed_at;
            let before = Condition::any()
                .add(Column::AssessedAt.lt(at))
                .add(Column::AssessmentId.lt(last.assessment_id.to_string()));
            // The first filter says nothing new; it lets the engine enter the index at the right place.
            query = query.filter(Column::AssessedAt.lte(at)).filter(before);
        }
        let rows = query
            .order_by_desc(Column::AssessedAt)
            .order_by_desc(Column::AssessmentId)
            .all(self.database.read())
            .await?;
        rows.iter().map(assessment).collect()
    }

    /// The moments of the last assessments before an order, the newest first.
    pub(crate) async fn newest_moments(
        &self,
        tenant: &TenantId,
        limit: u64,
    ) -> Result<Vec<Moment>, StoreError> {
        let rows = Entity::find_in(tenant)
            .filter(Column::Phase.ne(RiskPhase::PostClickAnxiety.as_str()))
            .order_by_desc(Column::AssessedAt)
            .order_by_desc(Column::AssessmentId)
            .limit(limit)
            .all(self.database.read())
            .await?;
        rows.iter().map(|row| Ok(stored(row)?.moment)).collect()
    }

    /// Number of assessments of a session that were made before its order, if any: those that its end can judge.
    pub(crate) async fn count_to_judge(
        &self,
        tx: &Tx,
        tenant: &TenantId,
        session: SessionId,
    ) -> Result<u64, StoreError> {
        let of_session = Column::SessionId.eq(session.to_string());
        let before_order = Column::Phase.ne(RiskPhase::PostClickAnxiety.as_str());
        let found = Entity::find_in(tenant)
            .filter(of_session)
            .filter(before_order);
        Ok(found.count(tx).await?)
    }
}

fn row(tenant: &TenantId, stored: &StoredAssessment) -> ActiveModel {
    let StoredAssessment { assessment, moment } = stored;
    ActiveModel {
        tenant: Set(tenant.as_str().to_owned()),
        assessment_id: Set(assessment.id.to_string()),
        moment_id: Set(moment.id.to_string()),
        session_id: Set(moment.session.to_string()),
        phase: Set(assessment.phase.as_str().to_owned()),
        assessed_at: Set(millis(assessment.assessed_at)),
        assessment: Set(wire_assessment::Assessment::from(assessment.clone()).encode_to_vec()),
        moment: Set(wire_moment::Moment::from(moment.clone()).encode_to_vec()),
    }
}

pub(super) fn stored(model: &Model) -> Result<StoredAssessment, StoreError> {
    let row = Row::of(TABLE, &model.assessment_id);
    let wire = row.valid("moment", wire_moment::Moment::decode(&*model.moment))?;
    let moment: Moment = row.valid("moment", wire.try_into())?;
    let assessment = assessment(model)?;
    if assessment.moment != moment.id || assessment.session != moment.session {
        return Err(row.corrupt("moment"));
    }
    Ok(StoredAssessment { assessment, moment })
}

fn assessment(model: &Model) -> Result<Assessment, StoreError> {
    let row = Row::of(TABLE, &model.assessment_id);
    let wire = wire_assessment::Assessment::decode(&*model.assessment);
    let assessment: Assessment =
        row.valid("assessment", row.valid("assessment", wire)?.try_into())?;
    if assessment.id.to_string() != model.assessment_id {
        return Err(row.corrupt("assessment_id"));
    }
    Ok(assessment)
}
