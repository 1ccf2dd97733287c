//! What is stored about a person, gathered for a decision.

use std::collections::BTreeSet;

use domain::id::{InterventionId, PersonId, TenantId};
use domain::moment::Moment;
use domain::time::{Timestamp, earlier};
use sea_orm::ConnectionTrait;
use storage::StoreError;

use super::Service;
use crate::decide::{Contact, Overtaken, PersonRecord, Rules, overtaken};
use crate::intervention::Intervention;
use crate::person::names;

/// All names that a moment knows its person by.
pub(super) fn persons(moment: &Moment) -> Vec<PersonId> {
    names(moment.person(), moment.visitor)
}

/// Where a record is read: before a decision to see what must be asked, inside its transaction to decide.
pub(super) struct Reading<'a, C> {
    pub(super) connection: &'a C,
    pub(super) tenant: &'a TenantId,
    pub(super) moment: &'a Moment,
    pub(super) rules: &'a Rules,
    pub(super) now: Timestamp,
}

impl Service {
    /// The record of the person of a moment, as if the moment had already ended what it ends.
    pub(super) async fn person_record<C: ConnectionTrait>(
        &self,
        reading: &Reading<'_, C>,
    ) -> Result<PersonRecord, StoreError> {
        let Reading {
            connection,
            tenant,
            moment,
            rules,
            now,
        } = *reading;
        let store = &self.inner.store;
        let persons = persons(moment);
        let of_session = store
            .interventions_of_session(connection, tenant, moment.session)
            .await?;
        let of_person = store
            .open_interventions_of(connection, tenant, &persons)
            .await?;
        let since = earlier(now, rules.contact_window);
        let contacts = store
            .contacts_since(connection, tenant, &persons, since)
            .await?;
        Ok(PersonRecord {
            contact: contact(of_session.iter().chain(&of_person), moment, rules),
            qualified_plays: of_session
                .into_iter()
                .map(|earlier| earlier.play)
                .collect::<BTreeSet<_>>(),
            contacts_in_window: count(&contacts),
            quiet_until: store.quiet_until(connection, tenant, &persons).await?,
            arm: store
                .arm_of(connection, tenant, &rules.experiment, &persons)
                .await?,
            newest_session_version: store
                .newest_session_version(connection, tenant, moment.session)
                .await?,
        })
    }
}

/// More contacts than fit are as many as there can be.
pub(super) fn count(contacts: &BTreeSet<InterventionId>) -> u32 {
    u32::try_from(contacts.len()).unwrap_or(u32::MAX)
}

fn contact<'a>(
    mut interventions: impl Iterator<Item = &'a Intervention>,
    moment: &Moment,
    rules: &Rules,
) -> Contact {
    let stays_open = |open: &Intervention| {
        let ends = open.session == moment.session
            && matches!(overtaken(open, moment, rules), Overtaken::Ends(_));
        open.state.is_open() && !ends
    };
    if interventions.any(stays_open) {
        Contact::Open
    } else {
        Contact::None
    }
}
