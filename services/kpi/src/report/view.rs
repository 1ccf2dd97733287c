//! The episodes that a question is about, with their persons resolved: the one place where window and partner select.

use std::collections::{BTreeMap, HashMap, HashSet};

use domain::cause::Cause;
use domain::channel::Channel;
use domain::experiment::Arm;
use domain::fact::FollowUp;
use domain::id::{InterventionId, PartnerId};
use domain::phase::RiskPhase;
use domain::time::{Timestamp, later};

use crate::episodes::{
    Assignment, Contact, EpisodeKey, Episodes, Intervention, Purchases, Stamp, Who,
};

use super::question::Question;

/// The episodes of a question.
pub(super) struct View<'a> {
    pub(super) question: &'a Question,
    pub(super) episodes: &'a Episodes,
    pub(super) purchases: Purchases,
    /// Interventions that began in the window, the earliest first.
    pub(super) cases: Vec<Case<'a>>,
    /// One per eligible person assigned in the window. Empty for a partner: chance picks persons, not partners.
    pub(super) persons: Vec<Person>,
    contacts: HashMap<Who, Vec<(Timestamp, &'a Contact)>>,
    engagements: HashMap<Who, Vec<&'a Intervention>>,
}

/// An intervention and whom it is about.
#[derive(Clone, Copy)]
pub(super) struct Case<'a> {
    pub(super) id: Option<InterventionId>,
    pub(super) who: Who,
    pub(super) steps: &'a Intervention,
}

/// The first assignment of an eligible person among those wanted.
#[derive(Clone, Copy)]
pub(super) struct Person {
    pub(super) who: Who,
    pub(super) arm: Arm,
    pub(super) since: Timestamp,
}

impl<'a> View<'a> {
    pub(super) fn of(episodes: &'a Episodes, question: &'a Question) -> Self {
        let mut contacts: HashMap<Who, Vec<_>> = HashMap::new();
        for (stamp, contact) in &episodes.contacts {
            let who = episodes.people.resolve(contact.subject, *stamp);
            contacts.entry(who).or_default().push((stamp.at, contact));
        }
        let all = all_cases(episodes);
        let mut engagements: HashMap<Who, Vec<_>> = HashMap::new();
        for case in all.values().filter(|case| case.steps.engaged.is_known()) {
            engagements.entry(case.who).or_default().push(case.steps);
        }
        Self {
            question,
            episodes,
            purchases: episodes.orders.by_person(&episodes.people),
            cases: wanted_cases(all, question),
            persons: match question.partner {
                Some(_) => Vec::new(),
                None => persons(episodes, |stamp, _| question.window.holds(stamp.at)),
            },
            contacts,
            engagements,
        }
    }

    /// Interventions in which the shopper replied.
    pub(super) fn engaged(&self) -> impl Iterator<Item = &Case<'a>> {
        self.cases
            .iter()
            .filter(|case| case.steps.engaged.is_known())
    }

    /// Interventions that came to the shopper's notice, whether answered or not.
    pub(super) fn outreaches(&self) -> impl Iterator<Item = &Case<'a>> {
        self.cases.iter().filter(|case| ended(case.steps).is_some())
    }

    /// The first engaged intervention of each person: several contacts of one person are one episode.
    pub(super) fn engaged_persons(&self) -> Vec<&Case<'a>> {
        first_of_each_person(self.engaged())
    }

    /// The first engaged chat of each person in which there was an order to win.
    pub(super) fn chatting_persons(&self) -> Vec<&Case<'a>> {
        let chats = self
            .engaged()
            .filter(|case| case.is_eligible() && case.is_chat());
        first_of_each_person(chats)
    }

    /// Whether the person of a case ordered within the horizon of the agent's first message.
    pub(super) fn ordered_after_talk(&self, case: &Case<'_>) -> bool {
        case.steps.talk_began().is_some_and(|began| {
            self.purchases
                .any_within(case.who, began, self.question.horizon)
        })
    }

    /// Whether a contact followed that shows the issue unsettled.
    pub(super) fn issue_came_back(&self, case: &Case<'_>) -> bool {
        self.shopper_came_back(case) || self.we_came_back(case)
    }

    /// A contact coded undesirable, or one on the same issue that nobody asked for.
    fn shopper_came_back(&self, case: &Case<'_>) -> bool {
        let issue = case.steps.cause().map(Cause::as_str);
        self.follow_ups(case)
            .any(|contact| match contact.follow_up {
                FollowUp::Undesirable => true,
                FollowUp::Desirable => false,
                FollowUp::Unrelated => Some(contact.issue.as_str()) == issue,
            })
    }

    /// Another proactive contact for the same cause.
    fn we_came_back(&self, case: &Case<'_>) -> bool {
        let Some(end) = ended(case.steps) else {
            return false;
        };
        let until = later(end, self.question.follow_up);
        let mut others = self.engagements.get(&case.who).into_iter().flatten();
        others.any(|other| {
            let follows = other
                .talk_began()
                .is_some_and(|began| end < began && began < until);
            follows && other.cause() == case.steps.cause()
        })
    }

    /// Whether an undesirable contact followed.
    pub(super) fn caused_trouble(&self, case: &Case<'_>) -> bool {
        self.follow_ups(case)
            .any(|contact| contact.follow_up == FollowUp::Undesirable)
    }

    /// Whether the follow-up window of a contact is over.
    pub(super) fn is_settled(&self, case: &Case<'_>) -> bool {
        ended(case.steps)
            .is_some_and(|end| later(end, self.question.follow_up) <= self.question.as_of)
    }

    /// Contacts of the person within the follow-up window of an outreach that name this intervention or none.
    fn follow_ups(&self, case: &Case<'_>) -> impl Iterator<Item = &Contact> {
        let end = ended(case.steps);
        let id = case.id;
        let contacts = self.contacts.get(&case.who).into_iter().flatten();
        contacts
            .filter(move |(at, contact)| {
                let of_this = contact.intervention.is_none() || contact.intervention == id;
                let in_time =
                    end.is_some_and(|end| end < *at && *at < later(end, self.question.follow_up));
                of_this && in_time
            })
            .map(|(_, contact)| *contact)
    }
}

