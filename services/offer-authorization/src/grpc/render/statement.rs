//! Statements and standings as messages.

use domain::money::Money;
use proto::convert::time::wire_timestamp;
use proto::field::WireField;
use proto::offers::v1 as pb;

use crate::authority::{Certificate, Standing};
use crate::case::CaseAgent;
use crate::statement::{BudgetLine, Line, Statement, csv};
use crate::store::standings::KnownPerson;

impl From<Statement> for pb::GetStatementResponse {
    fn from(statement: Statement) -> Self {
        let Statement { lines } = statement;
        Self {
            csv: csv(&lines),
            lines: lines.into_iter().map(Into::into).collect(),
        }
    }
}

impl From<Line> for pb::StatementLine {
    fn from(line: Line) -> Self {
        let Line {
            account,
            opening,
            holds,
            releases,
            expiries,
            redemptions,
            reversals,
            closing,
            closing_held,
            budget,
            entries,
        } = line;
        let (programme, partner, agent) = account.names();
        let of_budget = |part: fn(&BudgetLine) -> Money| {
            let money = budget.as_ref().map(part);
            money.and_then(WireField::into_wire)
        };
        Self {
            programme_id: programme.to_owned(),
            partner_id: partner.to_owned(),
            agent_id: agent.to_owned(),
            opening: opening.into_wire(),
            holds: holds.into_wire(),
            releases: releases.into_wire(),
            expiries: expiries.into_wire(),
            redemptions: redemptions.into_wire(),
            reversals: reversals.into_wire(),
            closing: closing.into_wire(),
            closing_held: closing_held.into_wire(),
            budget: of_budget(|budget| budget.closing),
            top_ups: of_budget(|budget| budget.top_ups),
            entry_count: entries,
            lapses: of_budget(|budget| budget.lapses),
            carried: of_budget(|budget| budget.carried),
        }
    }
}

impl From<KnownPerson> for pb::Standing {
    fn from(known: KnownPerson) -> Self {
        let KnownPerson {
            who: CaseAgent { partner, agent },
            standing: Standing { tier, certificates },
        } = known;
        Self {
            partner_id: partner.into_wire(),
            agent_id: agent.into_wire(),
            tier: tier.map(WireField::into_wire).unwrap_or_default(),
            certificates: certificates.into_iter().map(Into::into).collect(),
        }
    }
}

impl From<Certificate> for pb::Certificate {
    fn from(certificate: Certificate) -> Self {
        let Certificate { name, expires_at } = certificate;
        Self {
            name: name.into_wire(),
            expires_at: Some(wire_timestamp(expires_at)),
        }
    }
}
