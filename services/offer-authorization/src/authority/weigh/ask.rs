//! One request to Cedar, with everything that the schema says a policy can see.

mod names;

use std::collections::{HashMap, HashSet};

use cedar_policy::{
    AuthorizationError, Authorizer, Context, Decision, Entities, Entity, PolicyId, Request,
    Response, RestrictedExpression,
};
use domain::cause::Cause;
use domain::id::PartnerId;
use domain::money::Currency;
use domain::offer::OfferRefusal;
use domain::time::Timestamp;
use tracing::error;

use super::super::compiled::{MONEY, Slice};
use super::super::question::{AuthorityQuestion, GrantorRole, PolicyName, Standing};
use crate::case::CaseAgent;
use names::{Names, Types, uid};

/// As whom a question is asked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Principal {
    role: GrantorRole,
    id: String,
    partner: String,
}

/// What can be changed of a question, to see what the answer would be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Facts {
    /// In minor units, like all amounts here.
    pub(super) amount: i64,
    pub(super) granted: i64,
    pub(super) cause: Cause,
    pub(super) currency: Currency,
    pub(super) approvals: u32,
    pub(super) now: Timestamp,
}

/// What Cedar says.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Answer {
    pub(super) is_allowed: bool,
    pub(super) decided_by: Vec<PolicyName>,
    /// Whether the policies that decided are some that cannot be worked out.
    pub(super) is_unsound: bool,
    /// What the policies that forbid it say to that.
    pub(super) refusals: Vec<OfferRefusal>,
}

/// Asks one question as one person.
pub(super) struct Asker<'a> {
    slice: &'a Slice,
    question: AuthorityQuestion<'a>,
    standing: &'a Standing,
    names: Option<Names>,
    authorizer: Authorizer,
    /// What is there at the instant of the question. At another one, certificates may have ended.
    entities: Option<Entities>,
}

/// Something that is no name, no request or no world to Cedar: a fault of ours.
#[derive(Debug, Clone, Copy)]
struct Unaskable;

impl Principal {
    pub(super) fn person(role: GrantorRole, person: &CaseAgent) -> Self {
        Self {
            role,
            id: person.to_string(),
            partner: person.partner.to_string(),
        }
    }

    /// Somebody whom a policy names.
    pub(super) fn named(role: GrantorRole, partner: &PartnerId, id: &str) -> Self {
        Self {
            role,
            id: id.to_owned(),
            partner: partner.to_string(),
        }
    }

    /// Somebody whom no policy can name: a policy that names a person without a partner is refused.
    pub(super) fn nobody(role: GrantorRole, partner: &PartnerId) -> Self {
        Self::named(role, partner, partner.as_str())
    }
}

impl Facts {
    pub(super) fn of(question: AuthorityQuestion<'_>) -> Self {
        let currency = question.cart_value.currency();
        // An amount in another currency is refused for that. Here it weighs nothing, and hides no other reason.
        let amount = if question.amount.currency() == currency {
            question.amount.minor_units()
        } else {
            0
        };
        Self {
            amount,
            granted: question.granted.minor_units(),
            cause: question.cause,
            currency,
            approvals: question.circumstances.approvals,
            now: question.now,
        }
    }
}

impl<'a> Asker<'a> {
    pub(super) fn new(
        slice: &'a Slice,
        question: AuthorityQuestion<'a>,
        principal: &Principal,
    ) -> Self {
        let mut asker = Self {
            slice,
            question,
            standing: &question.circumstances.standing,
            names: Names::of(question, principal).ok(),
            authorizer: Authorizer::new(),
            entities: None,
        };
        asker.entities = asker.entities_at(question.now).ok();
        asker
    }

    /// A policy that cannot be worked out is none to go by: the answer is no, by that policy.
    pub(super) fn ask(&self, facts: Facts) -> Answer {
        if self.slice.policies.is_empty() {
            return Answer::default();
        }
        let Ok(response) = self.response(facts) else {
            error!(remedy = %self.question.remedy, "an offer could not be put to the policy");
            return Answer::default();
        };
        let diagnostics = response.diagnostics();
        let unsound = names(diagnostics.errors().map(|fault| match fault {
            AuthorizationError::PolicyEvaluationError(fault) => fault.policy_id(),
        }));
        if !unsound.is_empty() {
            return Answer {
                decided_by: unsound,
                is_unsound: true,
                ..Answer::default()
            };
        }
        let is_allowed = response.decision() == Decision::Allow;
        let refusals = if is_allowed {
            Vec::new()
        } else {
            let said = diagnostics
                .reason()
                .filter_map(|id| self.slice.refusals.get(id));
            said.copied().collect()
        };
        Answer {
            is_allowed,
            decided_by: names(diagnostics.reason()),
            is_unsound: false,
            refusals,
        }
    }

