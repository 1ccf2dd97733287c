//! One waiting message as it is read back.

use domain::id::{RequestId, TenantId};
use domain::time::Timestamp;
use platform::telemetry::TraceContext;
use sea_orm::QueryResult;
use storage::{StoreError, column};

use crate::Envelope;

/// A message with its place in the outbox.
#[derive(Debug, Clone)]
pub(crate) struct Row {
    pub(crate) id: i64,
    pub(crate) lane: i64,
    /// Deliveries that the receiver answered with a failure of its own.
    pub(crate) failures: u32,
    /// `attempt` counts the deliveries so far; the next one is one more.
    pub(crate) envelope: Envelope,
}

impl Row {
    pub(super) fn read(row: &QueryResult) -> Result<Self, StoreError> {
        let id: i64 = row.try_get("", "id")?;
        let name = id.to_string();
        let checked = column::Row::of("outbox", &name);
        let message_id: String = row.try_get("", "message_id")?;
        let tenant: String = row.try_get("", "tenant")?;
        let payload: Vec<u8> = row.try_get("", "payload")?;
        let traceparent: Option<String> = row.try_get("", "traceparent")?;
        Ok(Self {
            id,
            lane: row.try_get("", "lane")?,
            failures: checked.count("failures", row.try_get("", "failures")?)?,
            envelope: Envelope {
                message_id: checked.valid("message_id", RequestId::parse(&message_id))?,
                tenant: checked.valid("tenant", TenantId::parse(&tenant))?,
                destination: row.try_get("", "destination")?,
                method: row.try_get("", "method")?,
                order_key: row.try_get("", "order_key")?,
                payload: payload.into(),
                created_at: checked.instant("created_at", row.try_get("", "created_at")?)?,
                expires_at: checked
                    .instant_optional("expires_at", row.try_get("", "expires_at")?)?,
                // A trace that cannot be read is no reason to hold a message back.
                trace: traceparent.and_then(|text| TraceContext::parse(&text).ok()),
                attempt: checked.count("attempts", row.try_get("", "attempts")?)?,
            },
        })
    }

    pub(crate) fn is_expired(&self, now: Timestamp) -> bool {
        self.envelope
            .expires_at
            .is_some_and(|expires_at| expires_at <= now)
    }
}
