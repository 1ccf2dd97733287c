use std::collections::HashSet;
use std::time::Duration;

use domain::language::Language;
use domain::moment::{Moment, MomentKind, Progress, Shopping, VisitHistory};
use domain::signal::{Signal, SignalKind};
use domain::time::earlier;
use proptest::prelude::*;
use testkit::builders::{a_cart, a_moment};
use testkit::clock::start;

use super::catalogue::{Direction, Unit};
use super::*;

#[test]
fn every_name_reads_back_and_stands_once() {
    let mut names = HashSet::new();
    for feature in Feature::all() {
        let name = feature.to_string();
        assert_eq!(Feature::parse(&name), Ok(feature));
        assert!(name.len() <= 64, "{name}");
        assert!(names.insert(name));
    }
    for unknown in [
        "",
        "minutes",
        "count.",
        "count.unheard_of",
        "payment_declined",
    ] {
        assert_eq!(Feature::parse(unknown), Err(UnknownFeature), "{unknown}");
    }
}

#[test]
fn every_feature_means_something_in_both_languages() {
    for feature in Feature::all() {
        let (english, spanish) = (
            feature.meaning(Tongue::English),
            feature.meaning(Tongue::Spanish),
        );
        assert!(english.len() > 5 && spanish.len() > 5, "{feature}");
        assert_ne!(english, spanish, "{feature}");
    }
}

#[test]
fn a_moment_has_the_features_that_it_shows() {
    let moment = a_moment()
        .with_kind(MomentKind::Friction)
        .with_progress(Progress::Progressing)
        .with_cart(
            a_cart()
                .with_line("MUG", 2, 1_500)
                .with_line("TEE", 1, 3_000),
        )
        .with_history(VisitHistory {
            earlier_sessions: 4,
            earlier_carts: 3,
            earlier_orders: 1,
            earlier_abandonments: 2,
        })
        .with_dwell(SignalKind::CheckoutIdle, 2, Duration::from_secs(150))
        .build();

    let features = SessionFeatures::of(&Snapshot::from(&moment));

    for (feature, value) in [
        (Feature::MinutesOnSite, 5.0),
        (Feature::EventCount, 12.0),
        (Feature::CartLines, 2.0),
        (Feature::CartUnits, 3.0),
        (Feature::EarlierSessions, 4.0),
        (Feature::EarlierOrders, 1.0),
        (Feature::Progressing, 1.0),
        (Feature::InCheckout, 1.0),
        (Feature::AfterOrder, 0.0),
        (Feature::Count(SignalKind::CheckoutIdle), 2.0),
        (Feature::Dwell(SignalKind::CheckoutIdle), 2.5),
        (Feature::Count(SignalKind::PaymentDeclined), 0.0),
    ] {
        assert!(
            (features.get(feature).unwrap() - value).abs() < 1e-12,
            "{feature}"
        );
    }
}

#[test]
fn a_moment_tells_looks_and_additions_and_one_that_does_not_leaves_them_missing() {
    let before = |seconds| earlier(start(), Duration::from_secs(seconds));
    let moment = a_moment()
        .with_shopping(Shopping {
            product_views: 5,
            cart_additions: 2,
            products_seen: 3,
            cart_item_views: 4,
            first_at: before(120),
            previous_at: Some(before(30)),
        })
        .build();
    let features = SessionFeatures::of(&Snapshot::from(&moment));
    let unknown = SessionFeatures::of(&Snapshot::from(&a_moment().build()));

    for (feature, value) in [
        (Feature::MinutesShopping, 2.0),
        (Feature::ShoppingEvents, 7.0),
        (Feature::MinutesPerShoppingEvent, 2.0 / 6.0),
        (Feature::MinutesSinceShoppingEvent, 0.5),
        (Feature::CartAdditions, 2.0),
        (Feature::ShoppingEventsPerAddition, 3.5),
        (Feature::ProductsViewed, 3.0),
        (Feature::CartItemViews, 4.0),
    ] {
        assert_eq!(features.get(feature), Some(value), "{feature}");
        assert_eq!(unknown.get(feature), None, "{feature}");
    }
}

#[test]
fn an_hour_counts_only_where_the_zone_is_known() {
    // 10:00 UTC on a Monday: 4 o'clock in Chicago, 11 in Madrid.
    let hours = |moment: &Moment| {
        let features = SessionFeatures::of(&Snapshot::from(moment));
        (
            features.get(Feature::LocalEarlyHours) == Some(1.0),
            features.get(Feature::LocalWorkingHours) == Some(1.0),
            features.get(Feature::LocalHour),
        )
    };
    assert_eq!(hours(&a_moment().build()), (false, false, None));
    let chicago = a_moment().with_zone("America/Chicago").build();
    assert_eq!(hours(&chicago), (true, false, Some(4.0)));
    let madrid = a_moment().with_zone("Europe/Madrid").build();
    assert_eq!(hours(&madrid), (false, true, Some(11.0)));
}

