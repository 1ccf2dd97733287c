//! What offers are judged on beside the rules: what was granted before, and what counters leave. It is read at once for all
//! that are judged together, and what is granted to one of them counts for those after it.

use std::cmp::Reverse;
use std::collections::{HashMap, HashSet};
use std::time::Duration;

use domain::id::{PersonId, SessionId, TenantId};
use domain::money::{Currency, Money};
use domain::remedy::RemedyKind;
use domain::time::{Timestamp, earlier};
use futures::try_join;
use sea_orm::ConnectionTrait;
use storage::StoreError;
use storage::column::Row;

use super::live::View;
use super::rules::Rules;
use crate::authority::{Candidate, History, PurseRoom};
use crate::case::CaseAgent;
use crate::day::Day;
use crate::ledger::{LimitKey, purse_owners};
use crate::offer::{Offer, StateName};
use crate::programme::Programme;
use crate::store::ledger::{Caps, Counter, NewHold, counters_among};
use crate::store::offers::{self, Had, OnCart};

/// How long what a person was granted is remembered against more of it.
const REMEMBERED: Duration = Duration::from_hours(24 * 90);

/// Who would grant what to whom, and when.
#[derive(Clone, Copy)]
pub(super) struct Situation<'a> {
    pub(super) tenant: &'a TenantId,
    pub(super) rules: &'a Rules,
    /// `None` when the shopper is not known yet.
    pub(super) person: Option<PersonId>,
    /// Whose cart it is; `None` when that is not known.
    pub(super) session: Option<SessionId>,
    /// The remedy; `None` for any.
    pub(super) remedy: Option<RemedyKind>,
    pub(super) currency: Currency,
    /// Those whose purses would be drawn on. The rules have [met](Rules::meet) them.
    pub(super) agents: &'a [CaseAgent],
    pub(super) now: Timestamp,
}

/// What has been granted on the cart of a session, as far as it still costs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Granted {
    /// What its offers in one currency cost, less what was reversed.
    pub(super) cost: Money,
    /// Their remedies, in any currency.
    pub(super) remedies: Vec<RemedyKind>,
}

/// The purses that an agent draws on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Purses {
    /// The daily limits of agent and partner, where they are set.
    limits: [Option<Money>; 2],
    pub(super) room: PurseRoom,
}

/// What was granted and what is left, for those whom it was read for.
#[derive(Debug, Default)]
pub(super) struct Grounds {
    on_carts: HashMap<(TenantId, SessionId), Vec<OnCart>>,
    histories: HashMap<(TenantId, PersonId), Vec<Had>>,
    counters: HashMap<(TenantId, LimitKey), Counter>,
}

impl Situation<'_> {
    /// The programmes that could grant it.
    fn programmes(&self) -> impl Iterator<Item = &Programme> {
        let remedy = self.remedy;
        let grants = move |programme: &&Programme| {
            remedy.is_none_or(|remedy| programme.remedies.contains(&remedy))
        };
        self.rules.programmes(self.now).filter(grants)
    }

    /// The counters that it depends on.
    fn counters(&self) -> impl Iterator<Item = LimitKey> {
        let programmes = self.programmes().flat_map(|programme| {
            let usage = self
                .person
                .map(|person| LimitKey::usage(&programme.id, person));
            [Some(LimitKey::open_budget(programme)), usage]
        });
        let purses = self.agents.iter().flat_map(|agent| {
            let limits = self.rules.limits_of(agent);
            let set = purse_owners(agent).into_iter().zip(limits);
            set.map(|(owner, limit)| {
                limit.map(|_| LimitKey::purse(&owner, Day::of(self.now), self.currency))
            })
        });
        programmes.chain(purses).flatten()
    }
}

