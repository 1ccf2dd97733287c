//! Requests as domain values, or the first field at fault.

use std::num::NonZeroU32;
use std::ops::RangeInclusive;
use std::time::Duration;

use domain::fact::Fact;
use domain::id::{ExperimentId, PartnerId};
use domain::money::{BasisPoints, Currency, Money, MoneyError};
use platform::limits::BATCH_ITEMS;
use proto::convert::time::{duration, required_duration, required_timestamp};
use proto::error::v1::ErrorReason;
use proto::field::{self, InvalidField};
use proto::kpi::v1 as pb;

use crate::business_case::Assumptions;
use crate::formulas::{InvalidDemand, StaffingDemand, StaffingTarget};
use crate::report::Window;
use crate::service::{Batch, ExperimentQuery, Selection};

const MINUTE: Duration = Duration::from_mins(1);
const HOUR: Duration = Duration::from_hours(1);
const DAY: Duration = Duration::from_hours(24);

/// Longest horizon.
const MAX_HORIZON: Duration = DAY.saturating_mul(60);

/// Longest window of a stream.
const MAX_WATCHED: Duration = DAY.saturating_mul(90);

/// Share held out when the request names none.
const DEFAULT_HOLDOUT_BPS: u32 = 1_000;
const DEFAULT_SERVICE_LEVEL_BPS: u32 = 8_000;
const DEFAULT_OCCUPANCY_BPS: u32 = 8_500;
const DEFAULT_ANSWER_WITHIN: Duration = Duration::from_secs(20);

/// A window and what to show of it.
pub(super) struct Query {
    pub(super) window: Window,
    pub(super) selection: Selection,
}

/// The length of a window that moves, and what to show of it.
pub(super) struct Watch {
    pub(super) length: Duration,
    pub(super) selection: Selection,
}

pub(super) fn batch(request: pb::RecordFactsRequest) -> Result<Batch, InvalidField> {
    let pb::RecordFactsRequest { facts } = request;
    if facts.is_empty() {
        return Err(InvalidField::absent("facts"));
    }
    field::within_count("facts", facts.len(), BATCH_ITEMS)?;
    Ok(Batch(facts.into_iter().map(Fact::try_from).collect()))
}

pub(super) fn query(request: pb::QueryKpisRequest) -> Result<Query, InvalidField> {
    let pb::QueryKpisRequest {
        window,
        horizon,
        partner_id,
        currency,
    } = request;
    Ok(Query {
        window: read_window(window)?,
        selection: Selection {
            horizon: read_horizon(horizon)?,
            partner: read_partner(&partner_id)?,
            currency: read_currency(&currency)?,
        },
    })
}

pub(super) fn watch(request: pb::WatchKpisRequest) -> Result<Watch, InvalidField> {
    let pb::WatchKpisRequest {
        window,
        horizon,
        partner_id,
        currency,
    } = request;
    let length = required_duration("window", window)?;
    Ok(Watch {
        length: span_within(
            "window",
            length,
            MINUTE..=MAX_WATCHED,
            "1 minute to 90 days",
        )?,
        selection: Selection {
            horizon: read_horizon(horizon)?,
            partner: read_partner(&partner_id)?,
            currency: read_currency(&currency)?,
        },
    })
}

pub(super) fn audit(request: pb::AuditKpisRequest) -> Result<Query, InvalidField> {
    let pb::AuditKpisRequest {
        window,
        horizon,
        currency,
    } = request;
    Ok(Query {
        window: read_window(window)?,
        selection: Selection {
            horizon: read_horizon(horizon)?,
            partner: None,
            currency: read_currency(&currency)?,
        },
    })
}

pub(super) fn export(request: pb::ExportFactsRequest) -> Result<Window, InvalidField> {
    let pb::ExportFactsRequest { window } = request;
    read_window(window)
}

pub(super) fn experiment(
    request: pb::GetExperimentRequest,
) -> Result<ExperimentQuery, InvalidField> {
    let pb::GetExperimentRequest {
        experiment_id,
        holdout_bps,
        horizon,
    } = request;
    let planned = holdout_bps.unwrap_or(DEFAULT_HOLDOUT_BPS);
    Ok(ExperimentQuery {
        experiment: field::parse("experiment_id", &experiment_id, ExperimentId::parse)?,
        planned_holdout: points_within("holdout_bps", planned, 1..=9_999)?,
        horizon: read_horizon(horizon)?,
    })
}

pub(super) fn assumptions(
    request: pb::EstimateRecoveryRequest,
) -> Result<Assumptions, InvalidField> {
    let pb::EstimateRecoveryRequest {
        sessions_at_risk,
        contact_bps,
        uplift_bps,
        order_value,
        margin_bps,
        contact_cost,
        offer_cost,
    } = request;
    if sessions_at_risk == 0 {
        return Err(InvalidField::absent("sessions_at_risk"));
    }
    let order_value: Money = field::message("order_value", order_value)?;
    let in_same_currency = |field: &str, amount| {
        let amount: Money = field::message(field, amount)?;
        let same = amount.compare(order_value).map(|_| amount);
        same.map_err(|fault| InvalidField::at("currency")(fault).within(field))
    };
    Ok(Assumptions {
        sessions_at_risk,
        contact_share: points_within("contact_bps", contact_bps, 1..=10_000)?,
        uplift: points_within("uplift_bps", uplift_bps, 1..=10_000)?,
        order_value,
        margin_share: BasisPoints::new(margin_bps).map_err(InvalidField::at("margin_bps"))?,
        contact_cost: in_same_currency("contact_cost", contact_cost)?,
        offer_cost: in_same_currency("offer_cost", offer_cost)?,
    })
}

