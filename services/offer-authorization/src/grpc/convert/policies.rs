//! Authority policies from the wire, checked whole.

use std::cmp::Ordering;

use domain::card::contains_card_number;
use domain::cause::Cause;
use domain::id::{AgentId, PartnerId};
use domain::money::Money;
use domain::remedy::RemedyKind;
use domain::time::Timestamp;
use platform::paging::PageRequest;
use proto::error::v1::ErrorReason;
use proto::field::{self, InvalidField};
use proto::offers::v1 as pb;

use super::{free_of_charge, optional, positive, positive_share, require_period};
use crate::authority::{
    CompiledPolicy, Grant, GrantorRole, MAX_POLICIES, MAX_TEXT, PolicyFault, Reach,
};
use crate::case::CaseAgent;
use crate::decision::Period;
use crate::service::{Activation, NewPolicy};

/// The field that says from where on it takes two.
const ALONE: &str = "second_approval_above";

/// Longest description of a fault, in characters: the words of Cedar can be many.
const LONGEST_FAULT: usize = 500;

/// Which page of the versions.
pub(in crate::grpc) struct PolicyPage(pub(in crate::grpc) PageRequest<u32>);

/// Which version is tried out on which decisions.
pub(in crate::grpc) struct DryRunOf {
    pub(in crate::grpc) version: u32,
    pub(in crate::grpc) period: Period,
}

impl TryFrom<pb::AuthorityPolicy> for NewPolicy {
    type Error = InvalidField;

    fn try_from(policy: pb::AuthorityPolicy) -> Result<Self, InvalidField> {
        let pb::AuthorityPolicy {
            version: _,
            active: _,
            purpose,
            grants,
            created_at: _,
            cedar,
            scheduled_at: _,
        } = policy;
        if grants.is_empty() && cedar.is_empty() {
            return Err(InvalidField::absent("grants"));
        }
        field::within_count("grants", grants.len(), MAX_POLICIES)?;
        let grants: Vec<Grant> = field::messages("grants", grants)?;
        field::distinct("grants", &grants)?;
        let purpose = field::read("purpose", purpose)?;
        Ok(Self {
            purpose,
            cedar: checked(&grants, cedar)?,
            grants,
        })
    }
}

impl TryFrom<pb::AuthorityGrant> for Grant {
    type Error = InvalidField;

    fn try_from(grant: pb::AuthorityGrant) -> Result<Self, InvalidField> {
        let pb::AuthorityGrant {
            role,
            partner_id,
            agent_id,
            remedy,
            causes,
            max_amount,
            max_bps,
            expires_at,
            second_approval_above,
        } = grant;
        let causes: Vec<Cause> = field::read("causes", causes)?;
        field::distinct("causes", &causes)?;
        let remedy: RemedyKind = field::read("remedy", remedy)?;
        if !remedy.costs_money() {
            return Err(free_of_charge("remedy"));
        }
        let role = field::enumerated::<pb::GrantorRole, _>("role", role)?;
        let max_amount = positive("max_amount", max_amount)?;
        let alone: Option<Money> = field::read(ALONE, second_approval_above)?;
        let alone = alone.map(|alone| within_line(role, alone, max_amount));
        Ok(Self {
            role,
            reach: reach(partner_id, agent_id)?,
            remedy,
            causes,
            max_amount,
            max_share: positive_share("max_bps", max_bps)?,
            expires_at: field::read("expires_at", expires_at)?,
            second_approval_above: alone.transpose()?,
        })
    }
}

/// What one supervisor may approve alone, on a line that goes up to `most`.
fn within_line(role: GrantorRole, alone: Money, most: Money) -> Result<Money, InvalidField> {
    let refused = |reason, description| Err(InvalidField::new(ALONE, reason, description));
    if role != GrantorRole::Supervisor {
        return refused(ErrorReason::InvalidField, "is for supervisors only");
    }
    match alone.compare(most) {
        Ok(Ordering::Less | Ordering::Equal) => Ok(alone),
        Ok(Ordering::Greater) => refused(ErrorReason::OutOfRange, "must be at most `max_amount`"),
        Err(_) => refused(
            ErrorReason::CurrencyMismatch,
            "must be in the currency of `max_amount`",
        ),
    }
}

