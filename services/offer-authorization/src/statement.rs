//! Statements: what became of money in a period, as sums of ledger entries by what each kind does to a balance.

use std::collections::BTreeMap;
use std::fmt::Write;

use domain::closed_enum;
use domain::id::{AgentId, PartnerId, ProgrammeId};
use domain::money::{Currency, Money, MoneyError};
use domain::time::Timestamp;

use crate::ledger::EntryKind;

closed_enum! {
    /// What a line is about.
    pub enum Grouping {
        /// One programme.
        Programme = "programme",
        /// One partner.
        Partner = "partner",
        /// One agent of a partner.
        Agent = "agent",
    }
}

/// What a statement is asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct StatementQuery {
    pub(crate) from: Timestamp,
    /// The first instant after the period.
    pub(crate) until: Timestamp,
    pub(crate) grouping: Grouping,
    pub(crate) programme: Option<ProgrammeId>,
    pub(crate) partner: Option<PartnerId>,
}

/// Whose money it is.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Account {
    Programme(ProgrammeId),
    Partner(PartnerId),
    Agent(PartnerId, AgentId),
}

/// Whether entries were booked before the period or in it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum When {
    Before,
    Within,
}

/// Entries of one kind and one time, added up.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Sum {
    pub(crate) account: Account,
    pub(crate) currency: Currency,
    pub(crate) kind: EntryKind,
    pub(crate) when: When,
    pub(crate) minor_units: i64,
    pub(crate) entries: u64,
}

/// One account in a period.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Line {
    pub(crate) account: Account,
    /// Held or redeemed at the start.
    pub(crate) opening: Money,
    pub(crate) holds: Money,
    pub(crate) releases: Money,
    pub(crate) expiries: Money,
    /// Claimed before, so that they change no balance.
    pub(crate) redemptions: Money,
    pub(crate) reversals: Money,
    /// Held or redeemed at the end: `opening` and `holds`, less `releases`, `expiries` and `reversals`.
    pub(crate) closing: Money,
    /// Of that, held.
    pub(crate) closing_held: Money,
    /// Of a programme only.
    pub(crate) budget: Option<BudgetLine>,
    pub(crate) entries: u64,
}

/// What became of the budget of a programme, over all its periods.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct BudgetLine {
    /// At the end: what it was at the start and `top_ups`, less `lapses`.
    pub(crate) closing: Money,
    pub(crate) top_ups: Money,
    /// Unused at the end of a period and not carried over.
    pub(crate) lapses: Money,
    /// Carried from one period to another, which changes no sum.
    pub(crate) carried: Money,
}

/// Most lines of a statement.
pub(crate) const MOST_LINES: usize = 1_000;

/// What became of money in a period, by account and currency.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Statement {
    pub(crate) lines: Vec<Line>,
}

/// Balances and turnovers of one account while they are added up, in minor units.
#[derive(Debug, Default)]
struct Running {
    opening: i64,
    held: i64,
    redeemed: i64,
    budget: i64,
    turnover: BTreeMap<EntryKind, i64>,
    entries: u64,
}

/// Makes the lines of a statement, by account and currency. A statement for one partner knows of no budget: nobody's share of
/// it is told.
///
/// # Errors
/// A balance is below zero or beyond all money, which no ledger that proves true can give.
pub(crate) fn lines(sums: &[Sum], partner: Option<&PartnerId>) -> Result<Vec<Line>, MoneyError> {
    let mut accounts: BTreeMap<(Account, Currency), Running> = BTreeMap::new();
    for sum in sums {
        let key = (sum.account.clone(), sum.currency);
        accounts.entry(key).or_default().take(sum);
    }
    accounts
        .into_iter()
        .map(|((account, currency), running)| {
            let line = running.into_line(account, currency)?;
            Ok(Line {
                budget: line.budget.filter(|_| partner.is_none()),
                ..line
            })
        })
        .collect()
}

impl Running {
    fn take(&mut self, sum: &Sum) {
        let effect = sum.kind.effect();
        let of = |factor: i64| factor.saturating_mul(sum.minor_units);
        self.held = self.held.saturating_add(of(effect.held));
        self.redeemed = self.redeemed.saturating_add(of(effect.redeemed));
        self.budget = self.budget.saturating_add(of(effect.cap));
        match sum.when {
            When::Before => {
                let change = of(effect.held).saturating_add(of(effect.redeemed));
                self.opening = self.opening.saturating_add(change);
            }
            When::Within => {
                let turnover = self.turnover.entry(sum.kind).or_default();
                *turnover = turnover.saturating_add(sum.minor_units);
                self.entries = self.entries.saturating_add(sum.entries);
            }
        }
    }

    fn into_line(self, account: Account, currency: Currency) -> Result<Line, MoneyError> {
        let money = |units| Money::new(units, currency);
        let turnover = |kind| money(self.turnover.get(&kind).copied().unwrap_or(0));
        let budget = match account {
            Account::Programme(_) => Some(BudgetLine {
                closing: money(self.budget)?,
                top_ups: turnover(EntryKind::TopUp)?,
                lapses: turnover(EntryKind::Lapse)?,
                carried: turnover(EntryKind::CarryIn)?,
            }),
            Account::Partner(_) | Account::Agent(..) => None,
        };
        Ok(Line {
            account,
            opening: money(self.opening)?,
            holds: turnover(EntryKind::Hold)?,
            releases: turnover(EntryKind::Release)?,
            expiries: turnover(EntryKind::Expire)?,
            redemptions: turnover(EntryKind::Redeem)?,
            reversals: turnover(EntryKind::Reverse)?,
            closing: money(self.held.saturating_add(self.redeemed))?,
            closing_held: money(self.held)?,
            budget,
            entries: self.entries,
        })
    }
}

