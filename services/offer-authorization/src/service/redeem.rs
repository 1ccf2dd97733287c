//! Uses an offer in an order, once.

use domain::fact::FactBody;
use domain::id::{OfferId, OrderId, RedemptionId};
use futures::FutureExt;
use proto::error::v1::ErrorReason;
use proto::field::InvalidField;
use serde::{Deserialize, Serialize};
use storage::RequestKey;
use tracing::Instrument;

use super::grounds::Purses;
use super::{Service, Unit, spans};
use crate::audit::AuditKind;
use crate::error::OfferError;
use crate::ledger::{Draw, EntryKind};
use crate::offer::{Claimed, IllegalMove, Offer};
use crate::store::{cases, ledger, offers, programmes, purses};
use crate::token::Claims;

/// What a checkout wants to redeem.
#[derive(Debug, Clone)]
pub(crate) struct RedeemOffer {
    pub(crate) offer_token: String,
    pub(crate) order: OrderId,
    /// The cart that is paid.
    pub(crate) cart_version: u64,
}

/// The use of an offer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Redeemed {
    pub(crate) redemption: RedemptionId,
    pub(crate) offer: Offer,
}

/// A redemption whose token is proven.
#[derive(Debug, Clone)]
struct Redeem {
    claims: Claims,
    order: OrderId,
    cart_version: u64,
}

impl Service {
    /// Redeems an offer. The redemption belongs to the trace in which the offer was granted, however much later it comes.
    ///
    /// # Errors
    /// The token is not ours or of another cart; the offer is over, or was redeemed before.
    pub(crate) async fn redeem(
        &self,
        key: RequestKey,
        command: RedeemOffer,
    ) -> Result<Redeemed, OfferError> {
        let RedeemOffer {
            offer_token,
            order,
            cart_version,
        } = command;
        let claims = self.keys().verify(&offer_token).map_err(|_| not_ours())?;
        if claims.tenant != key.tenant {
            return Err(not_ours());
        }
        let redeem = Redeem {
            claims,
            order,
            cart_version,
        };
        self.once(key, redeem, |unit, redeem| {
            async move {
                let offer = offers::lock(unit.tx, &unit.tenant, redeem.claims.offer).await?;
                let offer = offer.ok_or(OfferError::OfferUnknown)?;
                let span = spans::of_offer("offers.redeem", &unit.tenant, &offer);
                use_offer(&unit, &redeem, offer).instrument(span).await
            }
            .boxed()
        })
        .await
    }
}

async fn use_offer(unit: &Unit<'_>, redeem: &Redeem, offer: Offer) -> Result<Redeemed, OfferError> {
    if Claims::of(&unit.tenant, &offer) != redeem.claims {
        return Err(not_ours());
    }
    if offer.terms.cart_version != redeem.cart_version {
        return Err(another_cart());
    }
    let (redemption, grace) = (unit.next(), unit.service.settings().redeem_grace);
    let (offer, claimed) = offer.redeem(redemption, redeem.order.clone(), unit.now, grace)?;
    let hold = offer.state.hold().ok_or(IllegalMove::NotHeld)?;
    let draw = Draw::of(&offer.terms, hold);
    let (offer, draw) = match claimed {
        Claimed::Still => (offer, draw),
        Claimed::Again => claim_again(unit, offer, draw).await?,
    };
    unit.settle(EntryKind::Redeem, &draw).await?;
    unit.save(&offer).await?;
    let body = FactBody::OfferRedeemed {
        offer: offer.terms.id,
        order: redeem.order.clone(),
        amount: offer.terms.amount,
    };
    unit.conclude(AuditKind::Redeemed, &offer, None, body)
        .await?;
    Ok(Redeemed { redemption, offer })
}

/// The hold has expired and is still in its grace: it is good if there is room, on the day that it was granted on and in the
/// budget as it is open now, if that takes new holds, and if nothing has taken its place in the case.
async fn claim_again(
    unit: &Unit<'_>,
    offer: Offer,
    draw: Draw,
) -> Result<(Offer, Draw), OfferError> {
    if is_replaced(unit, &offer).await? {
        return Err(IllegalMove::NotHeld.into());
    }
    let programme = programmes::find(unit.tx, &unit.tenant, &draw.programme).await?;
    let programme = programme.ok_or(OfferError::ProgrammeUnknown)?;
    let period = programme.open_period();
    let (offer, draw) = (offer.drawing_on(period), Draw { period, ..draw });
    let limits = purses::limits_of(unit.tx, &unit.tenant, &draw.purse_owners()).await?;
    let limits = limits.as_chunks::<2>().0.first().copied();
    let purses = Purses::of_limits(limits.unwrap_or_default());
    match unit.hold_again(&draw, purses.caps(&programme)).await? {
        Ok(()) => Ok((offer, draw)),
        Err(_full) => Err(IllegalMove::NotHeld.into()),
    }
}

/// Whether another offer on the cart, which still costs, was decided on as if this one were over, or the other way round:
/// both together might be more than authority and margin allow. The cart is locked, so that no decision comes between.
async fn is_replaced(unit: &Unit<'_>, offer: &Offer) -> Result<bool, OfferError> {
    let (tx, tenant) = (unit.tx, &unit.tenant);
    let intervention = offer.terms.intervention;
    let case = cases::lock(tx, tenant, intervention).await?;
    case.ok_or(OfferError::CaseUnknown)?;
    let costing = offers::costing(tx, tenant, offer.terms.session).await?;
    let others: Vec<OfferId> = costing.iter().map(|other| other.terms.id).collect();
    Ok(!ledger::is_counted_with(tx, tenant, offer.terms.id, &others).await?)
}

fn not_ours() -> OfferError {
    let description = "must be an offer token of this shop";
    InvalidField::new("offer_token", ErrorReason::TokenNotVerified, description).into()
}

fn another_cart() -> OfferError {
    let description = "must be the cart version that the offer is bound to";
    InvalidField::new("cart_version", ErrorReason::TokenNotVerified, description).into()
}
