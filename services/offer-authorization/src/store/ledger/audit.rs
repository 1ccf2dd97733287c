//! The proof of the ledger: for every counter, that it is the sum of its entries and within its cap.

use std::collections::BTreeMap;
use std::fmt;

use sea_orm::{ConnectionTrait, QueryResult, Statement};
use storage::StoreError;

use crate::ledger::{EntryKind, Scope};

/// Counters and sums of entries in one statement, so that both are of one instant however many writers there are. A row
/// without a kind is a counter.
const SUMS: &str = "
SELECT tenant, scope, subject, '' AS kind, held AS units, redeemed, cap FROM limits
UNION ALL
SELECT tenant, 'budget', programme_id, kind, CAST(SUM(amount_minor) AS BIGINT), 0, NULL
  FROM ledger_entries GROUP BY tenant, programme_id, kind
UNION ALL
SELECT tenant, 'partner_purse', partner_purse_subject, kind, CAST(SUM(amount_minor) AS BIGINT), 0, NULL
  FROM ledger_entries WHERE partner_purse_subject IS NOT NULL GROUP BY tenant, partner_purse_subject, kind
UNION ALL
SELECT tenant, 'agent_purse', agent_purse_subject, kind, CAST(SUM(amount_minor) AS BIGINT), 0, NULL
  FROM ledger_entries WHERE agent_purse_subject IS NOT NULL GROUP BY tenant, agent_purse_subject, kind
UNION ALL
SELECT tenant, 'usage', usage_subject, kind, CAST(SUM(uses) AS BIGINT), 0, NULL
  FROM ledger_entries WHERE usage_subject IS NOT NULL GROUP BY tenant, usage_subject, kind";

/// A counter that is not what it must be. Names the counter, never an amount.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Discrepancy {
    key: Key,
    rule: &'static str,
}

#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
struct Key {
    tenant: String,
    scope: String,
    subject: String,
}

impl fmt::Display for Discrepancy {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Key {
            tenant,
            scope,
            subject,
        } = &self.key;
        write!(out, "{scope} `{subject}` of `{tenant}`: {}", self.rule)
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

/// Compares every counter of every tenant with its entries. Empty when all is well.
pub(crate) async fn audit<C: ConnectionTrait>(
    connection: &C,
) -> Result<Vec<Discrepancy>, StoreError> {
    let statement = Statement::from_string(connection.get_database_backend(), SUMS);
    let mut balances: BTreeMap<Key, Balance> = BTreeMap::new();
    for row in connection.query_all_raw(statement).await? {
        let key = Key {
            tenant: row.try_get("", "tenant")?,
            scope: row.try_get("", "scope")?,
            subject: row.try_get("", "subject")?,
        };
        balances.entry(key).or_default().take(&row)?;
    }
    let faulty = balances.into_iter().filter_map(|(key, balance)| {
        let rule = balance.broken_rule(&key.scope)?;
        Some(Discrepancy { key, rule })
    });
    Ok(faulty.collect())
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

    fn broken_rule(&self, scope: &str) -> Option<&'static str> {
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
        if scope == Scope::Budget.as_str() && cap != Some(self.cap) {
            return Some("the budget is not the sum of its top-ups");
        }
        None
    }
}
