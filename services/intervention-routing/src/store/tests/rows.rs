//! Rows of tasks, reservations and invitations, as tests put them.

use domain::id::{QueueId, TenantId};

use super::*;
use crate::invitation::Invitation;
use crate::reservation::Reservation;
use crate::task::Task;

/// A row of one of the three tables.
#[derive(Clone)]
pub(super) enum New {
    Task(Box<Task>),
    Reservation(Reservation),
    Invitation(Box<Invitation>),
}

pub(super) async fn insert(store: &Store, new: New) {
    store
        .in_tx(move |store, tx| try_insert(store, tx, new.clone()).boxed())
        .await;
}

pub(super) async fn try_insert(store: Store, tx: &Tx, new: New) -> Result<(), StoreError> {
    match new {
        New::Task(task) => store.insert_task(tx, &task).await,
        New::Reservation(reservation) => store.insert_reservation(tx, &reservation).await,
        New::Invitation(invitation) => store.insert_invitation(tx, &invitation).await,
    }
}

pub(super) async fn task(store: &Store, task: Task) -> Task {
    insert(store, New::Task(Box::new(task.clone()))).await;
    task
}

pub(super) async fn reservation(store: &Store, reservation: Reservation) -> Reservation {
    insert(store, New::Reservation(reservation.clone())).await;
    reservation
}

pub(super) async fn invitation(store: &Store, invitation: Invitation) -> Invitation {
    insert(store, New::Invitation(Box::new(invitation.clone()))).await;
    invitation
}

pub(super) async fn save(store: &Store, task: Task) -> Option<Task> {
    store
        .in_tx(move |store, tx| {
            let task = task.clone();
            async move { store.save_task(tx, task).await }.boxed()
        })
        .await
}

pub(super) fn queue(name: &str) -> QueueId {
    QueueId::parse(name).unwrap()
}

pub(super) fn of_tenant(tenant: TenantId, task: Task) -> Task {
    Task { tenant, ..task }
}
