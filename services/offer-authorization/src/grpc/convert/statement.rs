//! Statements, ledger entries and standings from the wire.

use domain::id::{AgentId, PartnerId};
use domain::time::Timestamp;
use platform::paging::PageRequest;
use proto::field::{self, InvalidField};
use proto::offers::v1 as pb;

use super::{optional, require_period};
use crate::authority::{Certificate, CertificateName, Standing, Tier};
use crate::case::CaseAgent;
use crate::ledger::EntryKind;
use crate::statement::{Grouping, StatementQuery};
use crate::store::ledger::EntryFilter;
use crate::store::standings::KnownPerson;

const MOST_CERTIFICATES: usize = 50;

/// Which page of which entries.
pub(in crate::grpc) struct EntryPage {
    pub(in crate::grpc) filter: EntryFilter,
    pub(in crate::grpc) page: PageRequest<i64>,
}

impl TryFrom<pb::ListLedgerEntriesRequest> for EntryPage {
    type Error = InvalidField;

    fn try_from(request: pb::ListLedgerEntriesRequest) -> Result<Self, InvalidField> {
        let pb::ListLedgerEntriesRequest {
            programme_id,
            offer_id,
            page_size,
            page_token,
            partner_id,
            agent_id,
            kind,
            from,
            until,
        } = request;
        let partner: Option<PartnerId> = optional("partner_id", partner_id)?;
        let agent: Option<AgentId> = optional("agent_id", agent_id)?;
        if agent.is_some() && partner.is_none() {
            return Err(InvalidField::absent("partner_id"));
        }
        let kind = kind.map(|kind| field::enumerated::<pb::LedgerEntryKind, _>("kind", kind));
        let from: Option<Timestamp> = field::read("from", from)?;
        let until: Option<Timestamp> = field::read("until", until)?;
        if let (Some(from), Some(until)) = (from, until) {
            require_period(from, until)?;
        }
        Ok(Self {
            filter: EntryFilter {
                programme: optional("programme_id", programme_id)?,
                offer: optional("offer_id", offer_id)?,
                partner,
                agent,
                kind: kind.transpose()?,
                from,
                until,
            },
            page: PageRequest::parse(page_size, &page_token)?,
        })
    }
}

impl TryFrom<pb::LedgerEntryKind> for EntryKind {
    type Error = field::Unspecified;

    fn try_from(kind: pb::LedgerEntryKind) -> Result<Self, field::Unspecified> {
        match kind {
            pb::LedgerEntryKind::Unspecified => Err(field::Unspecified),
            pb::LedgerEntryKind::Hold => Ok(Self::Hold),
            pb::LedgerEntryKind::Release => Ok(Self::Release),
            pb::LedgerEntryKind::Expire => Ok(Self::Expire),
            pb::LedgerEntryKind::Redeem => Ok(Self::Redeem),
            pb::LedgerEntryKind::Reverse => Ok(Self::Reverse),
            pb::LedgerEntryKind::TopUp => Ok(Self::TopUp),
            pb::LedgerEntryKind::CarryOut => Ok(Self::CarryOut),
            pb::LedgerEntryKind::CarryIn => Ok(Self::CarryIn),
            pb::LedgerEntryKind::Lapse => Ok(Self::Lapse),
        }
    }
}

impl TryFrom<pb::GetStatementRequest> for StatementQuery {
    type Error = InvalidField;

    fn try_from(request: pb::GetStatementRequest) -> Result<Self, InvalidField> {
        let pb::GetStatementRequest {
            from,
            until,
            grouping,
            programme_id,
            partner_id,
        } = request;
        let from = field::read("from", from)?;
        let until = field::read("until", until)?;
        require_period(from, until)?;
        Ok(Self {
            from,
            until,
            grouping: field::enumerated::<pb::StatementGrouping, _>("grouping", grouping)?,
            programme: optional("programme_id", programme_id)?,
            partner: optional("partner_id", partner_id)?,
        })
    }
}

impl TryFrom<pb::StatementGrouping> for Grouping {
    type Error = field::Unspecified;

    fn try_from(grouping: pb::StatementGrouping) -> Result<Self, field::Unspecified> {
        match grouping {
            pb::StatementGrouping::Unspecified => Err(field::Unspecified),
            pb::StatementGrouping::Programme => Ok(Self::Programme),
            pb::StatementGrouping::Partner => Ok(Self::Partner),
            pb::StatementGrouping::Agent => Ok(Self::Agent),
        }
    }
}

impl TryFrom<pb::Standing> for KnownPerson {
    type Error = InvalidField;

    fn try_from(standing: pb::Standing) -> Result<Self, InvalidField> {
        let pb::Standing {
            partner_id,
            agent_id,
            tier,
            certificates,
        } = standing;
        field::within_count("certificates", certificates.len(), MOST_CERTIFICATES)?;
        let certificates: Vec<Certificate> = field::messages("certificates", certificates)?;
        let names: Vec<&CertificateName> = certificates.iter().map(|held| &held.name).collect();
        field::distinct("certificates", &names)?;
        let tier: Option<Tier> = optional("tier", tier)?;
        Ok(Self {
            who: CaseAgent {
                partner: field::read("partner_id", partner_id)?,
                agent: field::read("agent_id", agent_id)?,
            },
            standing: Standing { tier, certificates },
        })
    }
}

impl TryFrom<pb::Certificate> for Certificate {
    type Error = InvalidField;

    fn try_from(certificate: pb::Certificate) -> Result<Self, InvalidField> {
        let pb::Certificate { name, expires_at } = certificate;
        Ok(Self {
            name: field::read("name", name)?,
            expires_at: field::read("expires_at", expires_at)?,
        })
    }
}
