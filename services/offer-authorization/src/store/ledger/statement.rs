//! Sums of entries for a statement: one pass over the ledger of a tenant, added up by the database.

use std::fmt::Write;

use domain::id::TenantId;
use sea_orm::{ConnectionTrait, QueryResult, Statement, Value};
use storage::StoreError;
use storage::column::{self, Row};

use crate::statement::{Account, Grouping, StatementQuery, Sum, When};

const TABLE: &str = "ledger_entries";

/// Adds up what was booked before the end of a period, apart for each account, currency, kind, and side of its start.
pub(crate) async fn sums<C: ConnectionTrait>(
    connection: &C,
    tenant: &TenantId,
    query: &StatementQuery,
) -> Result<Vec<Sum>, StoreError> {
    let [programme, partner, agent] = match query.grouping {
        Grouping::Programme => ["entry.programme_id", "''", "''"],
        Grouping::Partner => ["''", "offer.partner_id", "''"],
        Grouping::Agent => ["''", "offer.partner_id", "offer.agent_id"],
    };
    // Only a top-up has no offer, and no partner tops up.
    let mut filter = match query.grouping {
        Grouping::Programme => String::new(),
        Grouping::Partner | Grouping::Agent => " AND entry.offer_id IS NOT NULL".to_owned(),
    };
    let mut values: Vec<Value> = vec![
        tenant.as_str().into(),
        column::millis(query.from).into(),
        column::millis(query.until).into(),
    ];
    let of_programme = query.programme.as_ref().map(ToString::to_string);
    let of_partner = query.partner.as_ref().map(ToString::to_string);
    for (column, name) in [
        ("entry.programme_id", of_programme),
        ("offer.partner_id", of_partner),
    ] {
        if let Some(name) = name {
            values.push(name.into());
            let place = values.len();
            // A `String` takes whatever is written to it.
            let _ = write!(filter, " AND {column} = ${place}");
        }
    }
    let join = join(query);
    let sql = format!(
        "SELECT programme_id, partner_id, agent_id, currency, kind, within,
                CAST(SUM(amount_minor) AS BIGINT) AS units, COUNT(*) AS entries
         FROM (
             SELECT {programme} AS programme_id, {partner} AS partner_id, {agent} AS agent_id,
                    entry.amount_currency AS currency, entry.kind AS kind, entry.amount_minor AS amount_minor,
                    CASE WHEN entry.booked_at >= $2 THEN 1 ELSE 0 END AS within
             FROM ledger_entries AS entry{join}
             WHERE entry.tenant = $1 AND entry.booked_at < $3{filter}
         ) AS booked
         GROUP BY programme_id, partner_id, agent_id, currency, kind, within"
    );
    let backend = connection.get_database_backend();
    let statement = Statement::from_sql_and_values(backend, sql, values);
    let rows = connection.query_all_raw(statement).await?;
    rows.iter()
        .map(|row| parse(row, tenant, query.grouping))
        .collect()
}

/// Whose offer an entry is of matters only where partners do.
fn join(query: &StatementQuery) -> &'static str {
    match (query.grouping, &query.partner) {
        (Grouping::Programme, None) => "",
        (Grouping::Programme, Some(_)) | (Grouping::Partner | Grouping::Agent, _) => {
            " LEFT JOIN offers AS offer ON offer.tenant = entry.tenant AND offer.offer_id = entry.offer_id"
        }
    }
}

fn parse(found: &QueryResult, tenant: &TenantId, grouping: Grouping) -> Result<Sum, StoreError> {
    let text = |column: &str| found.try_get::<String>("", column);
    let number = |column: &str| found.try_get::<i64>("", column);
    let kind = text("kind")?;
    let row = Row::of(TABLE, tenant.as_str());
    let account = match grouping {
        Grouping::Programme => {
            Account::Programme(row.parse("programme_id", &text("programme_id")?)?)
        }
        Grouping::Partner => Account::Partner(row.parse("partner_id", &text("partner_id")?)?),
        Grouping::Agent => Account::Agent(
            row.parse("partner_id", &text("partner_id")?)?,
            row.parse("agent_id", &text("agent_id")?)?,
        ),
    };
    let within: i32 = found.try_get("", "within")?;
    Ok(Sum {
        account,
        currency: row.parse("amount_currency", &text("currency")?)?,
        kind: row.parse("kind", &kind)?,
        when: if within == 1 {
            When::Within
        } else {
            When::Before
        },
        minor_units: number("units")?,
        entries: row.count("entries", number("entries")?)?,
    })
}
