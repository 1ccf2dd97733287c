//! What binds the shop is told once, whatever the order of arrival.

use proptest::prelude::*;

use super::*;

/// Everything that two orders go through, and the moment that each makes.
fn life() -> Vec<(u64, Payload, MomentKind)> {
    let ready = |article: &str| OrderChange::BackOrderReady(sku(article));
    let (sent, delivered) = (ShipmentStatus::InTransit, ShipmentStatus::Delivered);
    vec![
        (0, order("A-1"), MomentKind::OrderPlaced),
        (10, order("B-2"), MomentKind::OrderPlaced),
        (
            20,
            of_order("A-1", ready("sofa")),
            MomentKind::BackOrderReady,
        ),
        (
            30,
            of_order("A-1", ready("lamp")),
            MomentKind::BackOrderReady,
        ),
        (40, shipment(sent, 40), MomentKind::ShipmentMilestone),
        (50, shipment(delivered, 50), MomentKind::ShipmentMilestone),
        (
            60,
            of_order("A-1", OrderChange::Changed),
            MomentKind::OrderChanged,
        ),
        (
            70,
            of_order("B-2", OrderChange::Cancelled),
            MomentKind::OrderCancelled,
        ),
    ]
}

proptest! {
    #[test]
    fn each_step_of_an_order_is_told_once(
        arriving in Just(life()).prop_shuffle(),
        looks in proptest::collection::vec(0..3_u64, 8),
    ) {
        let mut teller = Teller::new();
        let mut now = 1_000;
        let mut told = Vec::new();
        for ((seconds, payload, _), looks) in arriving.into_iter().zip(looks) {
            teller.quietly(seconds, payload);
            for _ in 0..looks {
                now += 1;
                told.extend(kind(teller.look(now)));
            }
        }
        for _ in 0..20 {
            now += 1;
            told.extend(kind(teller.look(now)));
        }

        told.sort_unstable();
        let mut expected: Vec<_> = life().into_iter().map(|(_, _, kind)| kind).collect();
        expected.sort_unstable();
        prop_assert_eq!(told, expected);
    }
}
