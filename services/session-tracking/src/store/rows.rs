//! Rows of sessions. They are written by the thousand, so the texts of their statements are made once, and their values are
//! bound as they are.

use std::sync::{Mutex, PoisonError};

use sea_orm::sea_query::{Expr, OnConflict, Query, Value};
use sea_orm::{ConnectionTrait, DbBackend, DbErr, Statement};
use storage::{StoreError, Tx, column, shape};

use super::entities::session::{self, Column};
use super::{Store, places, row, signed};
use crate::session::{Session, VisitorOfRow};
use crate::snapshot::{SessionKey, SessionState};

/// The columns of a row, in the order of its values.
const COLUMNS: [Column; 16] = [
    Column::Tenant,
    Column::SessionId,
    Column::VisitorId,
    Column::Created,
    Column::ShopperId,
    Column::State,
    Column::Phase,
    Column::CartValueMinor,
    Column::CartValueCurrency,
    Column::Doubted,
    Column::ProgressUntil,
    Column::LastEventAt,
    Column::DueAt,
    Column::Changed,
    Column::Packed,
    Column::Places,
];
/// So many of them stand first that a row keeps: its key, its visitor unless another one is found, and when it began.
const LASTING: usize = 4;
/// The columns by which a row is found when it is there already.
const KEY: [Column; 2] = [Column::Tenant, Column::SessionId];

/// A session as it is to be stored.
#[derive(Debug, Clone)]
pub(crate) struct Row {
    values: [Value; COLUMNS.len()],
    visitor: VisitorOfRow,
}

impl Row {
    /// The row of a session; `None` for one that has no events.
    pub(crate) fn of(
        store: &Store,
        key: &SessionKey,
        session: &Session,
        visitor: VisitorOfRow,
    ) -> Option<Self> {
        let signals = &store.rules.signals;
        let (state, _) = session.decided(signals)?;
        let cart = state.cart.value();
        let values = [
            key.tenant.as_str().into(),
            key.session.to_string().into(),
            state.visitor.to_string().into(),
            signed(session.revision.created).into(),
            state.shopper.map(|shopper| shopper.to_string()).into(),
            SessionState::of(state.ending()).as_str().into(),
            state.phase().as_str().into(),
            cart.minor_units().into(),
            cart.currency().as_str().into(),
            i64::from(state.signals.noted().next().is_some()).into(),
            state.progress_until(signals).map(column::millis).into(),
            column::millis(state.last_event_at()).into(),
            session.due.map(column::millis).into(),
            signed(session.revision.changed).into(),
            row::packed(session, store.settings).into(),
            places::bytes(&session.places).into(),
        ];
        Some(Self { values, visitor })
    }
}

/// Writes rows, in the place of those that are there.
pub(super) async fn write(tx: &Tx, rows: &[Row]) -> Result<(), StoreError> {
    for of_visitor in rows.chunk_by(|one, other| one.visitor == other.visitor) {
        for rows in shape::rows(of_visitor) {
            let sql = text(tx.get_database_backend(), rows)?;
            let values = rows.iter().flat_map(|row| row.values.iter().cloned());
            let statement = Statement::from_sql_and_values(tx.get_database_backend(), sql, values);
            tx.execute_raw(statement).await?;
        }
    }
    Ok(())
}

/// What a text depends on.
type Form = (DbBackend, usize, VisitorOfRow);

/// The statement for so many rows of one kind, of which there are few.
fn text(backend: DbBackend, rows: &[Row]) -> Result<String, DbErr> {
    static TEXTS: Mutex<Vec<(Form, String)>> = Mutex::new(Vec::new());

    let visitor = rows.first().map_or(VisitorOfRow::Same, |row| row.visitor);
    let form = (backend, rows.len(), visitor);
    let mut texts = TEXTS.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some((_, text)) = texts.iter().find(|(known, _)| *known == form) {
        return Ok(text.clone());
    }
    let mut insert = Query::insert();
    insert
        .into_table(session::Entity)
        .columns(COLUMNS)
        .on_conflict(replaced(visitor));
    for row in rows {
        insert
            .values(row.values.iter().cloned().map(Expr::val))
            .map_err(|error| DbErr::Custom(error.to_string()))?;
    }
    let text = backend.build(&insert).sql;
    texts.push((form, text.clone()));
    Ok(text)
}

/// What changes of a row. An index is written again when a column of it is named here, whatever the values.
fn replaced(visitor: VisitorOfRow) -> OnConflict {
    let mut replaced = OnConflict::columns(KEY);
    replaced.update_columns(COLUMNS.into_iter().skip(LASTING));
    match visitor {
        VisitorOfRow::Same => {}
        VisitorOfRow::Another => {
            replaced.update_column(Column::VisitorId);
        }
    }
    replaced
}
