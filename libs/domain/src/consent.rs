//! Consent per channel and purpose, with its proof. Unknown means no.

use serde::{Deserialize, Serialize};

use crate::channel::Channel;
use crate::text::Text;
use crate::time::{Timestamp, Zone};
use crate::word::closed_enum;

closed_enum! {
    /// What a contact is for.
    pub enum Purpose {
        /// Help that nobody asked for, at a moment of doubt.
        ProactiveHelp = "proactive_help",
        /// Anything that sells.
        Marketing = "marketing",
        /// News of an order or its shipment.
        OrderUpdates = "order_updates",
    }
}

closed_enum! {
    /// How far a consent has come. The order is that of its life; at one instant the later state wins, so that a
    /// withdrawal is never lost.
    pub enum ConsentState {
        /// Nobody asked.
        Unknown = "unknown",
        /// Asked, not confirmed: a double opt-in half done.
        Requested = "requested",
        /// Given, with proof.
        Confirmed = "confirmed",
        /// Taken back.
        Withdrawn = "withdrawn",
    }
}

/// One decision of a person on one channel and purpose, with the proof that it was made.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Consent {
    /// The channel it is about.
    pub channel: Channel,
    /// The purpose it is about.
    pub purpose: Purpose,
    /// What was decided.
    pub state: ConsentState,
    /// Which version of the text the person was shown.
    pub text_version: Text<64>,
    /// Where it was given: a page, a call, a form.
    pub source: Text<64>,
    /// Where the person was, when known.
    pub zone: Option<Zone>,
    /// When it was decided.
    pub recorded_at: Timestamp,
}

impl Consent {
    /// How new it is; of two at one instant and equally far, the proof decides, so that their order of arrival does not.
    fn age(&self) -> impl Ord + '_ {
        let proof = (&self.text_version, &self.source, &self.zone);
        (self.recorded_at, self.state, proof)
    }
}

/// The consents of one person, the newest for each channel and purpose.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(from = "Vec<Consent>", into = "Vec<Consent>")]
pub struct Consents(Vec<Consent>);

impl Consents {
    /// Takes a consent in. The newer one of a channel and purpose wins, whatever the order of arrival; of two at the
    /// same instant, the one further in its life.
    pub fn record(&mut self, consent: Consent) {
        let known = self
            .0
            .iter_mut()
            .find(|known| known.channel == consent.channel && known.purpose == consent.purpose);
        match known {
            None => {
                self.0.push(consent);
                // Sorted, so that the same consents are equal however they came in.
                self.0
                    .sort_by_key(|consent| (consent.channel, consent.purpose));
            }
            Some(known) if known.age() < consent.age() => *known = consent,
            Some(_) => {}
        }
    }

    /// Whether the person may be contacted so. Only a confirmed consent says yes.
    pub fn allows(&self, channel: Channel, purpose: Purpose) -> bool {
        self.find(channel, purpose)
            .is_some_and(|consent| consent.state == ConsentState::Confirmed)
    }

    /// The newest consent on a channel for a purpose.
    pub fn find(&self, channel: Channel, purpose: Purpose) -> Option<&Consent> {
        self.iter()
            .find(|consent| consent.channel == channel && consent.purpose == purpose)
    }

    /// All consents, by channel and purpose.
    pub fn iter(&self) -> std::slice::Iter<'_, Consent> {
        self.0.iter()
    }

    /// Whether nothing is recorded.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl FromIterator<Consent> for Consents {
    fn from_iter<I: IntoIterator<Item = Consent>>(consents: I) -> Self {
        let mut recorded = Self::default();
        for consent in consents {
            recorded.record(consent);
        }
        recorded
    }
}

impl<'a> IntoIterator for &'a Consents {
    type Item = &'a Consent;
    type IntoIter = std::slice::Iter<'a, Consent>;

    fn into_iter(self) -> Self::IntoIter {
        self.iter()
    }
}

impl IntoIterator for Consents {
    type Item = Consent;
    type IntoIter = std::vec::IntoIter<Consent>;

    fn into_iter(self) -> Self::IntoIter {
        self.0.into_iter()
    }
}

impl From<Vec<Consent>> for Consents {
    fn from(consents: Vec<Consent>) -> Self {
        consents.into_iter().collect()
    }
}

impl From<Consents> for Vec<Consent> {
    fn from(consents: Consents) -> Self {
        consents.0
    }
}

#[cfg(test)]
mod tests;
