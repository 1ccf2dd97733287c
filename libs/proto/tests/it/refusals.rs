//! What is wrong is named: the field by its path, the reason from the one enum, and never the value.

mod shopping;

use std::fmt::Debug;

use domain::assessment::Assessment;
use domain::cart::Cart;
use domain::fact::Fact;
use domain::id::RequestId;
use domain::moment::Moment;
use proto::assessment::v1::Assessment as WireAssessment;
use proto::block::v1::{Block as WireBlock, BlockReason};
use proto::cart::v1::{Cart as WireCart, CartLine};
use proto::error::v1::ErrorReason;
use proto::fact::v1::Fact as WireFact;
use proto::fact::v1::fact::Body;
use proto::field::{self, InvalidField};
use proto::moment::v1::Moment as WireMoment;
use proto::money::v1::Money;

use crate::values::{a_cart, a_moment, an_assessment, facts};

/// A number of the test ranges that all card schemes publish.
const CARD: &str = "4111111111111111";
const UNKNOWN: i32 = 4_711;

fn refusal<W, T>(mut wire: W, spoil: impl FnOnce(&mut W)) -> (String, ErrorReason)
where
    T: TryFrom<W, Error = InvalidField> + Debug,
{
    spoil(&mut wire);
    let InvalidField {
        field,
        reason,
        description,
    } = T::try_from(wire).unwrap_err();
    assert!(!description.contains(CARD), "no value is echoed");
    (field, reason)
}

#[track_caller]
fn cart_refused(field: &str, reason: ErrorReason, spoil: impl FnOnce(&mut WireCart)) {
    let found = refusal::<_, Cart>(a_cart().into(), spoil);
    assert_eq!(found, (field.to_owned(), reason));
}

#[track_caller]
fn moment_refused(field: &str, reason: ErrorReason, spoil: impl FnOnce(&mut WireMoment)) {
    let found = refusal::<_, Moment>(a_moment().into(), spoil);
    assert_eq!(found, (field.to_owned(), reason));
}

#[track_caller]
fn assessment_refused(field: &str, reason: ErrorReason, spoil: impl FnOnce(&mut WireAssessment)) {
    let found = refusal::<_, Assessment>(an_assessment().into(), spoil);
    assert_eq!(found, (field.to_owned(), reason));
}

/// Spoils the body of the one fact that `spoil` knows.
#[track_caller]
fn fact_refused(field: &str, reason: ErrorReason, spoil: impl Fn(&mut Body) -> Option<()>) {
    let spoiled = facts().into_iter().find_map(|fact| {
        let mut wire = WireFact::from(fact);
        spoil(wire.body.as_mut()?)?;
        Some(wire)
    });
    let found = refusal::<_, Fact>(spoiled.unwrap(), |_| {});
    assert_eq!(found, (field.to_owned(), reason));
}

fn money(minor_units: i64, currency: &str) -> Money {
    Money {
        minor_units,
        currency: currency.to_owned(),
    }
}

fn line(cart: &mut WireCart, index: usize) -> &mut CartLine {
    &mut cart.lines[index]
}

#[test]
fn amounts_out_of_bounds_are_refused() {
    let field = "shipping.minor_units";
    cart_refused(field, ErrorReason::NegativeMoney, |cart| {
        cart.shipping = Some(money(-1, "USD"));
    });
    cart_refused(field, ErrorReason::MoneyOverflow, |cart| {
        cart.shipping = Some(money(1_000_000_000_000_001, "USD"));
    });
    cart_refused(field, ErrorReason::MoneyOverflow, |cart| {
        cart.shipping = Some(money(i64::MAX, "USD"));
    });
}

#[test]
fn a_sum_that_is_too_high_is_refused() {
    cart_refused("lines", ErrorReason::MoneyOverflow, |cart| {
        line(cart, 1).unit_price = Some(money(900_000_000_000_000, "USD"));
    });
}

#[test]
fn currencies_are_known_and_one() {
    cart_refused("currency", ErrorReason::Required, |cart| {
        cart.currency.clear();
    });
    cart_refused("currency", ErrorReason::UnknownCurrency, |cart| {
        "usd".clone_into(&mut cart.currency);
    });
    cart_refused("tax.currency", ErrorReason::CurrencyMismatch, |cart| {
        cart.tax = Some(money(0, "EUR"));
    });
    cart_refused(
        "lines[1].unit_price.currency",
        ErrorReason::CurrencyMismatch,
        |cart| line(cart, 1).unit_price = Some(money(5, "EUR")),
    );
    cart_refused(
        "lines[0].unit_margin.currency",
        ErrorReason::CurrencyMismatch,
        |cart| line(cart, 0).unit_margin = Some(money(5, "EUR")),
    );
}

