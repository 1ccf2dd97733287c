//! A shop with a fake clock: one programme, cases by number, and agents who ask. Every test ends by proving the ledger.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use domain::id::{InterventionId, OrderId, PersonId, RequestId, TenantId};
use domain::money::Money;
use domain::offer::OfferRefusal;
use domain::remedy::RemedyKind;
use platform::clock::Clock;
use platform::ids::IdSource;
use storage::{Database, RequestKey};
use tempfile::TempDir;
use testkit::builders::{a_cart, bps, tenant, usd};
use testkit::ids::nth;
use testkit::{FakeClock, SequentialIds};

use crate::amounts::{Asked, Worth};
use crate::audit::Checkpoints;
use crate::authority::{Grant, GrantorRole, starter_policy};
use crate::case::{Case, CaseAgent};
use crate::error::OfferError;
use crate::offer::Offer;
use crate::programme::{Programme, Purse, PurseOwner};
use crate::samples::{MONEY_CAUSE, ana, line, programme};
use crate::service::{
    Activation, Actor, Authorization, AuthorizeOffer, NewPolicy, Parts, RedeemOffer, Redeemed,
    Refusal, Service, Settings,
};
use crate::store::ledger;
use crate::token::{Claims, TokenKeys};

pub(super) const GRACE: Duration = Duration::from_secs(30);
pub(super) const PATIENCE: Duration = Duration::from_mins(5);
const METHOD: &str = "/test";

pub(super) struct World {
    pub(super) service: Service,
    pub(super) clock: FakeClock,
    pub(super) tenant: TenantId,
    database: Database,
    ids: SequentialIds,
    keys: Arc<TempDir>,
}

impl World {
    /// A shop without a programme, by the starter policy.
    pub(super) fn bare(database: Database) -> Self {
        let keys = Arc::new(tempfile::tempdir().unwrap());
        Self::of(database, SequentialIds::new(), keys, tenant())
    }

    /// Another such shop on the same database, with a clock of its own.
    pub(super) fn beside(&self, tenant: TenantId) -> Self {
        let (ids, keys) = (self.ids.clone(), Arc::clone(&self.keys));
        Self::of(self.database.clone(), ids, keys, tenant)
    }

    fn of(database: Database, ids: SequentialIds, keys: Arc<TempDir>, tenant: TenantId) -> Self {
        let clock = FakeClock::new();
        let token_keys = TokenKeys::open(keys.path()).unwrap();
        let service = Service::new(Parts {
            database: database.clone(),
            clock: clock.shared(),
            ids: ids.shared(),
            settings: Settings {
                approval_timeout: PATIENCE,
                redeem_grace: GRACE,
                reversal_max_age: Duration::from_hours(24 * 90),
                expiry_poll: Duration::from_secs(1),
                answers_kept: Duration::from_hours(24 * 400),
                watch_poll: Duration::from_millis(20),
                watch_streams: 4,
            },
            checkpoints: Checkpoints::open(&keys.path().join("kept"), token_keys.clone()).unwrap(),
            keys: token_keys,
            starter: starter_policy().unwrap(),
            worths: worths(),
        })
        .unwrap();
        Self {
            service,
            clock,
            tenant,
            database,
            ids,
            keys,
        }
    }

    /// A shop where agents take up to USD 10.00 off and supervisors up to USD 30.00, from this budget.
    pub(super) async fn with_budget(database: Database, budget: i64) -> Self {
        Self::with(database, programme(), usd(budget)).await
    }

    pub(super) async fn with(database: Database, programme: Programme, budget: Money) -> Self {
        let world = Self::bare(database);
        world
            .open(
                Programme {
                    offers_per_person: 1_000,
                    ..programme
                },
                budget,
            )
            .await;
        world
    }

