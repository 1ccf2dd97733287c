//! Ends a hold before it was redeemed.

use domain::fact::FactBody;
use domain::id::OfferId;
use futures::FutureExt;
use storage::RequestKey;
use tracing::Instrument;

use super::{Actor, Service, Unit, spans};
use crate::audit::AuditKind;
use crate::error::OfferError;
use crate::ledger::{Draw, EntryKind};
use crate::offer::{IllegalMove, Offer};

impl Service {
    /// Gives the hold of an offer back.
    ///
    /// # Errors
    /// There is no such offer of this agent, or it is not held.
    pub(crate) async fn release(
        &self,
        key: RequestKey,
        actor: Actor,
        offer: OfferId,
    ) -> Result<Offer, OfferError> {
        self.once(key, (actor, offer), |unit, (actor, offer)| {
            async move {
                let offer = unit.own_offer(offer, &actor).await?;
                let span = spans::of_offer("offers.release", &unit.tenant, &offer);
                release(&unit, &actor, offer).instrument(span).await
            }
            .boxed()
        })
        .await
    }
}

async fn release(unit: &Unit<'_>, actor: &Actor, offer: Offer) -> Result<Offer, OfferError> {
    let offer = offer.release()?;
    let hold = offer.state.hold().ok_or(IllegalMove::NotHeld)?;
    let draw = Draw::of(&offer.terms, hold);
    unit.settle(EntryKind::Release, &draw).await?;
    unit.save(&offer).await?;
    let body = FactBody::OfferReleased {
        offer: offer.terms.id,
        amount: offer.terms.amount,
    };
    unit.conclude(AuditKind::Released, &offer, Some(actor), body)
        .await?;
    Ok(offer)
}
