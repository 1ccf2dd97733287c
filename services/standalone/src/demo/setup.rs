//! What the manager of the shop does before it opens: money for offers, who may grant them, one more play, and a model.

use std::time::Duration;

use domain::cause::Cause;
use domain::channel::Channel;
use domain::language::Language;
use domain::moment::MomentKind;
use domain::remedy::RemedyKind;
use domain::time::{earlier, later};
use platform::clock::{Clock, SystemClock};
use proto::convert::time::{wire_duration, wire_timestamp};
use proto::field::WireField;
use proto::offers::v1::{
    ActivateAuthorityPolicyRequest, AuthorityGrant, AuthorityPolicy, CreateAuthorityPolicyRequest,
    CreateProgrammeRequest, GrantorRole, Programme, Purse, SetPurseRequest,
};
use proto::routing::v1::{
    ActivatePlayRequest, CreatePlayVersionRequest, ListPlaysRequest, Play, PlayText,
};

use super::cast::{AGENTS, Authority, SUPERVISORS};
use super::clients::Doors;
use super::script::money;
use super::{DemoError, failed, model, request_id};

/// The play for carts that nobody touches any more: the one sign that a recording of views and carts can show.
pub(super) const IDLE_CART: &str = "idle-cart-card";

/// A programme: its name, its budget in minor units, and the remedies that draw on it.
type Budget = (&'static str, i64, &'static [RemedyKind]);

const BUDGETS: [Budget; 2] = [
    (
        "checkout-rescue",
        20_000,
        &[
            RemedyKind::WaiveShipping,
            RemedyKind::CutShipping,
            RemedyKind::PercentOff,
            RemedyKind::AmountOff,
            RemedyKind::ExtendedWarranty,
        ],
    ),
    ("delivery-goodwill", 5_000, &[RemedyKind::Compensation]),
];

/// What the agents of one partner may grant in a day, in minor units.
const PARTNER_PURSE: i64 = 10_000;

/// Remedies that an agent with small authority may grant, up to an amount and a share of the cart.
const SMALL: [(RemedyKind, i64, u32); 6] = [
    (RemedyKind::WaiveShipping, 2_000, 1_500),
    (RemedyKind::CutShipping, 2_000, 1_500),
    (RemedyKind::PercentOff, 2_000, 1_000),
    (RemedyKind::AmountOff, 2_000, 1_000),
    (RemedyKind::ExtendedWarranty, 2_500, 1_000),
    (RemedyKind::Compensation, 1_000, 1_000),
];

/// Sets the shop up.
pub(super) async fn open_shop(doors: &Doors) -> Result<(), DemoError> {
    fund(doors).await?;
    authorise(doors).await?;
    add_play(doors).await?;
    model::activate(doors).await
}

async fn fund(doors: &Doors) -> Result<(), DemoError> {
    let mut manager = doors.programmes()?;
    for budget in BUDGETS {
        let request = CreateProgrammeRequest {
            request_id: request_id(),
            programme: Some(programme(budget)),
        };
        let created = manager.create_programme(request).await;
        created.map_err(failed("a programme cannot be created"))?;
    }
    for (partner, _) in SUPERVISORS {
        let purse = Purse {
            partner_id: partner.to_owned(),
            agent_id: String::new(),
            daily_limit: Some(money(PARTNER_PURSE)),
            used_today: None,
        };
        let request = SetPurseRequest {
            request_id: request_id(),
            purse: Some(purse),
        };
        let set = manager.set_purse(request).await;
        set.map_err(failed("a purse cannot be set"))?;
    }
    Ok(())
}

fn programme((name, budget, remedies): Budget) -> Programme {
    let now = SystemClock.now();
    Programme {
        programme_id: name.to_owned(),
        remedies: remedies.to_vec().into_wire(),
        budget: Some(money(budget)),
        starts_at: Some(wire_timestamp(earlier(now, Duration::from_mins(1)))),
        ends_at: Some(wire_timestamp(later(now, Duration::from_hours(24)))),
        margin_floor_bps: 1_000,
        offers_per_person: 2,
        hold_ttl: None,
        ..Programme::default()
    }
}

