//! A call that works for every RPC of the suite: the one page that shows how each is used, and what the sweeps start from.
//!
//! An RPC has several lines where one message cannot hold all that it takes: one for each kind of event, of fact, and of
//! whatever else is one of many.

mod kpi;
mod offers;
mod programmes;
mod risk;
mod routing;
mod samples;
mod sessions;

use std::collections::BTreeSet;

use bytes::Bytes;
use platform::auth::CallerKind;
use platform::client::Client;
use prost::Message;
use prost_reflect::{
    DynamicMessage, FieldDescriptor, Kind, MessageDescriptor, MethodDescriptor, Value,
};

pub(crate) use samples::a_moment;

use crate::people::PATIENCE;
use crate::refusal::Refusal;
use crate::shop::{Shop, request_id};
use crate::slots::{Slot, slots};
use crate::stage::Stage;
use crate::wire::{first_answer, path_of, rpc_named, rpcs, service_of};

/// Names that a request gives to what it creates, once.
const CREATED: [(&str, &str); 5] = [
    ("rescate.session.v1.Event.event_id", "evt_"),
    ("rescate.fact.v1.Fact.fact_id", "fct_"),
    ("rescate.moment.v1.Moment.moment_id", "mom_"),
    ("rescate.assessment.v1.Assessment.moment_id", "mom_"),
    ("rescate.offers.v1.Programme.programme_id", "spring-"),
];

/// A call that works: who makes it, and with which request.
#[derive(Debug, Clone)]
pub(crate) struct Call {
    pub(crate) rpc: MethodDescriptor,
    pub(crate) caller: CallerKind,
    pub(crate) request: DynamicMessage,
    /// Where the request names what it creates, with how such a name begins.
    created: Vec<(Slot, &'static str)>,
}

/// The table. Writes are independent: each has something of its own on the stage to work on.
pub(crate) fn table(stage: &Stage) -> Vec<Call> {
    [
        sessions::calls(stage),
        risk::calls(stage),
        routing::calls(stage),
        offers::calls(stage),
        programmes::calls(),
        kpi::calls(),
    ]
    .concat()
}

/// Every place of every RPC, once, with a call to put something else there.
pub(crate) fn places(table: Vec<Call>) -> Vec<(Call, Vec<Slot>)> {
    let mut seen = BTreeSet::new();
    let mut places = Vec::new();
    for call in table {
        let new: Vec<Slot> = slots(&call.request)
            .into_iter()
            .filter(|slot| seen.insert((path_of(&call.rpc), slot.shape())))
            .collect();
        places.push((call, new));
    }
    places
}

/// A line of the table.
#[expect(
    clippy::needless_pass_by_value,
    reason = "a line reads better without a borrow"
)]
fn call(name: &str, caller: CallerKind, request: impl Message) -> Call {
    let rpc = rpc_named(name);
    let mut message = DynamicMessage::new(rpc.input());
    message.transcode_from(&request).unwrap();
    Call {
        rpc,
        caller,
        created: created(&message),
        request: message,
    }
}

fn created(request: &DynamicMessage) -> Vec<(Slot, &'static str)> {
    let named = slots(request).into_iter().filter_map(|slot| {
        let name = slot.full_name();
        let (_, prefix) = CREATED.into_iter().find(|(field, _)| *field == name)?;
        Some((slot, prefix))
    });
    named.collect()
}

impl Call {
    pub(crate) fn name(&self) -> &str {
        self.rpc.name()
    }

    /// Whether the RPC answers each `request_id` once. A preview has none, as it leaves nothing.
    pub(crate) fn is_keyed(&self) -> bool {
        let preview = self.request.get_field_by_name("preview");
        let is_preview = preview.is_some_and(|preview| *preview == Value::Bool(true));
        self.rpc.input().get_field_by_name("request_id").is_some() && !is_preview
    }

    /// The same request under a new `request_id`, if it has one.
    pub(crate) fn under_a_new_id(&self) -> DynamicMessage {
        let mut request = self.request.clone();
        if self.is_keyed() {
            request.set_field_by_name("request_id", Value::String(request_id()));
        }
        request
    }

    /// The same request about something new: under a new `request_id`, and what it creates has a new name.
    pub(crate) fn anew(&self) -> DynamicMessage {
        let mut request = self.under_a_new_id();
        let new = request_id();
        for (slot, prefix) in &self.created {
            slot.set(&mut request, Value::String(format!("{prefix}{new}")));
        }
        request
    }

