//! Server streams that cannot hurt: bounded, timed, and ended with a token to go on from.
//!
//! A producer sends through an [`Outlet`]. A reader that is too slow is cut rather than waited for; a stream also ends
//! when the server drains, after ten minutes, and with the token of its caller, whether that ends or is revoked.

use std::pin::Pin;
use std::sync::{Arc, OnceLock};
use std::task::{Context, Poll};
use std::time::Duration;

use futures::Stream;
use jiff::Timestamp;
use proto::error::v1::ErrorReason;
use tokio::sync::mpsc;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;
use tonic::{Request, Status};

use crate::auth::{Caller, Revocations};
use crate::server::Draining;
use crate::status::{Fault, Kind};

/// How often a stream without news says that it lives.
pub const HEARTBEAT: Duration = Duration::from_secs(15);

/// The bounds of a stream.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct StreamLimits {
    /// Messages that may wait for the reader.
    pub buffer: usize,
    /// How long one message may wait for room in the buffer.
    pub send_timeout: Duration,
    /// How long a stream lives at most.
    pub age: Duration,
}

impl Default for StreamLimits {
    fn default() -> Self {
        Self {
            buffer: 256,
            send_timeout: Duration::from_secs(10),
            age: Duration::from_mins(10),
        }
    }
}

/// Why a stream ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum StreamEnd {
    /// The server is about to stop: reconnect, to another replica.
    Draining,
    /// The stream has lived its time: reconnect.
    Age,
    /// The token of the caller has ended: reconnect with another.
    TokenExpired,
    /// The token of the caller was revoked.
    TokenRevoked,
    /// The reader is too slow: reconnect, and read faster.
    SlowConsumer,
    /// Nobody reads any more.
    ReaderGone,
}

impl StreamEnd {
    fn status(self, resume: Option<String>) -> Status {
        let fault = match self {
            Self::Draining => {
                Fault::new(Kind::Unavailable, "the server stops").because(ErrorReason::Draining)
            }
            Self::Age => Fault::new(Kind::Unavailable, "the stream has lived its time")
                .because(ErrorReason::Draining),
            Self::TokenExpired => Fault::new(Kind::Unauthenticated, "the token has ended"),
            Self::TokenRevoked => Fault::new(Kind::Unauthenticated, "the token is revoked")
                .because(ErrorReason::TokenRevoked),
            Self::SlowConsumer => Fault::new(Kind::Exhausted, "the reader is too slow")
                .because(ErrorReason::SlowConsumer),
            Self::ReaderGone => Fault::new(Kind::Unavailable, "the reader is gone"),
        };
        match resume {
            Some(token) => fault.resume(token).to_status(),
            None => fault.to_status(),
        }
    }
}

/// The sending end of a stream.
#[derive(Debug)]
pub struct Outlet<T> {
    sender: mpsc::Sender<T>,
    last_word: Arc<OnceLock<Status>>,
    draining: CancellationToken,
    revocations: Revocations,
    caller: Caller,
    send_timeout: Duration,
    age_ends: Instant,
    token_ends: Instant,
}

/// The receiving end, which a handler returns.
#[derive(Debug)]
pub struct Inlet<T> {
    receiver: mpsc::Receiver<T>,
    last_word: Arc<OnceLock<Status>>,
    over: bool,
}

/// Opens a stream for the caller of a request, as of `now`.
pub fn open<T, R>(
    request: &Request<R>,
    now: Timestamp,
    limits: StreamLimits,
) -> Result<(Outlet<T>, Inlet<T>), Status> {
    let caller = Caller::of(request)?.clone();
    let token_life = domain::time::elapsed(now, caller.expires_at());
    let (sender, receiver) = mpsc::channel(limits.buffer);
    let last_word = Arc::new(OnceLock::new());
    let started = Instant::now();
    let outlet = Outlet {
        sender,
        last_word: Arc::clone(&last_word),
        draining: Draining::of(request),
        revocations: Revocations::of(request),
        caller,
        send_timeout: limits.send_timeout,
        age_ends: started + limits.age,
        token_ends: started + token_life,
    };
    let inlet = Inlet {
        receiver,
        last_word,
        over: false,
    };
    Ok((outlet, inlet))
}

impl<T> Outlet<T> {
    /// Sends one message, waiting for room.
    ///
    /// # Errors
    /// The end to [`Outlet::close`] with: the reader is gone or too slow.
    pub async fn send(&self, message: T) -> Result<(), StreamEnd> {
        match self.sender.send_timeout(message, self.send_timeout).await {
            Ok(()) => Ok(()),
            Err(mpsc::error::SendTimeoutError::Timeout(_)) => Err(StreamEnd::SlowConsumer),
            Err(mpsc::error::SendTimeoutError::Closed(_)) => Err(StreamEnd::ReaderGone),
        }
    }

