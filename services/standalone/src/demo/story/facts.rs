//! The facts of a recovery, in words.

use domain::time::Timestamp;
use proto::convert::time::{duration, timestamp};
use proto::fact::v1::fact::Body;
use proto::fact::v1::{Fact, InvitationAnswer, ReservationEnding, Resolution};
use proto::money::v1::Money;
use proto::routing::v1::Intervention;

use super::{amount, remedy};

/// What a fact tells of the intervention; `None` for facts of others, and for those that are told elsewhere.
pub(super) fn line(
    fact: &Fact,
    intervention: &Intervention,
    invitation: &str,
) -> Option<(Timestamp, &'static str, String)> {
    let of_it = fact.intervention_id.as_deref() == Some(&intervention.intervention_id);
    let of_session = fact.session_id.as_deref() == Some(&intervention.session_id);
    let at = timestamp(fact.occurred_at.as_ref()?).ok()?;
    let body = fact.body.as_ref()?;
    if let Body::OrderPlaced(order) = body
        && of_session
    {
        let what = format!(
            "order {} placed, {} paid",
            order.order_id,
            paid(order.value.as_ref())
        );
        return Some((at, session_tracking::NAME, what));
    }
    if !of_it {
        return None;
    }
    let what = of_routing(body, fact, invitation)
        .map(|what| (intervention_routing::NAME, what))
        .or_else(|| of_offers(body).map(|what| (offer_authorization::NAME, what)))?;
    Some((at, what.0, what.1))
}

fn of_routing(body: &Body, fact: &Fact, invitation: &str) -> Option<String> {
    let told = match body {
        Body::InvitationShown(_) => format!("on the page: \u{201c}{invitation}\u{201d}"),
        Body::InvitationAnswered(given) if given.answer() == InvitationAnswer::Accepted => {
            "the shopper says yes".to_owned()
        }
        Body::ReservationCreated(made) => {
            let since = made
                .since_event
                .as_ref()
                .and_then(|since| duration(since).ok());
            let millis = since.unwrap_or_default().as_millis();
            let agent = fact.agent_id.as_deref().unwrap_or("an agent");
            let partner = fact.partner_id.as_deref().unwrap_or("a partner");
            format!("{agent} of {partner} reserved, {millis} ms after the event")
        }
        Body::ReservationEnded(ended) if ended.ending() == ReservationEnding::Accepted => {
            "the agent takes it".to_owned()
        }
        Body::ConversationStarted(_) => "the agent writes first".to_owned(),
        Body::ShopperEngaged(_) => "the shopper writes back".to_owned(),
        Body::ContactWrapped(end) if end.resolution() == Resolution::Resolved => {
            "wrapped up as resolved; the agent confirms the cause".to_owned()
        }
        Body::SurveyAnswered(answer) => format!("the shopper rates it {} of 5", answer.score),
        Body::InvitationAnswered(_)
        | Body::ReservationEnded(_)
        | Body::ContactWrapped(_)
        | Body::SessionEnded(_)
        | Body::OrderPlaced(_)
        | Body::OrderCancelled(_)
        | Body::ContactReceived(_)
        | Body::MomentAssessed(_)
        | Body::EpisodeAssigned(_)
        | Body::InterventionBlocked(_)
        | Body::InterventionCancelled(_)
        | Body::OfferRefused(_)
        | Body::OfferHeld(_)
        | Body::OfferReleased(_)
        | Body::OfferExpired(_)
        | Body::OfferRedeemed(_)
        | Body::OfferReversed(_) => return None,
    };
    Some(told)
}

fn of_offers(body: &Body) -> Option<String> {
    if let Body::OfferHeld(held) = body {
        let granted = (remedy(held.remedy), paid(held.amount.as_ref()));
        return Some(format!("{} of {} granted and held", granted.0, granted.1));
    }
    if let Body::OfferRedeemed(redeemed) = body {
        return Some(format!(
            "{} redeemed in order {}, once",
            paid(redeemed.amount.as_ref()),
            redeemed.order_id
        ));
    }
    if let Body::OfferRefused(_) = body {
        return Some("an offer is refused".to_owned());
    }
    None
}

fn paid(money: Option<&Money>) -> String {
    money.map_or_else(|| "nothing".to_owned(), amount)
}
