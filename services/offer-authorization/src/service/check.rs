//! Tells what may be granted, before anybody asks: the gate of empowered outreach.

use domain::cart::Cart;
use domain::cause::Cause;
use domain::id::{ProgrammeId, TenantId};
use domain::money::Money;
use domain::offer::OfferRefusal;
use domain::remedy::RemedyKind;
use domain::time::Timestamp;

use super::grounds::{self, Purses, Situation};
use super::{Service, Viewer};
use crate::authority::{
    Grantor, GrantorRole, Judgement, Policy, Question, climb, fits, judge, largest,
};
use crate::case::CaseAgent;
use crate::error::OfferError;
use crate::programme::Programme;

/// Who would grant.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Grantors {
    /// Whoever asks.
    Caller(GrantorRole, CaseAgent),
    /// One of these agents.
    Available(Vec<CaseAgent>),
}

/// What is asked.
#[derive(Debug, Clone)]
pub(crate) struct CheckAuthority {
    pub(crate) grantors: Grantors,
    pub(crate) cause: Cause,
    pub(crate) cart: Cart,
    /// Empty for all remedies.
    pub(crate) ladder: Vec<RemedyKind>,
}

/// What may be granted, in the order of the ladder, and why not the rest.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct AuthorityReport {
    /// Whether one of the remedies that may be granted fits the cause.
    pub(crate) empowered: bool,
    pub(crate) remedies: Vec<Grantable>,
    pub(crate) refused: Vec<RefusedRemedy>,
}

/// A remedy that may be granted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Grantable {
    pub(crate) kind: RemedyKind,
    /// The most, and what it draws on; absent for a remedy that costs nothing.
    pub(crate) money: Option<(Money, ProgrammeId)>,
}

/// A remedy that may not be granted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct RefusedRemedy {
    pub(crate) kind: RemedyKind,
    pub(crate) reasons: Vec<OfferRefusal>,
}

/// What all remedies of a check are judged by.
struct Check<'a> {
    tenant: &'a TenantId,
    command: &'a CheckAuthority,
    policy: Policy,
    programmes: Vec<Programme>,
    grantors: Vec<(Grantor, CaseAgent, Purses)>,
    now: Timestamp,
}

impl Service {
    /// Answers from the policy and the counters as they are now. Nothing is claimed, so it is no promise.
    ///
    /// # Errors
    /// A partner asks for agents of another one.
    pub(crate) async fn check(
        &self,
        tenant: &TenantId,
        viewer: &Viewer,
        command: CheckAuthority,
    ) -> Result<AuthorityReport, OfferError> {
        let now = self.now();
        let people = command.grantors.people();
        if !people.iter().all(|(_, agent)| viewer.sees(agent)) {
            return Err(OfferError::PartnerUnknown);
        }
        let mut grantors = Vec::with_capacity(people.len());
        for (role, agent) in people {
            let situation = situation(tenant, &agent, &command, now);
            let purses = grounds::purses_of(self.database().read(), situation).await?;
            grantors.push((Grantor::Person(role, agent.clone()), agent, purses));
        }
        let connection = self.database().read();
        let check = Check {
            tenant,
            command: &command,
            policy: self.active_policy(connection, tenant).await?,
            programmes: grounds::all_programmes(connection, tenant).await?,
            grantors,
            now,
        };
        self.climb(&check).await
    }

    async fn climb(&self, check: &Check<'_>) -> Result<AuthorityReport, OfferError> {
        let mut report = AuthorityReport::default();
        for kind in climb(&check.command.ladder) {
            if !kind.costs_money() {
                report.empowered |= fits(kind, check.command.cause);
                report.remedies.push(Grantable { kind, money: None });
                continue;
            }
            match self.best(check, kind).await? {
                (Some(programme), judgement) if judgement.passes() => {
                    report.empowered |= fits(kind, check.command.cause);
                    let money = judgement.most.map(|most| (most, programme));
                    report.remedies.push(Grantable { kind, money });
                }
                (_, Judgement { reasons, .. }) => {
                    report.refused.push(RefusedRemedy { kind, reasons });
                }
            }
        }
        Ok(report)
    }

    /// The most that any of the grantors may grant on any of the programmes.
    async fn best(
        &self,
        check: &Check<'_>,
        remedy: RemedyKind,
    ) -> Result<(Option<ProgrammeId>, Judgement), OfferError> {
        let mut judged = Vec::new();
        for (grantor, agent, purses) in &check.grantors {
            let situation = situation(check.tenant, agent, check.command, check.now);
            let money = (check.programmes.as_slice(), purses.room);
            let connection = self.database().read();
            let candidates = grounds::candidates(connection, situation, money, remedy).await?;
            let question = check.question(grantor, remedy);
            judged.extend(candidates.into_iter().map(|candidate| {
                let judgement = judge(&check.policy, question, &candidate);
                (Some(candidate.programme.id), judgement)
            }));
        }
        let nobody = Judgement::refusing(OfferRefusal::RemedyNotAllowed);
        Ok(largest(judged).unwrap_or((None, nobody)))
    }
}

impl Check<'_> {
    /// Asks for the least that can be given: what may be granted at all, may be granted up to the most that passes.
    fn question<'q>(&'q self, grantor: &'q Grantor, remedy: RemedyKind) -> Question<'q> {
        let currency = self.command.cart.currency();
        let nothing = Money::zero(currency);
        Question {
            grantor,
            remedy,
            cause: self.command.cause,
            cart: &self.command.cart,
            amount: Money::new(1, currency).unwrap_or(nothing),
            granted: nothing,
            now: self.now,
        }
    }
}

fn situation<'a>(
    tenant: &'a TenantId,
    agent: &'a CaseAgent,
    command: &CheckAuthority,
    now: Timestamp,
) -> Situation<'a> {
    Situation {
        tenant,
        agent,
        person: None,
        currency: command.cart.currency(),
        now,
    }
}

impl Grantors {
    fn people(&self) -> Vec<(GrantorRole, CaseAgent)> {
        match self {
            Self::Caller(role, person) => vec![(*role, person.clone())],
            Self::Available(agents) => agents
                .iter()
                .map(|agent| (GrantorRole::Agent, agent.clone()))
                .collect(),
        }
    }
}
