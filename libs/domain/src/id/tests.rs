//! What ids promise: one text form each, and no id of one kind taken for another.

use proptest::prelude::*;
use uuid::Uuid;

use super::*;

const UUID: &str = "0192f0c1-1234-7abc-8def-0123456789ab";

fn uuids() -> impl Strategy<Value = Uuid> {
    any::<u128>().prop_map(Uuid::from_u128)
}

fn prefixes() -> Vec<&'static str> {
    vec![
        SessionId::PREFIX,
        VisitorId::PREFIX,
        ShopperId::PREFIX,
        EventId::PREFIX,
        MomentId::PREFIX,
        AssessmentId::PREFIX,
        InterventionId::PREFIX,
        InvitationId::PREFIX,
        TaskId::PREFIX,
        ReservationId::PREFIX,
        OfferId::PREFIX,
        RedemptionId::PREFIX,
        LedgerEntryId::PREFIX,
        ApprovalId::PREFIX,
        FactId::PREFIX,
        DecisionId::PREFIX,
    ]
}

#[test]
fn prefixes_are_three_letters_and_distinct() {
    let distinct: std::collections::HashSet<_> = prefixes().into_iter().collect();
    assert_eq!(distinct.len(), prefixes().len());
    assert!(distinct.iter().all(|prefix| prefix.len() == 3));
}

#[test]
fn an_id_reads_as_prefix_and_uuid() {
    let id = SessionId::from_uuid(Uuid::parse_str(UUID).expect("a uuid"));
    assert_eq!(id.to_string(), format!("ses_{UUID}"));
    assert_eq!(SessionId::parse(&id.to_string()), Ok(id));
}

#[test]
fn an_id_of_another_kind_is_refused() {
    let offer = format!("off_{UUID}");
    assert_eq!(
        SessionId::parse(&offer),
        Err(InvalidId::Prefix { expected: "ses" })
    );
    assert_eq!(
        SessionId::parse(UUID),
        Err(InvalidId::Prefix { expected: "ses" })
    );
}

#[test]
fn only_the_canonical_form_is_an_id() {
    let simple = UUID.replace('-', "");
    for text in [
        UUID.to_uppercase(),
        simple,
        format!("{{{UUID}}}"),
        format!("urn:uuid:{UUID}"),
        format!("{UUID} "),
        String::new(),
    ] {
        assert_eq!(
            SessionId::parse(&format!("ses_{text}")),
            Err(InvalidId::Uuid),
            "{text}"
        );
        assert_eq!(RequestId::parse(&text), Err(InvalidId::Uuid), "{text}");
    }
    assert_eq!(
        RequestId::parse(UUID).map(|id| id.to_string()),
        Ok(UUID.to_owned())
    );
}

#[test]
fn a_person_is_a_shopper_or_a_visitor() {
    let uuid = Uuid::parse_str(UUID).expect("a uuid");
    let shopper = PersonId::Shopper(ShopperId::from_uuid(uuid));
    let visitor = PersonId::Visitor(VisitorId::from_uuid(uuid));
    assert_eq!(PersonId::parse(&format!("shp_{UUID}")), Ok(shopper));
    assert_eq!(PersonId::parse(&format!("vis_{UUID}")), Ok(visitor));
    assert_ne!(shopper, visitor);
    assert_eq!(
        PersonId::parse(&format!("ses_{UUID}")),
        Err(InvalidId::Person)
    );
    assert_eq!(PersonId::parse("shp_1"), Err(InvalidId::Uuid));
    assert_eq!(PersonId::parse("vis_1"), Err(InvalidId::Uuid));
}

#[test]
fn slugs_are_short_and_plain() {
    assert_eq!(
        TenantId::parse("acme-shop.es_2").map(|id| id.to_string()),
        Ok("acme-shop.es_2".to_owned())
    );
    let longest = "a".repeat(64);
    assert!(TenantId::parse(&longest).is_ok());
    for text in [
        "",
        "Acme",
        "a b",
        "a/b",
        "ñ",
        "a\0",
        &(longest.clone() + "a"),
    ] {
        assert_eq!(TenantId::parse(text), Err(InvalidId::Slug), "{text:?}");
    }
}

#[test]
fn references_are_visible_ascii() {
    assert_eq!(
        OrderId::parse("#1001/A").map(|id| id.as_str().to_owned()),
        Ok("#1001/A".to_owned())
    );
    for text in ["", "a b", "a\n", "ñ", &"a".repeat(65)] {
        assert_eq!(Sku::parse(text), Err(InvalidId::Reference), "{text:?}");
    }
}

#[test]
fn card_numbers_are_refused_in_every_text_and_never_echoed() {
    let number = "4111-1111-1111-1111";
    assert_eq!(PartnerId::parse(number), Err(InvalidId::CardNumber));
    assert_eq!(OrderId::parse(number), Err(InvalidId::CardNumber));
    let error = serde_json::from_str::<Sku>(&format!("\"{number}\"")).expect_err("refused");
    assert!(!error.to_string().contains("4111"));
}

proptest! {
    #[test]
    fn ids_survive_text_and_json(uuid in uuids()) {
        let id = InterventionId::from_uuid(uuid);
        prop_assert_eq!(InterventionId::parse(&id.to_string()), Ok(id));
        let json = serde_json::to_string(&id).expect("json");
        prop_assert_eq!(serde_json::from_str::<InterventionId>(&json).expect("an id"), id);
        let person = PersonId::from(ShopperId::from_uuid(uuid));
        prop_assert_eq!(PersonId::parse(&person.to_string()), Ok(person));
    }

    #[test]
    fn the_order_of_texts_is_the_order_of_ids(one in uuids(), other in uuids()) {
        let (one, other) = (OfferId::from_uuid(one), OfferId::from_uuid(other));
        prop_assert_eq!(one.cmp(&other), one.to_string().cmp(&other.to_string()));
    }

    #[test]
    fn any_text_is_an_id_in_its_own_form_or_refused(text in "\\PC{0,70}") {
        if let Ok(slug) = QueueId::parse(&text) {
            prop_assert_eq!(slug.as_str(), &text);
        }
        if let Ok(reference) = Sku::parse(&text) {
            prop_assert_eq!(reference.as_str(), &text);
        }
        prop_assert!(TaskId::parse(&text).is_err());
    }
}
