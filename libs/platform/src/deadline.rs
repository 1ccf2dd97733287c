//! How long the present call may still take, known to whatever it calls.

use std::future::Future;
use std::time::Duration;

use http::{HeaderMap, HeaderValue};
use tokio::time::Instant;

pub(crate) const HEADER: &str = "grpc-timeout";
/// The header has room for eight digits.
const MOST_DIGITS: usize = 8;

tokio::task_local! {
    static CURRENT: Deadline;
}

/// The instant at which nobody waits for the answer any more.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Deadline(Instant);

impl Deadline {
    /// A deadline this far from now.
    pub fn after(duration: Duration) -> Self {
        Self(Instant::now() + duration)
    }

    /// The deadline of the call that is being served by this task, if any.
    pub fn current() -> Option<Self> {
        CURRENT.try_with(|deadline| *deadline).ok()
    }

    /// The time left; zero when it has passed.
    pub fn remaining(self) -> Duration {
        self.0.saturating_duration_since(Instant::now())
    }

    /// The instant itself.
    pub fn instant(self) -> Instant {
        self.0
    }

    /// Runs a future under this deadline: it does not end the future, it tells what the future calls.
    pub fn scope<F: Future>(self, future: F) -> impl Future<Output = F::Output> {
        CURRENT.scope(self, future)
    }
}

/// The timeout that a caller sent. A malformed one counts as none: then our own default holds.
pub(crate) fn of_headers(headers: &HeaderMap) -> Option<Duration> {
    let text = headers.get(HEADER)?.to_str().ok()?;
    let (digits, unit) = text.split_at_checked(text.len().checked_sub(1)?)?;
    let valid = (1..=MOST_DIGITS).contains(&digits.len())
        && digits.bytes().all(|byte| byte.is_ascii_digit());
    let amount: u64 = digits.parse().ok().filter(|_| valid)?;
    match unit {
        "H" => Some(Duration::from_secs(amount * 3_600)),
        "M" => Some(Duration::from_secs(amount * 60)),
        "S" => Some(Duration::from_secs(amount)),
        "m" => Some(Duration::from_millis(amount)),
        "u" => Some(Duration::from_micros(amount)),
        "n" => Some(Duration::from_nanos(amount)),
        _ => None,
    }
}

/// The header for a timeout, in whole milliseconds, rounded down.
pub(crate) fn header(timeout: Duration) -> HeaderValue {
    let millis = timeout.as_millis().min(99_999_999);
    HeaderValue::try_from(format!("{millis}m")).unwrap_or_else(|_| HeaderValue::from_static("0m"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(text: &str) -> Option<Duration> {
        let mut headers = HeaderMap::new();
        headers.insert(HEADER, text.parse().unwrap());
        of_headers(&headers)
    }

    #[test]
    fn timeouts_are_read_in_every_unit() {
        assert_eq!(parsed("2H"), Some(Duration::from_hours(2)));
        assert_eq!(parsed("100m"), Some(Duration::from_millis(100)));
        assert_eq!(parsed("99999999n"), Some(Duration::from_nanos(99_999_999)));
    }

    #[test]
    fn garbage_counts_as_no_timeout() {
        for text in ["", "m", "5", "-5S", "999999999S", "1x", "1.5S", "+1S"] {
            assert_eq!(parsed(text), None, "{text}");
        }
    }

    #[test]
    fn what_is_written_reads_back() {
        let value = header(Duration::from_millis(1_234));
        assert_eq!(
            parsed(value.to_str().unwrap()),
            Some(Duration::from_millis(1_234))
        );
    }

    #[tokio::test]
    async fn a_deadline_is_known_below_its_scope_only() {
        assert_eq!(Deadline::current(), None);
        let deadline = Deadline::after(Duration::from_secs(1));
        deadline
            .scope(async { assert_eq!(Deadline::current(), Some(deadline)) })
            .await;
    }
}
