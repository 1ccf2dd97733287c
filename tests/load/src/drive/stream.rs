//! One stream of encoded batches, and the acknowledgements that come back.

use bytes::{BufMut, Bytes};
use http::uri::PathAndQuery;
use platform::client::Client;
use proto::session::v1::StreamEventsResponse;
use std::marker::PhantomData;
use std::sync::atomic::Ordering;
use std::vec;
use tokio::sync::mpsc;
use tokio_stream::wrappers::UnboundedReceiverStream;
use tonic::codec::{Codec, EncodeBuf, Encoder};
use tonic::{Request, Status, Streaming};
use tonic_prost::ProstDecoder;

use super::Progress;
use crate::error::LoadError;
use crate::events::{Batches, Message, Watched};
use crate::numbers::{Latencies, count};

pub(super) const STREAM_EVENTS: &str = "/rescate.session.v1.SessionTrackingService/StreamEvents";

/// An open stream with what is to be sent on it.
pub(super) struct Open {
    pub(super) sender: mpsc::UnboundedSender<Bytes>,
    pub(super) answers: Answers,
    pub(super) messages: vec::IntoIter<Message>,
}

/// The way back of a stream.
pub(super) struct Answers {
    streaming: Streaming<StreamEventsResponse>,
    told: Told,
    watched: Vec<Watched>,
}

/// What a stream was told.
#[derive(Debug)]
pub(super) struct Told {
    pub(super) sent: u64,
    pub(super) accepted: u64,
    pub(super) duplicates: u64,
    pub(super) rejected: u64,
    /// Why, the first time.
    pub(super) refusal: Option<String>,
    pub(super) latencies: Latencies,
    /// Number of the last batch that is durable.
    pub(super) durable: u64,
    pub(super) expected: Vec<(String, u64)>,
}

impl Open {
    pub(super) async fn new(connection: Client, batches: Batches) -> Result<Self, LoadError> {
        let (sender, waiting) = mpsc::unbounded_channel();
        let request = Request::new(UnboundedReceiverStream::new(waiting));
        let path = PathAndQuery::from_static(STREAM_EVENTS);
        let mut grpc = tonic::client::Grpc::new(connection);
        let answer = grpc.streaming(request, path, Encoded::default()).await?;
        Ok(Self {
            sender,
            answers: Answers {
                streaming: answer.into_inner(),
                told: Told::default(),
                watched: batches.watched,
            },
            messages: batches.messages.into_iter(),
        })
    }
}

impl Answers {
    /// Waits for the next acknowledgement, and notes it. Yields the numbers of the batches that it makes durable; none
    /// when the stream has ended.
    pub(super) async fn next(
        &mut self,
        progress: &Progress,
    ) -> Result<Option<std::ops::RangeInclusive<u64>>, LoadError> {
        let Some(answer) = self.streaming.message().await? else {
            return Ok(None);
        };
        let told = &mut self.told;
        told.accepted += u64::from(answer.accepted_count);
        told.duplicates += u64::from(answer.duplicate_count);
        told.rejected += count(answer.rejected.len());
        if let Some(refused) = answer.rejected.into_iter().find_map(|one| one.event) {
            let why = || format!("`{}` {}", refused.field, refused.description);
            told.refusal.get_or_insert_with(why);
        }
        let settled = u64::from(answer.accepted_count) + u64::from(answer.duplicate_count);
        progress.acknowledged.fetch_add(settled, Ordering::Relaxed);
        let first = told.durable + 1;
        told.durable = answer.durable_batch;
        Ok(Some(first..=answer.durable_batch))
    }

    pub(super) fn latencies(&mut self) -> &mut Latencies {
        &mut self.told.latencies
    }

    /// The end of a stream on which so many events were sent.
    pub(super) fn finish(self, sent: u64) -> Told {
        let durable = self.told.durable;
        let stored = |watched: Watched| {
            let events = watched
                .batches
                .into_iter()
                .filter(|batch| *batch <= durable);
            (watched.session, count(events.count()))
        };
        let expected = self.watched.into_iter().map(stored);
        Told {
            sent,
            expected: expected.filter(|(_, events)| *events > 0).collect(),
            ..self.told
        }
    }
}

impl Default for Told {
    fn default() -> Self {
        Self {
            sent: 0,
            accepted: 0,
            duplicates: 0,
            rejected: 0,
            refusal: None,
            latencies: Latencies::new(),
            durable: 0,
            expected: Vec::new(),
        }
    }
}

/// Messages that are encoded already, as the client is to cost little; the answers are of one type.
pub(super) struct Encoded<A>(PhantomData<A>);

impl<A> Default for Encoded<A> {
    fn default() -> Self {
        Self(PhantomData)
    }
}

impl<A: prost::Message + Default + 'static> Codec for Encoded<A> {
    type Encode = Bytes;
    type Decode = A;
    type Encoder = Self;
    type Decoder = ProstDecoder<A>;

    fn encoder(&mut self) -> Self {
        Self::default()
    }

    fn decoder(&mut self) -> Self::Decoder {
        ProstDecoder::default()
    }
}

impl<A> Encoder for Encoded<A> {
    /// A request on the wire.
    type Item = Bytes;
    type Error = Status;

    fn encode(&mut self, item: Bytes, buffer: &mut EncodeBuf<'_>) -> Result<(), Status> {
        buffer.reserve(item.len());
        buffer.put_slice(&item);
        Ok(())
    }
}