impl Case<'_> {
    /// Whether there was an order to win. What is not known to have been one is not counted as one.
    pub(super) fn is_eligible(&self) -> bool {
        let assigned = self.steps.assigned.get();
        assigned.is_some_and(|assigned| is_before_order(assigned.phase))
    }

    fn is_chat(&self) -> bool {
        let assigned = self.steps.assigned.get();
        assigned.is_some_and(|assigned| assigned.channel == Channel::Chat)
    }
}

/// DOMAIN 4: an eligible person has a cart. Whoever has ordered it cannot abandon it any more, and would count as
/// somebody who did.
fn is_before_order(phase: RiskPhase) -> bool {
    match phase {
        RiskPhase::InformationBlock | RiskPhase::TransactionalFriction => true,
        RiskPhase::PostClickAnxiety => false,
    }
}

/// When an outreach was over: at the last wrap-up, else at the first message, else when it was shown.
fn ended(steps: &Intervention) -> Option<Timestamp> {
    let wrapped = steps.last_wrap().map(|(at, _)| at);
    wrapped.or(steps.talk_began()).or(steps.shown.at())
}

fn first_of_each_person<'v, 'a>(cases: impl Iterator<Item = &'v Case<'a>>) -> Vec<&'v Case<'a>>
where
    'a: 'v,
{
    let mut seen = HashSet::new();
    cases.filter(|case| seen.insert(case.who)).collect()
}

fn all_cases(episodes: &Episodes) -> BTreeMap<(Stamp, EpisodeKey), Case<'_>> {
    let begun = episodes.interventions.iter().filter_map(|(key, steps)| {
        let began = steps.began()?;
        let id = match key {
            EpisodeKey::Intervention(id) => Some(*id),
            EpisodeKey::Unnamed(_) => None,
        };
        let who = episodes.people.resolve(steps.subject(), began);
        Some(((began, *key), Case { id, who, steps }))
    });
    begun.collect()
}

fn wanted_cases<'a>(
    all: BTreeMap<(Stamp, EpisodeKey), Case<'a>>,
    question: &Question,
) -> Vec<Case<'a>> {
    let wanted = |partner: Option<&PartnerId>| {
        question.partner.is_none() || question.partner.as_ref() == partner
    };
    all.into_iter()
        .filter(|((began, _), case)| {
            question.window.holds(began.at) && wanted(case.steps.partner())
        })
        .map(|(_, case)| case)
        .collect()
}

/// One per eligible person: the first assignment among those wanted. A person found in both arms stays in the first.
pub(super) fn persons(
    episodes: &Episodes,
    wanted: impl Fn(&Stamp, &Assignment) -> bool,
) -> Vec<Person> {
    let mut seen = HashSet::new();
    episodes
        .assignments
        .iter()
        .filter(|(stamp, assignment)| {
            is_before_order(assignment.phase) && wanted(stamp, assignment)
        })
        .map(|(stamp, assignment)| Person {
            who: episodes.people.resolve(assignment.subject, *stamp),
            arm: assignment.arm,
            since: stamp.at,
        })
        .filter(|person| seen.insert(person.who))
        .collect()
}