#[test]
fn a_value_that_is_no_number_is_missing_where_it_may_be_and_else_nothing() {
    let features: SessionFeatures = [
        (Feature::CartLines, f64::NAN),
        (Feature::CartUnits, f64::INFINITY),
        (Feature::CartItemViews, f64::NAN),
    ]
    .into_iter()
    .collect();
    assert_eq!(features.get(Feature::CartLines), Some(0.0));
    assert_eq!(features.get(Feature::CartUnits), Some(0.0));
    assert_eq!(
        features.get(Feature::CartItemViews),
        None,
        "missing, and never NaN"
    );
}

#[test]
fn values_are_told_in_words() {
    let declined = Feature::Count(SignalKind::PaymentDeclined);
    assert_eq!(
        declined.in_words(Some(2.0), Tongue::English),
        "Payments declined: 2"
    );
    assert_eq!(
        declined.in_words(Some(2.0), Tongue::of(Some(Language::ES))),
        "Pagos rechazados: 2"
    );
    assert_eq!(
        Feature::Progressing.in_words(Some(1.0), Tongue::Spanish),
        "Avanza hacia el pedido: sí"
    );
    assert_eq!(
        Feature::MinutesOnSite.in_words(Some(5.25), Tongue::of(Some(Language::FR))),
        "Time on the site: 5.2 min"
    );
    assert_eq!(
        Feature::LocalHour.in_words(None, Tongue::Spanish),
        "Hora local del día, falta si no se conoce la zona: no se conoce"
    );
}

#[test]
fn signs_of_hesitation_raise_and_progress_lowers() {
    for signal in SignalKind::ALL {
        assert_eq!(Feature::Count(*signal).direction(), Some(Direction::Raises));
        assert_eq!(Feature::Dwell(*signal).unit(), Unit::Minutes);
    }
    assert_eq!(Feature::Progressing.direction(), Some(Direction::Lowers));
    assert_eq!(Feature::CartLines.direction(), None);
}

#[test]
fn every_feature_has_a_slot_of_its_own_in_the_order_of_the_catalogue() {
    let slots: Vec<usize> = Feature::all().map(Feature::slot).collect();
    assert_eq!(slots, (0..Feature::SLOTS).collect::<Vec<_>>());
}

/// Spans up to the longest that there is.
fn spans() -> impl Strategy<Value = Duration> {
    prop_oneof![
        Just(Duration::ZERO),
        Just(Duration::MAX),
        (0_u64..100_000).prop_map(Duration::from_millis),
    ]
}

/// Counts up to the largest that there is.
fn counts() -> impl Strategy<Value = u32> {
    prop_oneof![Just(0), Just(u32::MAX), 0_u32..50]
}

proptest! {
    #[test]
    fn whatever_a_session_shows_a_feature_is_a_finite_number_or_missing_where_it_may_be(
        [on_site, on_page, since_first, previous, dwell] in proptest::array::uniform5(spans()),
        [views, additions, products, looks, events, lines, orders, carts] in proptest::array::uniform8(counts()),
        extra_cost_percent in proptest::num::f64::ANY,
        has_shopped in proptest::bool::ANY,
        has_previous in proptest::bool::ANY,
        local_hour in proptest::option::of(0_u8..24),
        kind in proptest::sample::select(SignalKind::ALL),
    ) {
        let at = start();
        let signals = [Signal { kind, count: events, first_seen: at, last_seen: at, dwell }];
        let snapshot = Snapshot {
            on_site,
            on_page,
            events,
            shopped: has_shopped.then_some(Shopped {
                views,
                additions,
                products,
                cart_item_views: looks,
                since_first,
                since_previous: has_previous.then_some(previous),
            }),
            cart_lines: lines,
            cart_units: lines,
            extra_cost_percent,
            history: VisitHistory {
                earlier_sessions: carts,
                earlier_carts: carts,
                earlier_orders: orders,
                earlier_abandonments: carts,
            },
            shopper_known: has_previous,
            progress: Progress::Hesitating,
            phase: RiskPhase::InformationBlock,
            kind: None,
            local_hour,
            signals: &signals,
        };
        let features = SessionFeatures::of(&snapshot);
        for feature in Feature::all() {
            match features.get(feature) {
                Some(value) => prop_assert!(value.is_finite(), "{} is {}", feature, value),
                None => prop_assert!(feature.may_be_missing(), "{} is missing", feature),
            }
        }
    }
}