fn reach(partner: String, agent: String) -> Result<Reach, InvalidField> {
    let partner: Option<PartnerId> = optional("partner_id", partner)?;
    let agent: Option<AgentId> = optional("agent_id", agent)?;
    match (partner, agent) {
        (None, None) => Ok(Reach::Everyone),
        (Some(partner), None) => Ok(Reach::Partner(partner)),
        (Some(partner), Some(agent)) => Ok(Reach::Person(CaseAgent { partner, agent })),
        // An agent is one of a partner, so a name alone is nobody's.
        (None, Some(_)) => Err(InvalidField::absent("partner_id")),
    }
}

impl TryFrom<pb::GrantorRole> for GrantorRole {
    type Error = field::Unspecified;

    fn try_from(role: pb::GrantorRole) -> Result<Self, field::Unspecified> {
        match role {
            pb::GrantorRole::Unspecified => Err(field::Unspecified),
            pb::GrantorRole::Agent => Ok(Self::Agent),
            pb::GrantorRole::Supervisor => Ok(Self::Supervisor),
        }
    }
}

impl TryFrom<pb::ListAuthorityPoliciesRequest> for PolicyPage {
    type Error = InvalidField;

    fn try_from(request: pb::ListAuthorityPoliciesRequest) -> Result<Self, InvalidField> {
        let pb::ListAuthorityPoliciesRequest {
            page_size,
            page_token,
        } = request;
        PageRequest::parse(page_size, &page_token).map(Self)
    }
}

/// A text that is a policy, together with its lines.
fn checked(grants: &[Grant], cedar: String) -> Result<String, InvalidField> {
    if cedar.len() > MAX_TEXT {
        let description = format!("must be at most {MAX_TEXT} bytes");
        return Err(InvalidField::new(
            "cedar",
            ErrorReason::TooLong,
            description,
        ));
    }
    if contains_card_number(&cedar) {
        let description = "must hold no card number";
        return Err(InvalidField::new(
            "cedar",
            ErrorReason::CardData,
            description,
        ));
    }
    // Version 0 is nobody's: what is compiled here is only tried.
    match CompiledPolicy::new(0, grants, &cedar) {
        Ok(_) => Ok(cedar),
        Err(fault) => Err(refused(
            if cedar.is_empty() { "grants" } else { "cedar" },
            &fault,
        )),
    }
}

/// A policy is written by an operator and holds nothing personal, so its author is told what Cedar found.
fn refused(field: &str, fault: &PolicyFault) -> InvalidField {
    let description: String = fault.to_string().chars().take(LONGEST_FAULT).collect();
    InvalidField::new(field, ErrorReason::InvalidField, description)
}

impl TryFrom<pb::DryRunAuthorityPolicyRequest> for DryRunOf {
    type Error = InvalidField;

    fn try_from(request: pb::DryRunAuthorityPolicyRequest) -> Result<Self, InvalidField> {
        let pb::DryRunAuthorityPolicyRequest {
            version,
            from,
            until,
        } = request;
        let from: Option<Timestamp> = field::read("from", from)?;
        let until: Option<Timestamp> = field::read("until", until)?;
        if let (Some(from), Some(until)) = (from, until) {
            require_period(from, until)?;
        }
        let period = Period { from, until };
        Ok(Self { version, period })
    }
}

impl TryFrom<pb::ActivateAuthorityPolicyRequest> for Activation {
    type Error = InvalidField;

    fn try_from(request: pb::ActivateAuthorityPolicyRequest) -> Result<Self, InvalidField> {
        let pb::ActivateAuthorityPolicyRequest {
            request_id: _,
            version,
            at,
        } = request;
        let at = field::read("at", at)?;
        Ok(Self { version, at })
    }
}
