//! What the shop sells, and what happens to those who want it.

use std::time::Duration;

use domain::order::ShipmentStatus;
use proto::session::v1::{CheckoutStep, CostKind, PageKind};

use crate::demo::script::{Act, Beat, Configurable, Item, after};

const fn item(sku: &'static str, price: i64, margin: i64) -> Item {
    Item {
        sku,
        price,
        margin,
        configurable: Configurable::No,
    }
}

const BOOTS: Item = item("trail-boots-41", 12_900, 5_200);
const JACKET: Item = item("rain-jacket-m", 15_900, 6_400);
const KETTLE: Item = item("kettle-1l7", 6_490, 2_300);
const BIKE: Item = item("city-bike-7", 64_900, 19_000);
const LAMP: Item = item("desk-lamp", 4_990, 1_900);
const CAMERA: Item = Item {
    configurable: Configurable::Yes,
    ..item("camera-body", 48_900, 9_800)
};

/// What everybody looks at before their scene.
pub(in crate::demo) const WINDOW_SHOPPING: [&Item; 5] = [&LAMP, &KETTLE, &JACKET, &BOOTS, &LAMP];

/// The shipping cost appears, and the pointer leaves the page.
pub(super) const SHIPPING_SHOCK: &[Beat] = &[
    after(0, &[Act::Adds(&BOOTS), Act::Enters(CheckoutStep::Delivery)]),
    after(
        300,
        &[Act::Sees(CostKind::Shipping, 990), Act::TurnsToLeave],
    ),
];
pub(super) const LARGE_SHIPPING_SHOCK: &[Beat] = &[
    after(0, &[Act::Adds(&BIKE), Act::Enters(CheckoutStep::Delivery)]),
    after(
        300,
        &[Act::Sees(CostKind::Shipping, 1_900), Act::TurnsToLeave],
    ),
];
pub(super) const CODE_REFUSED: &[Beat] = &[
    after(0, &[Act::Adds(&JACKET), Act::Enters(CheckoutStep::Payment)]),
    after(300, &[Act::CodeRefused]),
];
pub(super) const CARD_DECLINED: &[Beat] = &[
    after(0, &[Act::Adds(&KETTLE), Act::Enters(CheckoutStep::Payment)]),
    after(300, &[Act::CardDeclined]),
];
pub(super) const FORM_REFUSED: &[Beat] = &[
    after(0, &[Act::Adds(&LAMP), Act::Enters(CheckoutStep::Address)]),
    after(200, &[Act::FormRefuses]),
    after(200, &[Act::FormRefuses]),
];
pub(super) const PAGE_FAILED: &[Beat] = &[
    after(0, &[Act::Adds(&JACKET), Act::Enters(CheckoutStep::Review)]),
    after(300, &[Act::PageFails]),
];
// Whoever has a cart outside the checkout acts in one call: a pause between two, on a busy machine, would be idleness.
pub(super) const WARRANTY_DOUBT: &[Beat] = &[after(
    0,
    &[
        Act::Adds(&CAMERA),
        Act::Reads("warranty"),
        Act::Studied(&CAMERA, Duration::from_secs(75)),
    ],
)];
pub(super) const POLICY_DOUBT: &[Beat] = &[after(
    0,
    &[
        Act::Adds(&BOOTS),
        Act::Reads("returns"),
        Act::Reads("shipping"),
        Act::Opens(PageKind::Policy, "/help/size-exchange"),
    ],
)];
/// Reads as much, and then fills the cart.
pub(super) const MAKES_UP_THEIR_MIND: &[Beat] = &[after(
    0,
    &[
        Act::Reads("returns"),
        Act::Reads("shipping"),
        Act::Reads("payment"),
        Act::Adds(&LAMP),
    ],
)];
pub(super) const DELIVERY_DOUBT: &[Beat] = &[
    after(0, &[Act::Adds(&JACKET), Act::Enters(CheckoutStep::Review)]),
    after(200, &[Act::Pays { discount: 0 }]),
    after(300, &[Act::Ships(ShipmentStatus::InTransit)]),
    after(300, &[Act::Opens(PageKind::OrderStatus, "/orders/last")]),
    after(250, &[Act::Opens(PageKind::OrderStatus, "/orders/last")]),
    after(250, &[Act::Opens(PageKind::OrderStatus, "/orders/last")]),
];
pub(super) const BUYS: &[Beat] = &[after(500, &[Act::Pays { discount: 0 }])];
pub(super) const LEAVES: &[Beat] = &[];
