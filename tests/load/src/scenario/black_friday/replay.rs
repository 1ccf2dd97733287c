//! Recorded sessions by their own clock, made to run faster: when each begins, and which events are due. Pure, but for the
//! ids and the instants of the events.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BinaryHeap, VecDeque};
use std::sync::Arc;
use std::time::Duration;

use domain::time::Timestamp;
use proto::session::v1 as pb;
use rand::rngs::StdRng;
use rand::{Rng, SeedableRng};

use super::day;
use crate::events::{Live, Recordings};
use crate::numbers::count;

/// How the sessions of a shop come.
#[derive(Debug, Clone, Copy)]
pub(super) struct Pace {
    /// So much faster than the shop's own clock.
    pub(super) speed: f64,
    /// Sessions that begin in a second of ours when the shop is busiest.
    pub(super) peak: f64,
    /// Time of the shop at the beginning, since midnight.
    pub(super) from: Duration,
    /// How long a session lives after its last event, by our clock.
    pub(super) rest: Duration,
}

/// Sessions that begin, go on and end.
#[derive(Debug)]
pub(super) struct Replay {
    recordings: Arc<Recordings>,
    random: StdRng,
    pace: Pace,
    /// When the next session might begin, since the start; whether it does is up to the time of day.
    next_arrival: Duration,
    begun: usize,
    /// By the order in which they began.
    going: BTreeMap<usize, Going>,
    due: BinaryHeap<Reverse<(Duration, usize)>>,
    /// When those end that have no more events.
    resting: VecDeque<Duration>,
}

#[derive(Debug)]
struct Going {
    live: Live,
    /// Since the start.
    begun: Duration,
}

/// An event that is due, of the session with this number.
#[derive(Debug)]
pub(super) struct Due {
    pub(super) session: usize,
    pub(super) event: pb::Event,
}

impl Replay {
    pub(super) fn new(recordings: Arc<Recordings>, pace: Pace, seed: u64) -> Self {
        Self {
            recordings,
            random: StdRng::seed_from_u64(seed),
            pace,
            next_arrival: Duration::ZERO,
            begun: 0,
            going: BTreeMap::new(),
            due: BinaryHeap::new(),
            resting: VecDeque::new(),
        }
    }

    /// What the clock of the shop shows, since the midnight before the start.
    pub(super) fn shop_time(&self, elapsed: Duration) -> Duration {
        self.pace.from + elapsed.mul_f64(self.pace.speed)
    }

    /// The events that are due so long after the start, and were not before; each occurs now.
    pub(super) fn due(&mut self, elapsed: Duration, now: Timestamp) -> Vec<Due> {
        self.begin(elapsed);
        let mut events = Vec::new();
        while let Some(Reverse((due, session))) = self.due.peek().copied()
            && due <= elapsed
        {
            self.due.pop();
            let told = self.tell(session, now);
            if !self.going.contains_key(&session) {
                self.resting.push_back(elapsed + self.pace.rest);
            }
            events.extend(told.map(|event| Due { session, event }));
        }
        while self.resting.front().is_some_and(|end| *end <= elapsed) {
            self.resting.pop_front();
        }
        events
    }

    /// Sessions so far.
    pub(super) fn begun(&self) -> u64 {
        count(self.begun)
    }

    /// Sessions whose end has not come, as the server knows them.
    pub(super) fn live(&self) -> usize {
        self.going.len() + self.resting.len()
    }

    /// Lets sessions begin as a Poisson process does: at the peak rate, and then only the share that the time of day has.
    fn begin(&mut self, elapsed: Duration) {
        while self.next_arrival <= elapsed {
            let at = self.next_arrival;
            let uniform: f64 = self.random.random();
            let pause = -(1.0 - uniform).ln() / self.pace.peak;
            self.next_arrival = at + Duration::from_secs_f64(pause);
            let share = day::share(self.shop_time(at));
            if self.random.random_bool(share.clamp(0.0, 1.0)) {
                let acts = self.recordings.nth(self.begun);
                let live = Live::begin(acts, &mut self.random);
                self.going.insert(self.begun, Going { live, begun: at });
                self.due.push(Reverse((at, self.begun)));
                self.begun += 1;
            }
        }
    }

    fn tell(&mut self, session: usize, now: Timestamp) -> Option<pb::Event> {
        let going = self.going.get_mut(&session)?;
        let event = going.live.tell(now, &mut self.random);
        match going.live.next_after() {
            Some(after) => {
                let due = going.begun + after.div_f64(self.pace.speed);
                self.due.push(Reverse((due, session)));
            }
            None => drop(self.going.remove(&session)),
        }
        event
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashMap;

    use platform::clock::{Clock, SystemClock};

    use super::*;
    use crate::events::Mix;

    const PACE: Pace = Pace {
        speed: 50.0,
        peak: 40.0,
        from: Duration::from_hours(20),
        rest: Duration::from_secs(36),
    };

    fn replay(pace: Pace) -> Replay {
        let recordings = Recordings::read(None, Mix::Carts).unwrap();
        Replay::new(Arc::new(recordings), pace, 1)
    }

    /// Events of so many seconds, with the time at which each was due.
    fn events(replay: &mut Replay, seconds: u64) -> Vec<(Duration, Due)> {
        let ticks = (0..seconds * 100).map(|tick| Duration::from_millis(10 * tick));
        let due = |at| {
            let due = replay.due(at, SystemClock.now()).into_iter();
            due.map(move |due| (at, due)).collect::<Vec<_>>()
        };
        ticks.flat_map(due).collect()
    }

    #[test]
    fn a_session_goes_on_as_it_was_recorded_but_faster() {
        let mut replay = replay(PACE);
        let recordings = Arc::clone(&replay.recordings);

        let mut sessions: HashMap<usize, Vec<Duration>> = HashMap::new();
        for (at, due) in events(&mut replay, 10) {
            sessions.entry(due.session).or_default().push(at);
        }

        assert!(sessions.len() > 100, "{} sessions", sessions.len());
        for (session, times) in sessions {
            let acts = recordings.nth(session);
            for (at, act) in times.iter().zip(acts.iter()) {
                let after = at.saturating_sub(times[0]).mul_f64(PACE.speed);
                assert!(after.abs_diff(act.after) <= Duration::from_secs(1));
            }
        }
    }

    #[test]
    fn sessions_begin_as_often_as_the_time_of_day_says() {
        let begun = |from| {
            let from = Duration::from_hours(from);
            let mut replay = replay(Pace { from, ..PACE });
            events(&mut replay, 20);
            replay.begun
        };

        let (evening, morning) = (begun(20), begun(10));

        assert!((700..900).contains(&evening), "{evening}");
        assert!((20..120).contains(&morning), "{morning}");
    }

    #[test]
    fn a_session_lives_until_its_end() {
        let mut replay = replay(Pace {
            rest: Duration::from_secs(2),
            ..PACE
        });
        events(&mut replay, 5);
        let live = replay.live();
        replay.pace.peak = f64::MIN_POSITIVE;
        replay.next_arrival = Duration::MAX;

        let longest = Duration::from_hours(24).div_f64(PACE.speed);
        replay.due(longest, SystemClock.now());
        replay.due(longest + Duration::from_secs(2), SystemClock.now());

        assert!(live > 50, "{live}");
        assert_eq!(replay.live(), 0);
    }
}
