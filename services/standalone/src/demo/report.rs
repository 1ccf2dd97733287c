//! What the demo reports, as data: the text and the JSON are two renderings of the same values.

mod figures;
mod latency;
mod models;
mod people;
pub(super) mod text;

use domain::block::BlockReason;
use domain::offer::OfferRefusal;
use domain::remedy::RemedyKind;
use proto::fact::v1::fact::Body;
use proto::field::WireField;
use proto::money::v1::Money;
use proto::offers::v1::{LedgerEntry, Offer};
use serde::Serialize;

use super::DemoError;
use super::checks::{self, Check};
use super::clock::FACTOR;
use super::reading::Reading;
use super::setup::IDLE_CART;
use super::source::Source;
use super::story::Story;
use crate::replay::Outcome;
pub(super) use figures::Figures;
pub(super) use latency::Latency;
pub(super) use models::ModelLine;
pub(super) use people::{CauseLine, FunnelLine, SceneLine};

/// The report.
#[derive(Debug, Serialize)]
pub(super) struct Report {
    pub(super) about: About,
    pub(super) replay: Outcome,
    pub(super) models: Vec<ModelLine>,
    pub(super) scenes: Vec<SceneLine>,
    pub(super) funnel: Vec<FunnelLine>,
    pub(super) causes: Vec<CauseLine>,
    pub(super) block_reasons: Vec<ReasonLine>,
    pub(super) offers: Offers,
    pub(super) kpis: Figures,
    pub(super) latency: Vec<Latency>,
    pub(super) recovery: Story,
    pub(super) checks: Vec<Check>,
}

/// What was run, and what the figures may be used for.
#[derive(Debug, Serialize)]
pub(super) struct About {
    /// Length of the whole demo.
    pub(super) seconds: f64,
    pub(super) recorded_sessions: usize,
    pub(super) recorded_visitors: usize,
    /// How much faster than recorded.
    pub(super) speed: u32,
    pub(super) scripted_shoppers: usize,
    pub(super) notes: Vec<String>,
}

/// How often a reason kept somebody from being helped.
#[derive(Debug, Serialize)]
pub(super) struct ReasonLine {
    pub(super) reason: &'static str,
    pub(super) primary: u64,
    pub(super) beside_another: u64,
}

/// Offers and the money behind them.
#[derive(Debug, Serialize)]
pub(super) struct Offers {
    pub(super) held: u64,
    pub(super) redeemed: u64,
    pub(super) refused: u64,
    /// Why offers were refused.
    pub(super) refusals: Vec<&'static str>,
    pub(super) programmes: Vec<Account>,
    pub(super) purses: Vec<Account>,
    pub(super) ledger: Vec<Booking>,
}

/// Money that may be given, and what is gone of it, in minor units.
#[derive(Debug, Serialize)]
pub(super) struct Account {
    pub(super) name: String,
    pub(super) limit: i64,
    pub(super) held: i64,
    pub(super) used: i64,
}

/// One entry of the ledger, amount in minor units.
#[derive(Debug, Serialize)]
pub(super) struct Booking {
    pub(super) kind: &'static str,
    pub(super) programme: String,
    pub(super) remedy: &'static str,
    pub(super) amount: i64,
    /// Who granted the offer, and who approved it.
    pub(super) by: String,
}

impl Report {
    /// An error unless every check held.
    pub(super) fn verdict(&self) -> Result<(), DemoError> {
        match self.checks.iter().filter(|check| !check.held).count() {
            0 => Ok(()),
            broken => Err(DemoError::Checks(broken)),
        }
    }
}

/// Makes the report.
pub(super) fn assemble(source: &Source<'_>, recovery: Story) -> Report {
    let Reading {
        kpis, experiment, ..
    } = source.reading;
    Report {
        about: about(source),
        replay: source.replayed.clone(),
        models: models::models(source.reading),
        scenes: people::scenes(source.taken, source.reading),
        funnel: people::funnel(source),
        causes: people::causes(source),
        block_reasons: block_reasons(source.reading),
        offers: offers(source.reading),
        kpis: figures::figures(kpis, experiment),
        latency: latency::latencies(source),
        checks: checks::all(source),
        recovery,
    }
}

fn about(source: &Source<'_>) -> About {
    let sessions = source.recording.iter().map(|event| event.session);
    let visitors = source.recording.iter().map(|event| event.visitor);
    About {
        seconds: 0.0,
        recorded_sessions: distinct(sessions),
        recorded_visitors: distinct(visitors),
        speed: FACTOR,
        scripted_shoppers: source.taken.scenes.len(),
        notes: notes(),
    }
}

