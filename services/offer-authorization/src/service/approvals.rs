//! What waits for a supervisor, told as it changes: first all of it, then each change.
//!
//! The audit trail is the order in which things happened, without a gap and in the transaction of each. So a place in it is
//! all that a reader needs to go on from. What is told of an offer is how it stands when it is looked at, never how it was:
//! a reader that comes late misses steps, and ends right.

use std::collections::{BTreeMap, HashMap};

use domain::id::{OfferId, TenantId};
use proto::error::v1::ErrorReason;
use proto::field::InvalidField;

use super::watchers::Watcher;
use super::{Service, Viewer};
use crate::audit::AuditKind;
use crate::error::OfferError;
use crate::offer::{Offer, StateName};
use crate::store::offers::{OfferCursor, OfferFilter};
use crate::store::{audit, offers};

/// Offers or entries that are read at once.
const BATCH: u64 = 200;

/// How many entries a reader may be behind. Whoever is further back reads all again, which is less.
const MOST_BEHIND: i64 = 10_000;

/// What may make an offer wait for a supervisor, or wait no more.
const KINDS: [AuditKind; 5] = [
    AuditKind::ApprovalRequested,
    AuditKind::FirstApproved,
    AuditKind::Granted,
    AuditKind::Denied,
    AuditKind::ApprovalLapsed,
];

/// The field in which a place comes back.
const RESUME_TOKEN: &str = "resume_token";

/// One thing to tell.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum ApprovalNews {
    /// It waits for a supervisor.
    Pending(Box<Offer>),
    /// It waits no more.
    Ended(Box<Offer>),
    /// All that waited was told.
    SnapshotComplete,
}

/// Some news, and the entry of the trail after which to go on once it is told; none within a snapshot.
pub(crate) type Told = (ApprovalNews, Option<i64>);

/// A reader of approvals.
pub(crate) struct Watching {
    service: Service,
    tenant: TenantId,
    viewer: Viewer,
    watcher: Watcher,
    place: Place,
}

/// How much a reader was told.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Place {
    /// All that waited when the trail ended there, up to this offer.
    Snapshot(i64, Option<OfferCursor>),
    /// Everything up to this entry.
    After(i64),
}

impl Service {
    /// Opens a watch, from the start or after an entry of the trail.
    ///
    /// # Errors
    /// There is no room for another watch, or the entry is none to go on from.
    pub(crate) async fn watch_approvals(
        &self,
        (tenant, subject): (&TenantId, &str),
        viewer: Viewer,
        after: Option<i64>,
    ) -> Result<Watching, OfferError> {
        // INVARIANT: the place is taken before the end is read, so that a stir after that is never missed.
        let watcher = self.inner.watchers.join(tenant, subject)?;
        let end = audit::head(self.database().read(), tenant).await?.number;
        let place = match after {
            Some(after) => Place::After(within_reach(after, end)?),
            None => Place::Snapshot(end, None),
        };
        Ok(Watching {
            service: self.clone(),
            tenant: tenant.clone(),
            viewer,
            watcher,
            place,
        })
    }
}

/// A place that is not so far back that reading all again would be less work, and that there is.
fn within_reach(after: i64, end: i64) -> Result<i64, InvalidField> {
    let behind = end.saturating_sub(after);
    if after >= 0 && (0..=MOST_BEHIND).contains(&behind) {
        return Ok(after);
    }
    let description = "is too old to go on from: read again without one";
    let reason = ErrorReason::ResumeTokenInvalid;
    Err(InvalidField::new(RESUME_TOKEN, reason, description))
}

impl Watching {
    /// What was not told yet, as much as is read at once; nothing when all was.
    pub(crate) async fn look(&mut self) -> Result<Vec<Told>, OfferError> {
        match self.place.clone() {
            Place::Snapshot(end, after) => self.go_on_with_snapshot(end, after).await,
            Place::After(after) => self.go_on_with_changes(after).await,
        }
    }

    /// The entry after which a reader goes on who was told all that [`look`](Self::look) gave; none within a snapshot.
    pub(crate) fn place(&self) -> Option<i64> {
        match self.place {
            Place::Snapshot(..) => None,
            Place::After(after) => Some(after),
        }
    }

    /// Waits until there may be something to tell.
    pub(crate) async fn wait(&mut self) {
        self.watcher.stirred().await;
    }

    async fn go_on_with_snapshot(
        &mut self,
        end: i64,
        after: Option<OfferCursor>,
    ) -> Result<Vec<Told>, OfferError> {
        let filter = OfferFilter {
            intervention: None,
            state: Some(StateName::ApprovalPending),
            partner: self.viewer.partner().cloned(),
        };
        let connection = self.service.database().read();
        let page = offers::list(connection, &self.tenant, &filter, after.as_ref(), BATCH).await?;
        let last = page.last().map(OfferCursor::of);
        let pending = page
            .into_iter()
            .map(|offer| (ApprovalNews::Pending(Box::new(offer)), None));
        let mut news: Vec<Told> = pending.collect();
        if last.is_none() {
            news.push((ApprovalNews::SnapshotComplete, Some(end)));
            self.place = Place::After(end);
        } else {
            self.place = Place::Snapshot(end, last);
        }
        Ok(news)
    }

    async fn go_on_with_changes(&mut self, after: i64) -> Result<Vec<Told>, OfferError> {
        let (connection, tenant) = (self.service.database().read(), &self.tenant);
        let end = audit::head(connection, tenant).await?.number;
        if end <= after {
            return Ok(Vec::new());
        }
        let changes = audit::happened(connection, tenant, &KINDS, (after, end), BATCH).await?;
        let is_all = u64::try_from(changes.len()).is_ok_and(|changes| changes < BATCH);
        let read_to = changes.last().map_or(end, |(number, _)| *number);
        // Of several changes of one offer the last is told: what is told is how it stands now.
        let last: BTreeMap<OfferId, i64> = changes
            .into_iter()
            .filter_map(|(number, offer)| Some((offer.parse().ok()?, number)))
            .collect();
        let ids: Vec<OfferId> = last.keys().copied().collect();
        let found = offers::find_all(connection, tenant, &ids).await?;
        let numbers: HashMap<OfferId, i64> = last.into_iter().collect();
        let mut news: Vec<Told> = found
            .into_iter()
            .filter(|offer| self.viewer.sees(&offer.terms.agent))
            .filter_map(|offer| {
                let number = numbers.get(&offer.terms.id).copied();
                Some((of_approval(offer)?, number))
            })
            .collect();
        news.sort_by_key(|(_, number)| *number);
        self.place = Place::After(if is_all { end } else { read_to });
        Ok(news)
    }
}

/// What there is to tell of an offer; nothing of one that nobody had to approve.
fn of_approval(offer: Offer) -> Option<ApprovalNews> {
    match offer.state.name() {
        StateName::NeedsApproval => None,
        StateName::ApprovalPending => Some(ApprovalNews::Pending(Box::new(offer))),
        StateName::Denied => Some(ApprovalNews::Ended(Box::new(offer))),
        StateName::Held
        | StateName::Redeemed
        | StateName::Released
        | StateName::Expired
        | StateName::PartlyReversed
        | StateName::Reversed => {
            let approved_by = offer.state.hold()?.approved_by.as_ref();
            approved_by
                .is_some()
                .then(|| ApprovalNews::Ended(Box::new(offer)))
        }
    }
}
