//! The model: what offers cost, by plain arithmetic over a list of them. Deliberately absent: counters, entries and locks.

use domain::id::RedemptionId;
use testkit::clock::start;

use super::super::world::{GRACE, PATIENCE};
use crate::offer::Offer;

pub(super) const BUDGET: i64 = 4_000;
/// Of the one agent, for a day.
pub(super) const PURSE: i64 = 2_500;
/// What one supervisor may approve alone; what two may is above all that is asked for.
pub(super) const ALONE: i64 = 1_250;
/// Of the agent.
pub(super) const AUTHORITY: i64 = 1_000;
pub(super) const OFFERS_PER_PERSON: u32 = 4;

const HOLD_SECONDS: u64 = 900;
const DAY_SECONDS: u64 = 24 * 60 * 60;

/// Who approves.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Eyes {
    Sol,
    Eva,
    /// The agent who asked, as a supervisor.
    Asker,
    Shop,
}

/// What becomes of an approval.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Answer {
    Granted,
    First,
    Refused,
}

/// An offer as the model knows it.
#[derive(Debug)]
pub(super) struct Life {
    pub(super) offer: Offer,
    pub(super) person: u64,
    pub(super) stage: Stage,
}

/// Times are seconds since the start.
#[derive(Debug)]
pub(super) enum Stage {
    Pending {
        until: u64,
        /// Who has approved it, of the two that it takes.
        first: Option<Eyes>,
    },
    Held {
        until: u64,
        day: u64,
    },
    Expired {
        until: u64,
        day: u64,
    },
    Redeemed {
        redemption: RedemptionId,
        day: u64,
        left: i64,
    },
    Over,
}

#[derive(Debug, Default)]
pub(super) struct Lives {
    all: Vec<Life>,
    now: u64,
    /// Whether each day brings another budget, with all that the one before had left.
    daily: bool,
}

impl Life {
    pub(super) fn amount(&self) -> i64 {
        self.offer.terms.amount.minor_units()
    }

    /// What it costs now, and on which day it was granted.
    fn cost(&self) -> Option<(u64, i64)> {
        match self.stage {
            Stage::Held { day, .. } => Some((day, self.amount())),
            Stage::Redeemed { day, left, .. } => Some((day, left)),
            Stage::Pending { .. } | Stage::Expired { .. } | Stage::Over => None,
        }
    }

    /// Whether its person has one offer more by it.
    fn is_used(&self) -> bool {
        match self.stage {
            Stage::Held { .. } => true,
            Stage::Redeemed { left, .. } => left > 0,
            Stage::Pending { .. } | Stage::Expired { .. } | Stage::Over => false,
        }
    }
}

impl Stage {
    /// The same question, once it was approved by the first of two.
    pub(super) fn approved_by(&self, eyes: Eyes) -> Self {
        match self {
            Self::Pending { until, .. } => Self::Pending {
                until: *until,
                first: Some(eyes),
            },
            Self::Held { .. } | Self::Expired { .. } | Self::Redeemed { .. } | Self::Over => {
                panic!("{self:?} was approved")
            }
        }
    }
}

impl Lives {
    /// Lives that draw on budgets which carry all over to the next day.
    pub(super) fn of_daily_budgets() -> Self {
        Self {
            daily: true,
            ..Self::default()
        }
    }

    /// What is left of all budgets so far.
    pub(super) fn room(&self) -> i64 {
        let (held, redeemed) = self.money();
        let first = Self::default().today();
        let days = if self.daily { self.today() - first } else { 0 };
        BUDGET * (1 + i64::try_from(days).unwrap()) - held - redeemed
    }

    pub(super) fn add(&mut self, life: Life) {
        self.all.push(life);
    }

    pub(super) fn pick(&self, at: usize) -> Option<&Life> {
        let count = self.all.len();
        (count > 0).then(|| &self.all[at % count])
    }

    /// The one that [`pick`](Self::pick) gave.
    pub(super) fn pick_mut(&mut self, at: usize) -> &mut Life {
        let count = self.all.len();
        &mut self.all[at % count]
    }

    pub(super) fn today(&self) -> u64 {
        let start = u64::try_from(start().as_second()).unwrap();
        (start + self.now) / DAY_SECONDS
    }

    /// A hold that is opened now.
    pub(super) fn held(&self) -> Stage {
        Stage::Held {
            until: self.now + HOLD_SECONDS,
            day: self.today(),
        }
    }

    /// A question that a supervisor is asked now.
    pub(super) fn pending(&self) -> Stage {
        Stage::Pending {
            until: self.now + PATIENCE.as_secs(),
            first: None,
        }
    }

    /// Time ends holds and questions.
    pub(super) fn wait(&mut self, seconds: u64) {
        self.now += seconds;
        for life in &mut self.all {
            match life.stage {
                Stage::Held { until, day } if until <= self.now => {
                    life.stage = Stage::Expired { until, day };
                }
                Stage::Pending { until, .. } if until <= self.now => life.stage = Stage::Over,
                Stage::Pending { .. }
                | Stage::Held { .. }
                | Stage::Expired { .. }
                | Stage::Redeemed { .. }
                | Stage::Over => {}
            }
        }
    }

    /// Held and redeemed.
    pub(super) fn money(&self) -> (i64, i64) {
        let (mut held, mut redeemed) = (0, 0);
        for life in &self.all {
            match life.stage {
                Stage::Held { .. } => held += life.amount(),
                Stage::Redeemed { left, .. } => redeemed += left,
                Stage::Pending { .. } | Stage::Expired { .. } | Stage::Over => {}
            }
        }
        (held, redeemed)
    }

    /// What is held or redeemed of the purse of a day.
    pub(super) fn granted_on(&self, day: u64) -> i64 {
        let costs = self.all.iter().filter_map(Life::cost);
        let of_day = costs.filter(|(granted_on, _)| *granted_on == day);
        of_day.map(|(_, amount)| amount).sum()
    }

    /// Whether budget, purse and person have room.
    pub(super) fn fits(&self, person: u64, day: u64, amount: i64) -> bool {
        let of_person = self
            .all
            .iter()
            .filter(|life| life.person == person && life.is_used());
        amount <= self.room()
            && self.granted_on(day) + amount <= PURSE
            && u32::try_from(of_person.count()).unwrap() < OFFERS_PER_PERSON
    }

    /// What becomes of an approval; `None` where nothing is asked.
    pub(super) fn answer(&self, life: &Life, eyes: Eyes) -> Option<Answer> {
        let Stage::Pending { first, .. } = life.stage else {
            return None;
        };
        let fits = self.fits(life.person, self.today(), life.amount());
        let answer = match first {
            _ if eyes == Eyes::Asker || !fits => Answer::Refused,
            Some(first) if first == eyes => Answer::Refused,
            None if life.amount() > ALONE => Answer::First,
            Some(_) | None => Answer::Granted,
        };
        Some(answer)
    }

    /// The day whose purse a redemption draws on, if it goes through now.
    pub(super) fn may_redeem(&self, life: &Life) -> Option<u64> {
        match life.stage {
            Stage::Held { day, .. } => Some(day),
            Stage::Expired { until, day } => {
                let in_time = self.now < until + GRACE.as_secs();
                (in_time && self.fits(life.person, day, life.amount())).then_some(day)
            }
            Stage::Pending { .. } | Stage::Redeemed { .. } | Stage::Over => None,
        }
    }
}
