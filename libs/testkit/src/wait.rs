//! Waiting for something that happens elsewhere. A test never sleeps: it names a condition and the longest time that
//! the condition may take, and goes on as soon as it holds.

use std::fmt::Debug;
use std::panic::Location;
use std::time::Duration;

use tokio::time::{Instant, sleep, timeout_at};

const FIRST_PAUSE: Duration = Duration::from_millis(2);
const LONGEST_PAUSE: Duration = Duration::from_millis(50);

/// What a condition may answer: `bool`, `Option` or `Result`.
pub trait Settles {
    /// What the wait yields once the condition holds.
    type Value;

    /// The value, or why the condition does not hold yet.
    fn settled(self) -> Result<Self::Value, String>;
}

impl Settles for bool {
    type Value = ();

    fn settled(self) -> Result<(), String> {
        if self {
            Ok(())
        } else {
            Err("still false".to_owned())
        }
    }
}

impl<T> Settles for Option<T> {
    type Value = T;

    fn settled(self) -> Result<T, String> {
        self.ok_or_else(|| "still absent".to_owned())
    }
}

impl<T, E: Debug> Settles for Result<T, E> {
    type Value = T;

    fn settled(self) -> Result<T, String> {
        self.map_err(|error| format!("{error:?}"))
    }
}

/// Asks `condition` until it holds and yields its value. Panics at the caller's line once `deadline` has passed,
/// with the last reason; a condition that hangs counts as not holding.
#[track_caller]
pub fn eventually<F, Fut>(
    deadline: Duration,
    mut condition: F,
) -> impl Future<Output = <Fut::Output as Settles>::Value>
where
    F: FnMut() -> Fut,
    Fut: Future<Output: Settles>,
{
    let caller = Location::caller();
    async move {
        let end = Instant::now() + deadline;
        let mut pause = FIRST_PAUSE;
        let mut reason = "no answer".to_owned();
        loop {
            match timeout_at(end, condition()).await.map(Settles::settled) {
                Ok(Ok(value)) => return value,
                Ok(Err(why)) => reason = why,
                Err(_elapsed) => {}
            }
            assert!(
                Instant::now() < end,
                "not within {deadline:?}, awaited at {caller}: {reason}"
            );
            sleep(pause).await;
            pause = LONGEST_PAUSE.min(pause * 2);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;
    use std::future::pending;

    use super::*;

    #[tokio::test]
    async fn yields_the_value_as_soon_as_there_is_one() {
        let asked = Cell::new(0);

        let value = eventually(Duration::from_secs(5), async || {
            asked.set(asked.get() + 1);
            (asked.get() == 3).then_some("here")
        })
        .await;

        assert_eq!((value, asked.get()), ("here", 3));
    }

    #[tokio::test]
    #[should_panic(expected = "wait.rs")]
    async fn a_condition_that_hangs_fails_at_the_deadline() {
        eventually(Duration::from_millis(20), pending::<bool>).await;
    }
}
