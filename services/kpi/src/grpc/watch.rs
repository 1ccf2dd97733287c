//! The producer of a stream of figures.

use platform::status::to_status;
use platform::stream::{Outlet, StreamEnd};
use proto::kpi::v1 as pb;

use super::render;
use crate::error::KpiError;
use crate::service::{Answer, Watching};

/// Sends figures until the reader leaves, the server stops, or they cannot be computed. There is no place to go on
/// from: whoever comes back gets the figures as they are.
pub(super) async fn produce(mut watching: Watching, outlet: Outlet<pb::WatchKpisResponse>) {
    loop {
        let next = tokio::select! {
            end = outlet.ended() => return outlet.close(end, None),
            next = watching.next() => next,
        };
        match send(next, &outlet).await {
            Ok(()) => {}
            Err(Stop::End(end)) => return outlet.close(end, None),
            Err(Stop::Failure(failure)) => return outlet.fail(to_status(&failure)),
        }
    }
}

enum Stop {
    End(StreamEnd),
    Failure(KpiError),
}

async fn send(
    next: Result<Answer, KpiError>,
    outlet: &Outlet<pb::WatchKpisResponse>,
) -> Result<(), Stop> {
    let report = Some(render::report(next.map_err(Stop::Failure)?));
    let message = pb::WatchKpisResponse { report };
    outlet.send(message).await.map_err(Stop::End)
}