    /// Waits until the stream must end; for the `select!` of a producer.
    pub async fn ended(&self) -> StreamEnd {
        tokio::select! {
            () = self.sender.closed() => StreamEnd::ReaderGone,
            () = self.draining.cancelled() => StreamEnd::Draining,
            () = tokio::time::sleep_until(self.token_ends) => StreamEnd::TokenExpired,
            () = self.revocations.revoked(&self.caller) => StreamEnd::TokenRevoked,
            () = tokio::time::sleep_until(self.age_ends) => StreamEnd::Age,
        }
    }

    /// Ends the stream after what was sent, with the token from which a reader may go on.
    pub fn close(self, end: StreamEnd, resume: Option<String>) {
        if end != StreamEnd::ReaderGone {
            let _ = self.last_word.set(end.status(resume));
        }
    }

    /// Ends the stream after what was sent, with an error of the service.
    pub fn fail(self, status: Status) {
        let _ = self.last_word.set(status);
    }
}

impl<T> Stream for Inlet<T> {
    type Item = Result<T, Status>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        if self.over {
            return Poll::Ready(None);
        }
        match self.receiver.poll_recv(context) {
            Poll::Ready(Some(message)) => Poll::Ready(Some(Ok(message))),
            Poll::Ready(None) => {
                self.over = true;
                Poll::Ready(self.last_word.get().cloned().map(Err))
            }
            Poll::Pending => Poll::Pending,
        }
    }
}

#[cfg(test)]
mod tests {
    use futures::StreamExt;

    use super::*;
    use crate::auth::{CallerKind, Grant};
    use crate::clock::{Clock, SystemClock};
    use crate::status::reason_of;

    fn opened(
        limits: StreamLimits,
        token_life: Duration,
    ) -> (Outlet<u32>, Inlet<u32>, CancellationToken) {
        let now = SystemClock.now();
        let tenant = domain::id::TenantId::parse("acme").unwrap();
        let mut grant = Grant::new("kpi", tenant, "ops", CallerKind::Operator);
        grant.life = token_life;
        let mut request = Request::new(());
        request
            .extensions_mut()
            .insert(Caller::of_grant(&grant, now));
        let draining = Draining::default();
        request.extensions_mut().insert(draining.clone());
        let (outlet, inlet) = open(&request, now, limits).unwrap();
        (outlet, inlet, Draining::of(&request))
    }

    const LIFE: Duration = Duration::from_mins(15);

    #[tokio::test(start_paused = true)]
    async fn a_slow_reader_gets_what_was_sent_and_the_reason() {
        let limits = StreamLimits {
            buffer: 2,
            ..StreamLimits::default()
        };
        let (outlet, inlet, _) = opened(limits, LIFE);
        outlet.send(1).await.unwrap();
        outlet.send(2).await.unwrap();
        let end = outlet.send(3).await.unwrap_err();
        assert_eq!(end, StreamEnd::SlowConsumer);
        outlet.close(end, Some("after 2".to_owned()));
        let read: Vec<_> = inlet.collect().await;
        assert_eq!(read.len(), 3);
        let status = read[2].as_ref().unwrap_err();
        assert_eq!(reason_of(status), Some(ErrorReason::SlowConsumer));
    }

    #[tokio::test(start_paused = true)]
    async fn streams_end_by_age_by_token_and_by_draining() {
        let (outlet, _inlet, _) = opened(StreamLimits::default(), LIFE);
        assert_eq!(outlet.ended().await, StreamEnd::Age);
        let (outlet, _inlet, _) = opened(StreamLimits::default(), Duration::from_secs(5));
        assert_eq!(outlet.ended().await, StreamEnd::TokenExpired);
        let (outlet, _inlet, draining) = opened(StreamLimits::default(), LIFE);
        draining.cancel();
        assert_eq!(outlet.ended().await, StreamEnd::Draining);
    }

    #[tokio::test(start_paused = true)]
    async fn a_reader_that_leaves_is_noticed() {
        let (outlet, inlet, _) = opened(StreamLimits::default(), LIFE);
        drop(inlet);
        assert_eq!(outlet.ended().await, StreamEnd::ReaderGone);
        assert_eq!(outlet.send(1).await, Err(StreamEnd::ReaderGone));
    }
}
