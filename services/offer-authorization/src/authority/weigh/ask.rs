//! One request to Cedar, with everything that the schema says a policy can see.

mod look;
mod names;

use std::cell::OnceCell;
use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use cedar_policy::{
    AuthorizationError, Authorizer, Context, Decision, Entities, Entity, PolicyId, Request,
    Response, RestrictedExpression,
};
use domain::cause::Cause;
use domain::id::PartnerId;
use domain::money::Currency;
use domain::phase::RiskPhase;
use domain::time::Timestamp;
use tracing::error;

use super::super::answers::Answer;
use super::super::compiled::{MONEY, Slice};
use super::super::question::{
    AuthorityQuestion, CertificateName, GrantorRole, PolicyName, Standing, Tier,
};
use crate::case::CaseAgent;
use look::Look;
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

/// Asks one question as one person.
pub(super) struct Asker<'a> {
    slice: &'a Slice,
    question: AuthorityQuestion<'a>,
    standing: &'a Standing,
    principal: Principal,
    /// Whether a policy is about this very person.
    is_named: bool,
    authorizer: Authorizer,
    names: OnceCell<Result<Names, Unaskable>>,
    /// What is there at the instant of the question. At another one, certificates may have ended.
    entities: OnceCell<Result<Entities, Unaskable>>,
}

