//! Proof that figures do not depend on how facts arrived: computed twice, in two orders, and compared in every digit.

use std::collections::HashSet;

use domain::fact::Fact;
use domain::id::{FactId, TenantId};
use sha2::{Digest, Sha256};

use super::{Selection, Service};
use crate::episodes::Episodes;
use crate::error::KpiError;
use crate::report::{Window, assemble, differing_figures};
use crate::store::ScanOrder;

/// What an audit found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Audit {
    pub(crate) fact_count: u64,
    pub(crate) differing_figures: Vec<String>,
}

/// Facts of the second reading, shuffled as many at a time.
const SHUFFLED_AT_ONCE: usize = 1_000;

impl Service {
    /// Computes the figures of a window from its facts by time, then from the same facts backwards, shuffled by a hash
    /// and each of them twice.
    pub(crate) async fn audit(
        &self,
        tenant: &TenantId,
        window: Window,
        selection: Selection,
    ) -> Result<Audit, KpiError> {
        let question = self.question(window, selection);
        let mut by_time = Episodes::default();
        // Facts that are stored between the two readings belong to neither.
        let mut known: HashSet<FactId> = HashSet::new();
        let first = |fact: &Fact| {
            known.insert(fact.id);
            by_time.add(fact);
        };
        let mut reader = self.reader(tenant);
        reader.read_for(&question, ScanOrder::Time, first).await?;
        let fact_count = reader.count();

        let mut shuffled = Shuffled::default();
        let second = |fact: &Fact| {
            if known.contains(&fact.id) {
                shuffled.add(fact);
            }
        };
        self.reader(tenant)
            .read_for(&question, ScanOrder::TimeBackwards, second)
            .await?;

        let one = assemble(&by_time, &question)?;
        let other = assemble(&shuffled.finish(), &question)?;
        let differing_figures = differing_figures(&one, &other).map_err(KpiError::Compare)?;
        Ok(Audit {
            fact_count,
            differing_figures,
        })
    }
}

/// Folds facts in an order that has nothing to do with the one in which they come.
#[derive(Default)]
struct Shuffled {
    episodes: Episodes,
    waiting: Vec<Fact>,
}

impl Shuffled {
    fn add(&mut self, fact: &Fact) {
        self.waiting.push(fact.clone());
        if self.waiting.len() >= SHUFFLED_AT_ONCE {
            self.flush();
        }
    }

    fn finish(mut self) -> Episodes {
        self.flush();
        self.episodes
    }

    fn flush(&mut self) {
        self.waiting
            .sort_by_cached_key(|fact| Sha256::digest(fact.id.uuid().as_bytes()));
        let again = self.waiting.iter().rev();
        for fact in self.waiting.iter().chain(again) {
            self.episodes.add(fact);
        }
        self.waiting.clear();
    }
}
