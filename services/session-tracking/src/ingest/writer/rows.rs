//! Bringing rows up to date, and sessions out of memory.

use std::time::Duration;

use domain::id::TenantId;
use storage::StoreError;

use super::super::tenants::Key;
use super::super::unwritten::Waits;
use super::Writer;
use super::standing::Standing;
use crate::error::SessionError;
use crate::store::Commit;

impl Writer {
    /// Brings the rows of all sessions up to date.
    pub(super) async fn write_all_rows(&mut self) -> Result<(), SessionError> {
        self.make_sure().await?;
        loop {
            let at_once = Waits {
                delay: Duration::ZERO,
                most: 0,
                most_bytes: 0,
                limit: self.settings.ingest.rows_per_commit,
            };
            let rows = self.memory.unwritten.waiting(self.clock.now(), at_once);
            if rows.is_empty() {
                return Ok(());
            }
            self.write_rows(&rows).await?;
        }
    }

    /// Brings the rows of one tenant's sessions up to date, and leaves those of the others for their time.
    pub(super) async fn write_rows_of(&mut self, name: &TenantId) -> Result<(), SessionError> {
        self.make_sure().await?;
        let tenant = self.memory.tenants.number(name);
        let rows = self.memory.unwritten.of(tenant);
        for rows in rows.chunks(self.settings.ingest.rows_per_commit) {
            self.write_rows(rows).await?;
        }
        Ok(())
    }

    pub(super) async fn write_rows(&mut self, rows: &[Key]) -> Result<(), StoreError> {
        let partition = self.settings.ingest.partition;
        let commit = Commit::new(partition, self.heads, self.clock.now());
        let written = self.store(commit, rows).await;
        if let Err(failure) = &written {
            self.doubt(failure);
        }
        written
    }

    /// Has those leave memory that it has no room for, once their rows hold everything.
    pub(super) async fn evict(&mut self) {
        // INVARIANT: nothing is written from memory that may differ from what is stored.
        if self.standing != Standing::Sure {
            return;
        }
        let leaving = self
            .memory
            .residents
            .excess(self.settings.ingest.rows_per_commit + self.settings.ingest.group_max_events);
        let unwritten: Vec<Key> = leaving
            .iter()
            .copied()
            .filter(|key| self.memory.unwritten.contains(*key))
            .collect();
        if !unwritten.is_empty() && self.write_rows(&unwritten).await.is_err() {
            return;
        }
        for key in leaving {
            self.memory.residents.remove(key);
        }
    }
}