/// Amounts whose sum is beyond the largest amount there is: too many sessions for these prices.
pub(super) fn impossible_case(fault: MoneyError) -> InvalidField {
    InvalidField::at("sessions_at_risk")(fault)
}

pub(super) fn staffing(
    request: pb::PlanStaffingRequest,
) -> Result<(StaffingDemand, StaffingTarget), InvalidField> {
    let pb::PlanStaffingRequest {
        contacts,
        interval,
        handle_time,
        concurrency,
        service_level_bps,
        answer_within,
        max_occupancy_bps,
    } = request;
    let interval = required_duration("interval", interval)?;
    let handle_time = required_duration("handle_time", handle_time)?;
    let answer_within = answer_within.as_ref().map(duration).transpose();
    let demand = StaffingDemand {
        contacts: NonZeroU32::new(contacts).ok_or_else(|| InvalidField::absent("contacts"))?,
        interval: span_within("interval", interval, MINUTE..=DAY, "1 minute to 24 hours")?,
        handle_time: span_within(
            "handle_time",
            handle_time,
            Duration::from_secs(1)..=HOUR.saturating_mul(4),
            "1 second to 4 hours",
        )?,
        concurrency: read_concurrency(concurrency)?,
    };
    let level = or_default(service_level_bps, DEFAULT_SERVICE_LEVEL_BPS);
    let occupancy = or_default(max_occupancy_bps, DEFAULT_OCCUPANCY_BPS);
    let target = StaffingTarget {
        service_level: points_within("service_level_bps", level, 1..=9_999)?,
        answer_within: answer_within
            .map_err(InvalidField::at("answer_within"))?
            .unwrap_or(DEFAULT_ANSWER_WITHIN),
        max_occupancy: points_within("max_occupancy_bps", occupancy, 1..=9_999)?,
    };
    Ok((demand, target))
}

pub(super) fn impossible_demand(fault: InvalidDemand) -> InvalidField {
    InvalidField::new("contacts", ErrorReason::OutOfRange, fault.to_string())
}

fn read_window(window: Option<pb::Window>) -> Result<Window, InvalidField> {
    let pb::Window { from, until } = field::required("window", window)?;
    let within = |fault: InvalidField| fault.within("window");
    let from = required_timestamp("from", from).map_err(within)?;
    let until = required_timestamp("until", until).map_err(within)?;
    if until <= from {
        let rule = "must be after the start";
        return Err(InvalidField::new(
            "window.until",
            ErrorReason::OutOfRange,
            rule,
        ));
    }
    Ok(Window { from, until })
}

fn read_horizon(horizon: Option<prost_types::Duration>) -> Result<Option<Duration>, InvalidField> {
    let Some(horizon) = horizon else {
        return Ok(None);
    };
    let horizon = duration(&horizon).map_err(InvalidField::at("horizon"))?;
    span_within(
        "horizon",
        horizon,
        MINUTE..=MAX_HORIZON,
        "1 minute to 60 days",
    )
    .map(Some)
}

fn read_partner(partner: &str) -> Result<Option<PartnerId>, InvalidField> {
    given(partner, |text| {
        field::parse("partner_id", text, PartnerId::parse)
    })
}

fn read_currency(currency: &str) -> Result<Option<Currency>, InvalidField> {
    given(currency, |text| {
        field::parse("currency", text, Currency::parse)
    })
}

/// A text whose empty form stands for absent.
fn given<T>(
    text: &str,
    parse: impl FnOnce(&str) -> Result<T, InvalidField>,
) -> Result<Option<T>, InvalidField> {
    (!text.is_empty()).then(|| parse(text)).transpose()
}

fn read_concurrency(concurrency: u32) -> Result<NonZeroU32, InvalidField> {
    NonZeroU32::new(or_default(concurrency, 1))
        .filter(|concurrency| concurrency.get() <= 10)
        .ok_or_else(|| InvalidField::new("concurrency", ErrorReason::OutOfRange, "must be 1 to 10"))
}

fn or_default(given: u32, default: u32) -> u32 {
    if given == 0 { default } else { given }
}

fn span_within(
    field: &str,
    span: Duration,
    range: RangeInclusive<Duration>,
    rule: &str,
) -> Result<Duration, InvalidField> {
    if range.contains(&span) {
        return Ok(span);
    }
    Err(InvalidField::new(
        field,
        ErrorReason::OutOfRange,
        format!("must be {rule}"),
    ))
}

fn points_within(
    field: &str,
    points: u32,
    range: RangeInclusive<u32>,
) -> Result<BasisPoints, InvalidField> {
    if !range.contains(&points) {
        let rule = format!("must be {} to {} basis points", range.start(), range.end());
        return Err(InvalidField::new(field, ErrorReason::OutOfRange, rule));
    }
    BasisPoints::new(points).map_err(InvalidField::at(field))
}
