//! Reading and writing invitations.

use std::collections::BTreeSet;

use domain::id::{InterventionId, InvitationId, SessionId, TenantId};
use domain::time::Timestamp;
use sea_orm::{
    ColumnTrait, Condition, ConnectionTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect,
};
use storage::column::millis;
use storage::{StoreError, TenantScoped, Tx};

use super::Store;
use super::entities::invitation::{self, Column, Entity};
use super::entities::{legible, number, words};
use crate::invitation::{Invitation, InvitationState};

impl Store {
    /// Stores a new invitation.
    pub(crate) async fn insert_invitation(
        &self,
        tx: &Tx,
        new: &Invitation,
    ) -> Result<(), StoreError> {
        Entity::insert(invitation::row(new)?)
            .exec_without_returning(tx)
            .await?;
        Ok(())
    }

    /// Stores an invitation as it is now and gives it back as stored; `None` when somebody else has changed it meanwhile.
    pub(crate) async fn save_invitation(
        &self,
        tx: &Tx,
        changed: Invitation,
    ) -> Result<Option<Invitation>, StoreError> {
        let read = number(changed.version);
        let changed = Invitation {
            version: changed.version.saturating_add(1),
            ..changed
        };
        // INVARIANT: the version is compared by the statement that changes the row, so of two at once one loses.
        let saved = Entity::update_in(&changed.tenant)
            .set(invitation::row(&changed)?)
            .filter(Column::InvitationId.eq(changed.id.to_string()))
            .filter(Column::Version.eq(read))
            .exec(tx)
            .await?;
        Ok((saved.rows_affected == 1).then_some(changed))
    }

    /// Reads one invitation.
    pub(crate) async fn invitation<C: ConnectionTrait>(
        &self,
        connection: &C,
        tenant: &TenantId,
        id: InvitationId,
    ) -> Result<Option<Invitation>, StoreError> {
        let row = Entity::find_in(tenant)
            .filter(Column::InvitationId.eq(id.to_string()))
            .one(connection)
            .await?;
        row.as_ref().map(invitation::invitation).transpose()
    }

    /// Reads the invitation of an intervention; a call has none.
    pub(crate) async fn invitation_of<C: ConnectionTrait>(
        &self,
        connection: &C,
        tenant: &TenantId,
        intervention: InterventionId,
    ) -> Result<Option<Invitation>, StoreError> {
        let row = Entity::find_in(tenant)
            .filter(Column::InterventionId.eq(intervention.to_string()))
            .one(connection)
            .await?;
        row.as_ref().map(invitation::invitation).transpose()
    }

    /// The invitations of a session that a storefront is told of, and `also` these, the oldest first.
    pub(crate) async fn invitations_to_tell(
        &self,
        tenant: &TenantId,
        session: SessionId,
        also: &BTreeSet<InvitationId>,
    ) -> Result<Vec<Invitation>, StoreError> {
        let live = words(&InvitationState::LIVE, InvitationState::as_str);
        let wanted = Condition::any()
            .add(Column::State.is_in(live))
            .add(Column::InvitationId.is_in(also.iter().map(ToString::to_string)));
        let rows = Entity::find_in(tenant)
            .filter(Column::SessionId.eq(session.to_string()))
            .filter(wanted)
            .order_by_asc(Column::CreatedAt)
            .order_by_asc(Column::InvitationId)
            .all(self.database.read())
            .await?;
        rows.iter().map(invitation::invitation).collect()
    }

    /// Invitations of all tenants that were not answered in time, the oldest first.
    pub(crate) async fn overdue_invitations(
        &self,
        now: Timestamp,
        limit: u64,
    ) -> Result<Vec<Invitation>, StoreError> {
        // A timer serves all tenants; what it then does to an invitation starts from the tenant of the row.
        let open = words(&InvitationState::OPEN, InvitationState::as_str);
        let rows = Entity::find()
            .filter(Column::State.is_in(open))
            .filter(Column::ExpiresAt.lte(millis(now)))
            .order_by_asc(Column::ExpiresAt)
            .limit(limit)
            .all(self.database.read())
            .await?;
        Ok(legible(&rows, invitation::invitation))
    }
}
