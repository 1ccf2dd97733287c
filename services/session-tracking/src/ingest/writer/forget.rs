//! Forgetting: a person who asks for it, and sessions that were kept for long enough. Both happen in turn with the
//! batches, since the writer must not go on with what is gone.

use domain::id::{PersonId, SessionId, TenantId};
use domain::time::Timestamp;
use storage::RequestKey;

use super::super::tenants::Key;
use super::Writer;
use crate::error::SessionError;
use crate::store::Erased;

impl Writer {
    /// Forgets a person, once per request.
    pub(super) async fn erase(
        &mut self,
        request: RequestKey,
        person: PersonId,
    ) -> Result<Erased, SessionError> {
        let name = request.tenant.clone();
        self.write_rows_of(&name).await?;
        let sessions = self.store.sessions_of(&name, person).await?;
        let place = (self.settings.ingest.partition, self.heads);
        let now = self.clock.now();
        let erased = self.store.erase(request, person, now, place).await;
        if let Err(failure) = &erased {
            self.doubt(failure);
        }
        let erased = erased?;
        // What others of these devices and names agreed to is read again.
        self.memory.agreed.clear();
        let tenant = self.memory.tenants.number(&name);
        for session in sessions {
            self.memory.residents.remove(Key { tenant, session });
        }
        Ok(erased)
    }

    /// Forgets those of the sessions in which nothing has happened since `limit`, and says how many those were.
    pub(super) async fn forget(
        &mut self,
        name: &TenantId,
        (mut sessions, limit): (Vec<SessionId>, Timestamp),
    ) -> Result<usize, SessionError> {
        self.make_sure().await?;
        let tenant = self.memory.tenants.number(name);
        // A row that is not up to date says nothing of what has happened.
        sessions.retain(|session| {
            let session = *session;
            !self.memory.unwritten.contains(Key { tenant, session })
        });
        let place = (self.settings.ingest.partition, self.heads);
        let gone = self.store.forget(name, (sessions, limit), place).await;
        if let Err(failure) = &gone {
            self.doubt(failure);
        }
        let gone = gone?;
        for session in &gone {
            let session = *session;
            self.memory.residents.remove(Key { tenant, session });
        }
        Ok(gone.len())
    }
}
