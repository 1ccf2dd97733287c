//! An offer as a row, and back. A row that could be no offer is an error, never repaired.

use domain::id::TenantId;
use domain::money::Money;
use sea_orm::ActiveValue::Set;
use storage::StoreError;
use storage::column::{self, Row};

use super::TABLE;
use crate::case::CaseAgent;
use crate::day::Day;
use crate::offer::{Approver, FirstApproval, Hold, Offer, Redemption, State, StateName, Terms};
use crate::store::days;
use crate::store::entities::offers::{ActiveModel, Model};

pub(super) fn of(tenant: &TenantId, offer: &Offer) -> Result<ActiveModel, StoreError> {
    let terms = &offer.terms;
    Ok(ActiveModel {
        offer_id: Set(terms.id.to_string()),
        tenant: Set(tenant.to_string()),
        intervention_id: Set(terms.intervention.to_string()),
        session_id: Set(terms.session.to_string()),
        person_id: Set(terms.person.to_string()),
        remedy: Set(terms.remedy.to_string()),
        amount_minor: Set(terms.amount.minor_units()),
        amount_currency: Set(terms.amount.currency().to_string()),
        programme_id: Set(terms.programme.to_string()),
        partner_id: Set(terms.agent.partner.to_string()),
        agent_id: Set(terms.agent.agent.to_string()),
        cart_version: Set(i64::try_from(terms.cart_version).unwrap_or(i64::MAX)),
        policy_version: Set(i64::from(terms.policy_version)),
        created_at: Set(column::millis(terms.created_at)),
        traceparent: Set(terms.traceparent.clone()),
        ..state_of(offer)?
    })
}

/// The columns that moves change.
pub(super) fn state_of(offer: &Offer) -> Result<ActiveModel, StoreError> {
    let state = &offer.state;
    let (hold, redemption) = (state.hold(), state.redemption());
    Ok(ActiveModel {
        state: Set(state.name().to_string()),
        until: Set(column::millis(state.until())),
        purse_day: Set(hold.map(|hold| hold.day.number())),
        budget_day: Set(hold.and_then(|hold| hold.budget_period).map(Day::number)),
        approved_by: Set(hold
            .and_then(|hold| hold.approved_by.as_ref())
            .map(ToString::to_string)),
        authority_until: Set(hold
            .and_then(|hold| hold.authority_until)
            .map(column::millis)),
        redemption_id: Set(redemption.map(|redemption| redemption.id.to_string())),
        order_id: Set(redemption.map(|redemption| redemption.order.to_string())),
        redeemed_at: Set(redemption.map(|redemption| column::millis(redemption.redeemed_at))),
        reversed_minor: Set(offer.reversed().minor_units()),
        decided_by: Set(hold
            .map(|hold| column::json(&hold.decided_by))
            .transpose()?),
        hold_policy_version: Set(hold.and_then(|hold| hold.policy_version).map(i64::from)),
        first_approved_by: Set(state.first_approved_by().map(ToString::to_string)),
        ..Default::default()
    })
}

pub(super) fn parse(model: &Model) -> Result<Offer, StoreError> {
    let row = Row::of(TABLE, &model.offer_id);
    let terms = terms(&row, model)?;
    let name: StateName = row.parse("state", &model.state)?;
    let until = row.instant("until", model.until)?;
    let state = match name {
        StateName::NeedsApproval => State::NeedsApproval(until),
        StateName::ApprovalPending => match first_approved_by(&row, model)? {
            Some(by) => State::FirstApproved(FirstApproval { by, until }),
            None => State::ApprovalPending(until),
        },
        StateName::Denied => State::Denied(until),
        StateName::Held => State::Held(hold(&row, model)?),
        StateName::Released => State::Released(hold(&row, model)?),
        StateName::Expired => State::Expired(hold(&row, model)?),
        StateName::Redeemed => State::Redeemed(redemption(&row, model)?),
        StateName::Reversed => State::Reversed(redemption(&row, model)?),
        StateName::PartlyReversed => {
            let reversed = Money::new(model.reversed_minor, terms.amount.currency());
            let reversed = row.valid("reversed_minor", reversed)?;
            State::PartlyReversed(redemption(&row, model)?, reversed)
        }
    };
    Ok(Offer { terms, state })
}

fn terms(row: &Row<'_>, model: &Model) -> Result<Terms, StoreError> {
    Ok(Terms {
        id: row.parse("offer_id", &model.offer_id)?,
        intervention: row.parse("intervention_id", &model.intervention_id)?,
        session: row.parse("session_id", &model.session_id)?,
        person: row.parse("person_id", &model.person_id)?,
        remedy: row.parse("remedy", &model.remedy)?,
        amount: row.money("amount", model.amount_minor, &model.amount_currency)?,
        programme: row.parse("programme_id", &model.programme_id)?,
        agent: CaseAgent {
            partner: row.parse("partner_id", &model.partner_id)?,
            agent: row.parse("agent_id", &model.agent_id)?,
        },
        cart_version: row.count("cart_version", model.cart_version)?,
        policy_version: row.count("policy_version", model.policy_version)?,
        created_at: row.instant("created_at", model.created_at)?,
        traceparent: model.traceparent.clone(),
    })
}

fn first_approved_by(row: &Row<'_>, model: &Model) -> Result<Option<Approver>, StoreError> {
    row.parse_optional("first_approved_by", model.first_approved_by.as_deref())
}

fn hold(row: &Row<'_>, model: &Model) -> Result<Hold, StoreError> {
    let day = model.purse_day.ok_or_else(|| row.corrupt("purse_day"))?;
    Ok(Hold {
        until: row.instant("until", model.until)?,
        day: row.valid("purse_day", Day::from_number(day))?,
        budget_period: days::optional(row, "budget_day", model.budget_day)?,
        approved_by: row.parse_optional("approved_by", model.approved_by.as_deref())?,
        authority_until: row.instant_optional("authority_until", model.authority_until)?,
        decided_by: match &model.decided_by {
            Some(names) => row.json("decided_by", names)?,
            None => Vec::new(),
        },
        policy_version: model
            .hold_policy_version
            .map(|version| row.count("hold_policy_version", version))
            .transpose()?,
        first_approved_by: first_approved_by(row, model)?,
    })
}

fn redemption(row: &Row<'_>, model: &Model) -> Result<Redemption, StoreError> {
    let id = model.redemption_id.as_deref();
    let order = model.order_id.as_deref();
    let redeemed_at = model.redeemed_at;
    Ok(Redemption {
        hold: hold(row, model)?,
        id: row.parse("redemption_id", id.unwrap_or_default())?,
        order: row.parse("order_id", order.unwrap_or_default())?,
        redeemed_at: row.instant(
            "redeemed_at",
            redeemed_at.ok_or_else(|| row.corrupt("redeemed_at"))?,
        )?,
    })
}
