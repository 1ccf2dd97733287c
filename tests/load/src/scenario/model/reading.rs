//! Reads sessions back, and compares each with what was sent of it.

use futures::{StreamExt, TryStreamExt, stream};
use platform::client::Client;
use proto::session::v1 as pb;
use proto::session::v1::session_tracking_service_client::SessionTrackingServiceClient;
use serde::Serialize;
use tonic::Code;

use super::{Expected, Fault, Model};
use crate::error::LoadError;
use crate::numbers::count;
use crate::server::Server;

/// Calls at once, and the connections that they share.
const READERS: usize = 16;
const CONNECTIONS: usize = 4;
/// Faults that are told one by one.
const TOLD_FAULTS: usize = 20;

/// What the sessions hold in the end.
#[derive(Debug, Default, Serialize)]
pub(crate) struct ReadBack {
    sessions: u64,
    events_lost: u64,
    events_doubled: u64,
    /// Other carts, orders, times or visitors.
    other_faults: u64,
    /// The first faults.
    faults: Vec<String>,
}

impl ReadBack {
    /// Reads every session of a model.
    pub(crate) async fn of(model: &Model, server: &Server) -> Result<Self, LoadError> {
        let clients = (0..CONNECTIONS)
            .map(|_| server.client())
            .collect::<Result<Vec<_>, _>>()?;
        let calls = model.sessions().zip(clients.iter().cycle());
        let mut judged = stream::iter(calls)
            .map(|((session, expected), client)| judged(client.clone(), session, expected))
            .buffer_unordered(READERS);
        let mut all = Self::default();
        while let Some((session, faults)) = judged.try_next().await? {
            all.note(session, &faults);
        }
        if all.sessions != count(model.len()) {
            return Err(LoadError::Wrong("a session was not looked at".to_owned()));
        }
        Ok(all)
    }

    /// Events and sessions with which something is wrong.
    pub(crate) fn wrong(&self) -> u64 {
        self.events_lost + self.events_doubled + self.other_faults
    }

    pub(crate) fn note(&mut self, session: &str, faults: &[Fault]) {
        self.sessions += 1;
        for fault in faults {
            match fault {
                Fault::Lost(events) => self.events_lost += u64::from(*events),
                Fault::Doubled(events) => self.events_doubled += u64::from(*events),
                Fault::Cart | Fault::Orders | Fault::Times | Fault::Visitor => {
                    self.other_faults += 1;
                }
            }
            if self.faults.len() < TOLD_FAULTS {
                self.faults.push(format!("`{session}`: {fault}"));
            }
        }
    }
}

async fn judged<'s>(
    mut client: SessionTrackingServiceClient<Client>,
    session: &'s str,
    expected: &Expected,
) -> Result<(&'s str, Vec<Fault>), LoadError> {
    let request = pb::GetSessionRequest {
        session_id: session.to_owned(),
    };
    let found = match client.get_session(request).await {
        Ok(found) => found.into_inner().session,
        Err(status) if status.code() == Code::NotFound => None,
        Err(status) => return Err(status.into()),
    };
    Ok((session, expected.faults(found.as_ref())))
}
