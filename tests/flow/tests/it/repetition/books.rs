//! The books of a shop: all that it keeps and lists, without ids and times.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use bytes::Bytes;
use domain::time::{earlier, later};
use platform::auth::CallerKind;
use prost::Message;
use prost_reflect::{DynamicMessage, Value};
use proto::convert::time::wire_timestamp;
use proto::kpi::v1::{ExportFactsRequest, Window};

use crate::outline::outline;
use crate::people::now;
use crate::shop::{Shop, a_supervisor};
use crate::wire::{first_answer, rpc_named, service_of};

/// The lists of the suite that are the same in two shops that did the same.
const LISTS: [&str; 8] = [
    "ListModels",
    "ListInterventions",
    "ListPlays",
    "ListOffers",
    "ListProgrammes",
    "ListPurses",
    "ListAuthorityPolicies",
    "ListLedgerEntries",
];

/// Most items of a page, and of a message of facts.
const PAGE: u32 = 200;

/// What the lists of a shop hold, and how often.
pub(super) type Books = BTreeMap<String, usize>;

/// What every list of the shop says now, and every fact that it has told.
pub(super) async fn books(shop: &Shop) -> Books {
    let mut books = Books::new();
    for list in LISTS {
        enter(&mut books, &page(shop, list, CallerKind::Operator).await);
    }
    enter(&mut books, &page(shop, "ListMyTasks", a_supervisor()).await);
    enter(&mut books, &facts(shop).await);
    books
}

/// What stands in one of two books more often than in the other.
pub(super) fn difference(one: &Books, other: &Books) -> Result<(), Vec<String>> {
    let lines: BTreeSet<&String> = one.keys().chain(other.keys()).collect();
    let different: Vec<String> = lines
        .into_iter()
        .map(|line| (line, one.get(line), other.get(line)))
        .filter(|(_, one, other)| one != other)
        .map(|(line, one, other)| format!("{one:?} and {other:?} times {line}"))
        .collect();
    if different.is_empty() {
        Ok(())
    } else {
        Err(different)
    }
}

/// Enters each item of an answer, which must be a whole page at most.
fn enter(books: &mut Books, answer: &DynamicMessage) {
    for (list, value) in answer.fields() {
        let items = value.as_list().unwrap_or_default();
        let whole = items.len() < usize::try_from(PAGE).unwrap();
        assert!(whole, "{} has another page", list.full_name());
        for item in items {
            let line = format!("{}: {}", list.name(), outline(item.as_message().unwrap()));
            *books.entry(line).or_default() += 1;
        }
    }
}

async fn page(shop: &Shop, list: &str, caller: CallerKind) -> DynamicMessage {
    let mut request = DynamicMessage::new(rpc_named(list).input());
    request.set_field_by_name("page_size", Value::U32(PAGE));
    read(shop, list, caller, &request).await
}

async fn facts(shop: &Shop) -> DynamicMessage {
    let day = Duration::from_hours(24);
    let window = Window {
        from: Some(wire_timestamp(earlier(now(), day))),
        until: Some(wire_timestamp(later(now(), day))),
    };
    let request = ExportFactsRequest {
        window: Some(window),
    };
    read(shop, "ExportFacts", CallerKind::Operator, &request).await
}

async fn read(
    shop: &Shop,
    list: &str,
    caller: CallerKind,
    request: &impl Message,
) -> DynamicMessage {
    let rpc = rpc_named(list);
    let client = shop.client(service_of(&rpc), caller);
    let message = Bytes::from(request.encode_to_vec());
    let answer = first_answer(&client, &rpc, message).await.unwrap();
    DynamicMessage::decode(rpc.output(), answer.unwrap_or_default()).unwrap()
}
