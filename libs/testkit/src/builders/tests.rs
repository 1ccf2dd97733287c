use domain::cause::Cause;
use domain::moment::MomentKind;
use domain::phase::RiskPhase;

use super::*;

#[test]
fn a_cart_has_a_known_value_and_margin() {
    let cart = a_cart().build();

    assert_eq!(
        (cart.value(), cart.margin()),
        (usd(12_000), Some(usd(4_000)))
    );
}

#[test]
fn the_first_line_that_a_test_names_replaces_the_usual_one() {
    let cart = a_cart()
        .with_line("MUG", 2, 1_500)
        .with_line("TEE", 1, 3_000)
        .without_margin()
        .build();

    assert_eq!((cart.value(), cart.margin()), (usd(6_000), None));
}

#[test]
fn a_moment_after_the_order_has_one_and_its_phase() {
    let moment = a_moment().with_kind(MomentKind::StatusAnxiety).build();

    assert_eq!(moment.phase, RiskPhase::PostClickAnxiety);
    assert!(moment.order.is_some());
}

#[test]
fn an_assessment_of_a_moment_fits_it() {
    let moment = a_moment().with_cart(a_cart().with_value(30_000)).build();

    let assessment = an_assessment()
        .of(&moment)
        .with_cause(Cause::Unknown, 0.1)
        .with_cause(Cause::PromoCode, 0.6)
        .build();

    assert_eq!(assessment.margin_at_risk, Some(usd(10_000)));
    assert_eq!(assessment.likely_cause(), Cause::PromoCode);
}
