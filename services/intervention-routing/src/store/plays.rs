//! Reading and writing plays, and giving a new tenant the starter plays.

use domain::id::{PlayId, TenantId};
use domain::time::Timestamp;
use platform::paging::{Page, PageRequest};
use sea_orm::sea_query::{Expr, ExprTrait, OnConflict, Query};
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect};
use sea_orm::{ConnectionTrait, DbErr};
use storage::column::millis;
use storage::{StoreError, TenantScoped, Tx};

use super::Store;
use super::entities::play::{self, Column, Entity};
use crate::play::{Play, PlayState};

/// Which version of a play is meant.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Version {
    /// The one with the highest number.
    Newest,
    /// This one.
    Number(u32),
}

impl Store {
    /// Notes that a tenant is given the starter plays; `false` when it was given them before.
    pub(crate) async fn claim_starter_plays(
        &self,
        tx: &Tx,
        tenant: &TenantId,
        now: Timestamp,
    ) -> Result<bool, StoreError> {
        let claim = Query::insert()
            .into_table("play_sets")
            .columns(["tenant", "given_at"])
            .values([tenant.as_str().into(), millis(now).into()])
            .map_err(|error| DbErr::Custom(error.to_string()))?
            .on_conflict(OnConflict::column("tenant").do_nothing().to_owned())
            .to_owned();
        Ok(tx.execute(&claim).await?.rows_affected() == 1)
    }

    /// Whether a tenant has been given the starter plays.
    pub(crate) async fn has_starter_plays(&self, tenant: &TenantId) -> Result<bool, StoreError> {
        let select = Query::select()
            .column("given_at")
            .from("play_sets")
            .and_where(Expr::col("tenant").eq(tenant.as_str()))
            .to_owned();
        Ok(self.database.read().query_one(&select).await?.is_some())
    }

    /// Stores a new version.
    pub(crate) async fn insert_play(
        &self,
        tx: &Tx,
        tenant: &TenantId,
        play: &Play,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        let row = play::row(tenant, play, now)?;
        Entity::insert(row).exec_without_returning(tx).await?;
        Ok(())
    }

    /// Stores the state of a version; what a version does never changes.
    pub(crate) async fn save_play_state(
        &self,
        tx: &Tx,
        tenant: &TenantId,
        play: &Play,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        Entity::update_in(tenant)
            .col_expr(Column::State, Expr::value(play.state.as_str()))
            .col_expr(Column::UpdatedAt, Expr::value(millis(now)))
            .filter(Column::PlayId.eq(play.id.as_str()))
            .filter(Column::Version.eq(i64::from(play.version)))
            .exec(tx)
            .await?;
        Ok(())
    }

    /// Reads one version of a play.
    pub(crate) async fn play<C: ConnectionTrait>(
        &self,
        connection: &C,
        tenant: &TenantId,
        id: &PlayId,
        version: Version,
    ) -> Result<Option<Play>, StoreError> {
        let mut query = Entity::find_in(tenant).filter(Column::PlayId.eq(id.as_str()));
        if let Version::Number(number) = version {
            query = query.filter(Column::Version.eq(i64::from(number)));
        }
        let row = query.order_by_desc(Column::Version).one(connection).await?;
        row.as_ref().map(play::play).transpose()
    }

    /// The version of a play that is in use, live or paused.
    pub(crate) async fn play_in_use<C: ConnectionTrait>(
        &self,
        connection: &C,
        tenant: &TenantId,
        id: &PlayId,
    ) -> Result<Option<Play>, StoreError> {
        let in_use = [PlayState::Live.as_str(), PlayState::Paused.as_str()];
        let row = Entity::find_in(tenant)
            .filter(Column::PlayId.eq(id.as_str()))
            .filter(Column::State.is_in(in_use))
            .one(connection)
            .await?;
        row.as_ref().map(play::play).transpose()
    }

    /// The live plays, by id.
    pub(crate) async fn live_plays<C: ConnectionTrait>(
        &self,
        connection: &C,
        tenant: &TenantId,
    ) -> Result<Vec<Play>, StoreError> {
        let rows = Entity::find_in(tenant)
            .filter(Column::State.eq(PlayState::Live.as_str()))
            .order_by_asc(Column::PlayId)
            .all(connection)
            .await?;
        rows.iter().map(play::play).collect()
    }

    /// A page of plays in their newest version, by id.
    pub(crate) async fn list_plays(
        &self,
        tenant: &TenantId,
        request: &PageRequest<PlayId>,
    ) -> Result<Page<Play>, StoreError> {
        let newest = Query::select()
            .expr(Expr::col(("newer", "version")).max())
            .from_as("plays", "newer")
            .and_where(Expr::col(("newer", "tenant")).eq(tenant.as_str()))
            .and_where(Expr::col(("newer", "play_id")).equals(("plays", "play_id")))
            .to_owned();
        let mut query =
            Entity::find_in(tenant).filter(Expr::col(("plays", "version")).in_subquery(newest));
        if let Some(last) = request.after() {
            query = query.filter(Column::PlayId.gt(last.as_str()));
        }
        let rows = query
            .order_by_asc(Column::PlayId)
            .limit(request.fetch())
            .all(self.database.read())
            .await?;
        let plays: Result<Vec<_>, _> = rows.iter().map(play::play).collect();
        Ok(request.page(plays?, |play| play.id.clone()))
    }
}
