//! Invitations, as a storefront is told of them.

use domain::fact::SurveyScore;
use domain::id::{InvitationId, SessionId};
use proto::convert::time::wire_timestamp;
use proto::field::{self, InvalidField, WireField};
use proto::routing::v1 as pb;
use proto::routing::v1::watch_invitations_response::Update;

use crate::invitation::Invitation;
use crate::service::{OwnInvitation, ShopperNews};

/// The invitation that a storefront names, in the session of its token.
pub(in crate::grpc) fn own_invitation(
    session: SessionId,
    invitation_id: String,
) -> Result<OwnInvitation, InvalidField> {
    let id = field::read("invitation_id", invitation_id)?;
    Ok(OwnInvitation { session, id })
}

/// The answer to the question after a contact.
pub(in crate::grpc) fn survey(
    session: SessionId,
    request: pb::AnswerSurveyRequest,
) -> Result<(OwnInvitation, SurveyScore), InvalidField> {
    let pb::AnswerSurveyRequest {
        request_id: _,
        invitation_id,
        score,
    } = request;
    let own = own_invitation(session, invitation_id)?;
    Ok((own, field::read("score", score)?))
}

impl From<ShopperNews> for pb::WatchInvitationsResponse {
    fn from(news: ShopperNews) -> Self {
        let named = InvitationId::into_wire;
        let update = match news {
            ShopperNews::Show(invitation) => Update::Invitation((*invitation).into()),
            ShopperNews::Withdrawn(id) => Update::Withdrawn(pb::InvitationWithdrawn {
                invitation_id: named(id),
            }),
            ShopperNews::AgentJoined(id) => Update::AgentJoined(pb::AgentJoined {
                invitation_id: named(id),
            }),
            ShopperNews::SurveyRequested(id) => Update::Survey(pb::SurveyRequested {
                invitation_id: named(id),
            }),
        };
        Self {
            update: Some(update),
        }
    }
}

impl From<Invitation> for pb::Invitation {
    fn from(invitation: Invitation) -> Self {
        Self {
            verification_code: invitation.verification_code(),
            invitation_id: invitation.id.into_wire(),
            channel: invitation.channel.into_wire(),
            text: invitation.text.into(),
            expires_at: Some(wire_timestamp(invitation.expires_at)),
        }
    }
}

/// The server is alive.
pub(in crate::grpc) fn storefront_heartbeat() -> pb::WatchInvitationsResponse {
    pb::WatchInvitationsResponse {
        update: Some(Update::Heartbeat(pb::InvitationHeartbeat {})),
    }
}
