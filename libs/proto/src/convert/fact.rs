//! Facts. The table of bodies says for each kind of fact which field of the wire is which of ours; `record!` cannot,
//! since ours are variants of one enum.

use domain::fact::{Fact, FactBody};

use super::record::record;
use crate::error::v1::ErrorReason;
use crate::fact::v1 as pb;
use crate::field::{self, InvalidField, WireField};

record! {
    pb::Fact => Fact {
        fact_id: id,
        occurred_at: occurred_at,
        session_id: session,
        person_id: person,
        intervention_id: intervention,
        partner_id: partner,
        agent_id: agent,
        body: body,
    }
}

impl WireField<Option<pb::fact::Body>> for FactBody {
    fn from_wire(field: &str, wire: Option<pb::fact::Body>) -> Result<Self, InvalidField> {
        let body = field::required(field, wire)?;
        let body = Self::try_from(body)?;
        if matches!(&body, Self::OfferRefused { reasons } if reasons.is_empty()) {
            let description = "must have at least one item";
            let path = "offer_refused.reasons";
            return Err(InvalidField::new(path, ErrorReason::Required, description));
        }
        Ok(body)
    }

    fn into_wire(self) -> Option<pb::fact::Body> {
        Some(self.into())
    }
}

macro_rules! bodies {
    ($( $kind:ident as $path:ident { $( $field:ident: $name:ident ),* $(,)? } )+) => {
        impl TryFrom<pb::fact::Body> for FactBody {
            type Error = InvalidField;

            fn try_from(body: pb::fact::Body) -> Result<Self, InvalidField> {
                match body {
                    $( pb::fact::Body::$kind(pb::$kind { $( $field ),* }) => Ok(Self::$kind {
                        $( $name: field::read(stringify!($field), $field)
                            .map_err(|fault: InvalidField| fault.within(stringify!($path)))?, )*
                    }), )+
                }
            }
        }

        impl From<FactBody> for pb::fact::Body {
            fn from(body: FactBody) -> Self {
                match body {
                    $( FactBody::$kind { $( $name ),* } => Self::$kind(pb::$kind {
                        $( $field: WireField::into_wire($name), )*
                    }), )+
                }
            }
        }
    };
}

bodies! {
    SessionEnded as session_ended { ending: ending, phase_reached: phase_reached, cart_value: cart_value }
    OrderPlaced as order_placed { order_id: order, value: value, margin: margin }
    OrderCancelled as order_cancelled { order_id: order }
    ContactReceived as contact_received { channel: channel, follow_up: follow_up, issue: issue }
    MomentAssessed as moment_assessed {
        assessment_id: assessment,
        model_id: model,
        abandonment: abandonment,
        phase: phase,
        cause: cause,
        moment_kind: moment_kind,
    }
    EpisodeAssigned as episode_assigned {
        experiment_id: experiment,
        arm: arm,
        play_id: play,
        channel: channel,
        cause: cause,
        phase: phase,
        cart_value: cart_value,
    }
    InterventionBlocked as intervention_blocked { play_id: play, block: block }
    InvitationShown as invitation_shown {}
    InvitationAnswered as invitation_answered { answer: answer }
    InterventionCancelled as intervention_cancelled { reason: reason }
    ReservationCreated as reservation_created { since_event: since_event, queue_id: queue }
    ReservationEnded as reservation_ended { ending: ending }
    ConversationStarted as conversation_started {}
    ShopperEngaged as shopper_engaged {}
    ContactWrapped as contact_wrapped {
        resolution: resolution,
        cause: cause,
        handle_time: handle_time,
        pointless: pointless,
    }
    SurveyAnswered as survey_answered { score: score }
    OfferRefused as offer_refused { reasons: reasons }
    OfferHeld as offer_held { offer_id: offer, remedy: remedy, amount: amount }
    OfferReleased as offer_released { offer_id: offer, amount: amount }
    OfferExpired as offer_expired { offer_id: offer, amount: amount }
    OfferRedeemed as offer_redeemed { offer_id: offer, order_id: order, amount: amount }
    OfferReversed as offer_reversed { offer_id: offer, amount: amount }
}
