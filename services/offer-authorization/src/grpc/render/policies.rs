//! Authority policies and dry runs as messages.

use proto::convert::time::wire_timestamp;
use proto::field::WireField;
use proto::offers::v1 as pb;

use super::names;
use crate::authority::{Grant, GrantorRole, Reach};
use crate::case::CaseAgent;
use crate::decision::{DryRun, Example};
use crate::service::ListedPolicy;

impl From<ListedPolicy> for pb::AuthorityPolicy {
    fn from(listed: ListedPolicy) -> Self {
        let ListedPolicy {
            policy,
            active,
            scheduled_at,
        } = listed;
        Self {
            version: policy.version,
            active,
            purpose: policy.purpose.into_wire(),
            grants: policy.grants.into_iter().map(Into::into).collect(),
            created_at: Some(wire_timestamp(policy.created_at)),
            cedar: policy.cedar,
            scheduled_at: scheduled_at.map(wire_timestamp),
        }
    }
}

impl From<Grant> for pb::AuthorityGrant {
    fn from(grant: Grant) -> Self {
        let (partner, agent) = match grant.reach {
            Reach::Everyone => (None, None),
            Reach::Partner(partner) => (Some(partner), None),
            Reach::Person(CaseAgent { partner, agent }) => (Some(partner), Some(agent)),
        };
        Self {
            role: pb::GrantorRole::from(grant.role).into(),
            partner_id: partner.map(WireField::into_wire).unwrap_or_default(),
            agent_id: agent.map(WireField::into_wire).unwrap_or_default(),
            remedy: grant.remedy.into_wire(),
            causes: grant.causes.into_wire(),
            max_amount: grant.max_amount.into_wire(),
            max_bps: grant.max_share.get(),
            expires_at: grant.expires_at.map(wire_timestamp),
            second_approval_above: grant.second_approval_above.and_then(WireField::into_wire),
        }
    }
}

impl From<GrantorRole> for pb::GrantorRole {
    fn from(role: GrantorRole) -> Self {
        match role {
            GrantorRole::Agent => Self::Agent,
            GrantorRole::Supervisor => Self::Supervisor,
        }
    }
}

impl From<DryRun> for pb::DryRunAuthorityPolicyResponse {
    fn from(run: DryRun) -> Self {
        let DryRun {
            decisions,
            newly_refused,
            newly_granted,
        } = run;
        let examples = newly_refused.examples.into_iter();
        Self {
            decision_count: decisions,
            newly_refused_count: newly_refused.count,
            newly_granted_count: newly_granted.count,
            newly_granted_amounts: newly_granted.amounts.into_wire(),
            newly_refused_amounts: newly_refused.amounts.into_wire(),
            examples: examples
                .chain(newly_granted.examples)
                .map(Into::into)
                .collect(),
        }
    }
}

impl From<Example> for pb::DryRunExample {
    fn from(example: Example) -> Self {
        let Example {
            stored,
            reasons,
            decided_by,
        } = example;
        let decision = stored.decision;
        Self {
            intervention_id: stored.intervention.into_wire(),
            offer_id: stored.offer.map(WireField::into_wire).unwrap_or_default(),
            decided_at: Some(wire_timestamp(decision.decided_at)),
            remedy: decision.remedy.into_wire(),
            amount: decision.amount.into_wire(),
            granted: reasons.is_empty() && decision.others.is_empty(),
            policy_version: decision.policy_version,
            deciding_policies: names(&decided_by),
            reasons: reasons.into_wire(),
        }
    }
}