#[test]
fn a_line_keeps_its_bounds() {
    cart_refused("lines[0].quantity", ErrorReason::OutOfRange, |cart| {
        line(cart, 0).quantity = 0;
    });
    cart_refused("lines[0].quantity", ErrorReason::OutOfRange, |cart| {
        line(cart, 0).quantity = 10_001;
    });
    cart_refused("lines[0].unit_price", ErrorReason::Required, |cart| {
        line(cart, 0).unit_price = None;
    });
    cart_refused("lines[0].unit_margin", ErrorReason::OutOfRange, |cart| {
        line(cart, 0).unit_margin = Some(money(48_901, "USD"));
    });
    cart_refused("lines[1].sku", ErrorReason::CardData, |cart| {
        CARD.clone_into(&mut line(cart, 1).sku);
    });
    let category = "lines[0].category";
    cart_refused(category, ErrorReason::Required, |cart| {
        line(cart, 0).category = Some(" ".to_owned());
    });
    cart_refused(category, ErrorReason::TooLong, |cart| {
        line(cart, 0).category = Some("x".repeat(129));
    });
    cart_refused(category, ErrorReason::InvalidField, |cart| {
        line(cart, 0).category = Some("shoes\n".repeat(2));
    });
    cart_refused(category, ErrorReason::CardData, |cart| {
        line(cart, 0).category = Some("4111 1111 1111 1111".to_owned());
    });
}

#[test]
fn lines_are_distinct_and_counted() {
    cart_refused("lines[2]", ErrorReason::DuplicateItem, |cart| {
        cart.lines.push(cart.lines[0].clone());
    });
    cart_refused("lines", ErrorReason::TooManyItems, |cart| {
        cart.lines = vec![cart.lines[0].clone(); 201];
    });
}

#[test]
fn what_a_moment_requires_must_be_there() {
    let required = ErrorReason::Required;
    moment_refused("moment_id", required, |moment| moment.moment_id.clear());
    moment_refused("session_id", required, |moment| moment.session_id.clear());
    moment_refused("kind", required, |moment| moment.kind = 0);
    moment_refused("occurred_at", required, |moment| moment.occurred_at = None);
    moment_refused("cart", required, |moment| moment.cart = None);
    moment_refused("history", required, |moment| moment.history = None);
    moment_refused("progress", required, |moment| moment.progress = 0);
    moment_refused("page", required, |moment| moment.page = Some("  ".into()));
    moment_refused("shopper_id", required, |moment| {
        moment.shopper_id = Some(String::new());
    });
    moment_refused("signals[1].dwell", required, |moment| {
        moment.signals[1].dwell = None;
    });
    moment_refused("consents[0].channel", required, |moment| {
        moment.consents[0].channel = 0;
    });
}

#[test]
fn unknown_words_are_refused() {
    let unknown = ErrorReason::UnknownEnum;
    moment_refused("kind", unknown, |moment| moment.kind = UNKNOWN);
    moment_refused("phase", unknown, |moment| moment.phase = -1);
    moment_refused("trigger", unknown, |moment| moment.trigger = Some(UNKNOWN));
    moment_refused("signals[0].kind", unknown, |moment| {
        moment.signals[0].kind = UNKNOWN;
    });
    assessment_refused("causes[1].evidence[0]", unknown, |assessment| {
        assessment.causes[1].evidence[0] = UNKNOWN;
    });
}

#[test]
fn ids_are_of_their_kind() {
    let malformed = ErrorReason::MalformedId;
    moment_refused("visitor_id", malformed, |moment| {
        moment.visitor_id = moment.session_id.clone();
    });
    moment_refused("session_id", malformed, |moment| {
        moment.session_id = moment.session_id.to_uppercase();
    });
    moment_refused("session_id", ErrorReason::TooLong, |moment| {
        moment.session_id = "x".repeat(65);
    });
    assessment_refused("model_id", malformed, |assessment| {
        "Scorecard 1".clone_into(&mut assessment.model_id);
    });
    let request_id: Result<RequestId, _> = field::read("request_id", "retry-1".to_owned());
    assert_eq!(request_id.unwrap_err().reason, malformed);
}

#[test]
fn texts_are_bounded() {
    let too_long = ErrorReason::TooLong;
    moment_refused("page", too_long, |moment| {
        moment.page = Some("p".repeat(257));
    });
    moment_refused("consents[0].source", too_long, |moment| {
        moment.consents[0].source = "s".repeat(65);
    });
    moment_refused("order_id", too_long, |moment| {
        moment.order_id = Some("o".repeat(65));
    });
    assessment_refused("factors[0].name", too_long, |assessment| {
        assessment.factors[0].name = "n".repeat(65);
    });
}

