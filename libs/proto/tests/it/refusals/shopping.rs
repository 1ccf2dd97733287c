//! What was done with products, which must fit together.

use proto::error::v1::ErrorReason;
use proto::field::WireField;
use proto::moment::v1::ShoppingSummary;

use super::moment_refused;
use crate::values::a_moment;

#[test]
fn looks_and_additions_are_of_one_session() {
    type Spoil = fn(&mut ShoppingSummary);
    let spoils: [(&str, ErrorReason, Spoil); 5] = [
        ("products_seen", ErrorReason::OutOfRange, |shopping| {
            shopping.products_seen = 0;
        }),
        ("products_seen", ErrorReason::OutOfRange, |shopping| {
            shopping.products_seen = 13;
        }),
        ("cart_item_views", ErrorReason::OutOfRange, |shopping| {
            shopping.cart_item_views = 10;
        }),
        ("first_at", ErrorReason::Required, |shopping| {
            shopping.first_at = None;
        }),
        ("previous_at", ErrorReason::OutOfRange, |shopping| {
            shopping.previous_at = a_moment().occurred_at.into_wire();
            shopping.first_at = a_moment().expires_at.into_wire();
        }),
    ];
    for (field, reason, spoil) in spoils {
        moment_refused(&format!("shopping.{field}"), reason, |moment| {
            spoil(moment.shopping.as_mut().unwrap());
        });
    }
}
