//! A shopper's browser, and contacts brought as far as a test needs them.

use std::time::Duration;

use domain::id::SessionId;
use domain::moment::Moment;
use platform::clock::Clock;
use proto::routing::v1 as pb;
use proto::routing::v1::watch_invitations_response::Update;
use tonic::{Status, Streaming};

use crate::desks::OpenDesk;
use crate::world::{Shopper, World, moment_of, request_id};

const PATIENCE: Duration = Duration::from_secs(10);

/// The page of one session, open as long as it is kept.
pub(crate) struct Storefront {
    pub(crate) client: Shopper,
    hear: Streaming<pb::WatchInvitationsResponse>,
}

impl Storefront {
    pub(crate) async fn open(world: &World, session: SessionId) -> Self {
        let mut client = world.shopper_in(session);
        let request = pb::WatchInvitationsRequest {};
        let answer = client.watch_invitations(request).await.unwrap();
        Self {
            client,
            hear: answer.into_inner(),
        }
    }

    /// What the page is told next, heartbeats left out.
    pub(crate) async fn next(&mut self) -> Result<Update, Status> {
        loop {
            let heard = tokio::time::timeout(PATIENCE, self.hear.message());
            let heard = heard.await.expect("the page hears something");
            match heard?.expect("the stream is open").update.unwrap() {
                Update::Heartbeat(_) => {}
                heard => return Ok(heard),
            }
        }
    }

    /// The next invitation or notice.
    pub(crate) async fn invitation(&mut self) -> pb::Invitation {
        match self.next().await.unwrap() {
            Update::Invitation(invitation) => invitation,
            other => panic!("no invitation but {other:?}"),
        }
    }

    pub(crate) async fn accept(&mut self, invitation: &pb::Invitation) -> Result<(), Status> {
        let request = accepting(&invitation.invitation_id);
        self.client.accept_invitation(request).await.map(drop)
    }

    pub(crate) async fn decline(&mut self, invitation: &pb::Invitation) -> Result<(), Status> {
        let request = pb::DeclineInvitationRequest {
            request_id: request_id(),
            invitation_id: invitation.invitation_id.clone(),
        };
        self.client.decline_invitation(request).await.map(drop)
    }

    pub(crate) async fn answer_survey(
        &mut self,
        invitation: &pb::Invitation,
        score: u32,
    ) -> Result<(), Status> {
        let request = pb::AnswerSurveyRequest {
            request_id: request_id(),
            invitation_id: invitation.invitation_id.clone(),
            score,
        };
        self.client.answer_survey(request).await.map(drop)
    }
}

pub(crate) fn accepting(invitation_id: &str) -> pb::AcceptInvitationRequest {
    pb::AcceptInvitationRequest {
        request_id: request_id(),
        invitation_id: invitation_id.to_owned(),
    }
}

/// A shopper who was invited and sees it.
pub(crate) struct Invited {
    pub(crate) page: Storefront,
    pub(crate) invitation: pb::Invitation,
    pub(crate) intervention: String,
}

/// Invites the shopper of a moment; somebody must be there to answer.
pub(crate) async fn invite(world: &World, moment: &Moment) -> Invited {
    let mut page = Storefront::open(world, moment.session).await;
    let answer = world.propose(moment).await;
    let intervention = answer.intervention.unwrap().intervention_id;
    let invitation = page.invitation().await;
    Invited {
        page,
        invitation,
        intervention,
    }
}

/// The `n`th moment, which happens now.
pub(crate) fn moment_now(world: &World, n: u64) -> Moment {
    moment_of(n).with_occurred_at(world.clock.now()).build()
}

/// Invites the `n`th shopper, who says yes.
pub(crate) async fn invite_and_accept(world: &World, n: u64) -> Invited {
    let mut invited = invite(world, &moment_now(world, n)).await;
    let invitation = invited.invitation.clone();
    invited.page.accept(&invitation).await.unwrap();
    invited
}

/// Brings the `n`th shopper together with the agent of a desk.
pub(crate) async fn bring_together(
    world: &World,
    desk: &mut OpenDesk,
    n: u64,
) -> (Invited, pb::Task) {
    let mut invited = invite_and_accept(world, n).await;
    let reservation = desk.reservation().await;
    let held = desk.accept(&reservation).await.unwrap();
    let joined = invited.page.next().await.unwrap();
    assert!(matches!(joined, Update::AgentJoined(_)), "{joined:?}");
    (invited, held.task.unwrap())
}
