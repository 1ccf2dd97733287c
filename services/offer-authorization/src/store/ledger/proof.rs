//! The proof of the ledger: for every counter, that it is the sum of its entries and within its cap.

use std::collections::BTreeMap;
use std::fmt;

use domain::id::TenantId;
use sea_orm::{ConnectionTrait, QueryResult, Statement};
use storage::StoreError;

use crate::ledger::{EntryKind, Scope};

/// The name of the budget that an entry is booked on, as `LimitKey::budget` makes it.
const BUDGET: &str =
    "(CASE WHEN budget_day IS NULL THEN programme_id ELSE programme_id || '/' || budget_day END)";

/// The budgets of periods that are not open and have room all the same. No name holds a slash.
const LEFT_BEHIND: &str = "
    SELECT budget.subject FROM limits AS budget
    JOIN programmes AS programme ON programme.tenant = budget.tenant AND programme.open_day IS NOT NULL
        AND SUBSTR(budget.subject, 1, LENGTH(programme.programme_id) + 1) = programme.programme_id || '/'
    WHERE budget.tenant = $1 AND budget.scope = $2
        AND budget.subject <> programme.programme_id || '/' || programme.open_day
        AND budget.held + budget.redeemed <> budget.cap";

/// A counter that is not what it must be. Names the counter, never an amount.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Discrepancy {
    tenant: TenantId,
    scope: Scope,
    subject: String,
    rule: &'static str,
}

impl fmt::Display for Discrepancy {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            tenant,
            scope,
            subject,
            rule,
        } = self;
        write!(out, "{scope} `{subject}` of `{tenant}`: {rule}")
    }
}

/// A counter as it is stored.
#[derive(Debug, Clone, Copy)]
struct Stored {
    cap: Option<i64>,
    held: i64,
    redeemed: i64,
}

/// A counter, and what its entries make of it.
#[derive(Debug, Default)]
struct Balance {
    stored: Option<Stored>,
    cap: i64,
    held: i64,
    redeemed: i64,
}

/// Compares every counter of a tenant with its entries. Empty when all is well.
pub(crate) async fn discrepancies<C: ConnectionTrait>(
    connection: &C,
    tenant: &TenantId,
) -> Result<Vec<Discrepancy>, StoreError> {
    let mut found = Vec::new();
    for scope in Scope::ALL {
        for (subject, balance) in balances(connection, tenant, *scope).await? {
            found.extend(balance.broken_rule(*scope).map(|rule| Discrepancy {
                tenant: tenant.clone(),
                scope: *scope,
                subject,
                rule,
            }));
        }
    }
    found.extend(left_behind(connection, tenant).await?);
    Ok(found)
}

/// Room that nobody can draw on: it should have gone into the next period, or be booked as lapsed.
async fn left_behind<C: ConnectionTrait>(
    connection: &C,
    tenant: &TenantId,
) -> Result<Vec<Discrepancy>, StoreError> {
    let values = [tenant.as_str().into(), Scope::Budget.as_str().into()];
    let backend = connection.get_database_backend();
    let statement = Statement::from_sql_and_values(backend, LEFT_BEHIND, values);
    let rows = connection.query_all_raw(statement).await?;
    let found = rows.iter().map(|row| {
        Ok(Discrepancy {
            tenant: tenant.clone(),
            scope: Scope::Budget,
            subject: row.try_get("", "subject")?,
            rule: "a period that has ended has room",
        })
    });
    found.collect()
}

/// The counters of a scope and the sums of their entries, by what they limit. Both come of one statement, so that they are
/// of one instant however many writers there are. A row without a kind is a counter.
async fn balances<C: ConnectionTrait>(
    connection: &C,
    tenant: &TenantId,
    scope: Scope,
) -> Result<BTreeMap<String, Balance>, StoreError> {
    let (subject, units) = match scope {
        Scope::Usage => ("usage_subject", "uses"),
        Scope::AgentPurse => ("agent_purse_subject", "amount_minor"),
        Scope::PartnerPurse => ("partner_purse_subject", "amount_minor"),
        Scope::Budget => (BUDGET, "amount_minor"),
    };
    let sql = format!(
        "SELECT subject, '' AS kind, held AS units, redeemed, cap FROM limits WHERE tenant = $1 AND scope = $2
         UNION ALL
         SELECT {subject}, kind, CAST(SUM({units}) AS BIGINT), 0, NULL FROM ledger_entries
         WHERE tenant = $1 AND {subject} IS NOT NULL GROUP BY {subject}, kind"
    );
    let backend = connection.get_database_backend();
    let values = [tenant.as_str().into(), scope.as_str().into()];
    let statement = Statement::from_sql_and_values(backend, sql, values);
    let mut balances: BTreeMap<String, Balance> = BTreeMap::new();
    for row in connection.query_all_raw(statement).await? {
        let subject = row.try_get("", "subject")?;
        balances.entry(subject).or_default().take(&row)?;
    }
    Ok(balances)
}

impl Balance {
    fn take(&mut self, row: &QueryResult) -> Result<(), StoreError> {
        let kind: String = row.try_get("", "kind")?;
        let units: i64 = row.try_get("", "units")?;
        if kind.is_empty() {
            self.stored = Some(Stored {
                cap: row.try_get("", "cap")?,
                held: units,
                redeemed: row.try_get("", "redeemed")?,
            });
            return Ok(());
        }
        let kind = EntryKind::parse(&kind).map_err(|_| StoreError::CorruptRow {
            table: "ledger_entries",
            id: kind,
            column: "kind",
        })?;
        let effect = kind.effect();
        self.cap += effect.cap * units;
        self.held += effect.held * units;
        self.redeemed += effect.redeemed * units;
        Ok(())
    }

    fn broken_rule(&self, scope: Scope) -> Option<&'static str> {
        let Some(stored) = self.stored else {
            return Some("entries without a counter");
        };
        let Stored {
            cap,
            held,
            redeemed,
        } = stored;
        if (held, redeemed) != (self.held, self.redeemed) {
            return Some("the counter is not the sum of its entries");
        }
        if held < 0 || redeemed < 0 || cap.is_some_and(|cap| held + redeemed > cap) {
            return Some("the counter is outside its cap");
        }
        if scope == Scope::Budget && cap != Some(self.cap) {
            return Some("the budget is not the sum of what was added and taken away");
        }
        None
    }
}
