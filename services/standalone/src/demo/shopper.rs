//! A scripted shopper: a browser that tells what happens in it and shows invitations, and a person who answers them.

mod identity;
mod page;
mod purchase;

use std::sync::Arc;
use std::time::{Duration, Instant};

use domain::time::{Timestamp, earlier, later};
use platform::auth::CallerKind;
use platform::clock::{Clock, SystemClock};
use platform::ids::{IdSource, SystemIds};
use proto::convert::time::wire_timestamp;
use proto::routing::v1::watch_invitations_response::Update;
use proto::session::v1::event::Payload;
use proto::session::v1::session_tracking_service_client::SessionTrackingServiceClient;
use proto::session::v1::{Event, IdentityLinked, RecordEventsRequest};

use super::chat::{Answer, Chats, Granted, ShopperEnd, Wish};
use super::clients::{Doors, Line};
use super::scenes::{Scene, Then, WINDOW_SHOPPING};
use super::script::{Act, Bearing, Beat, Teller};
use super::{DemoError, failed};
pub(super) use identity::Identity;
use page::Page;
use purchase::Checkout;
pub(super) use purchase::{Redemption, SecondOrder};

/// A person reads before answering.
const READS: Duration = Duration::from_millis(250);
/// What was expected to come and has not come by then will not come.
const PATIENCE: Duration = Duration::from_secs(20);
/// Nothing was shown when nothing came for so long after the last event.
const SILENCE: Duration = Duration::from_secs(2);
const MS: Duration = Duration::from_millis(1);
/// Between looking at two articles, before the scene.
const LOOKS: Duration = Duration::from_secs(15);

/// What a shopper lived through.
#[derive(Debug)]
pub(super) struct Lived {
    /// What was shown or asked, in order.
    pub(super) updates: Vec<&'static str>,
    /// From the last event to the invitation on the page.
    pub(super) invited_after: Option<Duration>,
    /// When help was accepted; for a call, when its event was sent.
    pub(super) accepted_at: Option<Instant>,
    pub(super) redemption: Option<Redemption>,
}

/// A shopper in a scene.
pub(super) struct Shopper {
    scene: &'static Scene,
    identity: Identity,
    storefront: SessionTrackingServiceClient<Line>,
    platform: SessionTrackingServiceClient<Line>,
    page: Page,
    checkout: Checkout,
    /// Until it is used.
    talk: Option<ShopperEnd>,
    /// Value and margin of the cart so far.
    cart: (i64, i64),
    sent_at: Instant,
    lived: Lived,
}

impl Shopper {
    /// Opens the shop's page in a browser.
    pub(super) async fn enter(
        scene: &'static Scene,
        identity: Identity,
        doors: &Doors,
        chats: &Arc<Chats>,
    ) -> Result<Self, DemoError> {
        let browser = CallerKind::Storefront {
            session: identity.session,
        };
        let talk = chats.open(&identity.session.to_string());
        Ok(Self {
            scene,
            storefront: doors.sessions(browser.clone())?,
            platform: doors.sessions(CallerKind::Platform)?,
            page: Page::open(doors.storefront(browser)?).await?,
            checkout: Checkout::new(doors)?,
            talk: Some(talk),
            cart: (0, 0),
            sent_at: Instant::now(),
            lived: Lived {
                updates: Vec::new(),
                invited_after: None,
                accepted_at: None,
                redemption: None,
            },
            identity,
        })
    }

    /// Plays the scene to its end.
    pub(super) async fn live(mut self) -> Result<Lived, DemoError> {
        self.look_around().await?;
        self.go_through(self.scene.beats).await?;
        match self.scene.then {
            Then::Talks(wish) => {
                self.accept().await?;
                let answer = self.talk(wish).await?;
                self.buy(answer).await?;
                self.part().await?;
            }
            Then::TalksAboutOrder(wish) => {
                self.accept().await?;
                let answer = self.talk(wish).await?;
                self.redeem(answer.offer.as_ref()).await?;
                self.part().await?;
            }
            Then::IsCalled(wish) => {
                self.lived.accepted_at = Some(self.sent_at);
                let answer = self.talk(wish).await?;
                self.buy(answer).await?;
                self.part().await?;
            }
            Then::PaysFirst => {
                self.invitation().await?;
                self.go_through(&[PAYS]).await?;
                self.page.withdrawn(PATIENCE).await?;
            }
            Then::Declines(again) => {
                let invitation = self.invitation().await?;
                self.page.decline(invitation).await?;
                self.go_through(again).await?;
                self.page.silence(SILENCE).await?;
            }
            Then::Reads => {
                self.invitation().await?;
                self.page.silence(SILENCE).await?;
            }
            Then::SeesNothing(after) => {
                self.go_through(after).await?;
                self.page.silence(SILENCE).await?;
            }
        }
        self.lived.updates = self.page.told();
        Ok(self.lived)
    }

    /// A minute and more in the shop, told in one call.
    async fn look_around(&mut self) -> Result<(), DemoError> {
        let now = SystemClock.now();
        let mut ago = LOOKS.saturating_mul(count(&WINDOW_SHOPPING));
        self.sign_in(earlier(now, ago)).await?;
        let agreed = self.scene.shopper.agreed.iter();
        let mut acts: Vec<(Act, Timestamp)> = agreed
            .map(|channel| (Act::AgreesTo(*channel), earlier(now, ago)))
            .collect();
        for item in WINDOW_SHOPPING {
            acts.push((Act::Views(item), earlier(now, ago)));
            ago = ago.saturating_sub(LOOKS);
        }
        self.tell(&acts).await
    }