fn notes() -> Vec<String> {
    [
        "Recorded: events of a real shop (REES46, 1 October 2019; source and terms in tests/data/rees46/README.md). They hold \
         views, carts and purchases, but no consent, so nobody of the recording can be shown anything: the play \
         IDLE_CART qualifies them, and consent stops it.",
        "Scripted: shoppers, agents, supervisors and a checkout of this demo. They do what their script says, over the same \
         calls as anybody else.",
        "The shop runs FACTOR times as fast as recorded, and so do the timers by which session-tracking sees hesitation. Desks \
         and conversations run in real time.",
        "The model was trained on another shop, RetailRocket, and here times on the site are FACTOR times too short for it: it \
         shows how a trained model decides and explains, not how good it is. That is in its card.",
        "The KPIs show that every figure is computed from facts, and how sure it is. What help is worth they cannot show: \
         help reached scripted shoppers only, who do as told, and the arms of the recording differ by chance alone.",
    ]
    .map(|note| {
        note.replace("IDLE_CART", IDLE_CART)
            .replace("FACTOR", &FACTOR.to_string())
    })
    .to_vec()
}

fn distinct<T: Ord>(items: impl Iterator<Item = T>) -> usize {
    items.collect::<std::collections::BTreeSet<T>>().len()
}

fn block_reasons(reading: &Reading) -> Vec<ReasonLine> {
    let mut lines: Vec<ReasonLine> = reading
        .kpis
        .block_reasons
        .iter()
        .map(|count| ReasonLine {
            reason: word(BlockReason::from_wire("reason", count.reason).map(BlockReason::as_str)),
            primary: count.primary_count,
            beside_another: count.other_count,
        })
        .collect();
    lines.sort_by_key(|line| std::cmp::Reverse((line.primary, line.beside_another)));
    lines
}

fn offers(reading: &Reading) -> Offers {
    let figures = reading.kpis.offers.clone().unwrap_or_default();
    let programmes = reading.programmes.iter().map(|programme| Account {
        name: programme.programme_id.clone(),
        limit: minor(programme.budget.as_ref()),
        held: minor(programme.held.as_ref()),
        used: minor(programme.redeemed.as_ref()),
    });
    let purses = reading.purses.iter().map(|purse| Account {
        name: purse.partner_id.clone(),
        limit: minor(purse.daily_limit.as_ref()),
        held: 0,
        used: minor(purse.used_today.as_ref()),
    });
    Offers {
        held: figures.held,
        redeemed: figures.redeemed,
        refused: figures.refused,
        refusals: refusals(reading),
        programmes: programmes.collect(),
        purses: purses.collect(),
        ledger: reading
            .ledger
            .iter()
            .map(|entry| booking(entry, reading))
            .collect(),
    }
}

/// Every reason of a refusal, each once.
fn refusals(reading: &Reading) -> Vec<&'static str> {
    let bodies = reading.facts.iter().filter_map(|fact| fact.body.as_ref());
    let mut reasons: Vec<&'static str> = Vec::new();
    for body in bodies {
        if let Body::OfferRefused(refused) = body {
            let read = refused.reasons.iter().map(|reason| {
                word(OfferRefusal::from_wire("reason", *reason).map(OfferRefusal::as_str))
            });
            reasons.extend(read);
        }
    }
    reasons.sort_unstable();
    reasons.dedup();
    reasons
}

fn booking(entry: &LedgerEntry, reading: &Reading) -> Booking {
    let offers = &reading.offers;
    let offer = offers.iter().find(|offer| offer.offer_id == entry.offer_id);
    let remedy =
        |offer: &Offer| word(RemedyKind::from_wire("remedy", offer.remedy).map(RemedyKind::as_str));
    Booking {
        kind: entry
            .kind()
            .as_str_name()
            .trim_start_matches("LEDGER_ENTRY_KIND_"),
        programme: entry.programme_id.clone(),
        remedy: offer.map_or("", remedy),
        amount: minor(entry.amount.as_ref()),
        by: offer.map_or_else(String::new, granted_by),
    }
}

fn granted_by(offer: &Offer) -> String {
    let agent = offer.agent.clone().unwrap_or_default();
    let by = format!("{} of {}", agent.agent_id, agent.partner_id);
    if offer.approved_by.is_empty() {
        return by;
    }
    format!("{by}, approved by {}", offer.approved_by)
}

/// Minor units of an amount; none when there is no amount.
fn minor(money: Option<&Money>) -> i64 {
    money.map_or(0, |money| money.minor_units)
}

/// The word of a closed set, or that it is none of it.
fn word<E>(read: Result<&'static str, E>) -> &'static str {
    read.unwrap_or("unspecified")
}