async fn authorise(doors: &Doors) -> Result<(), DemoError> {
    let mut manager = doors.programmes()?;
    let policy = AuthorityPolicy {
        purpose: "Demo: all agents but one may grant small concessions, supervisors twice as much"
            .to_owned(),
        grants: grants(),
        ..AuthorityPolicy::default()
    };
    let request = CreateAuthorityPolicyRequest {
        request_id: request_id(),
        policy: Some(policy),
    };
    let created = manager.create_authority_policy(request).await;
    let created = created.map_err(failed("the authority policy cannot be stored"))?;
    let version = created
        .into_inner()
        .policy
        .map_or(1, |policy| policy.version);
    let request = ActivateAuthorityPolicyRequest {
        request_id: request_id(),
        version,
        at: None,
    };
    let activated = manager.activate_authority_policy(request).await;
    activated.map_err(failed("the authority policy cannot be activated"))?;
    Ok(())
}

/// One line for each agent with authority and each supervisor, by name: what no line allows is refused.
fn grants() -> Vec<AuthorityGrant> {
    let agents = AGENTS
        .iter()
        .filter(|agent| agent.authority == Authority::Small)
        .map(|agent| (GrantorRole::Agent, (agent.partner, agent.name), 1));
    let supervisors = SUPERVISORS
        .iter()
        .map(|supervisor| (GrantorRole::Supervisor, *supervisor, 2));
    let mut grants = Vec::new();
    for (role, (partner, name), times) in agents.chain(supervisors) {
        for (remedy, amount, share) in SMALL {
            grants.push(AuthorityGrant {
                role: role.into(),
                partner_id: partner.to_owned(),
                agent_id: name.to_owned(),
                remedy: remedy.into_wire(),
                causes: Vec::new(),
                max_amount: Some(money(amount * i64::from(times))),
                max_bps: share * times,
                expires_at: None,
                second_approval_above: None,
            });
        }
    }
    grants
}

async fn add_play(doors: &Doors) -> Result<(), DemoError> {
    let mut manager = doors.plays()?;
    let request = CreatePlayVersionRequest {
        request_id: request_id(),
        play: Some(idle_cart()),
    };
    let created = manager.create_play_version(request).await;
    created.map_err(failed("a play cannot be stored"))?;
    let request = ActivatePlayRequest {
        request_id: request_id(),
        play_id: IDLE_CART.to_owned(),
        version: 0,
    };
    let activated = manager.activate_play(request).await;
    activated.map_err(failed("a play cannot be activated"))?;
    Ok(())
}

fn idle_cart() -> Play {
    let text = |language: Language, text: &str| PlayText {
        language: language.as_str().to_owned(),
        text: text.to_owned(),
    };
    Play {
        play_id: IDLE_CART.to_owned(),
        purpose: "Remind of a cart that nobody touches any more, on the page and without money"
            .to_owned(),
        triggers: vec![MomentKind::IdleCart].into_wire(),
        causes: vec![Cause::Distraction, Cause::Unknown].into_wire(),
        min_abandonment_bps: 3_000,
        channel: Channel::OnPage.into_wire(),
        stale_after: Some(wire_duration(Duration::from_mins(2))),
        remedy_ladder: vec![RemedyKind::Information].into_wire(),
        texts: vec![
            text(
                Language::EN,
                "Your cart is kept for you. Questions? We are here.",
            ),
            text(
                Language::ES,
                "Guardamos tu cesta. ¿Alguna pregunta? Estamos aquí.",
            ),
        ],
        expected_uplift_bps: 100,
        ..Play::default()
    }
}

/// The plays that are live, by name.
pub(super) async fn plays(doors: &Doors) -> Result<Vec<Play>, DemoError> {
    let request = ListPlaysRequest {
        page_size: 200,
        page_token: String::new(),
    };
    let listed = doors.plays()?.list_plays(request).await;
    let listed = listed.map_err(failed("the plays cannot be read"))?;
    Ok(listed.into_inner().plays)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::demo::cast::NORTE;

    #[test]
    fn one_agent_has_no_line_of_authority() {
        let grants = grants();

        assert!(grants.iter().any(|grant| grant.partner_id == NORTE));
        for agent in AGENTS {
            let lines = grants
                .iter()
                .filter(|grant| grant.agent_id == agent.name)
                .count();
            assert_eq!(
                lines == 0,
                agent.authority == Authority::None,
                "{}",
                agent.name
            );
        }
    }
}