    async fn go_through(&mut self, beats: &[Beat]) -> Result<(), DemoError> {
        for beat in beats {
            tokio::time::sleep(beat.pause).await;
            // Acts of one call follow each other by a millisecond, and the last one happens now.
            let mut at = earlier(SystemClock.now(), MS.saturating_mul(count(beat.acts)));
            let mut acts = Vec::with_capacity(beat.acts.len());
            for act in beat.acts {
                at = later(at, MS);
                acts.push((*act, at));
            }
            self.tell(&acts).await?;
        }
        Ok(())
    }

    /// The shop knows who it is. Its browser never says so: who holds its token could say anything.
    async fn sign_in(&mut self, at: Timestamp) -> Result<(), DemoError> {
        let linked = Payload::IdentityLinked(IdentityLinked {
            shopper_id: self.identity.shopper.to_string(),
        });
        let event = self.event((String::new(), linked), at);
        self.send(Teller::Platform, vec![event]).await
    }

    /// Tells of acts, in one call for those that follow each other by one teller.
    async fn tell(&mut self, acts: &[(Act, Timestamp)]) -> Result<(), DemoError> {
        for acts in acts.chunk_by(|(one, _), (other, _)| one.teller() == other.teller()) {
            let mut events = Vec::with_capacity(acts.len());
            let mut teller = Teller::Storefront;
            for (act, at) in acts {
                if let Act::Adds(item) = act {
                    self.cart = (self.cart.0 + item.price, self.cart.1 + item.margin);
                }
                teller = act.teller();
                let bearing = Bearing {
                    order: &self.identity.order,
                    zone: &self.identity.zone,
                    cart: self.cart,
                    at: *at,
                };
                events.push(self.event((act.page(), act.payload(bearing)), *at));
            }
            self.send(teller, events).await?;
        }
        Ok(())
    }

    async fn send(&mut self, teller: Teller, events: Vec<Event>) -> Result<(), DemoError> {
        let client = match teller {
            Teller::Storefront => &mut self.storefront,
            Teller::Platform => &mut self.platform,
        };
        self.sent_at = Instant::now();
        let told = client.record_events(RecordEventsRequest { events }).await;
        let told = told.map_err(failed("events cannot be told"))?.into_inner();
        match told.rejected.first() {
            Some(rejected) => Err(DemoError::Rejected {
                scene: self.scene.name,
                field: rejected.field.clone(),
            }),
            None => Ok(()),
        }
    }

    fn event(&self, (page, payload): (String, Payload), at: Timestamp) -> Event {
        Event {
            event_id: format!("evt_{}", SystemIds.next_uuid()),
            session_id: self.identity.session.to_string(),
            visitor_id: self.identity.visitor.to_string(),
            shopper_id: None,
            occurred_at: Some(wire_timestamp(at)),
            page,
            time_zone: self.identity.zone.clone(),
            language: self.scene.shopper.language.to_owned(),
            payload: Some(payload),
        }
    }

    /// Waits until something is shown.
    async fn invitation(&mut self) -> Result<String, DemoError> {
        let sent_at = self.sent_at;
        let invitation = self.page.invitation(PATIENCE).await?;
        self.lived.invited_after = Some(sent_at.elapsed());
        tokio::time::sleep(READS).await;
        Ok(invitation)
    }

    async fn accept(&mut self) -> Result<(), DemoError> {
        let invitation = self.invitation().await?;
        self.lived.accepted_at = Some(Instant::now());
        self.page.accept(invitation).await?;
        self.page.joined(PATIENCE).await
    }

    /// Says what is wanted, and hears what is possible.
    async fn talk(&mut self, wish: Wish) -> Result<Answer, DemoError> {
        let gone = || DemoError::NobodyThere(self.identity.session.to_string());
        let ShopperEnd {
            wish: says,
            answer,
            goodbye,
        } = self.talk.take().ok_or_else(gone)?;
        says.send(wish).map_err(|_| gone())?;
        let answer = tokio::time::timeout(PATIENCE, answer).await;
        let answer = answer.ok().and_then(Result::ok).ok_or_else(gone)?;
        self.page.keep(goodbye);
        Ok(answer)
    }

    async fn buy(&mut self, answer: Answer) -> Result<(), DemoError> {
        let discount = answer.offer.as_ref().map_or(0, |offer| offer.minor_units);
        self.redeem(answer.offer.as_ref()).await?;
        let pays = [(Act::Pays { discount }, SystemClock.now())];
        self.tell(&pays).await
    }

    async fn redeem(&mut self, offer: Option<&Granted>) -> Result<(), DemoError> {
        let Some(offer) = offer else {
            return Ok(());
        };
        let redeemed = self.checkout.redeem(offer, &self.identity).await?;
        self.lived.redemption = Some(redeemed);
        Ok(())
    }

    /// Says goodbye, and answers the question about the contact where one is asked.
    async fn part(&mut self) -> Result<(), DemoError> {
        tokio::time::sleep(READS).await;
        self.page.goodbye();
        match self.scene.then {
            Then::IsCalled(_) => Ok(()),
            Then::Talks(_)
            | Then::TalksAboutOrder(_)
            | Then::PaysFirst
            | Then::Declines(_)
            | Then::Reads
            | Then::SeesNothing(_) => self.page.survey(PATIENCE, self.scene.shopper.score).await,
        }
    }
}

const PAYS: Beat = super::script::after(300, &[Act::Pays { discount: 0 }]);

fn count<T>(items: &[T]) -> u32 {
    u32::try_from(items.len()).unwrap_or(u32::MAX)
}

/// What an update is called in a report.
fn word(update: &Update) -> &'static str {
    match update {
        Update::Invitation(_) => "invitation",
        Update::Withdrawn(_) => "withdrawn",
        Update::AgentJoined(_) => "agent_joined",
        Update::Heartbeat(_) => "heartbeat",
        Update::Survey(_) => "survey",
    }
}
