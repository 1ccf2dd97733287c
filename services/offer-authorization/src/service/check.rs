//! Tells what may be granted, before anybody asks: the gate of empowered outreach.

use std::sync::Arc;

use domain::cart::Cart;
use domain::cause::Cause;
use domain::channel::Channel;
use domain::id::{PersonId, ProgrammeId, SessionId, TenantId};
use domain::money::Money;
use domain::offer::OfferRefusal;
use domain::remedy::RemedyKind;
use domain::time::Timestamp;
use proto::error::v1::ErrorReason;
use proto::field::InvalidField;
use storage::StoreError;

use super::grounds::{Grounds, Situation};
use super::{Service, Viewer};
use crate::amounts::Worth;
use crate::authority::{
    AuthorityQuestion, Candidate, Circumstances, CompiledPolicy, Grantor, GrantorRole, Judgement,
    PolicyName, PurseRoom, Question, Seek, Standing, Verdict, climb, fits, judge, largest,
};
use crate::case::CaseAgent;
use crate::error::OfferError;
use crate::floors::{FloorLimit, MarginFloors};

/// Most pairs of somebody and a programme that one remedy is judged on: each takes tens of questions to the policy.
const MOST_JUDGED: usize = 256;

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
    /// Who would get it, if that is known.
    pub(crate) person: Option<PersonId>,
    /// Whose cart it is, if that is known.
    pub(crate) session: Option<SessionId>,
    /// How the shopper would be reached, if that is known.
    pub(crate) channel: Option<Channel>,
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
    /// The margin floors that not even the least offer keeps.
    pub(crate) broken_floors: Vec<FloorLimit>,
}

/// What all remedies of a check are judged by.
struct Check<'a> {
    command: &'a CheckAuthority,
    /// What an offer has to bring in, where that is tested.
    worth: Option<&'a Worth>,
    floors: &'a MarginFloors,
    policy: Arc<CompiledPolicy>,
    candidates: Vec<Candidate>,
    /// What earlier offers on the cart cost that are held or redeemed.
    granted: Money,
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
    /// What a policy can see now of the standing.
    good_now: Standing,
    /// Whether a policy is about this very person.
    is_named: bool,
}

impl Service {
    /// Answers from the policy and the counters as they are now, or were a moment ago where another process has changed them.
    /// Nothing is claimed, so it is no promise.
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
        let (_, agents) = command.grantors.people();
        if !agents.iter().all(|agent| viewer.sees(agent)) {
            return Err(OfferError::PartnerUnknown);
        }
        let connection = self.database().read();
        let view = self.view_of(connection, tenant, now).await?;
        let rules = view.rules();
        rules.meet(connection, tenant, agents).await?;
        let policy = rules.policy_version(now);
        let policy = self.compiled_policy(connection, tenant, policy).await?;
        let situation = Situation {
            tenant,
            rules,
            person: command.person,
            session: command.session,
            remedy: None,
            currency: command.cart.currency(),
            agents,
            now,
        };
        let grounds = Grounds::look(connection, situation, &view).await?;
        let check = Check {
            grantors: best_of_each_kind(everybody(&command, &policy, situation, &grounds)?),
            command: &command,
            worth: self.worth_of(tenant),
            floors: rules.floors(),
            candidates: worth_a_look(grounds.candidates(situation), situation),
            granted: grounds.granted(situation)?.cost,
            policy,
            now,
        };
        check.climb().await
    }
}

/// All who could grant, with what a policy can see of each.
fn everybody(
    command: &CheckAuthority,
    policy: &CompiledPolicy,
    situation: Situation<'_>,
    grounds: &Grounds,
) -> Result<Vec<Someone>, StoreError> {
    let (role, agents) = command.grantors.people();
    let seen = Circumstances {
        standing: Standing::default(),
        person: command.person,
        margin: command.cart.margin(),
        remedies_held: grounds.granted(situation)?.remedies,
        history: grounds.history(situation),
        channel: command.channel,
        approvals: 0,
    };
    let everybody = agents.iter().map(|agent| {
        let standing = situation.rules.standing_of(agent);
        Someone {
            is_named: policy.names(agent),
            grantor: Grantor::Person(role, agent.clone()),
            room: grounds.purses(situation, agent).room,
            good_now: standing.clone().at(situation.now),
            circumstances: Circumstances {
                standing,
                ..seen.clone()
            },
        }
    });
    Ok(everybody.collect())
}

