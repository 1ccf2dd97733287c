//! The books of a shop: all that it keeps and lists, without ids and times.

use std::collections::BTreeMap;
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

/// What every list of the shop says now, and every fact that it has told.
pub(super) async fn books(shop: &Shop) -> BTreeMap<&'static str, String> {
    let mut books = BTreeMap::new();
    for list in LISTS {
        books.insert(list, page(shop, list, CallerKind::Operator).await);
    }
    let tasks = "ListMyTasks";
    books.insert(tasks, page(shop, tasks, a_supervisor()).await);
    books.insert("ExportFacts", facts(shop).await);
    books
}

async fn page(shop: &Shop, list: &str, caller: CallerKind) -> String {
    let mut request = DynamicMessage::new(rpc_named(list).input());
    request.set_field_by_name("page_size", Value::U32(PAGE));
    read(shop, list, caller, &request).await
}

async fn facts(shop: &Shop) -> String {
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

/// The outline of an answer, which must be a whole page at most.
async fn read(shop: &Shop, list: &str, caller: CallerKind, request: &impl Message) -> String {
    let rpc = rpc_named(list);
    let client = shop.client(service_of(&rpc), caller);
    let message = Bytes::from(request.encode_to_vec());
    let answer = first_answer(&client, &rpc, message).await.unwrap();
    let answer = answer.unwrap_or_default();
    let answer = DynamicMessage::decode(rpc.output(), answer).unwrap();
    for (_, value) in answer.fields() {
        let items = value.as_list().map_or(0, <[Value]>::len);
        assert!(
            items < usize::try_from(PAGE).unwrap(),
            "{list} has another page"
        );
    }
    outline(&answer)
}
