//! The promises of the suite, checked on what happened.

use std::collections::{BTreeMap, BTreeSet};

use proto::fact::v1::fact::Body;
use proto::offers::v1::{LedgerEntry, LedgerEntryKind, Programme};
use proto::routing::v1::{Intervention, InterventionState};

use super::{Check, Held};
use crate::demo::model::TRAINED;
use crate::demo::reading::Reading;
use crate::demo::scenes::Then;
use crate::demo::shopper::{Redemption, SecondOrder};
use crate::demo::source::Source;
use crate::demo::step::Step;

pub(super) fn all(source: &Source<'_>) -> Vec<Check> {
    let reading = source.reading;
    vec![
        durable(source),
        sent_twice(source),
        held_out_left_alone(reading),
        nobody_recorded_was_shown(source),
        blocked_with_one_reason(reading),
        budgets_hold(reading),
        purses_hold(reading),
        redeemed_once(source),
        contacts_end(source),
        trained_model_decides(reading),
        labels_arrive(reading),
        desks_heard_of_orders(source),
        funnel_is_that_of_the_facts(reading),
        figures_agree(reading),
        split_is_trusted(reading),
    ]
}

fn durable(source: &Source<'_>) -> Check {
    let replayed = &source.replayed;
    Check::new(
        "every recorded event is acknowledged as durable, and none is refused",
        Held(replayed.accepted == replayed.sent),
        format!("{} of {}", replayed.accepted, replayed.sent),
    )
}

fn sent_twice(source: &Source<'_>) -> Check {
    let again = &source.again;
    Check::new(
        "events that are sent again change nothing",
        Held(again.duplicates == again.sent),
        format!("{} of {} known", again.duplicates, again.sent),
    )
}

/// Whoever is held out is shown nothing, reserved for nobody and offered nothing, in any session.
fn held_out_left_alone(reading: &Reading) -> Check {
    let held_out: BTreeSet<&str> = reading
        .interventions
        .iter()
        .filter(|found| found.state() == InterventionState::HeldOut)
        .map(|found| found.person_id.as_str())
        .collect();
    let contacted = reading.facts.iter().filter(|fact| {
        fact.person_id
            .as_deref()
            .is_some_and(|person| held_out.contains(person))
            && fact.body.as_ref().is_some_and(is_contact)
    });
    let contacted = contacted.count();
    Check::new(
        "nobody who is held out is shown, offered or promised anything",
        Held(contacted == 0 && !held_out.is_empty()),
        format!("{} held out, {contacted} contacts", held_out.len()),
    )
}

fn is_contact(body: &Body) -> bool {
    matches!(
        body,
        Body::InvitationShown(_) | Body::ReservationCreated(_) | Body::OfferHeld(_)
    )
}

fn nobody_recorded_was_shown(source: &Source<'_>) -> Check {
    let scripted: BTreeSet<String> = source
        .taken
        .scenes
        .iter()
        .map(|take| take.identity.session.to_string())
        .collect();
    let shown = source.reading.facts.iter().filter(|fact| {
        let ours = fact
            .session_id
            .as_ref()
            .is_some_and(|session| scripted.contains(session));
        !ours && fact.body.as_ref().is_some_and(is_contact)
    });
    let shown = shown.count();
    Check::new(
        "nobody without a recorded consent is shown anything",
        Held(shown == 0),
        format!("{shown} contacts of recorded visitors"),
    )
}

fn blocked_with_one_reason(reading: &Reading) -> Check {
    let blocked: Vec<&Intervention> = reading
        .interventions
        .iter()
        .filter(|found| found.state() == InterventionState::Blocked)
        .collect();
    let without = blocked
        .iter()
        .filter(|found| {
            let others = &found.other_block_reasons;
            found.primary_block_reason == 0 || others.contains(&found.primary_block_reason)
        })
        .count();
    Check::new(
        "whoever is blocked has exactly one primary reason",
        Held(without == 0),
        format!("{} blocked", blocked.len()),
    )
}

/// No programme is overdrawn, and its balances are the sums of its ledger.
fn budgets_hold(reading: &Reading) -> Check {
    let mut sums: BTreeMap<&str, (i64, i64)> = BTreeMap::new();
    for entry in &reading.ledger {
        let (held, redeemed) = sums.entry(entry.programme_id.as_str()).or_default();
        let (holds, redeems) = booked(entry);
        *held += holds;
        *redeemed += redeems;
    }
    let broken: Vec<&str> = reading
        .programmes
        .iter()
        .filter(|programme| {
            let name = programme.programme_id.as_str();
            let (held, redeemed, budget) = balances(programme);
            let sum = sums.get(name).copied().unwrap_or_default();
            held + redeemed > budget || sum != (held, redeemed)
        })
        .map(|programme| programme.programme_id.as_str())
        .collect();
    Check::new(
        "no budget is overdrawn, and every balance is the sum of its ledger",
        Held(broken.is_empty()),
        format!("{} entries; broken: {broken:?}", reading.ledger.len()),
    )
}

