//! No card number comes in anywhere: into every text of every call, numbers of all issuers are put in many hands. Each call
//! is refused, and nothing that the refusal says holds the number.

use std::collections::BTreeSet;
use std::sync::Mutex;

use futures::{StreamExt, stream};
use platform::client::Client;
use prost_reflect::{DynamicMessage, Value};
use proto::error::v1::ErrorReason;
use tonic::Code;

use crate::calls::{Call, places, table};
use crate::cards::{Card, Cards};
use crate::refusal::Refusal;
use crate::shop::Shop;
use crate::slots::Slot;
use crate::stage::Stage;

/// Numbers that are tried, spread evenly over all texts.
const NUMBERS: usize = 10_000;
const SEED: u64 = 4_111;

/// Calls under way at once.
const AT_ONCE: usize = 8;

/// Texts that only a service writes. What is not of its making is refused as that, whatever else it may hold.
const SEALED: [(&str, ErrorReason); 4] = [
    ("page_token", ErrorReason::PageTokenInvalid),
    ("resume_token", ErrorReason::ResumeTokenInvalid),
    ("offer_token", ErrorReason::TokenNotVerified),
    // The file of a model is full of long numbers; one that is a card number alone is no model.
    ("content", ErrorReason::InvalidField),
];

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_text_of_any_call_takes_a_card_number() {
    let shop = Shop::open().await;
    let stage = Stage::set(&shop).await;
    let mut texts = places(table(&stage));
    for (_, slots) in &mut texts {
        slots.retain(Slot::is_text);
    }
    let count: usize = texts.iter().map(|(_, slots)| slots.len()).sum();
    assert!(count > 200, "only {count} texts were found");
    let each = NUMBERS.div_ceil(count);
    let faults = Mutex::new(BTreeSet::new());
    stream::iter(texts.iter().zip(SEED..))
        .for_each_concurrent(AT_ONCE, |((call, slots), seed)| {
            let (faults, client) = (&faults, call.client(&shop));
            async move {
                let mut cards = Cards::seeded(seed);
                for slot in slots {
                    for card in cards.by_ref().take(each) {
                        let fault = fault(call, slot, &card, &client).await;
                        faults.lock().unwrap().extend(fault);
                    }
                }
            }
        })
        .await;
    let faults = faults.into_inner().unwrap();
    assert!(faults.is_empty(), "{faults:#?}");
    drop(stage);
    shop.close().await;
}

/// What is wrong with the answer to a call that holds a card number; nothing, if it is refused as it must be.
async fn fault(call: &Call, slot: &Slot, card: &Card, client: &Client) -> Option<String> {
    let mut request: DynamicMessage = call.anew();
    slot.set(&mut request, Value::String(card.text.clone()));
    let place = format!("{} {}", call.name(), slot.path());
    let Err(refusal) = call.send(client, &request).await else {
        return Some(format!("{place} takes a card number"));
    };
    let wanted = wanted(slot);
    let Refusal {
        code,
        reason,
        fields,
        words,
        ..
    } = refusal;
    if card.stands_in(&words) {
        return Some(format!("{place} says the number: {words}"));
    }
    let refused = code == Code::InvalidArgument && reason == Some(wanted);
    let named = fields == [slot.path()];
    (!refused || !named).then(|| format!("{place} is refused by {code:?} {reason:?} at {fields:?}"))
}

fn wanted(slot: &Slot) -> ErrorReason {
    SEALED
        .into_iter()
        .find(|(name, _)| *name == slot.field().name())
        .map_or(ErrorReason::CardData, |(_, reason)| reason)
}
