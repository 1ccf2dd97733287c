//! Faults that are none: what is accepted although it looks wrong, each with the reason why.

use std::collections::BTreeSet;
use std::sync::Mutex;

use super::Fault;

/// A fault, the places where it is harmless, and why. A place is an RPC with the path of a field; `*` stands for anything.
const HARMLESS: &[(Fault, &[&str], &str)] = &[
    (
        Fault::Zero,
        &[
            "ActivateAuthorityPolicy version",
            "DryRunAuthorityPolicy version",
        ],
        "version 0 is the starter policy",
    ),
    (
        Fault::Zero,
        &["AuthorizeOffer cart_version"],
        "an offer on another cart than that of the case is refused by an answer",
    ),
    (
        Fault::Huge,
        &["AuthorizeOffer cart_version"],
        "an offer on another cart than that of the case is refused by an answer",
    ),
    (
        Fault::OtherCurrency,
        &["AuthorizeOffer amount.currency"],
        "an offer in another currency than the programme's is refused by an answer",
    ),
    (
        Fault::Zero,
        &["EstimateRecovery margin_bps"],
        "a shop that earns nothing may still ask",
    ),
    (
        Fault::UnknownId,
        &[
            "Assess* moment.*",
            "ProposeIntervention moment.*",
            "ProposeIntervention assessment.assessment_id",
            "RecordCase *",
            "RecordEvents events[].*",
            "RecordFacts facts[].*",
            "RecordOutcome session_id",
            "StreamEvents events[].*",
        ],
        "who tells of a thing knows it; it may be new, and may come before what made it",
    ),
    (
        Fault::UnknownId,
        &["List* *"],
        "a filter that nothing passes makes an empty list",
    ),
    (
        Fault::UnknownId,
        &["CheckAuthority person_id", "CheckAuthority session_id"],
        "who was never given anything may be given something",
    ),
    (
        Fault::UnknownId,
        &["EraseShopper person_id"],
        "who is not known has nothing to be forgotten",
    ),
    (
        Fault::Huge,
        &[
            "*Play* play.version",
            "CreateAuthorityPolicy policy.version",
        ],
        "set by the server, and not read",
    ),
    (
        Fault::UnknownEnum,
        &["*Play* play.state", "CreateProgramme programme.state"],
        "set by the server, and not read",
    ),
    (
        Fault::Nanos,
        &[
            "CreateAuthorityPolicy policy.created_at.nanos",
            "CreateAuthorityPolicy policy.scheduled_at.nanos",
        ],
        "set by the server, and not read",
    ),
    (
        Fault::Year1600,
        &["CreateProgramme programme.budget_periods.*.seconds"],
        "set by the server, and not read",
    ),
    (
        Fault::Year9000,
        &["CreateProgramme programme.budget_periods.*.seconds"],
        "set by the server, and not read",
    ),
    (
        Fault::Huge,
        &[
            "* moment.history.*",
            "* moment.event_count",
            "* moment.shopping.cart_additions",
            "* moment.shopping.product_views",
            "* moment.session_version",
            "* moment.signals[].count",
            "* events[].search_performed.result_count",
            "CheckAuthority cart.version",
            "* moment.cart.version",
            "ProposeIntervention assessment.cause_table_version",
            "ProposeIntervention assessment.model_version",
            "StreamEvents batch",
        ],
        "counts have no bound, and are only compared",
    ),
    (
        Fault::Huge,
        &[
            "ProposeIntervention assessment.baseline_log_odds",
            "ProposeIntervention assessment.factors[].log_odds",
            "RegisterModel scorecard.lines[].at_least",
        ],
        "a number like any other, as long as it is finite",
    ),
    (
        Fault::OtherCurrency,
        &[
            "* events[].product_viewed.price.currency",
            "* events[].cost_revealed.amount.currency",
            "* events[].coupon_applied.discount.currency",
            "* events[].order_placed.*.currency",
            "RecordFacts facts[].*.currency",
        ],
        "told as it was seen; figures are in one currency and leave out the others",
    ),
    (
        Fault::OtherCurrency,
        &[
            "*Play* play.min_cart_value.currency",
            "CreateAuthorityPolicy policy.grants[].max_amount.currency",
            "CreateProgramme programme.*.currency",
            "ListSessions min_cart_value.currency",
            "SetPurse purse.*.currency",
            "ProposeIntervention assessment.margin_at_risk.currency",
        ],
        "nothing beside it has a currency that it must be in",
    ),
    (
        Fault::Year1600,
        &["* from.seconds", "* window.from.seconds"],
        "from the beginning of time",
    ),
    (
        Fault::Year9000,
        &[
            "* from.seconds",
            "* until.seconds",
            "* window.until.seconds",
        ],
        "until the end of time",
    ),
    (
        Fault::Year1600,
        &[
            "Assess* moment.*.seconds",
            "CreateAuthorityPolicy policy.*.seconds",
            "CreateProgramme programme.starts_at.seconds",
            "ProposeIntervention *.seconds",
            "RecordOutcome ended_at.seconds",
            "SetStanding standing.certificates[].expires_at.seconds",
            "* events[].*.seconds",
        ],
        "long ago, which is told and not judged by",
    ),
    (
        Fault::Year9000,
        &[
            "Assess* moment.*.seconds",
            "CreateAuthorityPolicy policy.*.seconds",
            "CreateProgramme programme.ends_at.seconds",
            "ProposeIntervention *.seconds",
            "SetStanding standing.certificates[].expires_at.seconds",
            "* events[].shipment_updated.estimated_delivery.seconds",
        ],
        "far ahead, which is told and not judged by",
    ),
];

/// The table, and which of its lines were met.
#[derive(Default)]
pub(super) struct Harmless {
    met: Mutex<BTreeSet<(Fault, &'static str)>>,
}

impl Harmless {
    /// Whether the fault is harmless in this place.
    pub(super) fn meet(&self, fault: Fault, place: &str) -> bool {
        let mut lines = HARMLESS.iter().filter(|(of, ..)| *of == fault);
        let line = lines.find_map(|(_, places, _)| places.iter().find(|known| fits(place, known)));
        if let Some(known) = line {
            self.met.lock().unwrap().insert((fault, known));
        }
        line.is_some()
    }

    /// Fails when the table has a line that nothing needs.
    pub(super) fn assert_all_met(&self) {
        let met = self.met.lock().unwrap();
        for (fault, places, why) in HARMLESS {
            for place in *places {
                let needed = met.contains(&(*fault, *place));
                assert!(needed, "{fault:?} at {place} is refused, though {why}");
            }
        }
    }
}

/// Whether a place is one of those that a line of the table means.
fn fits(place: &str, known: &str) -> bool {
    match known.split_once('*') {
        None => place == known,
        Some((start, rest)) => place.strip_prefix(start).is_some_and(|place| {
            (0..=place.len()).any(|skipped| place.get(skipped..).is_some_and(|end| fits(end, rest)))
        }),
    }
}
