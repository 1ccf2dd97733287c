//! One body of each kind of fact.

use std::time::Duration;

use platform::ids::{IdSource, SystemIds};
use proto::block::v1::{Block, BlockReason};
use proto::cause::v1::{Cause, RiskPhase};
use proto::channel::v1::Channel;
use proto::convert::time::wire_duration;
use proto::fact::v1::fact::Body;
use proto::fact::v1::{
    Arm, CancelReason, ContactReceived, ContactWrapped, ConversationStarted, Ending,
    EpisodeAssigned, FollowUp, InterventionBlocked, InterventionCancelled, InvitationAnswer,
    InvitationAnswered, InvitationShown, MomentAssessed, OfferExpired, OfferHeld, OfferRedeemed,
    OfferRefused, OfferReleased, OfferReversed, OrderCancelled, OrderPlaced, ReservationCreated,
    ReservationEnded, ReservationEnding, Resolution, SessionEnded, ShopperEngaged, SurveyAnswered,
};
use proto::moment::v1::MomentKind;
use proto::remedy::v1::{OfferRefusal, RemedyKind};

use super::an_offer_id;
use crate::people::usd;

pub(super) fn all() -> Vec<Body> {
    [session(), intervention(), contact(), offer()].concat()
}

fn order_id() -> String {
    "ORDER-1".to_owned()
}

fn session() -> Vec<Body> {
    vec![
        Body::SessionEnded(SessionEnded {
            ending: Ending::Ordered.into(),
            phase_reached: Some(RiskPhase::TransactionalFriction.into()),
            cart_value: Some(usd(24_900)),
        }),
        Body::OrderPlaced(OrderPlaced {
            order_id: order_id(),
            value: Some(usd(26_800)),
            margin: Some(usd(8_000)),
        }),
        Body::OrderCancelled(OrderCancelled {
            order_id: order_id(),
        }),
        Body::ContactReceived(ContactReceived {
            channel: Channel::Email.into(),
            follow_up: FollowUp::Undesirable.into(),
            issue: "late-parcel".to_owned(),
        }),
        Body::MomentAssessed(MomentAssessed {
            assessment_id: format!("asm_{}", SystemIds.next_uuid()),
            model_id: "even".to_owned(),
            abandonment: 0.5,
            phase: RiskPhase::TransactionalFriction.into(),
            cause: Cause::UnexpectedCost.into(),
            moment_kind: MomentKind::Friction.into(),
        }),
    ]
}

fn intervention() -> Vec<Body> {
    vec![
        Body::EpisodeAssigned(EpisodeAssigned {
            experiment_id: "proactive-help".to_owned(),
            arm: Arm::Treatment.into(),
            play_id: "cost-shock-chat".to_owned(),
            channel: Channel::Chat.into(),
            cause: Cause::UnexpectedCost.into(),
            phase: RiskPhase::TransactionalFriction.into(),
            cart_value: Some(usd(24_900)),
        }),
        Body::InterventionBlocked(InterventionBlocked {
            play_id: Some("cost-shock-chat".to_owned()),
            block: Some(Block {
                primary: BlockReason::NoAgent.into(),
                others: vec![BlockReason::Pacing.into()],
            }),
        }),
        Body::InvitationShown(InvitationShown {}),
        Body::InvitationAnswered(InvitationAnswered {
            answer: InvitationAnswer::Accepted.into(),
        }),
        Body::InterventionCancelled(InterventionCancelled {
            reason: CancelReason::Requested.into(),
        }),
    ]
}

fn contact() -> Vec<Body> {
    vec![
        Body::ReservationCreated(ReservationCreated {
            since_event: Some(wire_duration(Duration::from_secs(2))),
            queue_id: "checkout".to_owned(),
        }),
        Body::ReservationEnded(ReservationEnded {
            ending: ReservationEnding::Accepted.into(),
        }),
        Body::ConversationStarted(ConversationStarted {}),
        Body::ShopperEngaged(ShopperEngaged {}),
        Body::ContactWrapped(ContactWrapped {
            resolution: Resolution::Resolved.into(),
            cause: Cause::UnexpectedCost.into(),
            handle_time: Some(wire_duration(Duration::from_secs(90))),
            pointless: true,
        }),
        Body::SurveyAnswered(SurveyAnswered { score: 5 }),
    ]
}

fn offer() -> Vec<Body> {
    let (offer_id, amount) = (an_offer_id(), Some(usd(500)));
    vec![
        Body::OfferRefused(OfferRefused {
            reasons: vec![OfferRefusal::MarginFloor.into()],
        }),
        Body::OfferHeld(OfferHeld {
            offer_id: offer_id.clone(),
            remedy: RemedyKind::AmountOff.into(),
            amount: amount.clone(),
        }),
        Body::OfferReleased(OfferReleased {
            offer_id: offer_id.clone(),
            amount: amount.clone(),
        }),
        Body::OfferExpired(OfferExpired {
            offer_id: offer_id.clone(),
            amount: amount.clone(),
        }),
        Body::OfferRedeemed(OfferRedeemed {
            offer_id: offer_id.clone(),
            order_id: order_id(),
            amount: amount.clone(),
        }),
        Body::OfferReversed(OfferReversed { offer_id, amount }),
    ]
}
