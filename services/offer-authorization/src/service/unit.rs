//! One transaction of a use case, with what every step of it needs.

use std::sync::Arc;

use domain::fact::FactBody;
use domain::id::{OfferId, TenantId, TypedId};
use domain::time::Timestamp;
use storage::{StoreError, Tx};

use super::rules::Rules;
use super::{Actor, Service};
use crate::authority::CompiledPolicy;
use crate::error::OfferError;
use crate::ledger::{Draw, EntryKind, Scope};
use crate::offer::{Offer, Terms};
use crate::service::facts;
use crate::store::ledger::{self, Back, Caps, Late, Stamp};
use crate::store::offers;

pub(super) struct Unit<'t> {
    pub(super) tx: &'t Tx,
    pub(super) service: Service,
    pub(super) tenant: TenantId,
    /// The instant by which this transaction judges everything.
    pub(super) now: Timestamp,
    /// The subject of the token by which the call came; absent when time is up for something.
    pub(super) by: Option<String>,
}

impl Unit<'_> {
    /// A new id.
    pub(super) fn next<T: TypedId>(&self) -> T {
        self.service.inner.ids.next()
    }

    /// The rules of the shop.
    pub(super) async fn rules(&self) -> Result<Arc<Rules>, OfferError> {
        let tenants = std::slice::from_ref(&self.tenant);
        let rules = self.service.rules_in(self.tx, tenants, self.now).await?;
        // One tenant was asked for, so one answers.
        rules.into_iter().next().ok_or(OfferError::PolicyUnknown)
    }

    /// The policy that decides.
    pub(super) async fn policy(&self, rules: &Rules) -> Result<Arc<CompiledPolicy>, OfferError> {
        let version = rules.policy_version(self.now);
        self.service.policy_in(self.tx, &self.tenant, version).await
    }

    /// An offer that the actor may see, locked.
    pub(super) async fn offer(&self, id: OfferId, actor: &Actor) -> Result<Offer, OfferError> {
        let offer = offers::lock(self.tx, &self.tenant, id).await?;
        offer
            .filter(|offer| actor.sees(&offer.terms.agent))
            .ok_or(OfferError::OfferUnknown)
    }

    /// An offer that the actor may act for, locked.
    pub(super) async fn own_offer(&self, id: OfferId, actor: &Actor) -> Result<Offer, OfferError> {
        let offer = self.offer(id, actor).await?;
        if actor.may_act_for(&offer.terms.agent) {
            Ok(offer)
        } else {
            Err(OfferError::OfferUnknown)
        }
    }

    /// Stores the state of an offer after a move.
    pub(super) async fn save(&self, offer: &Offer) -> Result<(), StoreError> {
        offers::update(self.tx, &self.tenant, offer).await
    }

    /// Claims all that an offer draws on, or names what has no room.
    ///
    /// # Errors
    /// The budget was frozen, or its period has ended, since the offer was judged: it must be judged again.
    pub(super) async fn hold(
        &self,
        draw: &Draw,
        caps: Caps,
    ) -> Result<Result<(), Vec<Scope>>, OfferError> {
        let claimed = ledger::hold(self.tx, &self.tenant, draw, caps, self.stamp()).await?;
        if let Err(full) = &claimed
            && full.contains(&Scope::Budget)
        {
            self.require_open(draw).await?;
        }
        Ok(claimed)
    }

    /// Claims all of it again for an offer whose hold has expired.
    pub(super) async fn hold_again(
        &self,
        draw: &Draw,
        caps: Caps,
    ) -> Result<Result<(), Vec<Scope>>, StoreError> {
        ledger::hold_again(self.tx, &self.tenant, draw, caps, self.stamp()).await
    }

    /// Books the whole of an offer.
    pub(super) async fn settle(&self, kind: EntryKind, draw: &Draw) -> Result<(), OfferError> {
        ledger::settle(self.tx, &self.tenant, kind, draw, self.stamp()).await?;
        let amount = draw.amount;
        self.give_on(Late { draw, kind, amount }).await
    }

    /// Books what came back of a redemption.
    pub(super) async fn take_back(&self, draw: &Draw, back: Back) -> Result<(), OfferError> {
        ledger::reverse(self.tx, &self.tenant, draw, back, self.stamp()).await?;
        let (kind, amount) = (EntryKind::Reverse, back.amount);
        self.give_on(Late { draw, kind, amount }).await
    }

    /// Tells kpi what became of an offer.
    pub(super) async fn tell(&self, terms: &Terms, body: FactBody) -> Result<(), StoreError> {
        facts::tell(self, facts::Subject::of(terms), body).await
    }

    pub(super) fn stamp(&self) -> Stamp {
        Stamp {
            entry: self.next(),
            now: self.now,
        }
    }
}
