//! The episodes that a question is about, with their persons resolved: the one place where window and partner select.

use std::collections::{BTreeMap, HashMap, HashSet};

use domain::cause::Cause;
use domain::experiment::Arm;
use domain::fact::FollowUp;
use domain::id::{InterventionId, PartnerId};
use domain::time::{Timestamp, later};

use crate::episodes::{Contact, EpisodeKey, Episodes, Intervention, Purchases, Stamp, Who};

use super::question::Question;

/// The episodes of a question.
pub(super) struct View<'a> {
    pub(super) question: &'a Question,
    pub(super) episodes: &'a Episodes,
    pub(super) purchases: Purchases,
    /// Interventions that began in the window, the earliest first.
    pub(super) cases: Vec<Case<'a>>,
    /// One per person assigned in the window. Empty for a partner: chance picks persons, not partners.
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

/// The first assignment of a person in the window.
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
        let mut engagements: HashMap<Who, Vec<_>> = HashMap::new();
        for (_, case) in all_cases(episodes) {
            if case.steps.engaged.is_known() {
                engagements.entry(case.who).or_default().push(case.steps);
            }
        }
        Self {
            question,
            episodes,
            purchases: episodes.orders.by_person(&episodes.people),
            cases: cases(episodes, question),
            persons: match question.partner {
                Some(_) => Vec::new(),
                None => persons(episodes, |stamp| question.window.holds(stamp.at)),
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

    /// The first engaged intervention of each person: several chats of one person are one episode.
    pub(super) fn engaged_persons(&self) -> Vec<&Case<'a>> {
        let mut seen = HashSet::new();
        self.engaged()
            .filter(|case| seen.insert(case.who))
            .collect()
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

    /// Contacts of the person within the follow-up window that name this intervention or none.
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

/// When a contact was over: the last wrap-up, or its first message while there is none.
fn ended(steps: &Intervention) -> Option<Timestamp> {
    steps.last_wrap().map(|(at, _)| at).or(steps.talk_began())
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

fn cases<'a>(episodes: &'a Episodes, question: &Question) -> Vec<Case<'a>> {
    let wanted = |partner: Option<&PartnerId>| {
        question.partner.is_none() || question.partner.as_ref() == partner
    };
    all_cases(episodes)
        .into_iter()
        .filter(|((began, _), case)| {
            question.window.holds(began.at) && wanted(case.steps.partner())
        })
        .map(|(_, case)| case)
        .collect()
}

/// One per person: the first assignment among those wanted. A person found in both arms stays in the first.
pub(super) fn persons(episodes: &Episodes, wanted: impl Fn(&Stamp) -> bool) -> Vec<Person> {
    let mut seen = HashSet::new();
    episodes
        .assignments
        .iter()
        .filter(|(stamp, _)| wanted(stamp))
        .map(|(stamp, assignment)| Person {
            who: episodes.people.resolve(assignment.subject, *stamp),
            arm: assignment.arm,
            since: stamp.at,
        })
        .filter(|person| seen.insert(person.who))
        .collect()
}
