//! Taking facts. Each is judged alone: one that is wrong does not hold up the others.

use std::time::Duration;

use domain::fact::Fact;
use domain::id::TenantId;
use domain::time::{Timestamp, earlier, later};
use proto::error::v1::ErrorReason;
use proto::field::InvalidField;

use super::Service;
use crate::error::KpiError;

/// Facts as they came, each read or refused.
#[derive(Debug)]
pub(crate) struct Batch(pub(crate) Vec<Result<Fact, InvalidField>>);

/// What became of a batch.
#[derive(Debug)]
pub(crate) struct Recorded {
    pub(crate) accepted: u64,
    pub(crate) duplicates: u64,
    pub(crate) rejected: Vec<Rejected>,
}

/// A fact that was refused.
#[derive(Debug)]
pub(crate) struct Rejected {
    /// Its position in the batch, from 0.
    pub(crate) index: usize,
    pub(crate) fault: InvalidField,
}

impl Service {
    /// Stores the facts of a batch that are good and new.
    pub(crate) async fn record(
        &self,
        tenant: &TenantId,
        batch: Batch,
    ) -> Result<Recorded, KpiError> {
        let now = self.clock.now();
        let mut facts = Vec::with_capacity(batch.0.len());
        let mut rejected = Vec::new();
        for (index, item) in batch.0.into_iter().enumerate() {
            match item.and_then(|fact| self.in_time(fact, now)) {
                Ok(fact) => facts.push(fact),
                Err(fault) => rejected.push(Rejected { index, fault }),
            }
        }
        let accepted = if facts.is_empty() {
            0
        } else {
            self.store.record(tenant, &facts, now).await?
        };
        if accepted > 0 {
            self.changes.tell(tenant);
            report_late(&facts, earlier(now, self.reports.horizon()));
        }
        let known = u64::try_from(facts.len()).unwrap_or(u64::MAX);
        Ok(Recorded {
            accepted,
            duplicates: known.saturating_sub(accepted),
            rejected,
        })
    }

    /// Refuses a fact of a closed window, and one that cannot have happened yet.
    fn in_time(&self, fact: Fact, now: Timestamp) -> Result<Fact, InvalidField> {
        let max_age = self.facts.max_age();
        let skew = self.facts.clock_skew();
        if fact.occurred_at < earlier(now, max_age) {
            let rule = format!("must be at most {} hours ago", hours(max_age));
            return Err(InvalidField::new(
                "occurred_at",
                ErrorReason::TimeTooOld,
                rule,
            ));
        }
        if fact.occurred_at > later(now, skew) {
            let rule = format!("must be at most {} ms ahead", skew.as_millis());
            return Err(InvalidField::new(
                "occurred_at",
                ErrorReason::TimeInFuture,
                rule,
            ));
        }
        Ok(fact)
    }
}

/// Facts of windows whose episodes were mature already change figures that somebody may have read.
fn report_late(facts: &[Fact], mature_before: Timestamp) {
    let late = facts
        .iter()
        .filter(|fact| fact.occurred_at < mature_before)
        .count();
    if late > 0 {
        tracing::info!(
            late,
            "late facts may have changed figures of mature episodes"
        );
    }
}

fn hours(span: Duration) -> u64 {
    span.as_secs() / 3_600
}