impl Grounds {
    /// Reads what these situations depend on.
    pub(super) async fn read<C: ConnectionTrait>(
        connection: &C,
        situations: &[Situation<'_>],
    ) -> Result<Self, StoreError> {
        let carts: Vec<_> = situations
            .iter()
            .filter_map(|situation| Some((situation.tenant, situation.session?)))
            .collect();
        let persons: Vec<_> = situations
            .iter()
            .filter_map(|situation| Some((situation.tenant, situation.person?)))
            .collect();
        let limits: HashSet<(&TenantId, LimitKey)> = situations
            .iter()
            .flat_map(|situation| situation.counters().map(|key| (situation.tenant, key)))
            .collect();
        let limits: Vec<_> = limits.iter().map(|(tenant, key)| (*tenant, key)).collect();
        let first = situations.iter().map(|situation| situation.now).min();
        let since = first.map_or(Timestamp::MIN, |first| earlier(first, REMEMBERED));
        Ok(Self {
            on_carts: offers::on_carts(connection, &carts).await?,
            histories: offers::histories(connection, &persons, since).await?,
            counters: counters_among(connection, &limits).await?,
        })
    }

    /// Reads what is known of the shopper, and takes counters from a view of the shop.
    pub(super) async fn look<C: ConnectionTrait>(
        connection: &C,
        situation: Situation<'_>,
        view: &View,
    ) -> Result<Self, StoreError> {
        let Situation {
            tenant,
            person,
            session,
            ..
        } = situation;
        let carts: Vec<_> = session.iter().map(|session| (tenant, *session)).collect();
        let persons: Vec<_> = person.iter().map(|person| (tenant, *person)).collect();
        let since = earlier(situation.now, REMEMBERED);
        let (on_carts, histories, counters) = try_join!(
            offers::on_carts(connection, &carts),
            offers::histories(connection, &persons, since),
            view.counters(connection, tenant, situation.counters().collect()),
        )?;
        Ok(Self {
            on_carts,
            histories,
            counters,
        })
    }

    /// What was granted on the cart.
    pub(super) fn granted(&self, situation: Situation<'_>) -> Result<Granted, StoreError> {
        let mut granted = Granted {
            cost: Money::zero(situation.currency),
            remedies: Vec::new(),
        };
        let Some(session) = situation.session else {
            return Ok(granted);
        };
        let before = self.on_carts.get(&(situation.tenant.clone(), session));
        for offer in before.into_iter().flatten() {
            if !granted.remedies.contains(&offer.remedy) {
                granted.remedies.push(offer.remedy);
            }
            if offer.cost.currency() == situation.currency {
                let sum = granted.cost.checked_add(offer.cost);
                granted.cost = Row::of("offers", &session.to_string()).valid("amount", sum)?;
            }
        }
        Ok(granted)
    }

    /// What the person was granted lately, but for this cart.
    pub(super) fn history(&self, situation: Situation<'_>) -> History {
        let mut history = History::default();
        let Some(person) = situation.person else {
            return history;
        };
        let had = self.histories.get(&(situation.tenant.clone(), person));
        let elsewhere = |had: &&Had| Some(had.session) != situation.session;
        for Had { state, offers, .. } in had.into_iter().flatten().filter(elsewhere) {
            match state {
                StateName::NeedsApproval | StateName::ApprovalPending | StateName::Denied => {}
                StateName::Expired => {
                    history.had = history.had.saturating_add(*offers);
                    history.unused = history.unused.saturating_add(*offers);
                }
                // What an agent gave back, to offer something else, is not held against the person.
                StateName::Released
                | StateName::Held
                | StateName::Redeemed
                | StateName::PartlyReversed
                | StateName::Reversed => history.had = history.had.saturating_add(*offers),
            }
        }
        history
    }

    /// The purses of somebody.
    pub(super) fn purses(&self, situation: Situation<'_>, agent: &CaseAgent) -> Purses {
        let limits = situation.rules.limits_of(agent);
        let Situation { currency, now, .. } = situation;
        let room = purse_owners(agent).into_iter().zip(limits);
        let room = room.filter_map(|(owner, limit)| {
            let key = LimitKey::purse(&owner, Day::of(now), currency);
            Some(room_of(limit?, self.counter(situation, key), currency))
        });
        Purses {
            limits,
            room: room.fold(PurseRoom::Unlimited, narrower),
        }
    }

    /// The programmes that could grant it, with their room, but for purses. Those that run come first, and of them the one
    /// that ends first, so that its money is not lost.
    pub(super) fn candidates(&self, situation: Situation<'_>) -> Vec<Candidate> {
        let runs = |programme: &Programme| programme.refusals(situation.now).is_empty();
        let mut programmes: Vec<&Programme> = situation.programmes().collect();
        programmes.sort_by(|one, other| {
            let rank = |programme: &Programme| (Reverse(runs(programme)), programme.ends_at);
            let order = rank(one).cmp(&rank(other));
            order.then_with(|| one.id.cmp(&other.id))
        });
        let with_room = programmes
            .into_iter()
            .map(|programme| self.candidate(situation, programme));
        with_room.collect()
    }

    /// One programme with its room, but for purses.
    pub(super) fn candidate(&self, situation: Situation<'_>, programme: &Programme) -> Candidate {
        let budget = self.counter(situation, LimitKey::open_budget(programme));
        let budget = budget.and_then(Counter::room).unwrap_or(0);
        let zero = Money::zero(programme.currency);
        let uses = situation.person.map(|person| {
            let usage = self.counter(situation, LimitKey::usage(&programme.id, person));
            let used = usage.map_or(0, Counter::used);
            let left = i64::from(programme.offers_per_person).saturating_sub(used);
            u32::try_from(left).unwrap_or(0)
        });
        Candidate {
            budget: Money::new(budget, programme.currency).unwrap_or(zero),
            purse: PurseRoom::Unlimited,
            uses,
            programme: programme.clone(),
        }
    }

    fn counter(&self, situation: Situation<'_>, key: LimitKey) -> Option<Counter> {
        self.counters.get(&(situation.tenant.clone(), key)).copied()
    }

    /// Counts an offer that was granted on these grounds, for those that are judged after it.
    pub(super) fn count(&mut self, offer: &Offer, hold: &NewHold) {
        let NewHold {
            tenant, draw, caps, ..
        } = hold;
        let terms = &offer.terms;
        let on_cart = self.on_carts.entry((tenant.clone(), terms.session));
        on_cart.or_default().push(OnCart {
            remedy: terms.remedy,
            cost: terms.amount,
        });
        let history = self.histories.entry((tenant.clone(), terms.person));
        history.or_default().push(Had {
            session: terms.session,
            state: offer.state.name(),
            offers: 1,
        });
        for share in draw.shares() {
            let cap = caps.of(share.key.scope);
            let counter = self.counters.entry((tenant.clone(), share.key));
            let counter = counter.or_insert(Counter {
                cap,
                held: 0,
                redeemed: 0,
            });
            counter.held = counter.held.saturating_add(share.units);
        }
    }
}

impl Purses {
    /// The purses of an agent of whom only the limits are of interest.
    pub(super) fn of_limits(limits: [Option<Money>; 2]) -> Self {
        Self {
            limits,
            room: PurseRoom::Unlimited,
        }
    }

