//! Everything that was told, by its id. A message that comes again under its id is one message, as a receiver with an inbox
//! takes it; the same news under another id was told twice.

use std::collections::HashMap;
use std::hash::{DefaultHasher, Hasher};

use domain::time::Timestamp;
use prost::Message;
use proto::convert::time::timestamp;
use proto::fact::v1::fact::Body;
use proto::fact::v1::{Ending, Fact};
use proto::moment::v1::{Moment, MomentKind};
use proto::risk::v1::RecordOutcomeRequest;

/// What a message tells of.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) enum About {
    Moment {
        session: String,
        kind: MomentKind,
        /// The signal that made it.
        trigger: Option<i32>,
        order: Option<String>,
        /// When that happened which made it.
        at: Option<Timestamp>,
    },
    /// The fact that an order was placed.
    Order {
        session: String,
        order: String,
    },
    /// The fact that a session ended.
    End {
        session: String,
    },
    Outcome {
        session: String,
        ending: Ending,
    },
}

/// A message that came.
#[derive(Debug)]
pub(crate) struct Told {
    pub(crate) about: About,
    /// How often it came.
    pub(crate) times: u32,
    digest: u64,
}

/// Everything that was told.
#[derive(Debug, Default)]
pub(crate) struct Ledger {
    told: HashMap<String, Told>,
    /// Messages that came again under their id and said something else.
    pub(crate) changed: u64,
}

impl Ledger {
    pub(crate) fn moment(&mut self, moment: &Moment) {
        let about = About::Moment {
            session: moment.session_id.clone(),
            kind: moment.kind(),
            trigger: moment.trigger,
            order: moment.order_id.clone(),
            at: moment
                .occurred_at
                .as_ref()
                .and_then(|at| timestamp(at).ok()),
        };
        self.note(&moment.moment_id, about, moment);
    }

    pub(crate) fn outcome(&mut self, outcome: &RecordOutcomeRequest) {
        let about = About::Outcome {
            session: outcome.session_id.clone(),
            ending: outcome.ending(),
        };
        self.note(&outcome.request_id, about, outcome);
    }

    /// Orders and ends of sessions; the sessions that are sent lead to no other facts.
    pub(crate) fn fact(&mut self, fact: &Fact) {
        let session = fact.session_id.clone().unwrap_or_default();
        let about = if let Some(Body::OrderPlaced(placed)) = &fact.body {
            let order = placed.order_id.clone();
            About::Order { session, order }
        } else if let Some(Body::SessionEnded(_)) = &fact.body {
            About::End { session }
        } else {
            return;
        };
        self.note(&fact.fact_id, about, fact);
    }

    /// All messages, each once.
    pub(crate) fn messages(&self) -> impl Iterator<Item = &Told> {
        self.told.values()
    }

    fn note(&mut self, id: &str, about: About, message: &impl Message) {
        let mut hasher = DefaultHasher::new();
        hasher.write(&message.encode_to_vec());
        let digest = hasher.finish();
        let first = || Told {
            about,
            times: 0,
            digest,
        };
        let told = self.told.entry(id.to_owned()).or_insert_with(first);
        told.times += 1;
        self.changed += u64::from(told.digest != digest);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_is_known_by_its_id_and_must_say_the_same() {
        let mut ledger = Ledger::default();
        let mut moment = Moment {
            moment_id: "mom_1".to_owned(),
            session_id: "ses_1".to_owned(),
            ..Moment::default()
        };

        ledger.moment(&moment);
        ledger.moment(&moment);

        assert_eq!(ledger.messages().count(), 1);
        assert_eq!(ledger.messages().next().unwrap().times, 2);
        assert_eq!(ledger.changed, 0);
        moment.event_count = 7;
        ledger.moment(&moment);
        assert_eq!(ledger.changed, 1);
    }
}
