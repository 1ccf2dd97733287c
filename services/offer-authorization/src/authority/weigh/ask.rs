//! One request to Cedar, with everything that the schema says a policy can see.

mod look;
mod names;
mod shown;

use std::cell::OnceCell;
use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use cedar_policy::{
    AuthorizationError, Authorizer, Decision, Entities, Entity, PolicyId, Request, Response,
    RestrictedExpression,
};
use domain::cause::Cause;
use domain::id::PartnerId;
use domain::money::Currency;
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
use shown::{Fact, Shown, beside_amount, context, of_amount};

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
    /// What is looked at but for the amount: a question is put again and again with another one.
    beside_amount: OnceCell<Look>,
    names: OnceCell<Result<Names, Unaskable>>,
    /// What is there at the instant of the question. At another one, certificates may have ended.
    entities: OnceCell<Result<Entities, Unaskable>>,
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
            beside_amount: OnceCell::new(),
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
        let look = look.map(Look::into_bytes);
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
    fn look(&self, facts: Facts) -> Look {
        let asked = Facts::of(self.question);
        let is_another_amount = facts
            == Facts {
                amount: facts.amount,
                ..asked
            };
        let mut look = if is_another_amount {
            let beside = self.beside_amount.get_or_init(|| self.look_beside(asked));
            beside.clone()
        } else {
            self.look_beside(facts)
        };
        self.push(&mut look, of_amount(self.question, facts));
        look
    }

    fn look_beside(&self, facts: Facts) -> Look {
        let mut look = Look::default();
        let Principal { id, partner, .. } = &self.principal;
        look.text(if self.is_named { id } else { "" });
        look.text(partner);
        look.text(self.standing.tier.as_ref().map_or("", Tier::as_str));
        let good = self.good_certificates(facts.now);
        look.texts(good.map(CertificateName::as_str));
        self.push(&mut look, beside_amount(self.question, facts));
        look
    }

    fn push<const N: usize>(&self, look: &mut Look, shown: [Fact<'a>; N]) {
        for (name, shown) in self.seen(shown) {
            look.text(name);
            match shown {
                Shown::Long(value) => look.number(value),
                Shown::Bool(value) => look.number(value.into()),
                Shown::Text(value) => look.text(value),
                Shown::Texts(values) => look.texts(values.into_iter()),
                Shown::Instant(value) => look.text(&value.to_string()),
            }
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
        let shown = self.seen(of_amount(self.question, facts));
        let shown = shown.chain(self.seen(beside_amount(self.question, facts)));
        let context = context(shown)?;
        // The schema was checked against the policies; that requests fit it too is proven by a test.
        Request::new(principal, action, resource, context, None).map_err(|_| Unaskable)
    }

    /// What the policies see of these.
    fn seen<const N: usize>(
        &self,
        facts: [Fact<'a>; N],
    ) -> impl Iterator<Item = (&'static str, Shown<'a>)> {
        let sight = &self.slice.sight;
        let seen = facts.into_iter().filter(|(name, _)| sight.sees(name));
        seen.filter_map(|(name, shown)| Some((name, shown?)))
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

#[cfg(test)]
mod tests;
