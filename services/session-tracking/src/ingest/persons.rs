//! What is known of the persons of a group beyond their sessions in it: what they have done before, and what they have
//! agreed to anywhere.
//!
//! Consents are kept in memory for as long as sessions of the person are about, and the writer hears each of them first:
//! so a withdrawal in one session holds in the others from the same commit on.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use domain::consent::Consents;
use domain::id::{PersonId, ShopperId, TenantId};
use domain::moment::VisitHistory;
use storage::StoreError;

use super::memory::Memory;
use super::tenants::{Key, Tenant};
use crate::session::{Rules, Session, Statement};
use crate::snapshot::SessionKey;
use crate::store::Store;

type Person = (Tenant, PersonId);

/// A table by person. Ids are made by clients, so each table has a seed of its own.
type ByPerson<T> = HashMap<Person, T, foldhash::fast::RandomState>;

/// What one group needs to know of persons, and adds to it.
#[derive(Debug, Default)]
pub(super) struct Persons {
    histories: HashMap<(TenantId, ShopperId), VisitHistory>,
    agreed: HashMap<SessionKey, Consents>,
    statements: Vec<(SessionKey, Statement)>,
}

impl Persons {
    pub(super) fn history_of(&self, tenant: &TenantId, shopper: ShopperId) -> VisitHistory {
        let key = (tenant.clone(), shopper);
        self.histories.get(&key).copied().unwrap_or_default()
    }

    /// What the persons of a session have agreed to in any session; `None` for nothing.
    pub(super) fn agreed_in(&self, key: &SessionKey) -> Option<&Consents> {
        // Few sessions have any.
        self.agreed.get(key)
    }

    /// What is to be kept of the persons.
    pub(super) fn statements(&self) -> &[(SessionKey, Statement)] {
        &self.statements
    }
}

/// Consents by person, as the store holds them.
#[derive(Debug)]
pub(super) struct Agreed {
    /// Persons whose consents were asked for lately, and those of before: the ones nobody asked for again leave.
    young: ByPerson<Consents>,
    old: ByPerson<Consents>,
    /// So many may be young.
    limit: usize,
    /// To be read again, because a session of theirs has gone to another person.
    stale: Vec<Person>,
}

impl Agreed {
    pub(super) fn new(limit: usize) -> Self {
        Self {
            young: ByPerson::default(),
            old: ByPerson::default(),
            limit,
            stale: Vec::new(),
        }
    }

    pub(super) fn clear(&mut self) {
        *self = Self::new(self.limit);
    }

    /// Forgets a person, who is read again when needed.
    pub(super) fn remove(&mut self, person: &Person) {
        self.young.remove(person);
        self.old.remove(person);
    }

    /// Whether the person is known. From then on, it stays so until the next group.
    fn knows(&mut self, person: Person) -> bool {
        if self.young.contains_key(&person) {
            return true;
        }
        let Some(consents) = self.old.remove(&person) else {
            return false;
        };
        self.young.insert(person, consents);
        true
    }

    fn begin_group(&mut self) {
        for person in std::mem::take(&mut self.stale) {
            self.remove(&person);
        }
        if self.young.len() > self.limit {
            self.old = std::mem::take(&mut self.young);
        }
    }

    fn take_in(&mut self, person: Person, consents: &Consents) {
        let known = self.young.entry(person).or_default();
        for consent in consents {
            known.record(consent.clone());
        }
    }

    fn find(&self, person: &Person) -> Option<&Consents> {
        self.young
            .get(person)
            .filter(|consents| !consents.is_empty())
    }
}

/// Persons of a group, by tenant.
type Wanted = BTreeMap<Tenant, BTreeSet<PersonId>>;

impl Memory {
    /// Reads what is needed of the persons of these sessions, now that their events are taken, and takes in what the
    /// sessions say of them.
    pub(super) async fn meet(
        &mut self,
        store: &Store,
        rules: &Rules,
        sessions: impl Iterator<Item = Key>,
    ) -> Result<Persons, StoreError> {
        self.agreed.begin_group();
        let mut persons = Persons::default();
        let (mut said, mut who) = (Vec::new(), Vec::new());
        let (mut unknown, mut met) = (Wanted::new(), Wanted::new());
        for key in sessions {
            let Some(session) = self.residents.get_mut(key) else {
                continue;
            };
            if let Some(statement) = session.statement(rules) {
                said.push((key, statement));
            }
            if let Some(shopper) = session.becomes() {
                met.entry(key.tenant).or_default().insert(shopper.into());
            }
            for person in session.persons() {
                who.push((key, person));
                if !self.agreed.knows((key.tenant, person)) {
                    unknown.entry(key.tenant).or_default().insert(person);
                }
            }
        }
        self.read_histories(store, met, &mut persons).await?;
        self.read_consents(store, unknown).await?;
        self.take_in(said, &mut persons);
        self.agree(who, &mut persons);
        Ok(persons)
    }

    async fn read_histories(
        &self,
        store: &Store,
        met: Wanted,
        persons: &mut Persons,
    ) -> Result<(), StoreError> {
        for (tenant, wanted) in met {
            let Some(name) = self.tenants.tenant(tenant) else {
                continue;
            };
            let wanted: Vec<PersonId> = wanted.into_iter().collect();
            for (person, counts) in store.histories(name, &wanted).await? {
                if let PersonId::Shopper(shopper) = person {
                    let history = counts.history();
                    persons.histories.insert((name.clone(), shopper), history);
                }
            }
        }
        Ok(())
    }

    async fn read_consents(&mut self, store: &Store, unknown: Wanted) -> Result<(), StoreError> {
        for (tenant, wanted) in unknown {
            let Some(name) = self.tenants.tenant(tenant) else {
                continue;
            };
            let wanted: Vec<PersonId> = wanted.into_iter().collect();
            let mut found = store.consents(name, &wanted).await?;
            for person in wanted {
                let consents = found.remove(&person).unwrap_or_default();
                self.agreed.young.insert((tenant, person), consents);
            }
        }
        Ok(())
    }

    /// INVARIANT: what is taken in here becomes durable with this group, or all of memory is made again.
    fn take_in(&mut self, said: Vec<(Key, Statement)>, persons: &mut Persons) {
        for (key, statement) in said {
            let Some(name) = self.tenants.name(key) else {
                continue;
            };
            if let Some(consents) = &statement.consents {
                let person = (key.tenant, statement.person);
                self.agreed.take_in(person, consents);
                // Others may have had the session before, and lose what was given in it.
                let others = statement.names.iter().copied().chain(self.persons_of(key));
                let others = others.filter(|other| *other != statement.person);
                let others = others.map(|other| (key.tenant, other));
                self.agreed.stale.extend(others);
            }
            persons.statements.push((name, statement));
        }
    }

    fn agree(&self, who: Vec<(Key, PersonId)>, persons: &mut Persons) {
        for (key, person) in who {
            if let Some(consents) = self.agreed.find(&(key.tenant, person))
                && let Some(name) = self.tenants.name(key)
            {
                let agreed = persons.agreed.entry(name).or_default();
                consents.iter().for_each(|it| agreed.record(it.clone()));
            }
        }
    }

    fn persons_of(&self, key: Key) -> impl Iterator<Item = PersonId> + use<> {
        let persons = self.residents.read(key, Session::persons);
        persons.into_iter().flatten()
    }
}