    /// The instants at which certificates of the person end.
    pub(super) fn ends_of_certificates(&self) -> impl Iterator<Item = Timestamp> + 'a {
        let held = self.standing.certificates.iter();
        held.map(|held| held.expires_at)
    }

    fn response(&self, facts: Facts) -> Result<Response, Unaskable> {
        let request = self.request(facts)?;
        let policies = &self.slice.policies;
        match &self.entities {
            Some(entities) if facts.now == self.question.now => {
                Ok(self.authorizer.is_authorized(&request, policies, entities))
            }
            Some(_) | None => {
                let entities = self.entities_at(facts.now)?;
                Ok(self.authorizer.is_authorized(&request, policies, &entities))
            }
        }
    }

    fn request(&self, facts: Facts) -> Result<Request, Unaskable> {
        let Names {
            principal,
            action,
            resource,
            ..
        } = self.names()?.clone();
        let context = Context::from_pairs(self.context(facts)).map_err(|_| Unaskable)?;
        // The schema was checked against the policies; that requests fit it too is proven by a test.
        Request::new(principal, action, resource, context, None).map_err(|_| Unaskable)
    }

    fn context(&self, facts: Facts) -> Vec<(String, RestrictedExpression)> {
        let Facts {
            amount,
            granted,
            cause,
            currency,
            approvals,
            now,
        } = facts;
        let circumstances = self.question.circumstances;
        let total = amount.saturating_add(granted);
        let value = self.question.cart_value.minor_units();
        let history = circumstances.history;
        let held = circumstances.remedies_held.iter();
        let held = held.map(|remedy| text(remedy.as_str()));
        let known = [
            ("amount", long(amount)),
            ("granted", long(granted)),
            ("total", long(total)),
            ("total_bps", long(share_up(total, value))),
            ("cart_value", long(value)),
            ("currency", text(currency.as_str())),
            ("cause", text(cause.as_str())),
            (
                "money_cause",
                RestrictedExpression::new_bool(cause.is_money_cause()),
            ),
            ("remedies_held", RestrictedExpression::new_set(held)),
            ("offers_had", long(i64::from(history.had))),
            ("offers_unused", long(i64::from(history.unused))),
            ("approvals", long(i64::from(approvals))),
            (
                "now",
                RestrictedExpression::new_datetime(format!("{now:.3}")),
            ),
        ];
        let maybe = self.what_may_be_unknown(cause, total).into_iter();
        let maybe = maybe.filter_map(|(name, value)| Some((name, value?)));
        known
            .into_iter()
            .chain(maybe)
            .map(|(name, value)| (name.to_owned(), value))
            .collect()
    }

    fn what_may_be_unknown(
        &self,
        cause: Cause,
        total: i64,
    ) -> [(&'static str, Option<RestrictedExpression>); 4] {
        let value = self.question.cart_value.minor_units();
        let margin = self.question.circumstances.margin;
        let left = margin.map(|margin| margin.minor_units().saturating_sub(total));
        let left_bps = left.map(|left| share_down(left, value));
        let phase = cause.phase().map(|phase| text(phase.as_str()));
        let channel = self.question.circumstances.channel;
        [
            ("margin_left", left.map(long)),
            ("margin_left_bps", left_bps.map(long)),
            ("phase", phase),
            ("channel", channel.map(|channel| text(channel.as_str()))),
        ]
    }

    fn names(&self) -> Result<&Names, Unaskable> {
        self.names.as_ref().ok_or(Unaskable)
    }

    fn entities_at(&self, now: Timestamp) -> Result<Entities, Unaskable> {
        let types = Types::known()?;
        let Names {
            action, resource, ..
        } = self.names()?;
        let money = uid(&types.action, MONEY);
        let action = Entity::new(action.clone(), HashMap::new(), HashSet::from([money]));
        let mut entities = vec![self.person(now)?, action.map_err(|_| Unaskable)?];
        if let Some(person) = self.question.circumstances.person {
            let shopper = HashSet::from([uid(&types.shopper, &person.to_string())]);
            let resource = Entity::new(resource.clone(), HashMap::new(), shopper);
            entities.push(resource.map_err(|_| Unaskable)?);
        }
        Entities::from_entities(entities, None).map_err(|_| Unaskable)
    }

    fn person(&self, now: Timestamp) -> Result<Entity, Unaskable> {
        let Names {
            principal, partner, ..
        } = self.names()?;
        let held = self.standing.certificates.iter();
        let good = held.filter(|held| now < held.expires_at);
        let good = RestrictedExpression::new_set(good.map(|held| text(held.name.as_str())));
        let mut attributes = HashMap::from([("certificates".to_owned(), good)]);
        if let Some(tier) = &self.standing.tier {
            attributes.insert("tier".to_owned(), text(tier.as_str()));
        }
        let parents = HashSet::from([partner.clone()]);
        Entity::new(principal.clone(), attributes, parents).map_err(|_| Unaskable)
    }
}

/// The names of policies, in their order.
fn names<'p>(policies: impl Iterator<Item = &'p PolicyId>) -> Vec<PolicyName> {
    let mut names: Vec<PolicyName> = policies
        .filter_map(|id| PolicyName::parse(id.as_ref()))
        .collect();
    names.sort_unstable();
    names
}

fn long(value: i64) -> RestrictedExpression {
    RestrictedExpression::new_long(value)
}

fn text(value: &str) -> RestrictedExpression {
    RestrictedExpression::new_string(value.to_owned())
}

/// A share in basis points, rounded up: `total <= value * bps / 10000` to the minor unit is `share_up <= bps`. Of nothing,
/// anything is too much.
fn share_up(total: i64, value: i64) -> i64 {
    let (total, value) = (i128::from(total), i128::from(value));
    if value <= 0 {
        return if total <= 0 { 0 } else { i64::MAX };
    }
    let scaled = total * 10_000;
    let up = scaled.div_euclid(value) + i128::from(scaled.rem_euclid(value) != 0);
    i64::try_from(up).unwrap_or(i64::MAX)
}

/// A share in basis points, rounded down. Of nothing, nothing is left.
fn share_down(left: i64, value: i64) -> i64 {
    if value <= 0 {
        return 0;
    }
    let share = (i128::from(left) * 10_000).div_euclid(i128::from(value));
    let end = if share < 0 { i64::MIN } else { i64::MAX };
    i64::try_from(share).unwrap_or(end)
}

#[cfg(test)]
mod tests;
