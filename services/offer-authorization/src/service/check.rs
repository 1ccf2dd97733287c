//! Tells what may be granted, before anybody asks: the gate of empowered outreach.

use std::sync::Arc;

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
    Candidate, Circumstances, CompiledPolicy, Grantor, GrantorRole, Judgement, PolicyName,
    PurseRoom, Question, Seek, climb, fits, judge, largest,
};
use crate::case::CaseAgent;
use crate::error::OfferError;
use crate::store::{programmes, standings};

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
    /// The policies that allow it.
    pub(crate) decided_by: Vec<PolicyName>,
}

/// A remedy that may not be granted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct RefusedRemedy {
    pub(crate) kind: RemedyKind,
    pub(crate) reasons: Vec<OfferRefusal>,
    /// The policies that forbid it.
    pub(crate) decided_by: Vec<PolicyName>,
}

/// What all remedies of a check are judged by.
struct Check<'a> {
    command: &'a CheckAuthority,
    policy: Arc<CompiledPolicy>,
    candidates: Vec<Candidate>,
    /// Who could grant: of those who are alike to the policy, the one with the most left in the purse.
    grantors: Vec<Someone>,
    now: Timestamp,
}

/// Somebody who could grant.
struct Someone {
    grantor: Grantor,
    /// What is left of the purses.
    room: PurseRoom,
    /// What a policy can see.
    circumstances: Circumstances,
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
        let standings = standings::of_all(connection, tenant, agents).await?;
        let policy = self.active_policy(connection, tenant, now).await?;
        let people = agents.iter().zip(purses).zip(standings);
        let people = people.map(|((agent, purses), standing)| Someone {
            grantor: Grantor::Person(role, agent.clone()),
            room: purses.room,
            circumstances: Circumstances {
                standing,
                margin: command.cart.margin(),
                ..Circumstances::default()
            },
        });
        let check = Check {
            command: &command,
            candidates: grounds::candidates(connection, situation, programmes).await?,
            grantors: best_of_each_kind(&policy, people),
            policy,
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
                report.remedies.push(Grantable {
                    kind,
                    money: None,
                    decided_by: Vec::new(),
                });
                continue;
            }
            match self.best(kind) {
                (Some(programme), judgement) if judgement.passes() => {
                    report.empowered |= fits(kind, self.command.cause);
                    let money = judgement.most.map(|most| (most, programme));
                    report.remedies.push(Grantable {
                        kind,
                        money,
                        decided_by: judgement.decided_by,
                    });
                }
                (_, judgement) => report.refused.push(RefusedRemedy {
                    kind,
                    reasons: judgement.reasons,
                    decided_by: judgement.decided_by,
                }),
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
            for someone in &self.grantors {
                let candidate = candidate.with_purse(someone.room);
                let question = self.question(someone, remedy);
                let judgement = judge(&self.policy, question, &candidate);
                judged.push((Some(candidate.programme.id), judgement));
            }
        }
        let nobody = Judgement::refusing(OfferRefusal::RemedyNotAllowed);
        largest(judged).unwrap_or((None, nobody))
    }

    /// Asks for the least that can be given: what may be granted at all, may be granted up to the most that passes.
    fn question<'q>(&'q self, someone: &'q Someone, remedy: RemedyKind) -> Question<'q> {
        let currency = self.command.cart.currency();
        let nothing = Money::zero(currency);
        Question {
            grantor: &someone.grantor,
            remedy,
            cause: self.command.cause,
            cart: &self.command.cart,
            amount: Money::new(1, currency).unwrap_or(nothing),
            granted: nothing,
            circumstances: &someone.circumstances,
            seek: Seek::Largest,
            now: self.now,
        }
    }
}

/// Those whom the policy tells apart. Two agents of one partner and one standing, of whom no policy names either, are one
/// to it, and whoever has more left in the purse may grant whatever the other may.
fn best_of_each_kind(
    policy: &CompiledPolicy,
    people: impl Iterator<Item = Someone>,
) -> Vec<Someone> {
    let mut kinds: Vec<Someone> = Vec::new();
    for someone in people {
        let twin = kinds
            .iter_mut()
            .find(|other| someone.is_alike(other, policy));
        match twin {
            Some(twin) if someone.room.is_more_than(twin.room) => *twin = someone,
            Some(_) => {}
            None => kinds.push(someone),
        }
    }
    kinds
}

impl Someone {
    fn is_alike(&self, other: &Self, policy: &CompiledPolicy) -> bool {
        let (Grantor::Person(_, one), Grantor::Person(_, two)) = (&self.grantor, &other.grantor)
        else {
            return false;
        };
        let is_same = one.partner == two.partner && self.circumstances == other.circumstances;
        is_same && !policy.names(one) && !policy.names(two)
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