    /// Opens a programme and activates the usual policy.
    pub(super) async fn open(&self, programme: Programme, budget: Money) {
        let created = self.service.create_programme(self.key(), programme, budget);
        created.await.unwrap();
        self.policy(vec![
            line(GrantorRole::Agent, RemedyKind::AmountOff, usd(1_000)),
            line(GrantorRole::Supervisor, RemedyKind::AmountOff, usd(3_000)),
        ])
        .await;
    }

    pub(super) async fn policy(&self, grants: Vec<Grant>) -> u32 {
        let policy = NewPolicy {
            purpose: "a test".parse().unwrap(),
            grants,
            cedar: String::new(),
        };
        let stored = self
            .service
            .create_policy(self.key(), policy)
            .await
            .unwrap();
        let version = stored.policy.version;
        self.activate(version).await;
        version
    }

    /// Makes a version decide from now on.
    pub(super) async fn activate(&self, version: u32) {
        let now = Activation { version, at: None };
        let activated = self.service.activate_policy(self.key(), now).await;
        assert!(activated.unwrap().active);
    }

    /// A key that no request had before.
    pub(super) fn key(&self) -> RequestKey {
        RequestKey {
            tenant: self.tenant.clone(),
            client: "tester".to_owned(),
            method: METHOD,
            request_id: RequestId::from_uuid(self.ids.next_uuid()),
            body_hash: [0; 32],
        }
    }

    /// Records the case of this number: USD 200.00 in the cart, half of it margin, handled by ana.
    pub(super) async fn case(&self, number: u64) -> Case {
        self.case_of(number, |_| {}).await
    }

    pub(super) async fn case_of(&self, number: u64, change: impl FnOnce(&mut Case)) -> Case {
        let mut case = Case {
            intervention: intervention(number),
            revision: 1,
            session: nth(20_000 + number),
            person: PersonId::Visitor(nth(30_000 + number)),
            cause: MONEY_CAUSE,
            cart: a_cart().with_value(20_000).with_margin(10_000).build(),
            channel: None,
            agent: Some(ana()),
            traceparent: None,
        };
        change(&mut case);
        let recorded = self.service.record_case(self.key(), case.clone());
        recorded.await.unwrap();
        case
    }

    pub(super) async fn ask(&self, number: u64, amount: i64) -> Authorization {
        let request = request(number, amount);
        self.service.authorize(self.key(), request).await.unwrap()
    }

    /// Asks on a new case, and expects to be granted.
    pub(super) async fn hold(&self, number: u64, amount: i64) -> Offer {
        self.case(number).await;
        granted(self.ask(number, amount).await)
    }

    /// Asks on a new case, and then a supervisor.
    pub(super) async fn pending(&self, number: u64, amount: i64) -> Offer {
        self.case(number).await;
        self.pending_again(number, amount).await
    }

    /// Asks on a case that is there, and then a supervisor.
    pub(super) async fn pending_again(&self, number: u64, amount: i64) -> Offer {
        let offer = pending(self.ask(number, amount).await);
        let agent = Actor::Person(GrantorRole::Agent, ana());
        let asked = self
            .service
            .request_approval(self.key(), agent, offer.terms.id);
        asked.await.unwrap()
    }

    /// The reasons for which a request on a case is refused.
    pub(super) async fn refused(&self, number: u64, amount: i64) -> Vec<OfferRefusal> {
        refusal(self.ask(number, amount).await).reasons
    }

    pub(super) fn redemption(&self, offer: &Offer) -> RedeemOffer {
        let claims = Claims::of(&self.tenant, offer);
        RedeemOffer {
            offer_token: self.service.keys().sign(&claims).unwrap(),
            order: OrderId::parse("ORDER-1").unwrap(),
            cart_version: offer.terms.cart_version,
        }
    }

    pub(super) async fn redeem(&self, offer: &Offer) -> Result<Redeemed, OfferError> {
        let redemption = self.redemption(offer);
        self.service.redeem(self.key(), redemption).await
    }

