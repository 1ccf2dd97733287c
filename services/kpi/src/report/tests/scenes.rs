//! Tells a story of persons and makes its facts.

use std::time::Duration;

use domain::block::Block;
use domain::cause::Cause;
use domain::channel::Channel;
use domain::experiment::Arm;
use domain::fact::{
    Fact, FactBody, FollowUp, InvitationAnswer, Pointless, Resolution, SurveyScore,
};
use domain::id::{
    ExperimentId, InterventionId, IssueCode, OfferId, OrderId, PartnerId, PersonId, PlayId,
    QueueId, SessionId, VisitorId,
};
use domain::money::Money;
use domain::phase::RiskPhase;
use domain::remedy::RemedyKind;
use domain::time::{Timestamp, later};
use testkit::clock::start;
use testkit::ids::nth;

use super::{KpiReport, Question, Window, assemble};
use crate::episodes::Episodes;

/// One day, looked at when everything is mature.
pub(super) fn question() -> Question {
    Question {
        window: Window {
            from: start(),
            until: later(start(), Duration::from_hours(24)),
        },
        horizon: Duration::from_hours(7 * 24),
        follow_up: Duration::from_hours(7 * 24),
        partner: None,
        currency: None,
        as_of: later(start(), Duration::from_hours(30 * 24)),
    }
}

pub(super) fn experiment() -> ExperimentId {
    ExperimentId::parse("proactive-help").unwrap()
}

/// Facts in the order of a story. Each step is about the person and the intervention named last.
#[derive(Debug, Clone)]
pub(super) struct Scene {
    facts: Vec<Fact>,
    now: Timestamp,
    person: u64,
    intervention: u64,
    partner: Option<PartnerId>,
}

impl Scene {
    pub(super) fn new() -> Self {
        Self {
            facts: Vec::new(),
            now: start(),
            person: 0,
            intervention: 0,
            partner: None,
        }
    }

    pub(super) fn facts(&self) -> &[Fact] {
        &self.facts
    }

    pub(super) fn now(&self) -> Timestamp {
        self.now
    }

    pub(super) fn episodes(&self) -> Episodes {
        let mut episodes = Episodes::default();
        for fact in &self.facts {
            episodes.add(fact);
        }
        episodes
    }

    pub(super) fn report(&self, question: &Question) -> KpiReport {
        assemble(&self.episodes(), question).unwrap()
    }

    /// Goes on with another person, in a new intervention and without a partner.
    pub(super) fn person(&mut self, person: u64) -> &mut Self {
        self.person = person;
        self.intervention += 1;
        self.partner = None;
        self
    }

    pub(super) fn of_partner(&mut self, partner: &str) -> &mut Self {
        self.partner = Some(PartnerId::parse(partner).unwrap());
        self
    }

    pub(super) fn later(&mut self, by: Duration) -> &mut Self {
        self.now = later(self.now, by);
        self
    }

    /// Assigned to be helped in a chat, in checkout.
    pub(super) fn assigned(&mut self, arm: Arm) -> &mut Self {
        self.assigned_as(arm, Channel::Chat, RiskPhase::TransactionalFriction)
    }

    pub(super) fn assigned_as(
        &mut self,
        arm: Arm,
        channel: Channel,
        phase: RiskPhase,
    ) -> &mut Self {
        self.tell(FactBody::EpisodeAssigned {
            experiment: experiment(),
            arm,
            play: PlayId::parse("rescue").unwrap(),
            channel,
            cause: Cause::UnexpectedCost,
            phase,
            cart_value: testkit::builders::usd(12_000),
        })
    }

    pub(super) fn blocked(&mut self, block: Block) -> &mut Self {
        self.tell(FactBody::InterventionBlocked {
            play: Some(PlayId::parse("rescue").unwrap()),
            block,
        })
    }

    pub(super) fn shown(&mut self) -> &mut Self {
        self.tell(FactBody::InvitationShown)
    }

