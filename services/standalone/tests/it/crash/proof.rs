//! Whether a suite that was killed still has what it acknowledged, once: asked for by the calls that everybody has.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use domain::time::{earlier, later};
use proto::convert::time::wire_timestamp;
use proto::fact::v1::fact::Body;
use proto::fact::v1::{Fact, ReservationEnding};
use proto::kpi::v1::{ExportFactsRequest, Window};
use proto::offers::v1::{GetOfferRequest, ListProgrammesRequest, OfferState};
use proto::routing::v1::{
    GetInterventionRequest, Intervention, InterventionState, ListInterventionsRequest,
    ListMyTasksRequest, ReservationState, TaskState,
};
use proto::session::v1::{Event, GetSessionRequest, RecordEventsRequest};
use testkit::eventually;
use testkit::messages::{now, usd};

use super::clients::{OFFER, accept, hold, wrap_up};
use super::notes::{Call, Known, Reserved};
use super::running::Shop;

/// Events of one call at most.
const BATCH: usize = 500;
/// Facts are on their way through outboxes.
const PATIENCE: Duration = Duration::from_secs(20);

impl Shop {
    /// An acknowledged event is known when it is sent again, and none is there that nobody sent.
    pub(super) async fn has_every_event_once(&self, known: &Known) {
        let mut sessions = self.sessions();
        for (session_id, events) in known.notes().events {
            let read = sessions.get_session(GetSessionRequest {
                session_id: session_id.clone(),
            });
            let session = read.await.unwrap().into_inner().session.unwrap();
            let count = usize::try_from(session.event_count).unwrap();
            let acknowledged = events.acknowledged.len();
            assert!(
                (acknowledged..=events.sent).contains(&count),
                "{count} events of {session_id}: {acknowledged} acknowledged, {} sent",
                events.sent
            );
            for batch in events.acknowledged.chunks(BATCH) {
                self.knows(batch).await;
            }
        }
    }

    async fn knows(&self, events: &[Event]) {
        let request = RecordEventsRequest {
            events: events.to_vec(),
        };
        let again = self.sessions().record_events(request).await.unwrap();
        assert_eq!(
            again.into_inner().accepted_count,
            0,
            "an acknowledged event was lost"
        );
    }

    /// Every request for an offer, sent again, has the offer that it had, and the budget holds each of them once.
    pub(super) async fn has_every_hold_once(&self, rounds: &[Arc<Known>]) {
        let mut held = BTreeSet::new();
        let (mut grantor, mut programmes) = (self.grantor(), self.programmes());
        for known in rounds {
            for (request, offer) in known.notes().holds {
                let again = hold(&mut grantor, &request).await.unwrap();
                if let Some(offer) = offer {
                    assert_eq!(again, offer, "the same request has the same offer");
                }
                let read = grantor.get_offer(GetOfferRequest {
                    offer_id: again.clone(),
                });
                let offer = read.await.unwrap().into_inner().offer.unwrap();
                assert_eq!(offer.state(), OfferState::Held);
                held.insert(again.clone());
                known.note(|notes| notes.holds.insert(request, Some(again)));
            }
        }
        let listed = programmes.list_programmes(ListProgrammesRequest::default());
        let listed = listed.await.unwrap().into_inner().programmes;
        let expected = i64::try_from(held.len()).unwrap() * OFFER;
        assert_eq!(
            listed[0].held,
            Some(usd(expected)),
            "the budget holds each offer once"
        );
    }

    /// Whoever said yes is waited for, by one task.
    pub(super) async fn has_every_yes_once(&self, known: &Known) {
        let mut interventions = self.interventions();
        for session_id in known.notes().yeses {
            let request = ListInterventionsRequest {
                session_id,
                ..Default::default()
            };
            let listed = interventions.list_interventions(request).await.unwrap();
            let found = listed.into_inner().interventions;
            let with_task: Vec<&Intervention> =
                found.iter().filter(|it| !it.task_id.is_empty()).collect();
            assert_eq!(with_task.len(), 1, "{found:#?}");
            let waits_or_helped = [InterventionState::Accepted, InterventionState::Resolved];
            assert!(
                waits_or_helped.contains(&with_task[0].state()),
                "{found:#?}"
            );
        }
    }