    pub(super) async fn set_purse(&self, agent: Option<CaseAgent>, limit: i64) -> i64 {
        let purse = Purse {
            owner: PurseOwner {
                partner: ana().partner,
                agent: agent.map(|agent| agent.agent),
            },
            daily_limit: usd(limit),
        };
        let report = self.service.set_purse(self.key(), purse).await.unwrap();
        report.used_today.minor_units()
    }

    /// Held and redeemed of the programme.
    pub(super) async fn money(&self) -> (i64, i64) {
        let page = platform::paging::PageRequest::first();
        let listed = self.service.list_programmes(&self.tenant, &page).await;
        let report = &listed.unwrap().items[0];
        (report.held.minor_units(), report.redeemed.minor_units())
    }

    /// Moves the clock and ends what is due.
    pub(super) async fn pass(&self, time: Duration) {
        self.clock.advance(time);
        self.service.expire_due().await.unwrap();
        self.service.roll_over_due().await.unwrap();
    }

    pub(super) fn now(&self) -> domain::time::Timestamp {
        self.clock.now()
    }

    /// Every counter is the sum of its entries and within its cap.
    pub(super) async fn prove(&self) {
        let found = ledger::discrepancies(self.database.read(), &self.tenant).await;
        let found = found.unwrap();
        let found: Vec<String> = found.iter().map(ToString::to_string).collect();
        assert_eq!(found, Vec::<String>::new());
    }

    /// The signed checkpoints of audit trails.
    pub(super) fn checkpoints(&self) -> &Checkpoints {
        self.service.checkpoints()
    }

    /// The file of checkpoints of the tenant.
    pub(super) fn checkpoint_file(&self) -> PathBuf {
        let name = format!("audit-checkpoints.{}.jws", self.tenant);
        self.keys.path().join("kept").join(name)
    }

    /// Stores policies in Cedar and makes them decide.
    pub(super) async fn cedar(&self, cedar: &str) -> u32 {
        let policy = NewPolicy {
            purpose: "a test".parse().unwrap(),
            grants: Vec::new(),
            cedar: cedar.to_owned(),
        };
        let stored = self
            .service
            .create_policy(self.key(), policy)
            .await
            .unwrap();
        self.activate(stored.policy.version).await;
        stored.policy.version
    }

    pub(super) fn database(&self) -> &Database {
        &self.database
    }
}

/// One tenant asks of offers that they are worth it: a contact costs USD 3.00, and raises the chance of an order by a tenth.
fn worths() -> BTreeMap<TenantId, Worth> {
    let worth = Worth {
        lift: bps(1_000),
        contact_costs: vec![usd(300)],
    };
    BTreeMap::from([(thrifty(), worth)])
}

/// The tenant that tests what offers bring in.
pub(super) fn thrifty() -> TenantId {
    TenantId::parse("thrifty").unwrap()
}

/// What ana asks for on a case.
pub(super) fn request(number: u64, amount: i64) -> AuthorizeOffer {
    AuthorizeOffer {
        role: GrantorRole::Agent,
        who: ana(),
        intervention: intervention(number),
        remedy: RemedyKind::AmountOff,
        asked: Asked::Amount(usd(amount)),
        cart_version: 1,
    }
}

fn intervention(number: u64) -> InterventionId {
    nth(10_000 + number)
}

#[track_caller]
pub(super) fn granted(authorization: Authorization) -> Offer {
    let Authorization::Granted(offer) = authorization else {
        panic!("not granted: {authorization:?}");
    };
    offer
}

#[track_caller]
pub(super) fn refusal(authorization: Authorization) -> Refusal {
    let Authorization::Refused(refusal) = authorization else {
        panic!("not refused: {authorization:?}");
    };
    refusal
}

#[track_caller]
pub(super) fn pending(authorization: Authorization) -> Offer {
    let Authorization::ApprovalNeeded(offer) = authorization else {
        panic!("no approval needed: {authorization:?}");
    };
    offer
}
