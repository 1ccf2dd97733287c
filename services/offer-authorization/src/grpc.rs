//! The wire: parse, call, render. No rule and no query lives here.

mod approvals;
mod authorization;
mod convert;
mod program;
mod render;

pub(crate) use authorization::AuthorizationApi;
pub(crate) use program::ProgramApi;

use platform::auth::Caller;
use platform::paging::Page;
use platform::status::{self, Fault, Kind};
use prost::Message;
use proto::field::{self, InvalidField};
use storage::RequestKey;
use tonic::{Request, Response, Status};

use crate::error::OfferError;
use render::Listed;

/// A write: who sends it, and what makes a second one the same.
struct Write<T> {
    caller: Caller,
    key: RequestKey,
    message: T,
}

/// A request with a key of idempotency.
trait Keyed: Message {
    /// The full path of its method.
    const METHOD: &'static str;

    fn request_id(&self) -> &str;
}

/// Reads what all writes have in common.
fn write_of<T: Keyed>(request: Request<T>) -> Result<Write<T>, Status> {
    let caller = Caller::of(&request)?.clone();
    let message = request.into_inner();
    let request_id = field::read("request_id", message.request_id().to_owned());
    let key = RequestKey {
        tenant: caller.tenant().clone(),
        client: caller.subject().to_owned(),
        method: T::METHOD,
        request_id: request_id.map_err(refuse)?,
        body_hash: RequestKey::body_hash(&message.encode_to_vec()),
    };
    Ok(Write {
        caller,
        key,
        message,
    })
}

/// Reads what all other calls have in common.
fn read_of<T>(request: Request<T>) -> Result<(Caller, T), Status> {
    let caller = Caller::of(&request)?.clone();
    Ok((caller, request.into_inner()))
}

/// Parses a message into what the service takes.
fn parse<W, T>(message: W) -> Result<T, Status>
where
    T: TryFrom<W, Error = InvalidField>,
{
    T::try_from(message).map_err(refuse)
}

/// The same for a message that takes long to parse, where it holds up nobody.
async fn parse_aside<W, T>(message: W) -> Result<T, Status>
where
    W: Send + 'static,
    T: TryFrom<W, Error = InvalidField> + Send + 'static,
{
    let parsed = tokio::task::spawn_blocking(move || parse(message)).await;
    parsed.unwrap_or_else(|_| {
        let fault = Fault::new(Kind::Internal, "a message was not parsed to its end");
        Err(fault.to_status())
    })
}

#[expect(clippy::needless_pass_by_value, reason = "the shape `map_err` wants")]
fn refuse(fault: InvalidField) -> Status {
    status::to_status(&fault)
}

/// Answers with what the service says.
fn answer<T, W: From<T>>(outcome: Result<T, OfferError>) -> Result<Response<W>, Status> {
    outcome
        .map(|answer| Response::new(answer.into()))
        .map_err(status::into_status)
}

/// Answers with a page of a list.
fn answer_page<T: Listed>(
    outcome: Result<Page<T>, OfferError>,
) -> Result<Response<T::Response>, Status> {
    outcome
        .map(|page| Response::new(T::respond(page)))
        .map_err(status::into_status)
}
