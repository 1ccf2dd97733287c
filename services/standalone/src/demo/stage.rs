//! Who plays when: the desks open first, then the scripted shoppers come in one after the other.

use std::sync::Arc;
use std::time::Duration;

use platform::clock::{Clock, SystemClock};
use tokio::task::JoinSet;

use super::DemoError;
use super::chat::Chats;
use super::clients::Doors;
use super::desk::{Floor, Log};
use super::progress::Progress;
use super::scenes::{SCENES, Scene};
use super::shopper::{Identity, Lived, Shopper};

/// Between the entrances of two scripted shoppers.
const ENTRANCES: Duration = Duration::from_millis(1_500);
/// The replay has warmed up by then.
const CURTAIN: Duration = Duration::from_millis(1_500);

/// The simulated people, ready to play.
#[derive(Debug)]
pub(super) struct Stage {
    doors: Doors,
    chats: Arc<Chats>,
    floor: Floor,
    people: Vec<(&'static Scene, Identity)>,
}

/// What became of all scenes.
#[derive(Debug)]
pub(super) struct Taken {
    pub(super) scenes: Vec<Take>,
    /// Desks that heard of the order of their shopper while they talked.
    pub(super) told_of_orders: usize,
    /// Why contacts at desks broke off.
    pub(super) broken_contacts: Vec<String>,
}

/// What became of one scene.
#[derive(Debug)]
pub(super) struct Take {
    pub(super) scene: &'static Scene,
    pub(super) identity: Identity,
    /// What the shopper lived through, or why the scene broke off.
    pub(super) lived: Result<Lived, String>,
    /// From the yes of the shopper to the reservation of an agent.
    pub(super) reserved_after: Option<Duration>,
}

impl Stage {
    /// Opens the desks and gives every scripted shopper their ids.
    pub(super) async fn open(doors: &Doors, seed: u64) -> Result<Self, DemoError> {
        let chats = Arc::new(Chats::default());
        let floor = Floor::open(doors, &chats).await?;
        let now = SystemClock.now();
        let mut people = Vec::with_capacity(SCENES.len());
        for scene in SCENES {
            people.push((scene, Identity::of(scene, seed, now)?));
        }
        Ok(Self {
            doors: doors.clone(),
            chats,
            floor,
            people,
        })
    }

    /// Plays all scenes. One that breaks off does not end the others.
    pub(super) async fn play(self, progress: &Progress) -> Result<Taken, DemoError> {
        tokio::time::sleep(CURTAIN).await;
        let mut playing = JoinSet::new();
        let mut entrances = tokio::time::interval(ENTRANCES);
        let mut scenes = Vec::with_capacity(self.people.len());
        let mut waiting = self.people.iter().cloned();
        let mut entering = true;
        while entering || !playing.is_empty() {
            tokio::select! {
                _ = entrances.tick(), if entering => match waiting.next() {
                    Some(person) => {
                        playing.spawn(take(person, self.doors.clone(), Arc::clone(&self.chats)));
                    }
                    None => entering = false,
                },
                Some(ended) = playing.join_next() => {
                    let take = ended.map_err(DemoError::Task)?;
                    progress.say(&format!("scripted {}: {}", take.scene.name, take.told()));
                    scenes.push(take);
                }
            }
        }
        scenes.sort_by_key(|take| place(take.scene));
        let log = self.floor.close().await?;
        for take in &mut scenes {
            take.reserved_after = take.reserved_after(&log);
        }
        Ok(Taken {
            scenes,
            told_of_orders: log.told_of_orders(),
            broken_contacts: log.broken_contacts(),
        })
    }
}

impl Take {
    fn reserved_after(&self, log: &Log) -> Option<Duration> {
        let reserved = log.reserved_at(&self.identity.session.to_string())?;
        let accepted = self.lived.as_ref().ok()?.accepted_at?;
        Some(reserved.saturating_duration_since(accepted))
    }

    fn told(&self) -> &str {
        match &self.lived {
            Ok(_) => self.scene.about,
            Err(why) => why,
        }
    }
}

async fn take(
    (scene, identity): (&'static Scene, Identity),
    doors: Doors,
    chats: Arc<Chats>,
) -> Take {
    let lived = match Shopper::enter(scene, identity.clone(), &doors, &chats).await {
        Ok(shopper) => shopper.live().await,
        Err(refused) => Err(refused),
    };
    Take {
        scene,
        identity,
        lived: lived.map_err(|failure| platform::status::chain(&failure)),
        reserved_after: None,
    }
}

/// Place of a scene in the order of entrances.
fn place(scene: &Scene) -> Option<usize> {
    SCENES.iter().position(|listed| listed.name == scene.name)
}
