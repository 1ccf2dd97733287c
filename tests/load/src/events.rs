//! What is sent: real sessions of real shops, many at a time, as encoded batches.

mod live;
mod moments;
mod recordings;
mod tag;
mod traffic;

use bytes::Bytes;

pub(crate) use live::{Live, payload};
pub(crate) use moments::moments;
pub(crate) use recordings::{Act, Mix, Recordings, Step};
pub(crate) use traffic::Feed;

/// What one stream is to send.
#[derive(Debug, Default)]
pub(crate) struct Batches {
    /// In order, numbered from 1.
    pub(crate) messages: Vec<Message>,
    /// Some of its sessions, to be read back.
    pub(crate) watched: Vec<Watched>,
}

/// One encoded batch.
#[derive(Debug, Clone)]
pub(crate) struct Message {
    pub(crate) bytes: Bytes,
    pub(crate) events: u32,
}

/// A session that begins in these batches.
#[derive(Debug, Clone)]
pub(crate) struct Watched {
    pub(crate) session: String,
    /// The number of the batch of each of its events.
    pub(crate) batches: Vec<u64>,
}

impl Batches {
    pub(crate) fn events(&self) -> u64 {
        let events = self.messages.iter().map(|message| message.events);
        events.map(u64::from).sum()
    }

    pub(crate) fn bytes(&self) -> usize {
        self.messages
            .iter()
            .map(|message| message.bytes.len())
            .sum()
    }
}
