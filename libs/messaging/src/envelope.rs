//! A message, as a service writes it and as a transport carries it.

use bytes::Bytes;
use domain::id::{RequestId, TenantId};
use domain::time::Timestamp;
use platform::telemetry::TraceContext;

/// What a service has to tell another one.
#[derive(Debug, Clone)]
pub struct Message {
    /// Also the `request_id` of the call, by which the receiver knows a repetition.
    pub message_id: RequestId,
    pub tenant: TenantId,
    /// The service that is told, which is also the audience of the token: `risk-scoring`.
    pub destination: &'static str,
    /// The full gRPC path: `/rescate.risk.v1.RiskScoringService/AssessSession`.
    pub method: &'static str,
    /// Messages to one destination with the same key arrive in the order of their transactions.
    pub order_key: String,
    /// The encoded request.
    pub payload: Vec<u8>,
    /// From when on the message would do harm; it is then recorded as expired, not delivered.
    pub expires_at: Option<Timestamp>,
    /// The trace to continue; without one, that of the running code.
    pub trace: Option<TraceContext>,
}

/// A message on its way.
#[derive(Debug, Clone)]
pub struct Envelope {
    pub message_id: RequestId,
    pub tenant: TenantId,
    pub destination: String,
    pub method: String,
    pub order_key: String,
    pub payload: Bytes,
    pub created_at: Timestamp,
    pub expires_at: Option<Timestamp>,
    /// The place of this delivery in the trace of the change.
    pub trace: Option<TraceContext>,
    /// 1 for the first delivery.
    pub attempt: u32,
}
