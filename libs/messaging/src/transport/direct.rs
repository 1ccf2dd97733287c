//! The direct transport: calls to the destination itself, with the encoded requests as they lay in the outbox. One message
//! is a call of its method, several are a batch of such calls (`DeliveryService`).

use std::collections::BTreeMap;
use std::fmt;

use bytes::{Buf, BufMut, Bytes};
use futures::FutureExt;
use futures::future::BoxFuture;
use http::uri::PathAndQuery;
use platform::auth::TokenSource;
use platform::client::{self, ClientConfig, ClientError, Connection, RetryPolicy};
use platform::status;
use proto::delivery::v1::delivery_service_client::DeliveryServiceClient;
use proto::delivery::v1::{DeliverRequest, DeliverResponse, Delivery};
use proto::error::v1::ErrorReason;
use tonic::client::Grpc;
use tonic::codec::{Codec, DecodeBuf, Decoder, EncodeBuf, Encoder};
use tonic::{Code, Request, Status};

use super::{DeliveryError, Told, Transport, each};
use crate::Envelope;

/// Calls each destination over its own connection, which adds token, deadline and trace.
pub struct DirectTransport {
    connections: BTreeMap<String, Connection>,
}

impl DirectTransport {
    /// A transport to the services at these addresses, each by the name that messages give it, which is also the
    /// audience of its tokens. Whatever the settings say, the connections never retry by themselves: the relay does, and
    /// two of them would answer an outage with a storm.
    ///
    /// # Errors
    /// An address or the TLS settings cannot be used. A service that is away is no error.
    pub fn connect<'a>(
        config: &ClientConfig,
        tokens: &TokenSource,
        destinations: impl IntoIterator<Item = (&'a str, &'a str)>,
    ) -> Result<Self, ClientError> {
        let config = ClientConfig {
            retry: RetryPolicy::Never,
            ..config.clone()
        };
        let to = |(audience, uri): (&str, &str)| {
            let connection = client::connect(&config, uri, audience, tokens.clone())?;
            Ok((audience.to_owned(), connection))
        };
        let connections = destinations.into_iter().map(to).collect::<Result<_, _>>()?;
        Ok(Self { connections })
    }

    async fn call(&self, envelope: &Envelope) -> Result<(), DeliveryError> {
        let Some(connection) = self.connections.get(&envelope.destination) else {
            return Err(DeliveryError::Unavailable("no connection".to_owned()));
        };
        let path = PathAndQuery::try_from(envelope.method.as_str())
            .map_err(|_| DeliveryError::Refused("the method is no path".to_owned()))?;
        let mut client = Grpc::new(connection.for_tenant(&envelope.tenant));
        let request = Request::new(envelope.payload.clone());
        match client.unary(request, path, Encoded).await {
            Ok(_) => Ok(()),
            Err(refusal) => Err(refused(&refusal)),
        }
    }

    async fn call_all(&self, envelopes: &[Envelope], told: &Told<'_>) -> Result<(), DeliveryError> {
        let first = envelopes.first();
        let connection = first.and_then(|first| self.connections.get(&first.destination));
        let Some((first, connection)) = first.zip(connection) else {
            return Err(DeliveryError::Unavailable("no connection".to_owned()));
        };
        let mut client = DeliveryServiceClient::new(connection.for_tenant(&first.tenant));
        let deliveries = envelopes.iter().map(delivery).collect();
        let mut answers = match client.deliver(DeliverRequest { deliveries }).await {
            Ok(answers) => answers.into_inner(),
            // A destination of an older release, which knows no batches and nobody who may make them.
            Err(refusal)
                if matches!(refusal.code(), Code::Unimplemented | Code::PermissionDenied) =>
            {
                each(self, envelopes, told).await;
                return Ok(());
            }
            Err(refusal) => return Err(refused_whole(&refusal)),
        };
        loop {
            match answers.message().await {
                Ok(Some(answer)) => tell(&answer, told),
                Ok(None) => return Ok(()),
                Err(cut) => return Err(refused_whole(&cut)),
            }
        }
    }
}

