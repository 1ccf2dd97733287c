//! Many calls in one: a batch is taken apart, and each of its calls goes on as if it had come by itself.

use std::convert::Infallible;
use std::fmt;
use std::sync::Arc;

use bytes::{BufMut, Bytes, BytesMut};
use futures::stream::BoxStream;
use futures::{FutureExt, StreamExt, stream};
use http::{Extensions, HeaderValue, Method, Request, Response, Uri, header};
use http_body_util::{BodyExt, Full};
use proto::InvalidField;
use proto::delivery::v1 as pb;
use proto::delivery::v1::delivery_service_server::{DeliveryService, DeliveryServiceServer};
use proto::error::v1::ErrorReason;
use proto::field;
use tokio::sync::Semaphore;
use tonic::body::Body;
use tonic::{Code, Status};
use tower::util::BoxCloneSyncService;
use tower::{Service, ServiceExt};

use crate::limits;
use crate::methods::{self, Shape};
use crate::status::{self, Fault, Kind};
use crate::telemetry::TraceContext;

/// Calls of one batch that are worked on at once.
const AT_ONCE: usize = 8;
/// What gRPC sets before a message: whether it is compressed, and its length.
const PREFIX: usize = 5;

type Calls = BoxCloneSyncService<Request<Body>, Response<Body>, Infallible>;

/// Takes batches for the routes of a server.
pub struct Deliveries {
    calls: Calls,
    places: Arc<Semaphore>,
}

/// The service that takes batches for what `calls` leads to. [`Server`](super::Server) has it by itself; a server that is
/// built without, such as a stand-in, adds it.
pub fn deliveries<S>(calls: S) -> DeliveryServiceServer<Deliveries>
where
    S: Service<Request<Body>, Response = Response<Body>, Error = Infallible>,
    S: Clone + Send + Sync + 'static,
    S::Future: Send + 'static,
{
    let deliveries = Deliveries {
        calls: BoxCloneSyncService::new(calls),
        places: Arc::new(Semaphore::new(limits::BATCH_CALLS)),
    };
    crate::limited_batch!(DeliveryServiceServer::new(deliveries))
}

#[tonic::async_trait]
impl DeliveryService for Deliveries {
    type DeliverStream = BoxStream<'static, Result<pb::DeliverResponse, Status>>;

    async fn deliver(
        &self,
        request: tonic::Request<pb::DeliverRequest>,
    ) -> Result<tonic::Response<Self::DeliverStream>, Status> {
        let (_, extensions, pb::DeliverRequest { deliveries }) = request.into_parts();
        check_count(deliveries.len()).map_err(status::into_status)?;
        let Ok(place) = Arc::clone(&self.places).try_acquire_owned() else {
            let fault = Fault::new(Kind::Exhausted, "too many batches at once");
            return Err(fault.because(ErrorReason::Overloaded).to_status());
        };
        let calls = self.calls.clone();
        let make = move |(index, delivery)| {
            // Boxed: what a call holds on its way is large, and several are under way.
            made(calls.clone(), extensions.clone(), index, delivery).boxed()
        };
        let answers = stream::iter((0..).zip(deliveries))
            .map(make)
            .buffer_unordered(AT_ONCE)
            .map(move |answer| {
                let _held_to_the_end = &place;
                Ok(answer)
            });
        Ok(tonic::Response::new(answers.boxed()))
    }
}

fn check_count(count: usize) -> Result<(), InvalidField> {
    if count == 0 {
        return Err(InvalidField::absent("deliveries"));
    }
    field::within_count("deliveries", count, limits::DELIVERIES)
}

async fn made(
    calls: Calls,
    extensions: Extensions,
    index: u32,
    delivery: pb::Delivery,
) -> pb::DeliverResponse {
    let status = call(calls, extensions, delivery).await;
    let reason = (status.code() != Code::Ok)
        .then(|| status::reason_of(&status))
        .flatten();
    pb::DeliverResponse {
        index,
        code: status.code().into(),
        reason: reason.unwrap_or(ErrorReason::Unspecified).into(),
    }
}

/// Makes one call and waits for its end.
async fn call(calls: Calls, extensions: Extensions, delivery: pb::Delivery) -> Status {
    let Some(request) = request(extensions, delivery) else {
        return Fault::new(Kind::Unimplemented, "no such method").to_status();
    };
    let response = match calls.oneshot(request).await {
        Ok(response) => response,
        Err(never) => match never {},
    };
    if let Some(status) = Status::from_header_map(response.headers()) {
        return status;
    }
    let told = match response.into_body().collect().await {
        Ok(body) => body.trailers().and_then(Status::from_header_map),
        Err(failure) => Some(failure),
    };
    told.unwrap_or_else(|| Fault::new(Kind::Internal, "an answer without a status").to_status())
}

/// The call as it would have come over the wire; `None` for what is no unary method of a service.
fn request(extensions: Extensions, delivery: pb::Delivery) -> Option<Request<Body>> {
    let pb::Delivery {
        method,
        request,
        traceparent,
    } = delivery;
    if methods::shape(&method) != Shape::Unary || methods::is_infrastructure(&method) {
        return None;
    }
    let mut call = Request::new(Body::new(Full::new(framed(&request)?)));
    *call.method_mut() = Method::POST;
    *call.uri_mut() = Uri::try_from(method).ok()?;
    let headers = call.headers_mut();
    headers.insert(
        header::CONTENT_TYPE,
        HeaderValue::from_static("application/grpc"),
    );
    if let Ok(trace) = TraceContext::parse(&traceparent) {
        trace.inject(headers);
    }
    // The caller is among them: whoever may make the batch is asked again whether they may make this call.
    *call.extensions_mut() = extensions;
    Some(call)
}

fn framed(message: &[u8]) -> Option<Bytes> {
    let mut frame = BytesMut::with_capacity(PREFIX + message.len());
    frame.put_u8(0);
    frame.put_u32(u32::try_from(message.len()).ok()?);
    frame.put_slice(message);
    Some(frame.freeze())
}

impl fmt::Debug for Deliveries {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_struct("Deliveries").finish_non_exhaustive()
    }
}