/// Something that a policy can look at.
enum Shown<'a> {
    Long(i64),
    Bool(bool),
    Text(&'a str),
    Texts(Vec<&'static str>),
    Instant(Timestamp),
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
        Self {
            slice,
            question,
            standing: &question.circumstances.standing,
            is_named: slice.literals.persons.contains(&principal.id),
            principal: principal.clone(),
            authorizer: Authorizer::new(),
            names: OnceCell::new(),
            entities: OnceCell::new(),
        }
    }

    /// A policy that cannot be worked out is none to go by: the answer is no, by that policy.
    pub(super) fn ask(&self, facts: Facts) -> Arc<Answer> {
        if self.slice.policies.is_empty() {
            return Arc::default();
        }
        let look = self.slice.sight.recurs().then(|| self.look(facts));
        if let Some(known) = look.as_ref().and_then(|look| self.slice.answers.get(look)) {
            return known;
        }
        let Ok(response) = self.response(facts) else {
            error!(remedy = %self.question.remedy, "an offer could not be put to the policy");
            return Arc::default();
        };
        let answer = Arc::new(self.read(&response));
        if let Some(look) = look {
            self.slice.answers.keep(look, &answer);
        }
        answer
    }

    fn read(&self, response: &Response) -> Answer {
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

    /// All that the policies see of a question, in bytes: each part with its length, so that no two looks are one.
    fn look(&self, facts: Facts) -> Vec<u8> {
        let mut look = Look::default();
        let Principal { id, partner, .. } = &self.principal;
        look.text(if self.is_named { id } else { "" });
        look.text(partner);
        look.text(self.standing.tier.as_ref().map_or("", Tier::as_str));
        let good = self.good_certificates(facts.now);
        look.texts(good.map(CertificateName::as_str));
        for (name, shown) in self.shown(facts) {
            look.text(name);
            match shown {
                Shown::Long(value) => look.number(value),
                Shown::Bool(value) => look.number(value.into()),
                Shown::Text(value) => look.text(value),
                Shown::Texts(values) => look.texts(values.into_iter()),
                Shown::Instant(value) => look.text(&value.to_string()),
            }
        }
        look.into_bytes()
    }

    /// The instants at which certificates of the person end.
    pub(super) fn ends_of_certificates(&self) -> impl Iterator<Item = Timestamp> + 'a {
        let held = self.standing.certificates.iter();
        held.map(|held| held.expires_at)
    }

    fn response(&self, facts: Facts) -> Result<Response, Unaskable> {
        let request = self.request(facts)?;
        let policies = &self.slice.policies;
        if facts.now != self.question.now {
            let entities = self.entities_at(facts.now)?;
            return Ok(self.authorizer.is_authorized(&request, policies, &entities));
        }
        let entities = self.entities.get_or_init(|| self.entities_at(facts.now));
        let entities = entities.as_ref().map_err(|unaskable| *unaskable)?;
        Ok(self.authorizer.is_authorized(&request, policies, entities))
    }

    fn request(&self, facts: Facts) -> Result<Request, Unaskable> {
        let Names {
            principal,
            action,
            resource,
            ..
        } = self.names()?.clone();
        let context = context(self.shown(facts))?;
        // The schema was checked against the policies; that requests fit it too is proven by a test.
        Request::new(principal, action, resource, context, None).map_err(|_| Unaskable)
    }

    /// What the policies see of a question beside who grants.
    fn shown(&self, facts: Facts) -> impl Iterator<Item = (&'static str, Shown<'a>)> {
        let sight = &self.slice.sight;
        self.all(facts).filter(|(name, _)| sight.sees(name))
    }

    /// What there is to be seen.
    fn all(&self, facts: Facts) -> impl Iterator<Item = (&'static str, Shown<'a>)> + use<'a> {
        let all = self.known(facts).into_iter().chain(self.maybe(facts));
        all.filter_map(|(name, shown)| Some((name, shown?)))
    }

    fn known(&self, facts: Facts) -> [(&'static str, Option<Shown<'a>>); 13] {
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
        let held = held.map(|remedy| remedy.as_str()).collect();
        [
            ("amount", Some(Shown::Long(amount))),
            ("granted", Some(Shown::Long(granted))),
            ("total", Some(Shown::Long(total))),
            ("total_bps", Some(Shown::Long(share_up(total, value)))),
            ("cart_value", Some(Shown::Long(value))),
            ("currency", Some(Shown::Text(currency.as_str()))),
            ("cause", Some(Shown::Text(cause.as_str()))),
            ("money_cause", Some(Shown::Bool(cause.is_money_cause()))),
            ("remedies_held", Some(Shown::Texts(held))),
            ("offers_had", Some(Shown::Long(history.had.into()))),
            ("offers_unused", Some(Shown::Long(history.unused.into()))),
            ("approvals", Some(Shown::Long(approvals.into()))),
            ("now", Some(Shown::Instant(now))),
        ]
    }

    fn maybe(&self, facts: Facts) -> [(&'static str, Option<Shown<'a>>); 4] {
        let total = facts.amount.saturating_add(facts.granted);
        let value = self.question.cart_value.minor_units();
        let margin = self.question.circumstances.margin;
        let left = margin.map(|margin| margin.minor_units().saturating_sub(total));
        let left_bps = left.map(|left| share_down(left, value));
        let phase = facts.cause.phase().map(RiskPhase::as_str);
        let channel = self.question.circumstances.channel;
        [
            ("margin_left", left.map(Shown::Long)),
            ("margin_left_bps", left_bps.map(Shown::Long)),
            ("phase", phase.map(Shown::Text)),
            ("channel", channel.map(|it| Shown::Text(it.as_str()))),
        ]
    }

    fn names(&self) -> Result<&Names, Unaskable> {
        let names = self
            .names
            .get_or_init(|| Names::of(self.question, &self.principal));
        names.as_ref().map_err(|unaskable| *unaskable)
    }

    /// The names of the certificates that the person holds at an instant.
    fn good_certificates(&self, now: Timestamp) -> impl Iterator<Item = &'a CertificateName> {
        let held = self.standing.certificates.iter();
        held.filter(move |held| now < held.expires_at)
            .map(|held| &held.name)
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
        let good = self.good_certificates(now);
        let good = RestrictedExpression::new_set(good.map(|name| text(name.as_str())));
        let mut attributes = HashMap::from([("certificates".to_owned(), good)]);
        if let Some(tier) = &self.standing.tier {
            attributes.insert("tier".to_owned(), text(tier.as_str()));
        }
        let parents = HashSet::from([partner.clone()]);
        Entity::new(principal.clone(), attributes, parents).map_err(|_| Unaskable)
    }
}

/// What is shown, as Cedar takes it.
fn context<'s>(
    shown: impl Iterator<Item = (&'static str, Shown<'s>)>,
) -> Result<Context, Unaskable> {
    let told = shown.map(|(name, shown)| {
        let value = match shown {
            Shown::Long(value) => RestrictedExpression::new_long(value),
            Shown::Bool(value) => RestrictedExpression::new_bool(value),
            Shown::Text(value) => text(value),
            Shown::Texts(values) => RestrictedExpression::new_set(values.into_iter().map(text)),
            Shown::Instant(value) => RestrictedExpression::new_datetime(format!("{value:.3}")),
        };
        (name.to_owned(), value)
    });
    Context::from_pairs(told).map_err(|_| Unaskable)
}

/// The names of policies, in their order.
fn names<'p>(policies: impl Iterator<Item = &'p PolicyId>) -> Vec<PolicyName> {
    let mut names: Vec<PolicyName> = policies
        .filter_map(|id| PolicyName::parse(id.as_ref()))
        .collect();
    names.sort_unstable();
    names
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