/// What an entry adds to what is held and to what is redeemed.
fn booked(entry: &LedgerEntry) -> (i64, i64) {
    let amount = entry.amount.as_ref().map_or(0, |amount| amount.minor_units);
    match entry.kind() {
        LedgerEntryKind::Hold => (amount, 0),
        LedgerEntryKind::Release | LedgerEntryKind::Expire => (-amount, 0),
        LedgerEntryKind::Redeem => (-amount, amount),
        LedgerEntryKind::Reverse => (0, -amount),
        LedgerEntryKind::TopUp
        | LedgerEntryKind::CarryOut
        | LedgerEntryKind::CarryIn
        | LedgerEntryKind::Lapse
        | LedgerEntryKind::Unspecified => (0, 0),
    }
}

fn balances(programme: &Programme) -> (i64, i64, i64) {
    let minor = |money: &Option<proto::money::v1::Money>| {
        money.as_ref().map_or(0, |money| money.minor_units)
    };
    (
        minor(&programme.held),
        minor(&programme.redeemed),
        minor(&programme.budget),
    )
}

fn purses_hold(reading: &Reading) -> Check {
    let minor = |money: &Option<proto::money::v1::Money>| {
        money.as_ref().map_or(0, |money| money.minor_units)
    };
    let overdrawn = reading
        .purses
        .iter()
        .filter(|purse| minor(&purse.used_today) > minor(&purse.daily_limit))
        .count();
    Check::new(
        "no partner grants more than its purse",
        Held(overdrawn == 0),
        format!("{} purses", reading.purses.len()),
    )
}

fn redeemed_once(source: &Source<'_>) -> Check {
    let redemptions: Vec<&Redemption> = source
        .taken
        .scenes
        .iter()
        .filter_map(|take| take.lived.as_ref().ok()?.redemption.as_ref())
        .collect();
    let once = redemptions.iter().all(|redemption| {
        redemption.again == redemption.id && redemption.second_order == SecondOrder::Refused
    });
    Check::new(
        "an offer is redeemed once: a repeated request gets the same answer, another order none",
        Held(once && !redemptions.is_empty()),
        format!("{} redemptions", redemptions.len()),
    )
}

fn contacts_end(source: &Source<'_>) -> Check {
    let broken = &source.taken.broken_contacts;
    Check::new(
        "every contact at a desk comes to its wrap-up",
        Held(broken.is_empty()),
        format!("broken: {broken:?}"),
    )
}

fn trained_model_decides(reading: &Reading) -> Check {
    let bodies = reading.facts.iter().filter_map(|fact| fact.body.as_ref());
    let models = bodies.filter_map(|body| {
        let Body::MomentAssessed(made) = body else {
            return None;
        };
        Some(made.model_id.as_str())
    });
    let (by_it, by_others): (Vec<&str>, Vec<&str>) = models.partition(|model| *model == TRAINED);
    Check::new(
        "every moment is decided by the model that was activated",
        Held(by_others.is_empty() && !by_it.is_empty()),
        format!(
            "{} by {TRAINED}, {} by others",
            by_it.len(),
            by_others.len()
        ),
    )
}

/// Each wrap-up is a label of the table of causes that made the assessment.
fn labels_arrive(reading: &Reading) -> Check {
    let bodies = reading.facts.iter().filter_map(|fact| fact.body.as_ref());
    let wrapped = bodies
        .filter(|body| matches!(body, Body::ContactWrapped(_)))
        .count();
    let judged: u64 = reading.cause_tables.iter().map(|table| table.judged).sum();
    let accuracy = reading.cause_tables.iter().find_map(|table| table.accuracy);
    Check::new(
        "every cause that an agent notes at wrap-up judges the table of causes",
        Held(u64::try_from(wrapped) == Ok(judged) && judged > 0),
        format!(
            "{judged} of {wrapped}; right in {:.0} %",
            accuracy.unwrap_or_default() * 100.0
        ),
    )
}

fn desks_heard_of_orders(source: &Source<'_>) -> Check {
    let bought = source
        .taken
        .scenes
        .iter()
        .filter(|take| matches!(take.scene.then, Then::Talks(_) | Then::IsCalled(_)))
        .count();
    let told = source.taken.told_of_orders;
    Check::new(
        "agents are told at once when the shopper they talk with has bought",
        Held(told == bought),
        format!("{told} of {bought}"),
    )
}

fn funnel_is_that_of_the_facts(reading: &Reading) -> Check {
    let funnel = reading.kpis.funnel.unwrap_or_default();
    let differing: Vec<Step> = Step::ALL
        .into_iter()
        .filter(|step| {
            let facts = reading.facts.iter().filter_map(|fact| fact.body.as_ref());
            let counted = facts.filter(|body| step.is(body)).count();
            u64::try_from(counted) != Ok(step.counted(&funnel))
        })
        .collect();
    Check::new(
        "the funnel is what the exported facts add up to",
        Held(differing.is_empty()),
        format!("{} facts; differing: {differing:?}", reading.facts.len()),
    )
}

fn figures_agree(reading: &Reading) -> Check {
    let audit = &reading.audit;
    Check::new(
        "every figure, computed again from its facts in another order, is the same in every digit",
        Held(audit.consistent),
        format!(
            "{} facts; differing: {:?}",
            audit.fact_count, audit.differing_figures
        ),
    )
}

fn split_is_trusted(reading: &Reading) -> Check {
    let p = reading.experiment.split_p_value;
    Check::new(
        "people fell into the arms of the experiment as planned",
        Held(reading.experiment.trusted),
        p.map_or_else(|| "nobody drawn".to_owned(), |p| format!("p = {p:.3}")),
    )
}