#[test]
fn no_text_holds_a_card_number() {
    let card = ErrorReason::CardData;
    moment_refused("page", card, |moment| {
        moment.page = Some(format!("/pay/{CARD}"));
    });
    moment_refused("order_id", card, |moment| {
        moment.order_id = Some(CARD.to_owned());
    });
    moment_refused("moment_id", card, |moment| {
        moment.moment_id = format!("mom_{CARD}");
    });
    moment_refused("zone", card, |moment| moment.zone = Some(CARD.to_owned()));
    moment_refused("language", card, |moment| {
        moment.language = Some(CARD.to_owned());
    });
    moment_refused("consents[0].text_version", card, |moment| {
        moment.consents[0].text_version = "4111 1111 1111 1111".to_owned();
    });
    assessment_refused("factors[0].name", card, |assessment| {
        assessment.factors[0].name = format!("card {CARD}");
    });
    assessment_refused("model_id", card, |assessment| {
        CARD.clone_into(&mut assessment.model_id);
    });
    fact_refused("contact_received.issue", card, |body| {
        let Body::ContactReceived(contact) = body else {
            return None;
        };
        CARD.clone_into(&mut contact.issue);
        Some(())
    });
}

#[test]
fn places_and_languages_are_known() {
    moment_refused("zone", ErrorReason::UnknownZone, |moment| {
        moment.zone = Some("Mars/Olympus".into());
    });
    moment_refused("language", ErrorReason::UnknownLanguage, |moment| {
        moment.language = Some("ES".into());
    });
}

#[test]
fn times_are_in_order_and_in_range() {
    let out_of_range = ErrorReason::OutOfRange;
    moment_refused("expires_at", out_of_range, |moment| {
        moment.expires_at = moment.session_started_at;
    });
    moment_refused("occurred_at", out_of_range, |moment| {
        moment.occurred_at.as_mut().unwrap().nanos = -1;
    });
    moment_refused("signals[0].last_seen", out_of_range, |moment| {
        moment.signals[0].last_seen = moment.session_started_at;
    });
    moment_refused("signals[0].dwell", out_of_range, |moment| {
        moment.signals[0].dwell.as_mut().unwrap().seconds = -1;
    });
}

#[test]
fn repeated_fields_are_bounded_and_distinct() {
    moment_refused("signals", ErrorReason::TooManyItems, |moment| {
        moment.signals = vec![moment.signals[0]; 201];
    });
    moment_refused("consents", ErrorReason::TooManyItems, |moment| {
        moment.consents = vec![moment.consents[0].clone(); 201];
    });
    moment_refused("signals[1]", ErrorReason::DuplicateItem, |moment| {
        moment.signals[1] = moment.signals[0];
    });
    moment_refused("signals[0].count", ErrorReason::OutOfRange, |moment| {
        moment.signals[0].count = 0;
    });
    assessment_refused("causes[1]", ErrorReason::DuplicateItem, |assessment| {
        assessment.causes[1] = assessment.causes[0].clone();
    });
}

#[test]
fn scores_are_numbers_in_range() {
    let out_of_range = ErrorReason::OutOfRange;
    for wrong in [-0.1, 1.1, f64::NAN, f64::INFINITY] {
        assessment_refused("abandonment", out_of_range, |assessment| {
            assessment.abandonment = wrong;
        });
    }
    assessment_refused("baseline_log_odds", out_of_range, |assessment| {
        assessment.baseline_log_odds = f64::NEG_INFINITY;
    });
    assessment_refused("causes[0].confidence", out_of_range, |assessment| {
        assessment.causes[0].confidence = 2.0;
    });
    assessment_refused("model_version", out_of_range, |assessment| {
        assessment.model_version = 0;
    });
}

#[test]
fn a_fact_has_a_body_and_an_id() {
    let body_missing = refusal::<_, Fact>(facts().remove(0).into(), |fact: &mut WireFact| {
        fact.body = None;
    });
    assert_eq!(body_missing, ("body".to_owned(), ErrorReason::Required));

    let person = refusal::<_, Fact>(facts().remove(0).into(), |fact: &mut WireFact| {
        fact.person_id.clone_from(&fact.session_id);
    });
    assert_eq!(person, ("person_id".to_owned(), ErrorReason::MalformedId));
}

#[test]
fn a_fault_in_a_body_is_named_by_its_kind() {
    fact_refused("survey_answered.score", ErrorReason::OutOfRange, |body| {
        let Body::SurveyAnswered(survey) = body else {
            return None;
        };
        survey.score = 256 + 3;
        Some(())
    });
    fact_refused("offer_refused.reasons", ErrorReason::Required, |body| {
        let Body::OfferRefused(refused) = body else {
            return None;
        };
        refused.reasons.clear();
        Some(())
    });
    fact_refused(
        "offer_held.amount.currency",
        ErrorReason::Required,
        |body| {
            let Body::OfferHeld(held) = body else {
                return None;
            };
            held.amount.as_mut()?.currency.clear();
            Some(())
        },
    );
}

#[test]
fn the_primary_reason_of_a_block_is_the_first_by_rank() {
    let misranked = WireBlock {
        primary: BlockReason::Pacing.into(),
        others: vec![BlockReason::Ordered.into()],
    };

    let fault = domain::block::Block::try_from(misranked).unwrap_err();

    assert_eq!(fault.field, "primary");
    assert_eq!(fault.reason, ErrorReason::InvalidField);
}