/// The header of a statement as CSV.
const HEADER: &str = "programme_id,partner_id,agent_id,currency,opening,holds,releases,expiries,redemptions,reversals,\
                      closing,closing_held,budget,top_ups,entry_count,lapses,carried";

/// Lines as CSV (RFC 4180), amounts in minor units. No name needs quotes: names hold neither commas nor quotes nor the
/// signs by which a spreadsheet would take them for a formula.
pub(crate) fn csv(lines: &[Line]) -> String {
    let mut text = format!("{HEADER}\r\n");
    for line in lines {
        let (programme, partner, agent) = line.account.names();
        let of_budget = |part: fn(&BudgetLine) -> Money| {
            let money = line.budget.as_ref().map(part);
            money.map_or_else(String::new, |money| money.minor_units().to_string())
        };
        let amounts = [
            line.opening,
            line.holds,
            line.releases,
            line.expiries,
            line.redemptions,
            line.reversals,
            line.closing,
            line.closing_held,
        ];
        let amounts = amounts.map(|amount| amount.minor_units().to_string());
        // A `String` takes whatever is written to it.
        let _ = write!(
            text,
            "{programme},{partner},{agent},{},{},{},{},{},{},{}\r\n",
            line.opening.currency(),
            amounts.join(","),
            of_budget(|budget| budget.closing),
            of_budget(|budget| budget.top_ups),
            line.entries,
            of_budget(|budget| budget.lapses),
            of_budget(|budget| budget.carried),
        );
    }
    text
}

impl Account {
    /// Programme, partner and agent, each empty when it is not what the account is about.
    pub(crate) fn names(&self) -> (&str, &str, &str) {
        match self {
            Self::Programme(programme) => (programme.as_str(), "", ""),
            Self::Partner(partner) => ("", partner.as_str(), ""),
            Self::Agent(partner, agent) => ("", partner.as_str(), agent.as_str()),
        }
    }
}

#[cfg(test)]
mod tests {
    use testkit::builders::{partner, usd};

    use super::*;

    fn sum(kind: EntryKind, when: When, minor_units: i64) -> Sum {
        Sum {
            account: Account::Partner(partner()),
            currency: Currency::USD,
            kind,
            when,
            minor_units,
            entries: 1,
        }
    }

    fn a_period() -> Vec<Sum> {
        vec![
            sum(EntryKind::Hold, When::Before, 1_000),
            sum(EntryKind::Redeem, When::Before, 400),
            sum(EntryKind::Hold, When::Within, 500),
            sum(EntryKind::Release, When::Within, 100),
            sum(EntryKind::Expire, When::Within, 200),
            sum(EntryKind::Redeem, When::Within, 250),
            sum(EntryKind::Reverse, When::Within, 300),
        ]
    }

    #[test]
    fn a_line_leads_from_the_opening_to_the_closing() {
        let lines = lines(&a_period(), None).unwrap();

        let line = Line {
            account: Account::Partner(partner()),
            opening: usd(1_000),
            holds: usd(500),
            releases: usd(100),
            expiries: usd(200),
            redemptions: usd(250),
            reversals: usd(300),
            closing: usd(900),
            closing_held: usd(550),
            budget: None,
            entries: 5,
        };
        assert_eq!(lines, [line]);
    }

    #[test]
    fn a_programme_shows_its_budget() {
        let of_programme = |kind, when, minor_units| Sum {
            account: Account::Programme(ProgrammeId::parse("spring").unwrap()),
            ..sum(kind, when, minor_units)
        };
        let sums = [
            of_programme(EntryKind::TopUp, When::Before, 900),
            of_programme(EntryKind::TopUp, When::Within, 100),
            of_programme(EntryKind::CarryOut, When::Within, 70),
            of_programme(EntryKind::CarryIn, When::Within, 70),
            of_programme(EntryKind::Lapse, When::Within, 150),
        ];

        let whole = lines(&sums, None).unwrap();
        let for_partner = lines(&sums, Some(&partner())).unwrap();

        let budget = BudgetLine {
            closing: usd(850),
            top_ups: usd(100),
            lapses: usd(150),
            carried: usd(70),
        };
        assert_eq!(whole[0].budget, Some(budget));
        assert!(
            csv(&whole).ends_with(",850,100,4,150,70\r\n"),
            "{}",
            csv(&whole)
        );
        assert_eq!(whole[0].opening, usd(0));
        assert_eq!(for_partner[0].budget, None);
    }

    #[test]
    fn a_statement_is_a_table_too() {
        let text = csv(&lines(&a_period(), None).unwrap());

        let rows: Vec<&str> = text.split_terminator("\r\n").collect();
        assert_eq!(rows[0].split(',').count(), 17);
        assert_eq!(
            rows[1],
            ",north,,USD,1000,500,100,200,250,300,900,550,,,5,,"
        );
        assert_eq!(rows.len(), 2);
    }

    #[test]
    fn a_balance_below_zero_is_an_error() {
        let sums = [sum(EntryKind::Release, When::Within, 1)];

        assert_eq!(lines(&sums, None), Err(MoneyError::Negative));
    }
}
