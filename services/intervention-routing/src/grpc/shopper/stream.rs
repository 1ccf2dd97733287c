//! The producer of a storefront's stream.

use platform::status::into_status;
use platform::stream::{HEARTBEAT, Outlet, StreamEnd};
use proto::routing::v1 as pb;
use tokio::time::{Instant, interval_at};
use tonic::Status;

use crate::grpc::convert::shopper::storefront_heartbeat;
use crate::service::Watching;

/// Tells a storefront what there is and what becomes of it. There is no place to go on from: one that comes back is told
/// what is open then.
pub(super) async fn produce(mut watching: Watching, outlet: Outlet<pb::WatchInvitationsResponse>) {
    let mut beat = interval_at(Instant::now() + HEARTBEAT, HEARTBEAT);
    loop {
        // INVARIANT: looking is never cut short, or what it marked as shown might not be sent.
        match tell(&mut watching, &outlet).await {
            Ok(()) => {}
            Err(Over::End(end)) => return outlet.close(end, None),
            Err(Over::Failure(status)) => return outlet.fail(status),
        }
        let alive = tokio::select! {
            end = outlet.ended() => return outlet.close(end, None),
            () = watching.wait() => Ok(()),
            _ = beat.tick() => outlet.send(storefront_heartbeat()).await,
        };
        if let Err(end) = alive {
            return outlet.close(end, None);
        }
    }
}

/// Why a stream is over.
enum Over {
    End(StreamEnd),
    Failure(Status),
}

async fn tell(
    watching: &mut Watching,
    outlet: &Outlet<pb::WatchInvitationsResponse>,
) -> Result<(), Over> {
    let news = watching.look().await;
    for news in news.map_err(into_status).map_err(Over::Failure)? {
        outlet.send(news.into()).await.map_err(Over::End)?;
    }
    Ok(())
}
