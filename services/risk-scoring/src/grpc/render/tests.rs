//! A preview says what a stored assessment of the same moment says, to the bit, and lacks its name alone.

use std::sync::{Arc, LazyLock};
use std::time::Duration;

use domain::id::ModelId;
use domain::moment::{Moment, MomentKind, Progress, Shopping, VisitHistory};
use domain::signal::SignalKind;
use domain::time::earlier;
use proptest::collection::btree_map;
use proptest::option;
use proptest::prelude::*;
use proptest::sample::select;
use testkit::builders::{a_cart, a_moment};
use testkit::clock::start;
use testkit::ids::nth;

use super::*;
use crate::assess::{Basis, assess, preview as verdict};
use crate::cause::{CauseBasis, CauseTable};
use crate::model::{BuiltIn, Lineup, Model, ModelKey};
use crate::model_file::{self, ModelFormat};

const TRAINED: &str = include_str!("../../../models/retailrocket.json");

/// The built-in scorecard and table of causes; a trained model and a table that was learned.
static BASES: LazyLock<[Basis; 2]> = LazyLock::new(|| {
    let table = Arc::new(CauseTable::built_in().unwrap());
    let built_in = BuiltIn::load().unwrap().model;
    let trained = model_file::read(ModelFormat::Rescate, TRAINED).unwrap();
    let trained = Model {
        key: ModelKey {
            id: ModelId::parse("spring").unwrap(),
            version: 3,
        },
        evaluator: Arc::clone(trained.evaluator()),
    };
    let shifts = serde_json::from_str(r#"{"policy_doubt": 0.75, "payment_friction": -0.5}"#);
    [
        Basis {
            champion: built_in,
            causes: CauseBasis::built_in(Arc::clone(&table)),
        },
        Basis {
            champion: trained,
            causes: CauseBasis::learned(table, 1_007, shifts.unwrap()),
        },
    ]
});

fn signals() -> impl Strategy<Value = Vec<(SignalKind, u32, Duration)>> {
    let seen = (1_u32..20, 0_u64..600_000);
    btree_map(select(SignalKind::ALL), seen, 0..5).prop_map(|signals| {
        let signal = |(kind, (count, dwell))| (kind, count, Duration::from_millis(dwell));
        signals.into_iter().map(signal).collect()
    })
}

fn histories() -> impl Strategy<Value = VisitHistory> {
    (0_u32..40, 0_u32..20, 0_u32..10, 0_u32..10).prop_map(|(sessions, carts, orders, left)| {
        VisitHistory {
            earlier_sessions: sessions,
            earlier_carts: carts,
            earlier_orders: orders,
            earlier_abandonments: left,
        }
    })
}

fn shopping() -> impl Strategy<Value = Shopping> {
    (0_u32..50, 1_u32..9, 0_u64..3_600).prop_map(|(views, additions, seconds)| Shopping {
        product_views: views,
        cart_additions: additions,
        products_seen: additions,
        cart_item_views: views / 2,
        first_at: earlier(start(), Duration::from_secs(seconds)),
        previous_at: Some(earlier(start(), Duration::from_secs(seconds / 2))),
    })
}

prop_compose! {
    fn moments()(
        kind in select(MomentKind::ALL),
        progress in select(Progress::ALL),
        zone in option::of(select(vec!["Europe/Madrid", "America/Mexico_City"])),
        signals in signals(),
        history in histories(),
        shopping in option::of(shopping()),
        (lines, with_margin) in (0_u32..5, any::<bool>()),
    ) -> Moment {
        let cart = (0..lines).fold(a_cart().emptied(), |cart, line| {
            let cart = cart.with_line(&format!("SKU-{line}"), line + 1, 1_999);
            if with_margin { cart } else { cart.without_margin() }
        });
        let mut moment = a_moment()
            .with_kind(kind)
            .with_progress(progress)
            .with_cart(cart)
            .with_history(history);
        if let Some(zone) = zone {
            moment = moment.with_zone(zone);
        }
        if let Some(shopping) = shopping {
            moment = moment.with_shopping(shopping);
        }
        for (kind, count, dwell) in signals {
            moment = moment.with_dwell(kind, count, dwell);
        }
        moment.build()
    }
}

proptest! {
    #[test]
    fn a_preview_is_the_assessment_without_its_id(moment in moments()) {
        for basis in &*BASES {
            let lineup = Lineup { champion: basis.champion.clone(), shadows: Vec::new() };
            let stored = assess(&moment, &lineup, &basis.causes, nth(1), start()).assessment;
            let expected = Assessment { assessment_id: String::new(), ..stored.into() };

            let previewed = preview(verdict(&moment, basis, start()));

            prop_assert_eq!(previewed.abandonment.to_bits(), expected.abandonment.to_bits());
            prop_assert_eq!(previewed, expected);
        }
    }
}
