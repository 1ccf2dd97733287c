//! Tells what may be granted, before anybody asks: the gate of empowered outreach.

use domain::cart::Cart;
use domain::cause::Cause;
use domain::id::{ProgrammeId, TenantId};
use domain::money::Money;
use domain::offer::OfferRefusal;
use domain::remedy::RemedyKind;
use domain::time::Timestamp;

use super::grounds::{self, Situation};
use super::{Service, Viewer};
use crate::authority::{
    Candidate, Grantor, GrantorRole, Judgement, Policy, PurseRoom, Question, climb, fits, judge,
    largest,
};
use crate::case::CaseAgent;
use crate::error::OfferError;
use crate::store::programmes;

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
    command: &'a CheckAuthority,
    policy: Policy,
    candidates: Vec<Candidate>,
    grantors: Vec<(Grantor, PurseRoom)>,
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
        let (role, agents) = command.grantors.people();
        if !agents.iter().all(|agent| viewer.sees(agent)) {
            return Err(OfferError::PartnerUnknown);
        }
        let situation = Situation {
            tenant,
            person: None,
            currency: command.cart.currency(),
            now,
        };
        let connection = self.database().read();
        let purses = grounds::purses_of_all(connection, situation, agents).await?;
        let programmes = programmes::recent(connection, tenant, now).await?;
        let people = agents.iter().zip(purses);
        let check = Check {
            command: &command,
            policy: self.active_policy(connection, tenant).await?,
            candidates: grounds::candidates(connection, situation, programmes).await?,
            grantors: people
                .map(|(agent, purses)| (Grantor::Person(role, agent.clone()), purses.room))
                .collect(),
            now,
        };
        Ok(check.climb())
    }
}

impl Check<'_> {
    fn climb(&self) -> AuthorityReport {
        let mut report = AuthorityReport::default();
        for kind in climb(&self.command.ladder) {
            if !kind.costs_money() {
                report.empowered |= fits(kind, self.command.cause);
                report.remedies.push(Grantable { kind, money: None });
                continue;
            }
            match self.best(kind) {
                (Some(programme), judgement) if judgement.passes() => {
                    report.empowered |= fits(kind, self.command.cause);
                    let money = judgement.most.map(|most| (most, programme));
                    report.remedies.push(Grantable { kind, money });
                }
                (_, Judgement { reasons, .. }) => {
                    report.refused.push(RefusedRemedy { kind, reasons });
                }
            }
        }
        report
    }

    /// The most that any of the grantors may grant on any of the programmes.
    fn best(&self, remedy: RemedyKind) -> (Option<ProgrammeId>, Judgement) {
        let fitting = self
            .candidates
            .iter()
            .filter(|candidate| candidate.programme.remedies.contains(&remedy));
        let mut judged = Vec::new();
        for candidate in fitting {
            for (grantor, purse) in &self.grantors {
                let candidate = candidate.with_purse(*purse);
                let judgement = judge(&self.policy, self.question(grantor, remedy), &candidate);
                judged.push((Some(candidate.programme.id), judgement));
            }
        }
        let nobody = Judgement::refusing(OfferRefusal::RemedyNotAllowed);
        largest(judged).unwrap_or((None, nobody))
    }

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

impl Grantors {
    fn people(&self) -> (GrantorRole, &[CaseAgent]) {
        match self {
            Self::Caller(role, person) => (*role, std::slice::from_ref(person)),
            Self::Available(agents) => (GrantorRole::Agent, agents),
        }
    }
}
