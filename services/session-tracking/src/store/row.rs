//! A session's row, read as strictly as a request.

use std::sync::Arc;

use storage::StoreError;
use storage::column;

use super::encoding::read_places;
use super::entities::session;
use crate::event::Event;
use crate::session::{LogPlace, Memory, Session};
use crate::snapshot::{SessionKey, Snapshot};

/// A row, but for the events of its session.
pub(super) struct Row {
    pub(super) key: SessionKey,
    pub(super) places: Vec<LogPlace>,
    memory: Memory,
    snapshot: Snapshot,
    version: u64,
    created: u64,
}

impl Row {
    pub(super) fn parse(model: &session::Model) -> Result<Self, StoreError> {
        let row = column::Row::of("sessions", &model.session_id);
        Ok(Self {
            key: SessionKey {
                tenant: row.parse("tenant", &model.tenant)?,
                session: row.parse("session_id", &model.session_id)?,
            },
            places: read_places(&row, &model.places)?,
            memory: row.json("memory", &model.memory)?,
            snapshot: row.json("snapshot", &model.snapshot)?,
            version: row.count("version", model.version)?,
            created: row.count("created", model.created)?,
        })
    }

    pub(super) fn into_session(self, events: Vec<Event>) -> Session {
        let mut session = Session::restored(self.key, self.memory, events);
        session.places = self.places;
        session.version = self.version;
        session.created = Some(self.created);
        session.shown = Some(Arc::new(self.snapshot));
        session
    }
}
