//! `WatchSessions`.

use domain::phase::RiskPhase;
use platform::auth::Caller;
use platform::status::into_status;
use platform::stream::{self, Inlet, Outlet, StreamEnd, StreamLimits};
use proto::field::{InvalidField, read};
use proto::session::v1 as pb;
use proto::session::v1::watch_sessions_response::Update as WireUpdate;
use tonic::{Request, Response, Status};

use super::{Api, convert, resume};
use crate::service::{Position, Service, Update, Watch, WatchBroken};
use crate::store::Filter;

pub(super) type Updates = Inlet<pb::WatchSessionsResponse>;

pub(super) fn watch_sessions(
    api: &Api,
    request: Request<pb::WatchSessionsRequest>,
) -> Result<Response<Updates>, Status> {
    let service = &api.service;
    let (outlet, inlet) = stream::open(&request, service.now(), StreamLimits::default())?;
    let tenant = Caller::of(&request)?.tenant().clone();
    let (filter, resume) = parse(request.into_inner()).map_err(into_status)?;
    let watch = service.watch(&tenant, filter, resume);
    let service = service.clone();
    api.tasks.spawn("watch sessions", async move {
        follow(&service, watch, filter, outlet).await;
    });
    Ok(Response::new(inlet))
}

fn parse(request: pb::WatchSessionsRequest) -> Result<(Filter, Option<Position>), InvalidField> {
    let pb::WatchSessionsRequest {
        phase,
        state,
        resume_token,
    } = request;
    let phase: Option<RiskPhase> = read("phase", phase)?;
    let filter = Filter {
        phase,
        state: convert::state("state", state)?,
    };
    let resume = if resume_token.is_empty() {
        None
    } else {
        Some(resume::read(&resume_token, filter)?)
    };
    Ok((filter, resume))
}

/// Sends until the reader, the server or the watch ends.
async fn follow(
    service: &Service,
    mut watch: Watch,
    filter: Filter,
    outlet: Outlet<pb::WatchSessionsResponse>,
) {
    loop {
        let place = resume::write(filter, watch.position());
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
            resume_token: resume::write(filter, watch.position()),
        };
        if let Err(end) = outlet.send(response).await {
            return outlet.close(end, Some(place));
        }
    }
}