    pub(crate) fn client(&self, shop: &Shop) -> Client {
        shop.client(service_of(&self.rpc), self.caller.clone())
    }

    /// Sends a request, as often as it is asked to come again.
    pub(crate) async fn send(
        &self,
        client: &Client,
        request: &DynamicMessage,
    ) -> Result<Option<Bytes>, Refusal> {
        let sent = async {
            loop {
                match self.send_once(client, request).await {
                    Err(refusal) if refusal.pause().is_some() => {
                        tokio::time::sleep(refusal.pause().unwrap_or_default()).await;
                    }
                    answer => return answer,
                }
            }
        };
        tokio::time::timeout(PATIENCE, sent)
            .await
            .unwrap_or_else(|_| panic!("{} is asked to come again for ever", self.name()))
    }

    /// Sends a request. A batch of which an item is refused counts as refused.
    async fn send_once(
        &self,
        client: &Client,
        request: &DynamicMessage,
    ) -> Result<Option<Bytes>, Refusal> {
        let message = Bytes::from(request.encode_to_vec());
        let answer = first_answer(client, &self.rpc, message).await?;
        let rejected = answer
            .as_ref()
            .and_then(|answer| Refusal::of_item(&self.read(answer), &self.items()));
        rejected.map_or(Ok(answer), Err)
    }

    /// An answer of the RPC as a message.
    pub(crate) fn read(&self, answer: &Bytes) -> DynamicMessage {
        DynamicMessage::decode(self.rpc.output(), answer.clone()).unwrap()
    }

    /// The repeated field in which a batch comes.
    fn items(&self) -> String {
        let kind = self.rpc.input();
        let list = kind.fields().find(FieldDescriptor::is_list);
        list.map(|field| field.name().to_owned())
            .unwrap_or_default()
    }
}

#[tokio::test]
async fn the_table_is_whole_and_every_call_of_it_works() {
    let shop = Shop::open().await;
    let stage = Stage::set(&shop).await;
    let table = table(&stage);
    every_rpc_has_a_line(&table);
    every_message_has_a_place(&table);
    for call in &table {
        let client = call.client(&shop);
        let answer = call.send(&client, &call.request).await;
        assert!(answer.is_ok(), "{}: {answer:?}", call.name());
    }
    drop(stage);
    shop.close().await;
}

fn every_rpc_has_a_line(table: &[Call]) {
    let lines: BTreeSet<String> = table.iter().map(|call| path_of(&call.rpc)).collect();
    let rpcs: BTreeSet<String> = rpcs().iter().map(path_of).collect();
    let missing: Vec<&String> = rpcs.difference(&lines).collect();
    assert!(missing.is_empty(), "no line of the table calls {missing:?}");
}

/// Whatever message an RPC takes, a line has it: what no line has, no sweep would look at.
fn every_message_has_a_place(table: &[Call]) {
    for rpc in rpcs() {
        let lines = table.iter().filter(|call| call.rpc == rpc);
        let held: BTreeSet<String> = lines
            .flat_map(|call| slots(&call.request))
            .map(|slot| slot.shape())
            .collect();
        let taken = messages_of(&rpc.input(), "");
        let missing: Vec<String> = taken
            .into_iter()
            .filter(|(_, inner)| !inner.iter().all(|field| held.contains(field)))
            .map(|(place, _)| place)
            .collect();
        assert!(
            missing.is_empty(),
            "no line calls {} with {missing:?}",
            rpc.name()
        );
    }
}

/// Every place below a message where a message may stand, with the fields that this one would show.
fn messages_of(message: &MessageDescriptor, above: &str) -> Vec<(String, Vec<String>)> {
    let mut found = Vec::new();
    for field in message.fields() {
        let Kind::Message(inner) = field.kind() else {
            continue;
        };
        let items = if field.is_list() { "[]" } else { "" };
        let place = format!("{above}{}{items}", field.name());
        let shown = inner
            .fields()
            .filter(|field| field.containing_oneof().is_none());
        let shown = shown
            .map(|field| format!("{place}.{}", field.name()))
            .collect();
        found.push((place.clone(), shown));
        found.extend(messages_of(&inner, &format!("{place}.")));
    }
    found
}
