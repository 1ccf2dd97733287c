//! The category of an article goes from the event of a shopper to the margin floor that an offer meets.

use proto::offers::v1::authorize_offer_request::Value;
use proto::offers::v1::authorize_offer_response::Decision;
use proto::offers::v1::broken_margin_floor::Part;
use proto::offers::v1::{
    AuthorizeOfferRequest, BrokenMarginFloor, MarginFloor, SetMarginFloorRequest,
};
use proto::remedy::v1::{OfferRefusal, RemedyKind};
use testkit::eventually;
use testkit::messages::a_cart_line;

use crate::people::{Desk, PATIENCE, Shopper, fund, usd};
use crate::recovery::take;
use crate::shop::{Shop, request_id};
use crate::stage::invited;

/// Of a bicycle of USD 249.00 with USD 80.00 margin: 80 - x >= 30.12 % of 249 up to x = 5.0012.
const FLOOR_BPS: u32 = 3_012;
const MOST: i64 = 500;

#[tokio::test]
async fn the_category_of_an_event_meets_its_margin_floor() {
    let shop = Shop::open().await;
    fund(&shop, 100_000).await;
    let category = a_cart_line().category.unwrap();
    let set = SetMarginFloorRequest {
        request_id: request_id(),
        floor: Some(MarginFloor {
            category: Some(category.clone()),
            remedy: Some(RemedyKind::CutShipping.into()),
            floor_bps: Some(FLOOR_BPS),
        }),
    };
    shop.programmes().set_margin_floor(set).await.unwrap();
    let mut desk = Desk::open(&shop).await;
    let (invited, _browser) = invited(&shop, Shopper::new()).await;
    let reservation = invited.agree(&shop, &mut desk).await;
    take(&mut desk, &reservation).await;
    let task = reservation.task.unwrap();
    let cart_version = task.cart.unwrap().version;

    // The case is on its way through the outbox while the agent is already at work.
    let broken = eventually(PATIENCE, || async {
        let request = AuthorizeOfferRequest {
            request_id: request_id(),
            intervention_id: task.intervention_id.clone(),
            remedy: RemedyKind::CutShipping.into(),
            value: Some(Value::Amount(usd(MOST + 1))),
            cart_version,
        };
        let answer = shop.agent_offers().authorize_offer(request).await.ok()?;
        let Some(Decision::Refused(refused)) = answer.into_inner().decision else {
            return None;
        };
        let mut reasons = refused.reasons.into_iter();
        let reason = reasons.find(|found| found.reason() == OfferRefusal::MarginFloor)?;
        Some(reason.broken_floors)
    })
    .await;

    let expected = BrokenMarginFloor {
        part: Some(Part::Category(category)),
        floor_bps: FLOOR_BPS,
        max_amount: Some(usd(MOST)),
    };
    assert_eq!(broken, [expected]);
    shop.close().await;
}
