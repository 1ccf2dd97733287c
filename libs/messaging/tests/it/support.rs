//! Messages to send, a transport that does as a test says, and a relay that can be stopped or killed.

use std::collections::BTreeMap;
use std::future::Future;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use domain::id::{RequestId, TenantId};
use domain::time::{Timestamp, later};
use futures::FutureExt;
use futures::future::BoxFuture;
use messaging::outbox::{self, OutboxStats};
use messaging::{DeliveryError, Envelope, Message, Relay, Transport};
use platform::clock::{Clock, SystemClock};
use storage::{Database, StoreError};
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

pub(crate) const KPI: &str = "kpi";
pub(crate) const RISK: &str = "risk-scoring";
const LONG: Duration = Duration::from_secs(20);

pub(crate) fn request_id(number: u128) -> RequestId {
    RequestId::from_uuid(Uuid::from_u128(number))
}

/// A message that carries its number, to the KPI service.
pub(crate) fn message(number: u128, order_key: &str) -> Message {
    Message {
        message_id: request_id(number),
        tenant: TenantId::parse("acme").unwrap(),
        destination: KPI,
        method: "/rescate.kpi.v1.KpiService/RecordFacts",
        order_key: order_key.to_owned(),
        payload: number.to_string().into_bytes(),
        expires_at: None,
        trace: None,
    }
}

pub(crate) async fn send(database: &Database, messages: Vec<Message>) {
    let work = database.write::<_, StoreError, _>(move |tx| {
        let messages = messages.clone();
        async move { outbox::enqueue(tx, &messages, SystemClock.now()).await }.boxed()
    });
    work.await.unwrap();
}

pub(crate) async fn stats(database: &Database) -> OutboxStats {
    outbox::pending(database, SystemClock.now()).await.unwrap()
}

/// Waits until nothing waits for delivery.
pub(crate) async fn drained(database: &Database) {
    eventually(async || stats(database).await.pending == 0).await;
}

pub(crate) async fn eventually<Fut: Future<Output = bool>>(condition: impl FnMut() -> Fut) {
    testkit::eventually(LONG, condition).await;
}

/// The machine's clock, so much later.
pub(crate) struct Ahead(pub(crate) Duration);

impl Clock for Ahead {
    fn now(&self) -> Timestamp {
        later(SystemClock.now(), self.0)
    }
}

type Answer = Result<(), DeliveryError>;
type Script = Box<dyn Fn(&Envelope) -> BoxFuture<'static, Answer> + Send + Sync>;

/// Records what it is given, and answers as the test's script says.
pub(crate) struct Scripted {
    script: Script,
    tried: Mutex<Vec<Envelope>>,
    arrived: Mutex<Vec<Envelope>>,
}

impl Scripted {
    /// Answers at once.
    pub(crate) fn new(answer: impl Fn(&Envelope) -> Answer + Send + Sync + 'static) -> Arc<Self> {
        Self::slowly(move |envelope| {
            let answer = answer(envelope);
            async move { answer }.boxed()
        })
    }

    pub(crate) fn slowly(
        script: impl Fn(&Envelope) -> BoxFuture<'static, Answer> + Send + Sync + 'static,
    ) -> Arc<Self> {
        Arc::new(Self {
            script: Box::new(script),
            tried: Mutex::default(),
            arrived: Mutex::default(),
        })
    }

    pub(crate) fn accepting() -> Arc<Self> {
        Self::new(|_| Ok(()))
    }

    /// Numbers of the messages that arrived, in that order, repetitions included.
    pub(crate) fn arrived(&self) -> Vec<u128> {
        numbers(&self.arrived.lock().unwrap())
    }

    pub(crate) fn tried(&self) -> Vec<Envelope> {
        self.tried.lock().unwrap().clone()
    }

    /// The first arrival of each message, by order key.
    pub(crate) fn arrived_by_key(&self) -> BTreeMap<String, Vec<u128>> {
        let mut keys: BTreeMap<String, Vec<u128>> = BTreeMap::new();
        for envelope in self.arrived.lock().unwrap().iter() {
            let number = envelope.message_id.uuid().as_u128();
            let numbers = keys.entry(envelope.order_key.clone()).or_default();
            if !numbers.contains(&number) {
                numbers.push(number);
            }
        }
        keys
    }
}

pub(crate) fn numbers(envelopes: &[Envelope]) -> Vec<u128> {
    let number = |envelope: &Envelope| envelope.message_id.uuid().as_u128();
    envelopes.iter().map(number).collect()
}

impl Transport for Scripted {
    fn destinations(&self) -> Vec<String> {
        vec![KPI.to_owned(), RISK.to_owned()]
    }

    fn deliver<'a>(&'a self, envelope: &'a Envelope) -> BoxFuture<'a, Answer> {
        self.tried.lock().unwrap().push(envelope.clone());
        async {
            (self.script)(envelope).await?;
            self.arrived.lock().unwrap().push(envelope.clone());
            Ok(())
        }
        .boxed()
    }
}

/// A relay under way.
pub(crate) struct Running {
    stop: CancellationToken,
    task: JoinHandle<()>,
}

impl Running {
    pub(crate) fn start(database: &Database, transport: &Arc<Scripted>) -> Self {
        Self::with_clock(database, transport, Arc::new(SystemClock))
    }

    pub(crate) fn with_clock(
        database: &Database,
        transport: &Arc<Scripted>,
        clock: Arc<dyn Clock>,
    ) -> Self {
        let relay = Relay::new(database.clone(), transport.clone(), clock);
        let stop = CancellationToken::new();
        let task = tokio::spawn(relay.run(stop.clone()));
        Self { stop, task }
    }

    pub(crate) async fn stop(self) {
        self.stopping().await.unwrap();
    }

    /// Tells it to stop, and hands out its end.
    pub(crate) fn stopping(self) -> JoinHandle<()> {
        self.stop.cancel();
        self.task
    }

    /// Ends it as `kill -9` would: nothing more is recorded.
    pub(crate) async fn kill(self) {
        self.task.abort();
        assert!(self.task.await.unwrap_err().is_cancelled());
    }
}
