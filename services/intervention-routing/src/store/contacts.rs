//! What a person has had of us: contacts, cool-downs and the arm that they keep.

use std::collections::BTreeSet;

use domain::experiment::Arm;
use domain::id::{ExperimentId, InterventionId, PersonId, TenantId};
use domain::time::Timestamp;
use sea_orm::ActiveValue::Set;
use sea_orm::sea_query::{Expr, ExprTrait, OnConflict};
use sea_orm::{ColumnTrait, ConnectionTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect};
use storage::column::{Row, millis};
use storage::{StoreError, TenantScoped, Tx};

use super::Store;
use super::entities::{arm, contact, cool_down};
use crate::intervention::Intervention;

impl Store {
    /// Counts an intervention as a contact of its person under every name, once, however often it is told.
    pub(crate) async fn record_contact(
        &self,
        tx: &Tx,
        intervention: &Intervention,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        let names = intervention.names().into_iter();
        let rows = names.map(|name| contact::ActiveModel {
            tenant: Set(intervention.tenant.as_str().to_owned()),
            intervention_id: Set(intervention.id.to_string()),
            person_id: Set(name.to_string()),
            channel: Set(intervention.channel.as_str().to_owned()),
            contacted_at: Set(millis(now)),
        });
        let key = [
            contact::Column::Tenant,
            contact::Column::InterventionId,
            contact::Column::PersonId,
        ];
        contact::Entity::insert_many(rows)
            .on_conflict_do_nothing_on(key)
            .exec_without_returning(tx)
            .await?;
        Ok(())
    }

    /// The interventions that were contacts of anybody by one of these names since a time.
    pub(crate) async fn contacts_since<C: ConnectionTrait>(
        &self,
        connection: &C,
        tenant: &TenantId,
        names: &[PersonId],
        since: Timestamp,
    ) -> Result<BTreeSet<InterventionId>, StoreError> {
        let ids = contact::Entity::find_in(tenant)
            .select_only()
            .column(contact::Column::InterventionId)
            .filter(contact::Column::PersonId.is_in(texts(names)))
            .filter(contact::Column::ContactedAt.gt(millis(since)))
            .into_tuple::<String>()
            .all(connection)
            .await?;
        ids.iter()
            .map(|id| Row::of("contacts", id).parse("intervention_id", id))
            .collect()
    }

    /// Leaves a person alone until a time, by all of these names. A longer cool-down that runs is kept.
    pub(crate) async fn cool_down(
        &self,
        tx: &Tx,
        tenant: &TenantId,
        names: &[PersonId],
        until: Timestamp,
    ) -> Result<(), StoreError> {
        for name in names {
            let row = cool_down::ActiveModel {
                tenant: Set(tenant.as_str().to_owned()),
                person_id: Set(name.to_string()),
                quiet_until: Set(millis(until)),
            };
            let known = Expr::col((cool_down::Entity, cool_down::Column::QuietUntil));
            let key = [cool_down::Column::Tenant, cool_down::Column::PersonId];
            let longer = OnConflict::columns(key)
                .update_column(cool_down::Column::QuietUntil)
                .action_and_where(known.lt(millis(until)))
                .to_owned();
            cool_down::Entity::insert(row)
                .on_conflict(longer)
                .try_insert()
                .exec_without_returning(tx)
                .await?;
        }
        Ok(())
    }

    /// Until when anybody by one of these names is left alone, if they ever were.
    pub(crate) async fn quiet_until<C: ConnectionTrait>(
        &self,
        connection: &C,
        tenant: &TenantId,
        names: &[PersonId],
    ) -> Result<Option<Timestamp>, StoreError> {
        let row = cool_down::Entity::find_in(tenant)
            .filter(cool_down::Column::PersonId.is_in(texts(names)))
            .order_by_desc(cool_down::Column::QuietUntil)
            .one(connection)
            .await?;
        row.map(|row| Row::of("cool_downs", &row.person_id).instant("quiet_until", row.quiet_until))
            .transpose()
    }

    /// The arm of a person, by the first of these names that has one.
    ///
    /// INVARIANT: a shopper who is held out stays so in every browser, also in one that was met before.
    pub(crate) async fn arm_of<C: ConnectionTrait>(
        &self,
        connection: &C,
        tenant: &TenantId,
        experiment: &ExperimentId,
        names: &[PersonId],
    ) -> Result<Option<Arm>, StoreError> {
        let rows = arm::Entity::find_in(tenant)
            .filter(arm::Column::ExperimentId.eq(experiment.as_str()))
            .filter(arm::Column::PersonId.is_in(texts(names)))
            .all(connection)
            .await?;
        let row_of = |name: String| rows.iter().find(|row| row.person_id == name);
        texts(names)
            .find_map(row_of)
            .map(|row| Row::of("arms", &row.person_id).parse("arm", &row.arm))
            .transpose()
    }

    /// Keeps the arm of a person by all names. A name that has an arm keeps that.
    pub(crate) async fn keep_arm(
        &self,
        tx: &Tx,
        tenant: &TenantId,
        kept: &KeptArm<'_>,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        let rows = kept.names.iter().map(|name| arm::ActiveModel {
            tenant: Set(tenant.as_str().to_owned()),
            experiment_id: Set(kept.experiment.as_str().to_owned()),
            person_id: Set(name.to_string()),
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
    pub(crate) names: &'a [PersonId],
    pub(crate) arm: Arm,
}

fn texts(names: &[PersonId]) -> impl Iterator<Item = String> + '_ {
    names.iter().map(ToString::to_string)
}
