//! How far from our clock an event may lie. Judged when an event comes, never again when it is read back.

use std::time::Duration;

use domain::time::{Timestamp, earlier, later};
use platform::config::{Faults, Validate};
use proto::error::v1::ErrorReason;
use proto::field::InvalidField;
use serde::Deserialize;

use super::{Event, OrderChange, OrderEvent, Payload, PersonEvent};
use crate::config::millis;

/// The window of time in which events are taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TimeBounds {
    /// How far ahead of us the clock of a client may be.
    #[serde(rename = "max_ahead_ms", deserialize_with = "millis")]
    ahead: Duration,
    /// How late an act of a shopper on a page may come.
    #[serde(rename = "max_behind_ms", deserialize_with = "millis")]
    behind: Duration,
    /// How late an event that binds the shop may come.
    #[serde(rename = "max_behind_binding_ms", deserialize_with = "millis")]
    behind_binding: Duration,
}

impl TimeBounds {
    /// How late any event may come.
    pub(crate) fn longest_behind(&self) -> Duration {
        self.behind_binding
    }

    /// Refuses an event that claims to lie outside the window, or to know the future.
    pub(crate) fn check(&self, event: &Event) -> Result<(), InvalidField> {
        let now = event.received_at;
        self.not_ahead("occurred_at", event.occurred_at, now)?;
        let behind = self.furthest_behind(&event.payload);
        if event.occurred_at < earlier(now, behind) {
            return Err(InvalidField::new(
                "occurred_at",
                ErrorReason::TimeTooOld,
                format!("must be at most {} s old", behind.as_secs()),
            ));
        }
        match &event.payload {
            Payload::Order(OrderEvent {
                change: OrderChange::Shipment(checkpoint),
                ..
            }) => self.not_ahead(
                "shipment_updated.carrier_time",
                checkpoint.carrier_time,
                now,
            ),
            // A consent of the future would outrank every withdrawal to come.
            Payload::Person(PersonEvent::ConsentChanged(consent)) => self.not_ahead(
                "consent_changed.consent.recorded_at",
                consent.recorded_at,
                now,
            ),
            Payload::Browse(_)
            | Payload::Cart(_)
            | Payload::Checkout(_)
            | Payload::Order(_)
            | Payload::Person(_)
            | Payload::Custom { .. } => Ok(()),
        }
    }

    /// A click that comes late tells nothing that could still be acted on; an order that is missed does harm.
    fn furthest_behind(&self, payload: &Payload) -> Duration {
        if payload.is_binding() {
            self.behind_binding
        } else {
            self.behind
        }
    }

    fn not_ahead(
        &self,
        field: &str,
        instant: Timestamp,
        now: Timestamp,
    ) -> Result<(), InvalidField> {
        if instant <= later(now, self.ahead) {
            return Ok(());
        }
        Err(InvalidField::new(
            field,
            ErrorReason::TimeInFuture,
            format!("must be at most {} s ahead", self.ahead.as_secs()),
        ))
    }
}

impl Validate for TimeBounds {
    fn validate(&self, faults: &mut Faults) {
        faults.range("max_ahead_ms", self.ahead.as_millis(), 0..=3_600_000);
        faults.range(
            "max_behind_ms",
            self.behind.as_millis(),
            60_000..=86_400_000,
        );
        faults.range(
            "max_behind_binding_ms",
            self.behind_binding.as_millis(),
            60_000..=604_800_000,
        );
        faults.check(
            self.behind <= self.behind_binding,
            "max_behind_binding_ms",
            "must not be shorter than max_behind_ms",
        );
    }
}
