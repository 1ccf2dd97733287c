//! A write counts once, however often and whenever it comes: eight times at the same time, again at once, and again after a
//! restart. The first answer is every answer, another body under the same id is refused, and tenants are apart.

mod books;

use std::time::Duration;

use bytes::Bytes;
use futures::future::join_all;
use prost_reflect::Value;
use proto::error::v1::ErrorReason;
use proto::risk::v1::ActivateModelRequest;
use testkit::eventually;
use testkit::scratch::Engine;
use tonic::Code;
use uuid::Uuid;

use crate::calls::{Call, table};
use crate::outline::{ids, outline};
use crate::refusal::Refusal;
use crate::shop::{Shop, request_id};
use crate::slots::{Slot, slots};
use crate::stage::Stage;
use crate::wire::service_of;
use books::{books, difference};

const COPIES: usize = 8;

/// How long what the services tell each other may take.
const SETTLES: Duration = Duration::from_secs(30);

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn each_write_counts_once_on_sqlite() {
    each_write_counts_once(Engine::Sqlite).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn each_write_counts_once_on_postgres() {
    each_write_counts_once(Engine::Postgres).await;
}

/// Does everything once in one shop and many times in another, and compares the books of the two.
async fn each_write_counts_once(engine: Engine) {
    let (Some(plain), Some(busy)) = (Shop::open_on(engine).await, Shop::open_on(engine).await)
    else {
        return;
    };
    let (plain_stage, busy_stage) = (Stage::set(&plain).await, Stage::set(&busy).await);
    for call in writes(&plain_stage) {
        let answer = call.send(&call.client(&plain), &call.request).await;
        assert!(answer.is_ok(), "{}: {answer:?}", call.name());
    }
    let mut answered = Vec::new();
    for call in writes(&busy_stage) {
        let first = many_at_once(&busy, &call).await;
        again(&busy, &call, &first).await;
        other_bodies_are_refused(&busy, &call).await;
        tenants_are_apart(&busy, &call, &first).await;
        answered.push((call, first));
    }
    for (shop, stage) in [(&plain, &plain_stage), (&busy, &busy_stage)] {
        life_goes_on(shop, stage).await;
    }
    for (call, first) in &answered {
        again(&busy, call, first).await;
    }
    let busy = busy.reopen().await;
    for (call, first) in &answered {
        again(&busy, call, first).await;
    }
    eventually(SETTLES, || async {
        difference(&books(&plain).await, &books(&busy).await)
    })
    .await;
    drop((plain_stage, busy_stage));
    plain.close().await;
    busy.close().await;
}

/// Everything is done once more, under new ids: it may be too late for it, but what was answered has another state now.
async fn life_goes_on(shop: &Shop, stage: &Stage) {
    for call in writes(stage) {
        let client = call.client(shop);
        let later = call.send(&client, &call.under_a_new_id()).await;
        let too_late =
            |refusal: &Refusal| matches!(refusal.code, Code::FailedPrecondition | Code::NotFound);
        assert!(
            later.as_ref().err().is_none_or(too_late),
            "{}: {later:?}",
            call.name()
        );
    }
    for model_id in ["careful", "rescate.scorecard"] {
        let activate = ActivateModelRequest {
            request_id: request_id(),
            model_id: model_id.to_owned(),
            // The newest.
            version: 0,
        };
        shop.models().activate_model(activate).await.unwrap();
    }
}

/// The calls that count once. No RPC is left out that has a `request_id`.
fn writes(stage: &Stage) -> Vec<Call> {
    let writes: Vec<Call> = table(stage).into_iter().filter(Call::is_keyed).collect();
    assert!(writes.len() > 30, "only {} writes were found", writes.len());
    writes
}

async fn many_at_once(shop: &Shop, call: &Call) -> Bytes {
    let clients: Vec<_> = (0..COPIES).map(|_| call.client(shop)).collect();
    let copies = clients
        .iter()
        .map(|client| call.send(client, &call.request));
    let answers = join_all(copies).await;
    let mut answers = answers.into_iter().map(|answer| {
        let answer = answer.unwrap_or_else(|refusal| panic!("{}: {refusal:?}", call.name()));
        answer.expect("a write has an answer")
    });
    let first = answers.next().unwrap();
    for answer in answers {
        assert_eq!(call.read(&answer), call.read(&first), "{}", call.name());
        assert_eq!(answer, first, "{}", call.name());
    }
    first
}

async fn again(shop: &Shop, call: &Call, first: &Bytes) {
    let answer = call.send(&call.client(shop), &call.request).await;
    assert_eq!(answer.as_ref(), Ok(&Some(first.clone())), "{}", call.name());
}

/// Changes each value of the request in turn: what can be read is seen to be another request.
async fn other_bodies_are_refused(shop: &Shop, call: &Call) {
    let client = call.client(shop);
    let mut seen = 0;
    for slot in slots(&call.request) {
        let Some(value) = another(&slot, &slot.get(&call.request)) else {
            continue;
        };
        let mut request = call.request.clone();
        slot.set(&mut request, value);
        let place = format!("{} {}", call.name(), slot.path());
        let refusal = call.send(&client, &request).await;
        let refusal = refusal.expect_err(&place);
        assert_eq!(refusal.code, Code::InvalidArgument, "{place}: {refusal:?}");
        if refusal.reason == Some(ErrorReason::RequestIdReused) {
            assert_eq!(refusal.fields, ["request_id"], "{place}");
            seen += 1;
        }
    }
    let has_a_body = slots(&call.request).len() > 1;
    assert!(
        seen > 0 || !has_a_body,
        "{}: no other body was found",
        call.name()
    );
}

/// Another value for a place, of the same kind. It may break a rule.
fn another(slot: &Slot, value: &Value) -> Option<Value> {
    if slot.field().name() == "request_id" {
        return None;
    }
    Some(match value {
        Value::String(text) => Value::String(another_text(text)),
        Value::U32(number) => Value::U32(number + 1),
        Value::U64(number) => Value::U64(number + 1),
        Value::I32(number) => Value::I32(number + 1),
        Value::I64(number) => Value::I64(number + 1),
        Value::F64(number) => Value::F64(number + 0.01),
        Value::Bool(yes) => Value::Bool(!yes),
        Value::EnumNumber(number) => Value::EnumNumber(number + 1),
        _ => return None,
    })
}

fn another_text(text: &str) -> String {
    match text.split_once('_') {
        Some((prefix, id)) if Uuid::try_parse(id).is_ok() => format!("{prefix}_{}", request_id()),
        _ => format!("{text}x"),
    }
}

/// The same id of another tenant is that tenant's own first call: it is answered as a third tenant is under an id that
/// nobody used, and it learns nothing of the first.
async fn tenants_are_apart(shop: &Shop, call: &Call, first: &Bytes) {
    let stranger = |tenant| shop.stranger(tenant, service_of(&call.rpc), call.caller.clone());
    let same_id = call.send(&stranger("globex"), &call.request).await;
    let own_id = call
        .send(&stranger("initech"), &call.under_a_new_id())
        .await;
    assert_eq!(
        seen_by_a_stranger(call, &same_id),
        seen_by_a_stranger(call, &own_id),
        "{}",
        call.name()
    );
    if let Ok(Some(answer)) = same_id {
        let sent = ids(&call.request);
        let ours = ids(&call.read(first));
        let theirs = ids(&call.read(&answer));
        let leaked: Vec<_> = ours
            .intersection(&theirs)
            .filter(|id| !sent.contains(*id))
            .collect();
        assert!(leaked.is_empty(), "{}: {leaked:?}", call.name());
    }
}

fn seen_by_a_stranger(
    call: &Call,
    answer: &Result<Option<Bytes>, Refusal>,
) -> Result<Option<String>, (Code, Option<ErrorReason>)> {
    match answer {
        Ok(answer) => Ok(answer.as_ref().map(|answer| outline(&call.read(answer)))),
        Err(refusal) => Err((refusal.code, refusal.reason)),
    }
}
