//! The direct transport: a unary call to the destination itself, with the encoded request as it lay in the outbox.

use std::collections::BTreeMap;
use std::fmt;

use bytes::{Buf, BufMut, Bytes};
use futures::FutureExt;
use futures::future::BoxFuture;
use http::uri::PathAndQuery;
use platform::auth::TokenSource;
use platform::client::{self, ClientConfig, ClientError, Connection, RetryPolicy};
use platform::status;
use tonic::client::Grpc;
use tonic::codec::{Codec, DecodeBuf, Decoder, EncodeBuf, Encoder};
use tonic::{Code, Request, Status};

use super::{DeliveryError, Transport};
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
            Err(refusal) => Err(classified(&refusal)),
        }
    }
}

impl Transport for DirectTransport {
    fn destinations(&self) -> Vec<String> {
        self.connections.keys().cloned().collect()
    }

    fn deliver<'a>(&'a self, envelope: &'a Envelope) -> BoxFuture<'a, Result<(), DeliveryError>> {
        self.call(envelope).boxed()
    }
}

impl fmt::Debug for DirectTransport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.connections.keys()).finish()
    }
}

/// What an answer means for the message. A refused token is no fault of the message: it waits until tokens are right.
fn classified(refusal: &Status) -> DeliveryError {
    let reason = match status::reason_of(refusal) {
        Some(reason) => format!("{:?} {}", refusal.code(), reason.as_str_name()),
        None => format!("{:?}", refusal.code()),
    };
    match refusal.code() {
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