/// The candidates that grant now and in the currency of the cart; all of them when none does, as they are why not.
fn worth_a_look(candidates: Vec<Candidate>, situation: Situation<'_>) -> Vec<Candidate> {
    let grants = |candidate: &Candidate| {
        let programme = &candidate.programme;
        programme.currency == situation.currency && programme.refusals(situation.now).is_empty()
    };
    let (granting, others): (Vec<_>, Vec<_>) = candidates.into_iter().partition(grants);
    if granting.is_empty() {
        others
    } else {
        granting
    }
}

impl Check<'_> {
    async fn climb(&self) -> Result<AuthorityReport, OfferError> {
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
            // A remedy takes many questions, and others have theirs.
            tokio::task::yield_now().await;
            match self.best(kind)? {
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
                    broken_floors: judgement.broken_floors,
                }),
            }
        }
        Ok(report)
    }

    /// The most that any of the grantors may grant on any of the programmes. Why not is looked for once, for whoever came
    /// nearest.
    ///
    /// # Errors
    /// There is too much to be asked.
    fn best(&self, remedy: RemedyKind) -> Result<(Option<ProgrammeId>, Judgement), OfferError> {
        let knows = |candidate: &&Candidate| candidate.programme.remedies.contains(&remedy);
        let fitting: Vec<&Candidate> = self.candidates.iter().filter(knows).collect();
        if fitting.len().saturating_mul(self.grantors.len()) > MOST_JUDGED {
            return Err(too_many());
        }
        let everybody: Vec<Asked<'_>> = self
            .grantors
            .iter()
            .map(|someone| self.ask(someone, remedy))
            .collect();
        let pairs = fitting.iter().flat_map(|candidate| {
            let everybody = everybody.iter();
            everybody.map(|asked| (candidate.with_purse(asked.room), asked))
        });
        let judged = pairs.map(|(candidate, asked)| {
            let judgement = asked.judge(Seek::Room, &candidate);
            ((candidate, asked), judgement)
        });
        let Some(((candidate, asked), judgement)) = largest(judged) else {
            let nobody = Judgement::refusing(OfferRefusal::RemedyNotAllowed);
            return Ok((None, nobody));
        };
        let judgement = if judgement.passes() {
            judgement
        } else {
            asked.judge(Seek::Largest, &candidate)
        };
        Ok((Some(candidate.programme.id), judgement))
    }

    /// Asks for the least that can be given: what may be granted at all, may be granted up to the most that passes.
    fn ask<'q>(&'q self, someone: &'q Someone, remedy: RemedyKind) -> Asked<'q> {
        let currency = self.command.cart.currency();
        let nothing = Money::zero(currency);
        let asked = AuthorityQuestion {
            grantor: &someone.grantor,
            remedy,
            cause: self.command.cause,
            cart_value: self.command.cart.value(),
            amount: Money::new(1, currency).unwrap_or(nothing),
            granted: self.granted,
            circumstances: &someone.circumstances,
            now: self.now,
        };
        Asked {
            room: someone.room,
            verdict: self.policy.ask(asked),
            question: Question {
                asked,
                cart: &self.command.cart,
                worth: self.worth,
                floors: self.floors,
                seek: Seek::Room,
            },
        }
    }
}

/// What the policy was asked of somebody, once for all programmes.
struct Asked<'a> {
    room: PurseRoom,
    question: Question<'a>,
    verdict: Verdict<'a>,
}

impl Asked<'_> {
    fn judge(&self, seek: Seek, candidate: &Candidate) -> Judgement {
        let question = Question {
            seek,
            ..self.question
        };
        judge(&self.verdict, question, candidate)
    }
}

fn too_many() -> OfferError {
    let description =
        "are too many that the policy tells apart, for as many programmes: ask for fewer";
    InvalidField::new("available.agents", ErrorReason::TooManyItems, description).into()
}

/// Those whom the policy tells apart. Two agents of one partner and one standing, of whom no policy names either, are one
/// to it, and whoever has more left in the purse may grant whatever the other may.
fn best_of_each_kind(people: Vec<Someone>) -> Vec<Someone> {
    let mut kinds: Vec<Someone> = Vec::new();
    for someone in people {
        let twin = kinds.iter_mut().find(|other| someone.is_alike(other));
        match twin {
            Some(twin) if someone.room.is_more_than(twin.room) => *twin = someone,
            Some(_) => {}
            None => kinds.push(someone),
        }
    }
    kinds
}

impl Someone {
    fn is_alike(&self, other: &Self) -> bool {
        let (Grantor::Person(_, one), Grantor::Person(_, two)) = (&self.grantor, &other.grantor)
        else {
            return false;
        };
        let is_same = one.partner == two.partner && self.good_now == other.good_now;
        is_same && !self.is_named && !other.is_named
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
