//! The checkout of the shop: redeems what an agent granted, once.

use platform::auth::CallerKind;
use proto::offers::v1::RedeemOfferRequest;
use proto::offers::v1::offer_authorization_service_client::OfferAuthorizationServiceClient;
use proto::session::v1::GetSessionRequest;
use proto::session::v1::session_tracking_service_client::SessionTrackingServiceClient;
use tonic::Code;

use super::Identity;
use crate::demo::chat::Granted;
use crate::demo::clients::{Doors, Line};
use crate::demo::{DemoError, failed, request_id};

/// A checkout with its own token.
pub(super) struct Checkout {
    offers: OfferAuthorizationServiceClient<Line>,
    sessions: SessionTrackingServiceClient<Line>,
}

/// What became of an offer at the checkout.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::demo) struct Redemption {
    /// The redemption.
    pub(in crate::demo) id: String,
    /// What the same request said when it was sent once more.
    pub(in crate::demo) again: String,
    /// Whether another order with the same offer was refused.
    pub(in crate::demo) second_order: SecondOrder,
}

/// What became of a second order with one offer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::demo) enum SecondOrder {
    Refused,
    Taken,
}

impl Checkout {
    pub(super) fn new(doors: &Doors) -> Result<Self, DemoError> {
        Ok(Self {
            offers: doors.offers(CallerKind::Checkout)?,
            sessions: doors.sessions(CallerKind::Platform)?,
        })
    }

    /// Redeems an offer. Then does what networks and people do: sends the same request once more, and tries the offer
    /// on another order.
    pub(super) async fn redeem(
        &mut self,
        offer: &Granted,
        identity: &Identity,
    ) -> Result<Redemption, DemoError> {
        let request = RedeemOfferRequest {
            request_id: request_id(),
            offer_token: offer.token.clone(),
            order_id: identity.order.clone(),
            cart_version: self.cart_version(identity).await?,
        };
        let id = self.send(request.clone()).await?;
        let again = self.send(request.clone()).await?;
        let other = RedeemOfferRequest {
            request_id: request_id(),
            order_id: format!("{}-b", identity.order),
            ..request
        };
        let second_order = match self.offers.redeem_offer(other).await {
            Err(status) if status.code() == Code::FailedPrecondition => SecondOrder::Refused,
            Err(status) => return Err(failed("an offer cannot be redeemed")(status)),
            Ok(_) => SecondOrder::Taken,
        };
        Ok(Redemption {
            id,
            again,
            second_order,
        })
    }

    async fn send(&mut self, request: RedeemOfferRequest) -> Result<String, DemoError> {
        let redeemed = self.offers.redeem_offer(request).await;
        let redeemed = redeemed.map_err(failed("an offer cannot be redeemed"))?;
        Ok(redeemed.into_inner().redemption_id)
    }

    async fn cart_version(&mut self, identity: &Identity) -> Result<u64, DemoError> {
        let request = GetSessionRequest {
            session_id: identity.session.to_string(),
        };
        let read = self.sessions.get_session(request).await;
        let read = read.map_err(failed("a session cannot be read"))?;
        let cart = read.into_inner().session.and_then(|session| session.cart);
        Ok(cart.map_or(0, |cart| cart.version))
    }
}
