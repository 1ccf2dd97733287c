//! `WatchApprovals`: the stream, and the tokens by which a reader goes on.

use domain::id::TenantId;
use platform::auth::Caller;
use platform::status::into_status;
use platform::stream::{HEARTBEAT, Inlet, Outlet, StreamEnd, StreamLimits, open};
use proto::error::v1::ErrorReason;
use proto::field::InvalidField;
use proto::offers::v1 as pb;
use proto::offers::v1::watch_approvals_response::Update;
use tokio::time::{Instant, Interval, interval_at};
use tonic::{Request, Response, Status};

use super::authorization::AuthorizationApi;
use super::convert::viewer;
use super::refuse;
use crate::service::{ApprovalNews, Told, Viewer, Watching};

pub(super) type Approvals = Inlet<pb::WatchApprovalsResponse>;

/// Changes when the text of a token changes shape, so that tokens of the old shape are refused instead of misread.
const FORMAT: &str = "1";
/// In place of a partner, for who sees all of the tenant. No partner is called so.
const ALL: &str = "*";

pub(super) async fn watch_approvals(
    api: &AuthorizationApi,
    request: Request<pb::WatchApprovalsRequest>,
) -> Result<Response<Approvals>, Status> {
    let service = api.service();
    let (outlet, inlet) = open(&request, service.now(), StreamLimits::default())?;
    let caller = Caller::of(&request)?.clone();
    let pb::WatchApprovalsRequest { resume_token } = request.into_inner();
    let (tenant, viewer) = (caller.tenant(), viewer(&caller));
    let tokens = Tokens::of(tenant, &viewer);
    let after = tokens.read(&resume_token).map_err(refuse)?;
    let watching = service.watch_approvals((tenant, caller.subject()), viewer, after);
    let watching = watching.await.map_err(into_status)?;
    let stream = Stream {
        watching,
        tokens,
        outlet,
        told: after,
    };
    api.tasks().spawn("approvals", stream.run());
    Ok(Response::new(inlet))
}

/// The tokens of one reader: whose they are and the entry of the trail after which to go on, as text. Opaque to clients and
/// not secret; one of another tenant or partner is refused, since it says nothing about what this reader was told.
struct Tokens {
    prefix: String,
}

impl Tokens {
    fn of(tenant: &TenantId, viewer: &Viewer) -> Self {
        let partner = match viewer {
            Viewer::Tenant => ALL,
            Viewer::Partner(partner) => partner.as_str(),
        };
        Self {
            prefix: format!("{FORMAT}.{tenant}.{partner}."),
        }
    }

    /// The token to go on after an entry; the empty one leads to the start.
    fn write(&self, after: Option<i64>) -> String {
        after.map_or_else(String::new, |after| format!("{}{after}", self.prefix))
    }

    fn read(&self, text: &str) -> Result<Option<i64>, InvalidField> {
        if text.is_empty() {
            return Ok(None);
        }
        let number = text.strip_prefix(&self.prefix);
        let number = number.and_then(|number| number.parse().ok());
        number.map(Some).ok_or_else(|| {
            let rule = "must be a token that this stream gave to the same reader";
            InvalidField::new("resume_token", ErrorReason::ResumeTokenInvalid, rule)
        })
    }
}

/// The producer of one stream.
struct Stream {
    watching: Watching,
    tokens: Tokens,
    outlet: Outlet<pb::WatchApprovalsResponse>,
    /// After which entry a reader goes on who has read all that was sent.
    told: Option<i64>,
}

/// Why a stream is over.
enum Over {
    End(StreamEnd),
    Failure(Status),
}

impl Stream {
    /// Tells until the reader, the server or the token ends.
    async fn run(mut self) {
        let mut beat = interval_at(Instant::now() + HEARTBEAT, HEARTBEAT);
        let over = loop {
            if let Err(over) = self.step(&mut beat).await {
                break over;
            }
        };
        let place = self.told.map(|_| self.tokens.write(self.told));
        match over {
            Over::End(end) => self.outlet.close(end, place),
            Over::Failure(status) => self.outlet.fail(status),
        }
    }

    /// Tells what there is, or waits for more.
    async fn step(&mut self, beat: &mut Interval) -> Result<(), Over> {
        let news = self.watching.look().await;
        let news = news.map_err(into_status).map_err(Over::Failure)?;
        if !news.is_empty() {
            for told in news {
                self.tell(told).await?;
            }
            self.told = self.watching.place();
            return Ok(());
        }
        // Entries that are nothing to this reader move the place on as well.
        self.told = self.watching.place();
        tokio::select! {
            biased;
            end = self.outlet.ended() => Err(Over::End(end)),
            _ = beat.tick() => {
                let heartbeat = Update::Heartbeat(pb::ApprovalHeartbeat {});
                self.send(heartbeat, self.told).await
            }
            () = self.watching.wait() => Ok(()),
        }
    }

    async fn tell(&mut self, (news, after): Told) -> Result<(), Over> {
        let update = match news {
            ApprovalNews::Pending(offer) => Update::Pending((*offer).into()),
            ApprovalNews::Ended(offer) => Update::Ended((*offer).into()),
            ApprovalNews::SnapshotComplete => {
                Update::SnapshotComplete(pb::ApprovalSnapshotComplete {})
            }
        };
        self.send(update, after).await?;
        self.told = after;
        Ok(())
    }

    async fn send(&self, update: Update, after: Option<i64>) -> Result<(), Over> {
        let response = pb::WatchApprovalsResponse {
            update: Some(update),
            resume_token: self.tokens.write(after),
        };
        self.outlet.send(response).await.map_err(Over::End)
    }
}

#[cfg(test)]
mod tests {
    use testkit::builders::{other_tenant, partner, tenant};

    use super::*;

    #[test]
    fn a_token_leads_back_to_its_place_for_its_own_reader_only() {
        let mine = Tokens::of(&tenant(), &Viewer::Partner(partner()));

        assert_eq!(mine.read(&mine.write(Some(7))), Ok(Some(7)));
        assert_eq!(mine.read(&mine.write(None)), Ok(None));
        for other in [
            Tokens::of(&tenant(), &Viewer::Tenant).write(Some(7)),
            Tokens::of(&other_tenant(), &Viewer::Partner(partner())).write(Some(7)),
            format!("{}x", mine.prefix),
            mine.prefix.clone(),
            format!("0{}", mine.write(Some(7))),
        ] {
            let fault = mine.read(&other).unwrap_err();
            assert_eq!(fault.reason, ErrorReason::ResumeTokenInvalid, "{other}");
        }
    }
}
