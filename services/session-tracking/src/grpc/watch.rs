//! `WatchSessions`.

use platform::auth::Caller;
use platform::status::into_status;
use platform::stream::{self, Inlet, Outlet, StreamEnd, StreamLimits};
use proto::session::v1 as pb;
use proto::session::v1::watch_sessions_response::Update as WireUpdate;
use tonic::{Request, Response, Status};

use super::resume::Tokens;
use super::{Api, convert};
use crate::service::{Service, Update, Watch, WatchBroken};

pub(super) type Updates = Inlet<pb::WatchSessionsResponse>;

pub(super) fn watch_sessions(
    api: &Api,
    request: Request<pb::WatchSessionsRequest>,
) -> Result<Response<Updates>, Status> {
    let service = &api.service;
    let (outlet, inlet) = stream::open(&request, service.now(), StreamLimits::default())?;
    let tenant = Caller::of(&request)?.tenant().clone();
    let pb::WatchSessionsRequest {
        phase,
        state,
        resume_token,
    } = request.into_inner();
    let filter = convert::filter(phase, state).map_err(into_status)?;
    let tokens = Tokens::of(&tenant, filter);
    let from = tokens.read(&resume_token).map_err(into_status)?;
    let watch = service.watch(&tenant, filter, from);
    let service = service.clone();
    api.tasks.spawn("watch sessions", async move {
        follow(&service, watch, &tokens, outlet).await;
    });
    Ok(Response::new(inlet))
}

/// Sends until the reader, the server or the watch ends.
async fn follow(
    service: &Service,
    mut watch: Watch,
    tokens: &Tokens,
    outlet: Outlet<pb::WatchSessionsResponse>,
) {
    loop {
        let place = tokens.write(watch.position());
        let next = tokio::select! {
            end = outlet.ended() => return outlet.close(end, Some(place)),
            next = tokio::time::timeout(service.heartbeat(), watch.next()) => next,
        };
        let update = match next {
            Err(_quiet) => WireUpdate::Heartbeat(pb::Heartbeat {}),
            Ok(Ok(Update::Session(session))) => {
                WireUpdate::Session(convert::session(&session, service.now()))
            }
            Ok(Ok(Update::SnapshotComplete)) => {
                WireUpdate::SnapshotComplete(pb::SnapshotComplete {})
            }
            Ok(Err(WatchBroken::Lagged)) => {
                return outlet.close(StreamEnd::SlowConsumer, Some(place));
            }
            Ok(Err(WatchBroken::Stopping)) => {
                return outlet.close(StreamEnd::Draining, Some(place));
            }
            Ok(Err(WatchBroken::Failed(failure))) => return outlet.fail(into_status(failure)),
        };
        let response = pb::WatchSessionsResponse {
            update: Some(update),
            resume_token: tokens.write(watch.position()),
        };
        if let Err(end) = outlet.send(response).await {
            return outlet.close(end, Some(place));
        }
    }
}
