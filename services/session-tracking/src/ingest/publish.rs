//! From decided changes to what is stored and sent.

use std::collections::HashMap;
use std::sync::Arc;

use domain::id::TenantId;
use domain::time::Timestamp;
use platform::ids::IdSource;
use platform::telemetry::TraceContext;

use super::Published;
use super::group::Work;
use super::persons::Persons;
use super::touch::Touch;
use crate::fold::State;
use crate::moment::{Subject, compose};
use crate::outbound::Sender;
use crate::session::{Change, LogPlace, Memory, Revision, Rules, Session, Shown};
use crate::snapshot::SessionKey;
use crate::store::{Commit, Heads, Record, Section};

/// A record of the log is closed at this size, so that one session can be read without reading much of the others.
const RECORD_BYTES: usize = 64 * 1_024;

/// Whether anybody follows changes: only then they are rendered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Watched {
    Yes,
    No,
}

/// Gathers the changes of one group into one transaction.
pub(super) struct Draft<'w> {
    rules: &'w Rules,
    persons: &'w Persons,
    ids: &'w dyn IdSource,
    watched: Watched,
    commit: Commit,
    published: Vec<Published>,
    /// The record of each tenant that is not full yet, with its size.
    open: HashMap<TenantId, (Record, usize)>,
}

impl<'w> Draft<'w> {
    pub(super) fn new(
        (rules, persons): (&'w Rules, &'w Persons),
        ids: &'w dyn IdSource,
        watched: Watched,
        (partition, heads): (u16, Heads),
        now: Timestamp,
    ) -> Self {
        Self {
            rules,
            persons,
            ids,
            watched,
            commit: Commit::new(partition, heads, now),
            published: Vec::new(),
            open: HashMap::new(),
        }
    }

    /// Decides one session and adds what comes of it; answers with where the change lies in the log. A session without
    /// events, as after it was erased, has no changes.
    pub(super) fn add(
        &mut self,
        key: &SessionKey,
        session: &mut Session,
        work: Work<'_>,
    ) -> Option<LogPlace> {
        let Work { touch, entries, .. } = work;
        let began = session.is_new().then_some(session.memory.history);
        let of = |shopper| self.persons.history_of(&key.tenant, shopper);
        let met = session.meet(of, self.rules);
        let number = self.commit.heads.change.saturating_add(1);
        let (rules, now, before) = (self.rules, self.commit.now, session.shown);
        session.decide(now, number, rules, |state, change, memory, revision| {
            self.count(key, change);
            self.send(key, (state, change), (memory, revision), touch);
        })?;
        self.commit.heads.change = number;
        self.publish(key, session, before);
        let place = self.log(
            &key.tenant,
            Section {
                session: key.session,
                change: number,
                began,
                met,
                entries,
            },
        );
        session.places.push(place);
        Some(place)
    }

    /// The transaction, once all sessions are in.
    pub(super) fn finish(mut self) -> (Commit, Vec<Published>) {
        let open = self.open.into_values().map(|(record, _)| record);
        self.commit.records.extend(open);
        self.commit.statements = self.persons.statements().to_vec();
        // Appended in the order of their key.
        self.commit.records.sort_by_key(|record| record.place);
        (self.commit, self.published)
    }

    fn log(&mut self, tenant: &TenantId, section: Section) -> LogPlace {
        let full = |(_, size): &(Record, usize)| *size >= RECORD_BYTES;
        if self.open.get(tenant).is_some_and(full)
            && let Some((record, _)) = self.open.remove(tenant)
        {
            self.commit.records.push(record);
        }
        let commit = &mut self.commit;
        let (record, size) = self.open.entry(tenant.clone()).or_insert_with(|| {
            commit.heads.sequence = commit.heads.sequence.saturating_add(1);
            let record = Record {
                place: LogPlace {
                    partition: commit.partition,
                    sequence: commit.heads.sequence,
                },
                tenant: tenant.clone(),
                now: commit.now,
                sections: Vec::new(),
            };
            (record, 0)
        });
        *size += section.entries.len();
        record.sections.push(section);
        record.place
    }

    fn publish(&mut self, key: &SessionKey, session: &Session, before: Option<Shown>) {
        if self.watched == Watched::No {
            return;
        }
        let snapshot = session.snapshot(key.session, &self.rules.signals);
        let (Some(shown), Some(mut snapshot)) = (session.shown, snapshot) else {
            return;
        };
        snapshot.agree(self.persons.agreed_in(key));
        self.published.push(Published {
            key: key.clone(),
            change: session.revision.changed,
            before,
            shown,
            after: Arc::new(snapshot),
        });
    }

    /// Writes what is to be told. It happens in a span of its own, where the session goes on in its trace.
    fn send(
        &mut self,
        key: &SessionKey,
        (state, change): (&State, &Change),
        (memory, revision): (&mut Memory, Revision),
        touch: &Touch,
    ) {
        if let Touch::Alone(trace) = touch {
            memory.set_trace(trace);
        }
        if change.is_silent() {
            return;
        }
        let span = touch.span(key, memory.trace().as_ref());
        let _entered = span.enter();
        let trace = TraceContext::of_span(&span);
        if let Some(trace) = &trace {
            memory.set_trace(trace);
        }
        let sender = Sender {
            ids: self.ids,
            tenant: &key.tenant,
            session: key.session,
            trace,
        };
        if let Some(cue) = change.cue.clone() {
            let subject = Subject {
                session: key.session,
                state,
                history: memory.history,
                version: revision.version,
                now: self.commit.now,
            };
            let (signals, moments) = (&self.rules.signals, &self.rules.moments);
            let mut moment = compose(sender.moment_id(), cue, subject, signals, moments);
            for consent in self.persons.agreed_in(key).into_iter().flatten() {
                moment.consents.record(consent.clone());
            }
            self.commit.messages.push(sender.moment(moment));
        }
        self.report(&sender, state, change);
    }

    fn report(&mut self, sender: &Sender<'_>, state: &State, change: &Change) {
        let report = &change.report;
        if let Some((ending, ended_at)) = report.outcome {
            self.commit.messages.push(sender.outcome(ending, ended_at));
        }
        if !report.facts.is_empty() {
            let facts = sender.facts(state.person(), report.facts.clone());
            self.commit.messages.push(facts);
        }
    }

    fn count(&mut self, key: &SessionKey, change: &Change) {
        for (person, added) in &change.report.counts {
            let person = (key.tenant.clone(), *person);
            let counts = self.commit.histories.entry(person).or_default();
            *counts = counts.plus(*added);
        }
    }
}