    pub(super) fn answered(&mut self, answer: InvitationAnswer) -> &mut Self {
        self.tell(FactBody::InvitationAnswered { answer })
    }

    pub(super) fn reserved(&mut self, millis: u64) -> &mut Self {
        let since_event = Duration::from_millis(millis);
        self.tell(FactBody::ReservationCreated {
            since_event,
            queue: QueueId::parse("chat").unwrap(),
        })
    }

    /// A conversation starts; a second one of the person is another intervention.
    pub(super) fn chat(&mut self) -> &mut Self {
        let id: InterventionId = nth(self.intervention);
        let talks = |fact: &Fact| {
            fact.intervention == Some(id) && fact.body == FactBody::ConversationStarted
        };
        if self.facts.iter().any(talks) {
            self.intervention += 1_000_000;
        }
        self.shown().tell(FactBody::ConversationStarted)
    }

    /// Another agent goes on with the conversation.
    pub(super) fn handed_on(&mut self) -> &mut Self {
        self.tell(FactBody::ConversationStarted)
    }

    pub(super) fn engaged(&mut self) -> &mut Self {
        self.tell(FactBody::ShopperEngaged)
    }

    pub(super) fn wrapped(&mut self, resolution: Resolution) -> &mut Self {
        self.wrapped_as(resolution, Pointless::No)
    }

    pub(super) fn wrapped_as(&mut self, resolution: Resolution, pointless: Pointless) -> &mut Self {
        let (cause, handle_time) = (Cause::UnexpectedCost, Duration::from_mins(5));
        self.tell(FactBody::ContactWrapped {
            resolution,
            cause,
            handle_time,
            pointless,
        })
    }

    pub(super) fn survey(&mut self, score: u8) -> &mut Self {
        self.tell(FactBody::SurveyAnswered {
            score: SurveyScore::new(score).unwrap(),
        })
    }

    pub(super) fn contact(&mut self, follow_up: FollowUp, issue: &str) -> &mut Self {
        let issue = IssueCode::parse(issue).unwrap();
        self.tell_about_person(FactBody::ContactReceived {
            channel: Channel::Email,
            follow_up,
            issue,
        })
    }

    pub(super) fn orders(&mut self, value: Money) -> &mut Self {
        let order = OrderId::parse(&format!("order-{}", self.facts.len())).unwrap();
        self.tell_about_person(FactBody::OrderPlaced {
            order,
            value,
            margin: None,
        })
    }

    pub(super) fn offer_held(&mut self, amount: Money) -> OfferId {
        let offer = nth(u64::try_from(self.facts.len()).unwrap());
        self.offer(FactBody::OfferHeld {
            offer,
            remedy: RemedyKind::AmountOff,
            amount,
        });
        offer
    }

    pub(super) fn offer_redeemed(&mut self, offer: OfferId, amount: Money) {
        let order = OrderId::parse("redeemed").unwrap();
        self.offer(FactBody::OfferRedeemed {
            offer,
            order,
            amount,
        });
    }

    pub(super) fn offer(&mut self, body: FactBody) {
        self.tell(body);
    }

    fn tell_about_person(&mut self, body: FactBody) -> &mut Self {
        self.tell(body);
        if let Some(fact) = self.facts.last_mut() {
            fact.intervention = None;
            fact.partner = None;
        }
        self
    }

    /// A tenth of a second passes before each fact, so that long stories stay inside the day.
    fn tell(&mut self, body: FactBody) -> &mut Self {
        self.later(Duration::from_millis(100));
        let visitor: VisitorId = nth(self.person);
        let session: SessionId = nth(self.person);
        self.facts.push(Fact {
            id: nth(u64::try_from(self.facts.len()).unwrap()),
            occurred_at: self.now,
            session: Some(session),
            person: Some(PersonId::Visitor(visitor)),
            intervention: Some(nth(self.intervention)),
            partner: self.partner.clone(),
            agent: None,
            body,
        });
        self
    }
}
