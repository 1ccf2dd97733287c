//! What facts promise: they survive storage as they were told.

use uuid::Uuid;

use super::*;
use crate::block::BlockReason;
use crate::money::Currency;

fn fact(body: FactBody) -> Fact {
    Fact {
        id: FactId::from_uuid(Uuid::from_u128(1)),
        occurred_at: Timestamp::UNIX_EPOCH,
        session: Some(SessionId::from_uuid(Uuid::from_u128(2))),
        person: None,
        intervention: None,
        partner: None,
        agent: None,
        body,
    }
}

fn bodies() -> Vec<FactBody> {
    let amount = Money::new(500, Currency::EUR).expect("an amount");
    let offer = OfferId::from_uuid(Uuid::from_u128(3));
    vec![
        FactBody::InvitationShown,
        FactBody::SessionEnded {
            ending: Ending::Abandoned,
            phase_reached: Some(RiskPhase::TransactionalFriction),
            cart_value: Some(amount),
        },
        FactBody::InterventionBlocked {
            play: None,
            block: Block::from_reasons([BlockReason::NoAgent, BlockReason::Ordered])
                .expect("a block"),
        },
        FactBody::ContactWrapped {
            resolution: Resolution::Resolved,
            cause: Cause::PromoCode,
            handle_time: Duration::from_millis(90_500),
            pointless: Pointless::No,
        },
        FactBody::SurveyAnswered {
            score: SurveyScore::new(5).expect("a score"),
        },
        FactBody::OfferRefused {
            reasons: vec![OfferRefusal::MarginFloor],
        },
        FactBody::OfferReleased { offer, amount },
    ]
}

#[test]
fn facts_survive_json() {
    for body in bodies() {
        let fact = fact(body);
        let json = serde_json::to_string(&fact).expect("json");
        assert_eq!(
            serde_json::from_str::<Fact>(&json).expect("a fact"),
            fact,
            "{json}"
        );
    }
}

#[test]
fn the_kind_of_a_fact_stands_in_its_body() {
    let json = serde_json::to_value(FactBody::InvitationShown).expect("json");
    assert_eq!(json, serde_json::json!({ "kind": "invitation_shown" }));
}

#[test]
fn survey_scores_are_1_to_5() {
    for refused in [0, 6, u8::MAX] {
        assert_eq!(SurveyScore::new(refused), Err(InvalidSurveyScore));
    }
    assert!(serde_json::from_str::<SurveyScore>("0").is_err());
    assert_eq!(
        serde_json::from_str::<SurveyScore>("5")
            .map(SurveyScore::get)
            .ok(),
        Some(5)
    );
}
