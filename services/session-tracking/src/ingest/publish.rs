//! From decided changes to what is stored and sent.

use std::collections::BTreeMap;
use std::sync::Arc;

use domain::id::{PersonId, SessionId, TenantId};
use domain::time::Timestamp;
use platform::ids::IdSource;
use platform::telemetry::TraceContext;

use super::Published;
use super::touch::Touch;
use crate::config::{MomentSettings, SignalSettings};
use crate::event::Event;
use crate::moment::{Subject, compose};
use crate::outbound::Sender;
use crate::session::{Change, LogPlace, Session};
use crate::snapshot::{SessionKey, Snapshot};
use crate::store::{Commit, Heads, LogBatch, SessionRecord};

/// Gathers the changes of one group into one transaction.
pub(super) struct Draft<'w> {
    pub(super) signals: &'w SignalSettings,
    pub(super) moments: &'w MomentSettings,
    pub(super) ids: &'w dyn IdSource,
    pub(super) partition: u16,
    pub(super) heads: Heads,
    pub(super) commit: Commit,
    pub(super) published: Vec<Published>,
    pub(super) due: Vec<(SessionKey, Option<Timestamp>)>,
    sections: BTreeMap<TenantId, (LogPlace, Vec<(SessionId, Vec<Arc<Event>>)>)>,
}

impl<'w> Draft<'w> {
    pub(super) fn new(
        settings: (&'w SignalSettings, &'w MomentSettings),
        ids: &'w dyn IdSource,
        partition: u16,
        heads: Heads,
        now: Timestamp,
    ) -> Self {
        let (signals, moments) = settings;
        Self {
            signals,
            moments,
            ids,
            partition,
            heads,
            commit: Commit {
                now,
                batches: Vec::new(),
                sessions: Vec::new(),
                visitors: BTreeMap::new(),
                messages: Vec::new(),
            },
            published: Vec::new(),
            due: Vec::new(),
            sections: BTreeMap::new(),
        }
    }

    /// Decides one session and adds what comes of it. A session without events is left alone.
    pub(super) fn add(&mut self, session: &mut Session, touch: &Touch) {
        let now = self.commit.now;
        let Some(change) = session.decide(now, self.signals, self.moments) else {
            return;
        };
        self.log(session);
        session.version += 1;
        self.heads.change += 1;
        let created = *session.created.get_or_insert(self.heads.change);
        self.send(session, &change, touch);
        let (key, version) = (&session.key, session.version);
        let snapshot = Arc::new(Snapshot::of(
            key.session,
            &change.state,
            session.memory.history,
            version,
            self.signals,
        ));
        self.published.push(Published {
            key: key.clone(),
            change: self.heads.change,
            before: session.shown.replace(Arc::clone(&snapshot)),
            after: Arc::clone(&snapshot),
        });
        self.due.push((key.clone(), change.due));
        self.commit.sessions.push(SessionRecord {
            key: key.clone(),
            snapshot,
            memory: session.memory.clone(),
            places: session.places.clone(),
            due: change.due,
            changed: self.heads.change,
            created,
        });
    }

    /// The transaction, once all sessions are in.
    pub(super) fn finish(mut self) -> (Commit, Heads, Vec<Published>, Due) {
        for (tenant, (place, sections)) in self.sections {
            self.commit.batches.push(LogBatch {
                place,
                tenant,
                sections,
            });
        }
        (self.commit, self.heads, self.published, self.due)
    }

    fn log(&mut self, session: &mut Session) {
        let fresh = session.take_fresh();
        if fresh.is_empty() {
            return;
        }
        let (partition, heads) = (self.partition, &mut self.heads);
        let (place, sections) = self
            .sections
            .entry(session.key.tenant.clone())
            .or_insert_with(|| {
                heads.sequence += 1;
                let place = LogPlace {
                    partition,
                    sequence: heads.sequence,
                };
                (place, Vec::new())
            });
        session.places.push(*place);
        sections.push((session.key.session, fresh));
    }

    fn send(&mut self, session: &mut Session, change: &Change, touch: &Touch) {
        let Change {
            state,
            cue,
            report,
            due: _,
        } = change;
        if let Touch::Alone(trace) = touch {
            session.memory.trace = Some(trace.clone());
        }
        let key = &session.key;
        let visitor = (key.tenant.clone(), state.visitor);
        if report.visitor != crate::report::Counts::default() {
            let counts = self.commit.visitors.entry(visitor).or_default();
            *counts = counts.plus(report.visitor);
        }
        if cue.is_none() && report.outcome.is_none() && report.facts.is_empty() {
            return;
        }
        let span = touch.span(key, session.memory.trace.as_ref());
        let _entered = span.enter();
        if let Some(trace) = TraceContext::of_span(&span) {
            session.memory.trace = Some(trace);
        }
        let sender = Sender {
            ids: self.ids,
            tenant: &key.tenant,
            session: key.session,
            trace: session.memory.trace.clone(),
        };
        let messages = &mut self.commit.messages;
        if let Some(cue) = cue {
            let subject = Subject {
                session: key.session,
                state,
                history: session.memory.history,
                version: session.version,
                now: self.commit.now,
            };
            let id = sender.moment_id();
            let moment = compose(id, cue.clone(), subject, self.signals, self.moments);
            messages.push(sender.moment(moment));
        }
        if let Some((ending, ended_at)) = report.outcome {
            messages.push(sender.outcome(ending, ended_at));
        }
        if !report.facts.is_empty() {
            let person = state
                .shopper
                .map_or(PersonId::Visitor(state.visitor), PersonId::Shopper);
            messages.push(sender.facts(person, report.facts.clone()));
        }
    }
}

/// When sessions are to be looked at again.
pub(super) type Due = Vec<(SessionKey, Option<Timestamp>)>;
