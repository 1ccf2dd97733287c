//! Offers of a window: those whose hold was opened in it, with all that became of them later.

use domain::money::{Currency, Money};
use domain::time::Timestamp;
use serde::Serialize;

use super::money;
use super::view::View;
use crate::episodes::{Offer, OfferSource};

/// What became of offers. Amounts are absent while no currency is known.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub(crate) struct OfferFigures {
    pub(crate) refused: u64,
    pub(crate) held: u64,
    pub(crate) redeemed: u64,
    pub(crate) released: u64,
    pub(crate) expired: u64,
    pub(crate) reversed: u64,
    pub(crate) held_amount: Option<Money>,
    pub(crate) redeemed_amount: Option<Money>,
}

pub(super) fn figures(view: &View<'_>, currency: Option<Currency>) -> OfferFigures {
    let mut figures = OfferFigures {
        refused: 0,
        held: 0,
        redeemed: 0,
        released: 0,
        expired: 0,
        reversed: 0,
        held_amount: None,
        redeemed_amount: None,
    };
    let refusals = view.episodes.offers.refusals.iter();
    for _ in refusals.filter(|(stamp, source)| is_wanted(view, stamp.at, source)) {
        figures.refused += 1;
    }
    let (mut held, mut redeemed) = (0, 0);
    let minor_units = |amount: &Money| {
        let counts = Some(amount.currency()) == currency;
        i128::from(if counts { amount.minor_units() } else { 0 })
    };
    for (amount, offer) in wanted(view) {
        figures.held += 1;
        figures.redeemed += u64::from(offer.redeemed.is_known());
        figures.released += u64::from(offer.released.is_known());
        figures.expired += u64::from(offer.expired.is_known());
        figures.reversed += u64::from(!offer.reversals.is_empty());
        held += minor_units(amount);
        redeemed += offer.redeemed.get().map_or(0, &minor_units);
        redeemed -= offer.reversals.values().map(&minor_units).sum::<i128>();
    }
    figures.held_amount = currency.map(|currency| money(held, currency));
    figures.redeemed_amount = currency.map(|currency| money(redeemed, currency));
    figures
}

/// Every amount that the figures of this module are made of.
pub(super) fn amounts<'v>(view: &'v View<'_>) -> impl Iterator<Item = Money> + 'v {
    wanted(view).map(|(amount, _)| *amount)
}

fn wanted<'v>(view: &'v View<'_>) -> impl Iterator<Item = (&'v Money, &'v Offer)> + 'v {
    view.episodes
        .offers
        .offers
        .values()
        .filter_map(move |offer| {
            let (amount, source) = offer.held.get()?;
            is_wanted(view, offer.held_at()?, source).then_some((amount, offer))
        })
}

/// In the window, and of the partner: the one that the fact names, or else the one of the intervention.
fn is_wanted(view: &View<'_>, at: Timestamp, source: &OfferSource) -> bool {
    let partner = source
        .partner
        .as_ref()
        .or_else(|| view.episodes.partner_of(source.intervention));
    let of_partner = view.question.partner.is_none() || view.question.partner.as_ref() == partner;
    view.question.window.holds(at) && of_partner
}
