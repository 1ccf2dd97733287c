//! What sessions say of persons: the consents they were given in, and whom they name.
//!
//! What a session says of a person stands under the session, so that a link that is taken back takes it along. What a
//! person agreed to is what all sessions say, the newest of each channel and purpose: an older word never comes back,
//! because the oldest are also forgotten first.

use std::collections::{HashMap, HashSet};

use domain::consent::{Consent, ConsentState, Consents};
use domain::id::{PersonId, SessionId, TenantId};
use sea_orm::sea_query::OnConflict;
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, Set};
use storage::{StoreError, TenantScoped, Tx, column, shape};

use super::entities::{consent, session_name};
use super::{CHUNK, Store};
use crate::session::Statement;
use crate::snapshot::{SessionKey, Snapshot};

impl Store {
    /// What these persons have agreed to and taken back, over all of their sessions. Persons of whom nothing is known are
    /// left out.
    pub(crate) async fn consents(
        &self,
        tenant: &TenantId,
        persons: &[PersonId],
    ) -> Result<HashMap<PersonId, Consents>, StoreError> {
        let mut found: HashMap<PersonId, Consents> = HashMap::new();
        let mut in_doubt = HashSet::new();
        for persons in shape::names(persons) {
            let names = persons.iter().map(ToString::to_string);
            let rows = consent::Entity::find_in(tenant)
                .filter(consent::Column::PersonId.is_in(names))
                .all(self.database.read())
                .await?;
            for row in rows {
                let person = column::Row::of("consents", &row.session_id)
                    .parse("person_id", &row.person_id)?;
                match read(&row) {
                    Ok(consent) => found.entry(person).or_default().record(consent),
                    Err(failure) => {
                        tracing::error!(session = row.session_id, %failure, "a consent cannot be read");
                        in_doubt.insert(person);
                    }
                }
            }
        }
        // What cannot be read may be a withdrawal, and unknown means no.
        for person in in_doubt {
            if let Some(consents) = found.get_mut(&person) {
                let given = |consent: &Consent| consent.state == ConsentState::Confirmed;
                *consents = consents.iter().filter(|it| !given(it)).cloned().collect();
            }
        }
        Ok(found)
    }

    /// Shows sessions with all that their persons have agreed to, wherever they did.
    pub(crate) async fn agree(
        &self,
        tenant: &TenantId,
        sessions: &mut [Snapshot],
    ) -> Result<(), StoreError> {
        let persons: Vec<PersonId> = sessions.iter().flat_map(Snapshot::persons).collect();
        let consents = self.consents(tenant, &persons).await?;
        for session in sessions {
            for person in session.persons() {
                session.agree(consents.get(&person));
            }
        }
        Ok(())
    }
}

fn read(model: &consent::Model) -> Result<Consent, StoreError> {
    let row = column::Row::of("consents", &model.session_id);
    Ok(Consent {
        channel: row.parse("channel", &model.channel)?,
        purpose: row.parse("purpose", &model.purpose)?,
        state: row.parse("state", &model.state)?,
        text_version: row.parse("text_version", &model.text_version)?,
        source: row.parse("source", &model.source)?,
        zone: row.parse_optional("zone", model.zone.as_deref())?,
        recorded_at: row.instant("recorded_at", model.recorded_at)?,
    })
}

/// Keeps what a session says.
pub(super) async fn keep(
    tx: &Tx,
    key: &SessionKey,
    statement: &Statement,
) -> Result<(), StoreError> {
    let Statement {
        person,
        names,
        consents,
    } = statement;
    let names: Vec<_> = names.iter().map(|name| name_row(key, *name)).collect();
    if !names.is_empty() {
        session_name::Entity::insert_many(names)
            .on_conflict(OnConflict::new().do_nothing().to_owned())
            .exec_without_returning(tx)
            .await?;
    }
    let Some(consents) = consents else {
        return Ok(());
    };
    // INVARIANT: a withdrawal is never lost. It stays with whoever it was told of; what was given goes with the session.
    consent::Entity::delete_in(&key.tenant)
        .filter(consent::Column::SessionId.eq(key.session.to_string()))
        .filter(consent::Column::PersonId.ne(person.to_string()))
        .filter(consent::Column::State.ne(ConsentState::Withdrawn.as_str()))
        .exec(tx)
        .await?;
    let rows: Vec<_> = consents
        .iter()
        .map(|consent| consent_row(key, *person, consent))
        .collect();
    if !rows.is_empty() {
        consent::Entity::insert_many(rows)
            .on_conflict(replaced())
            .exec_without_returning(tx)
            .await?;
    }
    Ok(())
}

/// Forgets what these sessions say, and with `person` what any session says of that one.
pub(super) async fn forget(
    tx: &Tx,
    tenant: &TenantId,
    (sessions, persons): (&[SessionId], &[String]),
) -> Result<(), StoreError> {
    forget_names(tx, tenant, sessions).await?;
    for sessions in sessions.chunks(CHUNK) {
        consent::Entity::delete_in(tenant)
            .filter(consent::Column::SessionId.is_in(sessions.iter().map(ToString::to_string)))
            .exec(tx)
            .await?;
    }
    for persons in persons.chunks(CHUNK) {
        consent::Entity::delete_in(tenant)
            .filter(consent::Column::PersonId.is_in(persons.iter().map(String::as_str)))
            .exec(tx)
            .await?;
        session_name::Entity::delete_in(tenant)
            .filter(session_name::Column::PersonId.is_in(persons.iter().map(String::as_str)))
            .exec(tx)
            .await?;
    }
    Ok(())
}

/// Forgets whom these sessions name.
pub(super) async fn forget_names(
    tx: &Tx,
    tenant: &TenantId,
    sessions: &[SessionId],
) -> Result<(), StoreError> {
    for sessions in sessions.chunks(CHUNK) {
        session_name::Entity::delete_in(tenant)
            .filter(session_name::Column::SessionId.is_in(sessions.iter().map(ToString::to_string)))
            .exec(tx)
            .await?;
    }
    Ok(())
}

fn replaced() -> OnConflict {
    use consent::Column::{
        Channel, PersonId, Purpose, RecordedAt, SessionId, Source, State, Tenant, TextVersion, Zone,
    };
    OnConflict::columns([Tenant, SessionId, PersonId, Channel, Purpose])
        .update_columns([State, TextVersion, Source, Zone, RecordedAt])
        .to_owned()
}

fn name_row(key: &SessionKey, name: PersonId) -> session_name::ActiveModel {
    session_name::ActiveModel {
        tenant: Set(key.tenant.to_string()),
        person_id: Set(name.to_string()),
        session_id: Set(key.session.to_string()),
    }
}

fn consent_row(key: &SessionKey, person: PersonId, consent: &Consent) -> consent::ActiveModel {
    let Consent {
        channel,
        purpose,
        state,
        text_version,
        source,
        zone,
        recorded_at,
    } = consent;
    consent::ActiveModel {
        tenant: Set(key.tenant.to_string()),
        session_id: Set(key.session.to_string()),
        person_id: Set(person.to_string()),
        channel: Set(channel.as_str().to_owned()),
        purpose: Set(purpose.as_str().to_owned()),
        state: Set(state.as_str().to_owned()),
        text_version: Set(text_version.as_str().to_owned()),
        source: Set(source.as_str().to_owned()),
        zone: Set(zone.as_ref().map(ToString::to_string)),
        recorded_at: Set(column::millis(*recorded_at)),
    }
}
