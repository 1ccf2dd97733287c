//! Takes a redemption back, whole or in part.

use domain::closed_enum;
use domain::id::RedemptionId;
use domain::money::{Money, MoneyError};
use domain::time::elapsed;
use futures::FutureExt;
use proto::error::v1::ErrorReason;
use proto::field::{FieldFault, InvalidField};
use serde::{Deserialize, Serialize};
use storage::RequestKey;
use tracing::{Instrument, info};

use super::notes::Reversal;
use super::{Service, Unit, spans};
use crate::error::OfferError;
use crate::ledger::Draw;
use crate::offer::{IllegalMove, Offer, State};
use crate::store::ledger::{Back, Extent};
use crate::store::offers;

closed_enum! {
    /// Why a redemption is taken back.
    pub enum ReversalReason {
        /// Goods came back.
        Return = "return",
        /// The order was cancelled.
        Cancellation = "cancellation",
        /// Fraud.
        Fraud = "fraud",
    }
}

/// What is to be taken back.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct ReverseRedemption {
    pub(crate) redemption: RedemptionId,
    /// All that is left, when absent.
    pub(crate) amount: Option<Money>,
    pub(crate) reason: ReversalReason,
}

impl Service {
    /// Takes a redemption back. A second reversal of the whole answers what the first one did.
    ///
    /// # Errors
    /// There is no such redemption, it is too old, or less is left of it.
    pub(crate) async fn reverse(
        &self,
        key: RequestKey,
        command: ReverseRedemption,
    ) -> Result<Offer, OfferError> {
        self.once(key, command, |unit, command| {
            async move {
                let redemption = command.redemption;
                let offer = offers::lock_by_redemption(unit.tx, &unit.tenant, redemption).await?;
                let offer = offer.ok_or(OfferError::RedemptionUnknown)?;
                let span = spans::of_offer("offers.reverse", &unit.tenant, &offer);
                reverse(&unit, &command, offer).instrument(span).await
            }
            .boxed()
        })
        .await
    }
}

async fn reverse(
    unit: &Unit<'_>,
    command: &ReverseRedemption,
    offer: Offer,
) -> Result<Offer, OfferError> {
    if is_whole_again(&offer, command.amount) {
        return Ok(offer);
    }
    let redemption = offer.state.redemption().ok_or(IllegalMove::NotRedeemed)?;
    let age = elapsed(redemption.redeemed_at, unit.now);
    if age > unit.service.settings().reversal_max_age {
        return Err(OfferError::RedemptionTooOld);
    }
    let draw = Draw::of(&offer.terms, &redemption.hold);
    let (offer, amount) = match offer.clone().reverse(command.amount) {
        Ok(reversed) => reversed,
        Err(IllegalMove::NotWithinRest) => return Err(not_within_rest(&offer, command.amount)),
        Err(illegal) => return Err(illegal.into()),
    };
    let extent = if matches!(offer.state, State::Reversed(_)) {
        Extent::Rest
    } else {
        Extent::Part
    };
    unit.take_back(&draw, Back { amount, extent }).await?;
    unit.save(&offer).await?;
    let reversal = Reversal {
        amount,
        reason: command.reason.as_str(),
    };
    unit.conclude_reversal(&offer, reversal).await?;
    info!(offer = %offer.terms.id, reason = %command.reason, "redemption reversed");
    Ok(offer)
}

fn is_whole_again(offer: &Offer, amount: Option<Money>) -> bool {
    let whole = amount.is_none_or(|amount| amount == offer.terms.amount);
    whole && matches!(offer.state, State::Reversed(_))
}

fn not_within_rest(offer: &Offer, amount: Option<Money>) -> OfferError {
    let ours = offer.terms.amount.currency();
    let fault = if amount.is_some_and(|amount| amount.currency() != ours) {
        let fault = MoneyError::CurrencyMismatch;
        InvalidField::new("amount.currency", fault.reason(), fault.description())
    } else {
        let description = "must be above zero and at most what is left of the redemption";
        InvalidField::new("amount.minor_units", ErrorReason::OutOfRange, description)
    };
    fault.into()
}
