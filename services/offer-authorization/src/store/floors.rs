//! Margin floors by category of articles and by remedy.

use domain::id::TenantId;
use domain::money::BasisPoints;
use domain::time::Timestamp;
use sea_orm::sea_query::{Expr, ExprTrait, OnConflict};
use sea_orm::{
    ActiveValue::Set, ColumnTrait, Condition, ConnectionTrait, EntityTrait, QueryFilter,
    QueryOrder, QuerySelect, QueryTrait,
};
use serde::{Deserialize, Serialize};
use storage::column::{self, Row};
use storage::{StoreError, TenantScoped, Tx};

use super::entities::margin_floors::{ActiveModel, Column, Entity, Model};
use crate::floors::{FloorScope, FloorSetting, MarginFloor, MarginFloors};

const TABLE: &str = "margin_floors";
/// How what is absent is stored, which is part of the key.
const ANY: &str = "";

/// The place of a floor in the list of all: its columns.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct FloorCursor {
    category: String,
    remedy: String,
}

impl FloorCursor {
    pub(crate) fn of(scope: &FloorScope) -> Self {
        let FloorScope { category, remedy } = scope;
        Self {
            category: category
                .as_ref()
                .map_or(ANY, |name| name.as_str())
                .to_owned(),
            remedy: remedy.map_or(ANY, |remedy| remedy.as_str()).to_owned(),
        }
    }
}

/// Stores a floor in place of one of the same scope, or takes that away.
pub(crate) async fn set(
    tx: &Tx,
    tenant: &TenantId,
    setting: &FloorSetting,
    now: Timestamp,
) -> Result<(), StoreError> {
    let FloorCursor { category, remedy } = FloorCursor::of(&setting.scope);
    let Some(least) = setting.least else {
        Entity::delete_in(tenant)
            .filter(Column::Category.eq(category))
            .filter(Column::Remedy.eq(remedy))
            .exec(tx)
            .await?;
        return Ok(());
    };
    let row = ActiveModel {
        tenant: Set(tenant.to_string()),
        category: Set(category),
        remedy: Set(remedy),
        least_bps: Set(i64::from(least.get())),
        set_at: Set(column::millis(now)),
    };
    let replace = OnConflict::columns([Column::Tenant, Column::Category, Column::Remedy])
        .update_columns([Column::LeastBps, Column::SetAt])
        .to_owned();
    Entity::insert(row)
        .on_conflict(replace)
        .exec_without_returning(tx)
        .await?;
    Ok(())
}

/// All floors of a tenant.
pub(crate) async fn all<C: ConnectionTrait>(
    connection: &C,
    tenant: &TenantId,
) -> Result<MarginFloors, StoreError> {
    let models = Entity::find_in(tenant).all(connection).await?;
    let floors: Vec<MarginFloor> = models.iter().map(parse).collect::<Result<_, _>>()?;
    Ok(MarginFloors::new(floors))
}

/// Lists floors by category, then by remedy; those for all first.
pub(crate) async fn list<C: ConnectionTrait>(
    connection: &C,
    tenant: &TenantId,
    after: Option<&FloorCursor>,
    limit: u64,
) -> Result<Vec<MarginFloor>, StoreError> {
    let models = Entity::find_in(tenant)
        .apply_if(after, |rows, after| rows.filter(comes_after(after)))
        .order_by_asc(Column::Category)
        .order_by_asc(Column::Remedy)
        .limit(limit)
        .all(connection)
        .await?;
    models.iter().map(parse).collect()
}

fn comes_after(place: &FloorCursor) -> Condition {
    let (category, remedy) = (Expr::col(Column::Category), Expr::col(Column::Remedy));
    let same_category = category.clone().eq(place.category.as_str());
    Condition::any()
        .add(category.gt(place.category.as_str()))
        .add(same_category.and(remedy.gt(place.remedy.as_str())))
}

fn parse(model: &Model) -> Result<MarginFloor, StoreError> {
    let row = Row::of(TABLE, &model.category);
    let unless_any = |text: &String| (text != ANY).then(|| text.clone());
    let category = unless_any(&model.category).map(|name| row.parse("category", &name));
    let remedy = unless_any(&model.remedy).map(|remedy| row.parse("remedy", &remedy));
    let least = BasisPoints::new(row.count("least_bps", model.least_bps)?);
    Ok(MarginFloor {
        scope: FloorScope {
            category: category.transpose()?,
            remedy: remedy.transpose()?,
        },
        least: row.valid("least_bps", least)?,
    })
}