    /// The caps with which the counters of an offer are opened.
    pub(super) fn caps(&self, programme: &Programme) -> Caps {
        let [agent_purse, partner_purse] = self
            .limits
            .map(|limit| limit.filter(|limit| limit.currency() == programme.currency));
        Caps {
            uses: programme.offers_per_person,
            agent_purse,
            partner_purse,
        }
    }
}

fn room_of(limit: Money, counter: Option<Counter>, currency: Currency) -> PurseRoom {
    if limit.currency() != currency {
        return PurseRoom::OtherCurrency;
    }
    let (cap, used) = counter.map_or((None, 0), |counter| (counter.cap, counter.used()));
    let left = cap.unwrap_or(limit.minor_units()).saturating_sub(used);
    // What is over-drawn has no room, and no less than none.
    PurseRoom::Left(Money::new(left, currency).unwrap_or(Money::zero(currency)))
}

fn narrower(one: PurseRoom, other: PurseRoom) -> PurseRoom {
    match (one, other) {
        (PurseRoom::OtherCurrency, _) | (_, PurseRoom::OtherCurrency) => PurseRoom::OtherCurrency,
        (PurseRoom::Unlimited, room) | (room, PurseRoom::Unlimited) => room,
        (PurseRoom::Left(one), PurseRoom::Left(other)) => one
            .min(other)
            .map_or(PurseRoom::OtherCurrency, PurseRoom::Left),
    }
}
