//! Every error of every RPC can be acted on: each field is given each fault of its kind, and each refusal has a reason of the
//! one enum, names the field at fault, repeats nothing that was sent, and tells nothing of our inside.

mod faults;
mod harmless;

use std::collections::BTreeSet;
use std::panic;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use bytes::Bytes;
use futures::{StreamExt, stream};
use platform::client::{Client, ClientConfig, connect_as, connect_with_token};
use prost_reflect::Value;
use proto::error::v1::ErrorReason;
use tonic::Code;

use crate::calls::{Call, places, table};
use crate::refusal::Refusal;
use crate::shop::Shop;
use crate::slots::Slot;
use crate::stage::Stage;
use crate::wire::{first_answer, rpcs, service_of};
use faults::{Fault, faults_of};
use harmless::Harmless;

/// Calls under way at once.
const AT_ONCE: usize = 8;

static PANICS: AtomicUsize = AtomicUsize::new(0);

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_fault_of_every_field_is_told_in_a_way_that_helps() {
    count_panics();
    let shop = Shop::open().await;
    let stage = Stage::set(&shop).await;
    let harmless = Harmless::default();
    let complaints = Mutex::new(BTreeSet::new());
    let places = places(table(&stage));
    stream::iter(&places)
        .for_each_concurrent(AT_ONCE, |(call, slots)| {
            let client = call.client(&shop);
            let (complaints, harmless) = (&complaints, &harmless);
            async move {
                for slot in slots {
                    for (fault, value) in faults_of(slot, &slot.get(&call.request)) {
                        let wrong = Wrong { call, slot, fault };
                        let found = wrong.complaint(value, &client, harmless).await;
                        complaints.lock().unwrap().extend(found);
                    }
                }
            }
        })
        .await;
    let complaints = complaints.into_inner().unwrap();
    assert!(complaints.is_empty(), "{complaints:#?}");
    harmless.assert_all_met();
    assert_eq!(PANICS.load(Ordering::Relaxed), 0, "a panic");
    drop(stage);
    shop.close().await;
}

/// A panic anywhere in the suite is a fault of ours, even where no caller sees it.
fn count_panics() {
    let usual = panic::take_hook();
    panic::set_hook(Box::new(move |told| {
        PANICS.fetch_add(1, Ordering::Relaxed);
        usual(told);
    }));
}

/// A call that is right but for one field.
struct Wrong<'a> {
    call: &'a Call,
    slot: &'a Slot,
    fault: Fault,
}

impl Wrong<'_> {
    /// What is wrong with the answer; nothing, if it is as it must be.
    async fn complaint(
        &self,
        value: Option<Value>,
        client: &Client,
        harmless: &Harmless,
    ) -> Option<String> {
        let mut request = self.call.anew();
        let sent = value.as_ref().and_then(Value::as_str).map(str::to_owned);
        match value {
            Some(value) => self.slot.set(&mut request, value),
            None => self.slot.clear(&mut request),
        }
        let complaint = match self.call.send(client, &request).await {
            Ok(_) => self.tolerated(harmless).err(),
            Err(refusal) => untyped(&refusal)
                .or_else(|| echo(&refusal, sent.as_deref()))
                .or_else(|| self.misplaced(&refusal, harmless)),
        };
        complaint.map(|complaint| {
            let Self { call, slot, fault } = self;
            format!("{} {} {fault:?}: {complaint}", call.name(), slot.path())
        })
    }

    /// A fault that is no reason to refuse: the contract does not ask for a value, or the fault is known as harmless.
    fn tolerated(&self, harmless: &Harmless) -> Result<(), String> {
        let free = self.fault.is_absence() && !self.slot.is_required();
        let place = format!("{} {}", self.call.name(), self.slot.shape());
        if free || self.fault == Fault::Canary || harmless.meet(self.fault, &place) {
            return Ok(());
        }
        Err("is accepted".to_owned())
    }

    /// A refusal that names another field than the one at fault.
    fn misplaced(&self, refusal: &Refusal, harmless: &Harmless) -> Option<String> {
        let Refusal { code, fields, .. } = refusal;
        let about_a_field = *code == Code::InvalidArgument;
        if about_a_field == fields.is_empty() {
            return Some(format!("is refused by {code:?} at {fields:?}"));
        }
        let right = about_a_field && fields.iter().all(|field| self.is_at_fault(field));
        if right || !self.fault.is_plain() || self.tolerated(harmless).is_ok() {
            return None;
        }
        Some(format!("is refused by {code:?} at {fields:?}"))
    }

    /// Whether a refusal that names this field names the one at fault. What misses from a oneof is the oneof, and what is at
    /// fault in an empty item is its first field.
    fn is_at_fault(&self, field: &str) -> bool {
        let path = self.slot.path();
        match (self.fault, self.slot.oneof()) {
            (Fault::Missing, Some(oneof)) => match path.rsplit_once('.') {
                Some((above, _)) => field == format!("{above}.{oneof}"),
                None => field == oneof,
            },
            (Fault::EmptyItem, _) => field.starts_with(&format!("{path}.")),
            _ => field == path,
        }
    }
}

/// A refusal that a program cannot act on.
fn untyped(refusal: &Refusal) -> Option<String> {
    let ours = [Code::Internal, Code::Unknown].contains(&refusal.code);
    let typed = refusal
        .reason
        .is_some_and(|reason| reason != ErrorReason::Unspecified);
    (ours || !typed).then(|| format!("has no reason: {refusal:?}"))
}

/// A refusal that repeats what was sent.
fn echo(refusal: &Refusal, sent: Option<&str>) -> Option<String> {
    let sent = sent.filter(|sent| sent.len() > 8)?;
    let repeated = refusal.words.contains(sent);
    repeated.then(|| format!("is repeated: {}", refusal.words))
}

#[tokio::test]
async fn calls_that_are_no_calls_have_a_reason_too() {
    let shop = Shop::open().await;
    for rpc in rpcs() {
        let uri = shop.uri(service_of(&rpc));
        let none = connect_as(&ClientConfig::default(), &uri, None).unwrap();
        let elsewhere = connect_with_token(&uri, &shop.token_for("another-service")).unwrap();
        for (client, reason) in [
            (none, ErrorReason::TokenMissing),
            (elsewhere, ErrorReason::TokenInvalid),
        ] {
            let refused = first_answer(&client, &rpc, Bytes::new()).await;
            let refusal = Refusal::from(refused.expect_err(rpc.name()));
            assert_eq!(refusal.code, Code::Unauthenticated, "{}", rpc.name());
            assert_eq!(refusal.reason, Some(reason), "{}", rpc.name());
        }
    }
    shop.close().await;
}

/// Bytes that are no message, and a message that is larger than any may be.
#[tokio::test]
async fn what_cannot_be_read_is_refused_with_a_reason() {
    let shop = Shop::open().await;
    let stage = Stage::set(&shop).await;
    let mut seen = BTreeSet::new();
    for call in table(&stage) {
        if !seen.insert(call.name().to_owned()) {
            continue;
        }
        let client = call.client(&shop);
        let too_large = vec![0; 300 * 1024];
        for bytes in [b"\xff\xff\xff".to_vec(), too_large] {
            let answer = first_answer(&client, &call.rpc, bytes.into()).await;
            let refusal = Refusal::from(answer.expect_err(call.name()));
            assert_eq!(refusal.code, Code::InvalidArgument, "{}", call.name());
            let reason = Some(ErrorReason::Unreadable);
            assert_eq!(refusal.reason, reason, "{}", call.name());
        }
    }
    drop(stage);
    shop.close().await;
}
