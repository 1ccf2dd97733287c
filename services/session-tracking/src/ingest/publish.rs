//! From decided changes to what is stored and sent.

use std::collections::BTreeMap;
use std::sync::Arc;

use domain::id::{PersonId, TenantId};
use domain::time::Timestamp;
use platform::ids::IdSource;
use platform::telemetry::TraceContext;

use super::Published;
use super::touch::Touch;
use crate::config::{MomentSettings, SignalSettings};
use crate::moment::{Subject, compose};
use crate::outbound::Sender;
use crate::report::Counts;
use crate::session::{Change, LogPlace, Session};
use crate::snapshot::{SessionKey, Snapshot};
use crate::store::{Commit, Heads, LogBatch, SessionRecord};

/// Gathers the changes of one group into one transaction.
pub(super) struct Draft<'w> {
    signals: &'w SignalSettings,
    moments: &'w MomentSettings,
    ids: &'w dyn IdSource,
    commit: Commit,
    published: Vec<Published>,
    due: Due,
    batches: BTreeMap<TenantId, LogBatch>,
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
            commit: Commit {
                now,
                partition,
                heads,
                batches: Vec::new(),
                sessions: Vec::new(),
                visitors: BTreeMap::new(),
                messages: Vec::new(),
            },
            published: Vec::new(),
            due: Vec::new(),
            batches: BTreeMap::new(),
        }
    }

    /// Decides one session and adds what comes of it. One without events, as after it was erased, needs nothing more.
    pub(super) fn add(&mut self, session: &mut Session, touch: &Touch) {
        let now = self.commit.now;
        let Some(change) = session.decide(now, self.signals, self.moments) else {
            self.due.push((session.key.clone(), None));
            return;
        };
        self.log(session);
        session.version += 1;
        self.commit.heads.change += 1;
        let number = self.commit.heads.change;
        let created = *session.created.get_or_insert(number);
        self.count(session, &change);
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
            change: number,
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
            changed: number,
            created,
        });
    }

    /// The transaction, once all sessions are in.
    pub(super) fn finish(mut self) -> (Commit, Vec<Published>, Due) {
        self.commit.batches = self.batches.into_values().collect();
        (self.commit, self.published, self.due)
    }

    fn log(&mut self, session: &mut Session) {
        let fresh = session.take_fresh();
        if fresh.is_empty() {
            return;
        }
        let (commit, tenant) = (&mut self.commit, &session.key.tenant);
        let batch = self.batches.entry(tenant.clone()).or_insert_with(|| {
            commit.heads.sequence += 1;
            LogBatch {
                place: LogPlace {
                    partition: commit.partition,
                    sequence: commit.heads.sequence,
                },
                tenant: tenant.clone(),
                sections: Vec::new(),
            }
        });
        session.places.push(batch.place);
        batch.sections.push((session.key.session, fresh));
    }

    /// Writes what is to be told. It happens in a span of its own, where the session goes on in its trace.
    fn send(&mut self, session: &mut Session, change: &Change, touch: &Touch) {
        if let Touch::Alone(trace) = touch {
            session.memory.set_trace(trace);
        }
        if change.is_silent() {
            return;
        }
        let span = touch.span(&session.key, session.memory.trace().as_ref());
        let _entered = span.enter();
        let trace = TraceContext::of_span(&span);
        if let Some(trace) = &trace {
            session.memory.set_trace(trace);
        }
        let sender = Sender {
            ids: self.ids,
            tenant: &session.key.tenant,
            session: session.key.session,
            trace,
        };
        if let Some(cue) = change.cue.clone() {
            let subject = Subject {
                session: session.key.session,
                state: &change.state,
                history: session.memory.history,
                version: session.version,
                now: self.commit.now,
            };
            let id = sender.moment_id();
            let moment = compose(id, cue, subject, self.signals, self.moments);
            self.commit.messages.push(sender.moment(moment));
        }
        self.report(&sender, change);
    }

    fn report(&mut self, sender: &Sender<'_>, change: &Change) {
        let Change { state, report, .. } = change;
        if let Some((ending, ended_at)) = report.outcome {
            self.commit.messages.push(sender.outcome(ending, ended_at));
        }
        if !report.facts.is_empty() {
            let visitor = PersonId::Visitor(state.visitor);
            let person = state.shopper.map_or(visitor, PersonId::Shopper);
            let facts = sender.facts(person, report.facts.clone());
            self.commit.messages.push(facts);
        }
    }

    fn count(&mut self, session: &Session, change: &Change) {
        let added = change.report.visitor;
        if added != Counts::default() {
            let visitor = (session.key.tenant.clone(), change.state.visitor);
            let counts = self.commit.visitors.entry(visitor).or_default();
            *counts = counts.plus(added);
        }
    }
}

/// When sessions are to be looked at again.
pub(super) type Due = Vec<(SessionKey, Option<Timestamp>)>;
