//! What a person has had of us: contacts, cool-downs and the arm that they keep.

use domain::experiment::Arm;
use domain::id::{ExperimentId, PersonId, TenantId};
use domain::time::Timestamp;
use sea_orm::ActiveValue::Set;
use sea_orm::sea_query::{Expr, ExprTrait, OnConflict};
use sea_orm::{ColumnTrait, ConnectionTrait, EntityTrait, PaginatorTrait, QueryFilter, QueryOrder};
use storage::column::{Row, millis};
use storage::{StoreError, TenantScoped, Tx};

use super::Store;
use super::entities::{arm, contact, cool_down};
use crate::intervention::Intervention;

impl Store {
    /// Counts an intervention as a contact of its person, once, however often it is told.
    pub(crate) async fn record_contact(
        &self,
        tx: &Tx,
        intervention: &Intervention,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        let row = contact::ActiveModel {
            tenant: Set(intervention.tenant.as_str().to_owned()),
            intervention_id: Set(intervention.id.to_string()),
            person_id: Set(intervention.person.to_string()),
            channel: Set(intervention.channel.as_str().to_owned()),
            contacted_at: Set(millis(now)),
        };
        contact::Entity::insert(row)
            .on_conflict_do_nothing_on([contact::Column::Tenant, contact::Column::InterventionId])
            .exec_without_returning(tx)
            .await?;
        Ok(())
    }

    /// Contacts of these persons since a time.
    pub(crate) async fn contacts_since<C: ConnectionTrait>(
        &self,
        connection: &C,
        tenant: &TenantId,
        persons: &[PersonId],
        since: Timestamp,
    ) -> Result<u32, StoreError> {
        let count = contact::Entity::find_in(tenant)
            .filter(contact::Column::PersonId.is_in(texts(persons)))
            .filter(contact::Column::ContactedAt.gt(millis(since)))
            .count(connection)
            .await?;
        Ok(u32::try_from(count).unwrap_or(u32::MAX))
    }

    /// Leaves a person alone until a time. A longer cool-down that runs is kept.
    pub(crate) async fn cool_down(
        &self,
        tx: &Tx,
        tenant: &TenantId,
        person: PersonId,
        until: Timestamp,
    ) -> Result<(), StoreError> {
        let row = cool_down::ActiveModel {
            tenant: Set(tenant.as_str().to_owned()),
            person_id: Set(person.to_string()),
            quiet_until: Set(millis(until)),
        };
        let known = Expr::col((cool_down::Entity, cool_down::Column::QuietUntil));
        let longer = OnConflict::columns([cool_down::Column::Tenant, cool_down::Column::PersonId])
            .update_column(cool_down::Column::QuietUntil)
            .action_and_where(known.lt(millis(until)))
            .to_owned();
        cool_down::Entity::insert(row)
            .on_conflict(longer)
            .try_insert()
            .exec_without_returning(tx)
            .await?;
        Ok(())
    }

    /// Until when these persons are left alone, if they ever were.
    pub(crate) async fn quiet_until<C: ConnectionTrait>(
        &self,
        connection: &C,
        tenant: &TenantId,
        persons: &[PersonId],
    ) -> Result<Option<Timestamp>, StoreError> {
        let row = cool_down::Entity::find_in(tenant)
            .filter(cool_down::Column::PersonId.is_in(texts(persons)))
            .order_by_desc(cool_down::Column::QuietUntil)
            .one(connection)
            .await?;
        row.map(|row| Row::of("cool_downs", &row.person_id).instant("quiet_until", row.quiet_until))
            .transpose()
    }

    /// The arm that these persons were first given, if any of them was.
    pub(crate) async fn arm_of<C: ConnectionTrait>(
        &self,
        connection: &C,
        tenant: &TenantId,
        experiment: &ExperimentId,
        persons: &[PersonId],
    ) -> Result<Option<Arm>, StoreError> {
        let row = arm::Entity::find_in(tenant)
            .filter(arm::Column::ExperimentId.eq(experiment.as_str()))
            .filter(arm::Column::PersonId.is_in(texts(persons)))
            .order_by_asc(arm::Column::AssignedAt)
            .order_by_asc(arm::Column::PersonId)
            .one(connection)
            .await?;
        row.map(|row| Row::of("arms", &row.person_id).parse("arm", &row.arm))
            .transpose()
    }

    /// Keeps the arm of these persons. One who has an arm keeps that.
    pub(crate) async fn keep_arm(
        &self,
        tx: &Tx,
        tenant: &TenantId,
        kept: &KeptArm<'_>,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        let rows = kept.persons.iter().map(|person| arm::ActiveModel {
            tenant: Set(tenant.as_str().to_owned()),
            experiment_id: Set(kept.experiment.as_str().to_owned()),
            person_id: Set(person.to_string()),
            arm: Set(kept.arm.as_str().to_owned()),
            assigned_at: Set(millis(now)),
        });
        let key = [
            arm::Column::Tenant,
            arm::Column::ExperimentId,
            arm::Column::PersonId,
        ];
        arm::Entity::insert_many(rows)
            .on_conflict_do_nothing_on(key)
            .exec_without_returning(tx)
            .await?;
        Ok(())
    }
}

/// An arm to be kept.
#[derive(Debug, Clone, Copy)]
pub(crate) struct KeptArm<'a> {
    pub(crate) experiment: &'a ExperimentId,
    /// All names of one person.
    pub(crate) persons: &'a [PersonId],
    pub(crate) arm: Arm,
}

fn texts(persons: &[PersonId]) -> impl Iterator<Item = String> + '_ {
    persons.iter().map(ToString::to_string)
}