    /// Every reservation is as its agent left it, and can be brought to its end from there.
    pub(super) async fn has_every_reservation_once(&self, known: &Known) {
        let mut desk = self.desk();
        let request = ListMyTasksRequest {
            page_size: 200,
            ..Default::default()
        };
        let mine = desk.list_my_tasks(request).await.unwrap();
        let mut tasks: BTreeMap<String, Vec<TaskState>> = BTreeMap::new();
        for task in mine.into_inner().tasks {
            tasks
                .entry(task.task_id.clone())
                .or_default()
                .push(task.state());
        }
        for (place, noted) in known.notes().reservations.into_iter().enumerate() {
            let states = tasks.remove(&noted.task).unwrap_or_default();
            assert!(noted.allows(&states), "{noted:?} is {states:?}");
            self.is_as_noted(&noted).await;
            let taken = accept(&mut desk, known, place).await.unwrap();
            assert_eq!(taken.state(), ReservationState::Accepted, "{noted:?}");
            assert_eq!(taken.reservation_id, noted.reservation, "one reservation");
            wrap_up(&mut desk, known, place).await.unwrap();
        }
    }

    async fn is_as_noted(&self, noted: &Reserved) {
        let request = GetInterventionRequest {
            intervention_id: noted.intervention.clone(),
        };
        let read = self
            .interventions()
            .get_intervention(request)
            .await
            .unwrap();
        let found = read.into_inner().intervention.unwrap();
        assert_eq!(found.task_id, noted.task, "one task: {noted:?}");
        if matches!(noted.accept, Call::Acknowledged(_)) {
            assert!(!found.agent_id.is_empty(), "{noted:?}: {found:?}");
        }
        if matches!(noted.wrap_up, Call::Acknowledged(_)) {
            assert_eq!(found.state(), InterventionState::Resolved, "{noted:?}");
        }
    }

    /// The facts of each contact have come to kpi, each of them once.
    pub(super) async fn has_told_of_each_reservation_once(&self, rounds: &[Arc<Known>]) {
        let contacts: Vec<Reserved> = rounds
            .iter()
            .flat_map(|known| known.notes().reservations)
            .collect();
        eventually(PATIENCE, || async {
            let facts = self.facts().await;
            for noted in &contacts {
                let told = told_of(&facts, &noted.intervention);
                if told != [1, 1, 1] {
                    return Err(format!(
                        "reserved, accepted, wrapped up: {told:?}; {noted:?}"
                    ));
                }
            }
            Ok(())
        })
        .await;
    }

    async fn facts(&self) -> Vec<Fact> {
        let hour = Duration::from_hours(1);
        let window = Window {
            from: Some(wire_timestamp(earlier(now(), hour))),
            until: Some(wire_timestamp(later(now(), hour))),
        };
        let request = ExportFactsRequest {
            window: Some(window),
        };
        let exported = self.kpis().export_facts(request).await.unwrap();
        let mut pages = exported.into_inner();
        let mut facts = Vec::new();
        while let Some(page) = pages.message().await.unwrap() {
            facts.extend(page.facts);
        }
        facts
    }
}

/// How many facts tell of an intervention that its agent was reserved, accepted, and wrapped up.
fn told_of(facts: &[Fact], intervention: &str) -> [usize; 3] {
    let bodies = facts
        .iter()
        .filter(|fact| fact.intervention_id.as_deref() == Some(intervention))
        .filter_map(|fact| fact.body.as_ref());
    let mut counted = [0; 3];
    for body in bodies {
        match body {
            Body::ReservationCreated(_) => counted[0] += 1,
            Body::ReservationEnded(end) if end.ending() == ReservationEnding::Accepted => {
                counted[1] += 1;
            }
            Body::ContactWrapped(_) => counted[2] += 1,
            _ => {}
        }
    }
    counted
}

impl Reserved {
    /// Whether these can be the states of the agent's task after a restart.
    fn allows(&self, states: &[TaskState]) -> bool {
        match (&self.accept, &self.wrap_up) {
            (_, Call::Acknowledged(_)) => states.is_empty(),
            (_, Call::Unknown(_)) => matches!(states, [] | [TaskState::Assigned]),
            (Call::Acknowledged(_), Call::NotMade) => states == [TaskState::Assigned],
            (Call::Unknown(_), Call::NotMade) => {
                matches!(states, [TaskState::Reserved | TaskState::Assigned])
            }
            (Call::NotMade, Call::NotMade) => states == [TaskState::Reserved],
        }
    }
}
