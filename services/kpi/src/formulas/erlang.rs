//! How many agents an interval needs: Erlang C, with concurrent chats.
//!
//! Erlang C lets nobody give up, so it asks for a little more people than a queue that shoppers leave. An agent with
//! `c` chats at once counts as one server whose handle time is a `c`th: chats of one agent do not pool with others'.

use std::num::NonZeroU32;
use std::time::Duration;

use domain::money::BasisPoints;

/// Most agents; the recursion takes that many steps.
const MAX_AGENTS: u32 = 200_000;

/// What comes in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct StaffingDemand {
    pub(crate) contacts: NonZeroU32,
    pub(crate) interval: Duration,
    pub(crate) handle_time: Duration,
    pub(crate) concurrency: NonZeroU32,
}

/// What is promised.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct StaffingTarget {
    pub(crate) service_level: BasisPoints,
    pub(crate) answer_within: Duration,
    pub(crate) max_occupancy: BasisPoints,
}

/// The fewest agents that keep the promise, and what they reach.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Staffing {
    pub(crate) agents: u32,
    pub(crate) offered_load: f64,
    pub(crate) service_level: f64,
    pub(crate) average_speed_of_answer: Duration,
    pub(crate) occupancy: f64,
}

/// A promise that even 200,000 agents would not keep.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("must be a load that at most {MAX_AGENTS} agents handle")]
pub(crate) struct InvalidDemand;

/// Adds agents until service level and occupancy are kept.
///
/// With load `a` and `n` agents (Erlang 1917; Cooper, Introduction to Queueing Theory, 1981):
/// `B(n) = a·B(n−1) / (n + a·B(n−1))`, `C = B / (1 − a/n·(1−B))`, `service level = 1 − C·exp(−(n−a)·T/H)`,
/// `mean wait = C·H/(n−a)`, `occupancy = a/n`. The recursion keeps every number between 0 and 1, where `aⁿ/n!`
/// overflows from 144 agents on.
pub(crate) fn staff(
    demand: StaffingDemand,
    target: StaffingTarget,
) -> Result<Staffing, InvalidDemand> {
    let handle = demand.handle_time.as_secs_f64() / f64::from(demand.concurrency.get());
    let load = f64::from(demand.contacts.get()) * handle / demand.interval.as_secs_f64();
    let answer_within = target.answer_within.as_secs_f64();
    let mut blocking = 1.0;
    for agents in 1..=MAX_AGENTS {
        let n = f64::from(agents);
        blocking = load * blocking / (n + load * blocking);
        let occupancy = load / n;
        if occupancy >= 1.0 || occupancy > share(target.max_occupancy) {
            continue;
        }
        let waits = blocking / (1.0 - occupancy * (1.0 - blocking));
        let service_level = 1.0 - waits * (-(n - load) * answer_within / handle).exp();
        if service_level >= share(target.service_level) {
            return Ok(Staffing {
                agents,
                offered_load: load,
                service_level,
                average_speed_of_answer: Duration::from_secs_f64(waits * handle / (n - load)),
                occupancy,
            });
        }
    }
    Err(InvalidDemand)
}

fn share(points: BasisPoints) -> f64 {
    f64::from(points.get()) / 10_000.0
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn points(basis_points: u32) -> BasisPoints {
        BasisPoints::new(basis_points).unwrap()
    }

    fn demand(contacts: u32, handle_seconds: u64, concurrency: u32) -> StaffingDemand {
        StaffingDemand {
            contacts: NonZeroU32::new(contacts).unwrap(),
            interval: Duration::from_mins(30),
            handle_time: Duration::from_secs(handle_seconds),
            concurrency: NonZeroU32::new(concurrency).unwrap(),
        }
    }

    fn target(service_level: u32, max_occupancy: u32) -> StaffingTarget {
        StaffingTarget {
            service_level: points(service_level),
            answer_within: Duration::from_secs(20),
            max_occupancy: points(max_occupancy),
        }
    }

    /// Chance to wait by the textbook's sum, in logarithms.
    fn slow_waits(load: f64, agents: u32) -> f64 {
        let log_terms: Vec<f64> = (0..=agents)
            .scan(0.0, |log_factorial, k| {
                *log_factorial += if k > 0 { f64::from(k).ln() } else { 0.0 };
                Some(f64::from(k) * load.ln() - *log_factorial)
            })
            .collect();
        let n = f64::from(agents);
        let last = log_terms.last().unwrap().exp() * n / (n - load);
        let before: f64 = log_terms.iter().rev().skip(1).map(|log| log.exp()).sum();
        last / (before + last)
    }

    #[test]
    fn a_hundred_calls_of_three_minutes_in_half_an_hour_need_fourteen_agents() {
        // The example that most call-centre primers use: 10 Erlang, 14 agents, 88.8 % within 20 s, 7.8 s mean wait.
        let found = staff(demand(100, 180, 1), target(8_000, 9_999)).unwrap();

        assert_eq!(found.agents, 14);
        assert!((found.offered_load - 10.0).abs() < 1e-12);
        assert!((found.service_level - 0.888).abs() < 5e-4, "{found:?}");
        assert!(
            (found.average_speed_of_answer.as_secs_f64() - 7.8).abs() < 0.05,
            "{found:?}"
        );
        assert!((found.occupancy - 10.0 / 14.0).abs() < 1e-12);
    }

    #[test]
    fn an_occupancy_limit_adds_agents() {
        let found = staff(demand(100, 180, 1), target(8_000, 5_000)).unwrap();

        assert_eq!(found.agents, 20);
    }

    #[test]
    fn concurrent_chats_divide_the_load() {
        let one = staff(demand(300, 600, 1), target(8_000, 8_500)).unwrap();
        let three = staff(demand(300, 600, 3), target(8_000, 8_500)).unwrap();

        assert!((one.offered_load / three.offered_load - 3.0).abs() < 1e-12);
        assert!(three.agents < one.agents / 2);
    }

    #[test]
    fn large_teams_do_not_overflow() {
        let found = staff(demand(1_000_000, 180, 1), target(8_000, 9_999)).unwrap();

        assert!(found.agents > 100_000 && found.service_level < 1.0);
    }

    #[test]
    fn what_no_team_can_do_is_refused() {
        assert_eq!(
            staff(demand(u32::MAX, 14_400, 1), target(8_000, 8_500)),
            Err(InvalidDemand)
        );
        assert_eq!(
            staff(demand(1_000_000, 180, 1), target(8_000, 1)),
            Err(InvalidDemand)
        );
    }

    proptest! {
        #[test]
        fn agrees_with_the_textbook_sum(contacts in 1_u32..1_000, handle in 10_u64..200, level in 1_u32..9_999) {
            let found = staff(demand(contacts, handle, 1), target(level, 9_900)).unwrap();
            let waits = slow_waits(found.offered_load, found.agents);
            let spare = f64::from(found.agents) - found.offered_load;
            let slow = 1.0 - waits * (-spare * 20.0 / f64::from(u32::try_from(handle).unwrap())).exp();
            prop_assert!((found.service_level - slow).abs() < 1e-9, "{} {}", found.service_level, slow);
        }
    }
}