fn tell(answer: &DeliverResponse, told: &Told<'_>) {
    let code = Code::from_i32(answer.code);
    let outcome = if code == Code::Ok {
        Ok(())
    } else {
        Err(classified(code, Some(answer.reason())))
    };
    if let Ok(position) = usize::try_from(answer.index) {
        told(position, outcome);
    }
}

impl Transport for DirectTransport {
    fn destinations(&self) -> Vec<String> {
        self.connections.keys().cloned().collect()
    }

    fn deliver<'a>(&'a self, envelope: &'a Envelope) -> BoxFuture<'a, Result<(), DeliveryError>> {
        self.call(envelope).boxed()
    }

    fn deliver_all<'a>(
        &'a self,
        envelopes: &'a [Envelope],
        told: &'a Told<'a>,
    ) -> BoxFuture<'a, Result<(), DeliveryError>> {
        self.call_all(envelopes, told).boxed()
    }
}

impl fmt::Debug for DirectTransport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.connections.keys()).finish()
    }
}

fn delivery(envelope: &Envelope) -> Delivery {
    Delivery {
        method: envelope.method.clone(),
        request: envelope.payload.to_vec(),
        traceparent: envelope
            .trace
            .as_ref()
            .map_or_else(String::new, |trace| trace.as_str().to_owned()),
    }
}

fn refused(refusal: &Status) -> DeliveryError {
    classified(refusal.code(), status::reason_of(refusal))
}

/// What it means for a message that the whole batch was refused: nothing against this message, which may well be taken in
/// other company.
fn refused_whole(refusal: &Status) -> DeliveryError {
    match refused(refusal) {
        DeliveryError::Failed(reason) | DeliveryError::Refused(reason) => {
            DeliveryError::Busy(reason)
        }
        waits @ (DeliveryError::Unavailable(_) | DeliveryError::Busy(_)) => waits,
    }
}

/// What an answer means for the message. A refused token is no fault of the message: it waits until tokens are right.
fn classified(code: Code, reason: Option<ErrorReason>) -> DeliveryError {
    let reason = match reason {
        Some(reason) => format!("{code:?} {}", reason.as_str_name()),
        None => format!("{code:?}"),
    };
    match code {
        Code::Unavailable | Code::Unauthenticated | Code::PermissionDenied => {
            DeliveryError::Unavailable(reason)
        }
        Code::Aborted | Code::ResourceExhausted | Code::DeadlineExceeded | Code::Cancelled => {
            DeliveryError::Busy(reason)
        }
        Code::Internal | Code::Unknown | Code::DataLoss => DeliveryError::Failed(reason),
        Code::Ok
        | Code::InvalidArgument
        | Code::NotFound
        | Code::AlreadyExists
        | Code::FailedPrecondition
        | Code::OutOfRange
        | Code::Unimplemented => DeliveryError::Refused(reason),
    }
}

/// Sends a request that is encoded already, and does not read what the answer says.
struct Encoded;

impl Codec for Encoded {
    type Encode = Bytes;
    type Decode = ();
    type Encoder = Self;
    type Decoder = Self;

    fn encoder(&mut self) -> Self {
        Self
    }

    fn decoder(&mut self) -> Self {
        Self
    }
}

impl Encoder for Encoded {
    type Item = Bytes;
    type Error = Status;

    fn encode(&mut self, message: Bytes, buffer: &mut EncodeBuf<'_>) -> Result<(), Status> {
        buffer.put(message);
        Ok(())
    }
}

impl Decoder for Encoded {
    type Item = ();
    type Error = Status;

    fn decode(&mut self, buffer: &mut DecodeBuf<'_>) -> Result<Option<()>, Status> {
        buffer.advance(buffer.remaining());
        Ok(Some(()))
    }
}
