//! Answers as messages.

use domain::money::{Currency, Money};
use proto::convert::time::{wire_duration, wire_timestamp};
use proto::kpi::v1 as pb;

use crate::business_case::BusinessCase;
use crate::formulas::{Interval, Ratio, Staffing};
use crate::report::{
    AbandonmentReduction, BlockCount, DEFINITION_VERSION, ExperimentReading,
    FirstContactResolution, Funnel, KpiReport, Latency, NetTransactionScore, OfferFigures,
    RecoveredRevenue, Window,
};
use crate::service::{Answer, Audit, Recorded, Rejected};

pub(super) fn recorded(recorded: Recorded) -> pb::RecordFactsResponse {
    let Recorded {
        accepted,
        duplicates,
        rejected,
    } = recorded;
    pb::RecordFactsResponse {
        accepted_count: small(accepted),
        duplicate_count: small(duplicates),
        rejected: rejected.into_iter().map(rejected_fact).collect(),
    }
}

fn rejected_fact(rejected: Rejected) -> pb::RejectedFact {
    let Rejected { index, fault } = rejected;
    pb::RejectedFact {
        index: u32::try_from(index).unwrap_or(u32::MAX),
        field: fault.field,
        reason: fault.reason.into(),
    }
}

pub(super) fn report(answer: Answer) -> pb::KpiReport {
    let Answer { question, report } = answer;
    let KpiReport {
        currency,
        mature,
        proactive_chat_conversion_rate,
        abandonment_reduction,
        first_contact_resolution,
        net_transaction_score,
        recovered_revenue,
        funnel,
        block_reasons,
        offers,
        pointless_contacts,
        undesirable_follow_ups,
    } = report;
    let block_reasons = block_reasons.into_iter().map(block_count).collect();
    pb::KpiReport {
        window: Some(window(question.window)),
        horizon: Some(wire_duration(question.horizon)),
        definition_version: DEFINITION_VERSION.to_owned(),
        currency: currency.map_or("", Currency::as_str).to_owned(),
        mature_share: mature.value(),
        proactive_chat_conversion_rate: Some(ratio(proactive_chat_conversion_rate)),
        abandonment_reduction: Some(abandonment(abandonment_reduction)),
        first_contact_resolution: Some(resolution(first_contact_resolution)),
        net_transaction_score: Some(transaction_score(net_transaction_score)),
        recovered_revenue: Some(revenue(recovered_revenue)),
        funnel: Some(steps(funnel)),
        block_reasons,
        offers: Some(offer_figures(offers)),
        pointless_contacts: Some(ratio(pointless_contacts)),
        undesirable_follow_ups: Some(ratio(undesirable_follow_ups)),
    }
}

pub(super) fn experiment(reading: &ExperimentReading) -> pb::GetExperimentResponse {
    let trusted = reading.is_trusted();
    let ExperimentReading {
        treatment,
        holdout,
        lift,
        lift_interval,
        split_p_value,
        needed_per_arm,
    } = *reading;
    pb::GetExperimentResponse {
        treatment: Some(ratio(treatment)),
        holdout: Some(ratio(holdout)),
        lift,
        lift_interval: lift_interval.map(interval),
        split_p_value,
        trusted,
        needed_per_arm,
    }
}

pub(super) fn business_case(case: BusinessCase) -> pb::EstimateRecoveryResponse {
    let BusinessCase {
        contacts,
        recovered_orders,
        recovered_revenue,
        gross_margin,
        cost,
        net_minor_units,
    } = case;
    pb::EstimateRecoveryResponse {
        contacts,
        recovered_orders,
        recovered_revenue: Some(recovered_revenue.into()),
        gross_margin: Some(gross_margin.into()),
        cost: Some(cost.into()),
        net_minor_units,
    }
}

pub(super) fn staffing(staffing: Staffing) -> pb::PlanStaffingResponse {
    let Staffing {
        agents,
        offered_load,
        service_level,
        average_speed_of_answer,
        occupancy,
    } = staffing;
    pb::PlanStaffingResponse {
        agents,
        offered_load,
        service_level,
        average_speed_of_answer: Some(wire_duration(average_speed_of_answer)),
        occupancy,
    }
}

pub(super) fn audit(audit: Audit) -> pb::AuditKpisResponse {
    let Audit {
        fact_count,
        differing_figures,
    } = audit;
    pb::AuditKpisResponse {
        fact_count,
        consistent: differing_figures.is_empty(),
        differing_figures,
    }
}

fn window(window: Window) -> pb::Window {
    let Window { from, until } = window;
    pb::Window {
        from: Some(wire_timestamp(from)),
        until: Some(wire_timestamp(until)),
    }
}

fn ratio(ratio: Ratio) -> pb::Ratio {
    pb::Ratio {
        numerator: ratio.numerator,
        denominator: ratio.denominator,
        value: ratio.value(),
        interval: ratio.wilson().map(interval),
    }
}

fn interval(bounds: Interval) -> pb::Interval {
    let Interval { low, high } = bounds;
    pb::Interval { low, high }
}

fn amount(money: Option<Money>) -> Option<proto::money::v1::Money> {
    money.map(Into::into)
}

fn abandonment(figures: AbandonmentReduction) -> pb::AbandonmentReduction {
    let AbandonmentReduction {
        treatment,
        holdout,
        rate,
        rate_interval,
        difference,
        prevented_count,
    } = figures;
    pb::AbandonmentReduction {
        treatment: Some(ratio(treatment)),
        holdout: Some(ratio(holdout)),
        rate,
        rate_interval: rate_interval.map(interval),
        difference,
        prevented_count,
    }
}

fn resolution(figures: FirstContactResolution) -> pb::FirstContactResolution {
    let FirstContactResolution {
        declared,
        confirmed,
        observed,
        observed_ordered,
        follow_up_window,
    } = figures;
    pb::FirstContactResolution {
        declared: Some(ratio(declared)),
        confirmed: Some(ratio(confirmed)),
        observed: Some(ratio(observed)),
        observed_ordered: Some(ratio(observed_ordered)),
        follow_up_window: Some(wire_duration(follow_up_window)),
    }
}

fn transaction_score(figures: NetTransactionScore) -> pb::NetTransactionScore {
    let NetTransactionScore {
        answers,
        n,
        score,
        interval: bounds,
        response_rate,
        buyers_less_others,
        correlation_with_order,
    } = figures;
    pb::NetTransactionScore {
        answers: answers.to_vec(),
        n,
        score,
        interval: bounds.map(interval),
        response_rate: Some(ratio(response_rate)),
        buyers_less_others,
        correlation_with_order,
    }
}

fn revenue(figures: RecoveredRevenue) -> pb::RecoveredRevenue {
    let RecoveredRevenue {
        treatment_n,
        holdout_n,
        treatment_revenue,
        holdout_revenue,
        incremental_minor_units,
        incremental_interval,
        credited_revenue,
    } = figures;
    pb::RecoveredRevenue {
        treatment_n,
        holdout_n,
        treatment_revenue: amount(treatment_revenue),
        holdout_revenue: amount(holdout_revenue),
        incremental_minor_units,
        incremental_interval: incremental_interval.map(interval),
        credited_revenue: amount(credited_revenue),
    }
}

fn steps(funnel: Funnel) -> pb::Funnel {
    let Funnel {
        assessed_moments,
        qualified,
        held_out,
        blocked,
        shown,
        accepted,
        declined,
        ignored,
        reservations,
        conversations,
        engaged,
        resolved,
        ordered,
        cancelled,
        event_to_reservation,
    } = funnel;
    pb::Funnel {
        assessed_moments,
        qualified,
        held_out,
        blocked,
        shown,
        accepted,
        declined,
        ignored,
        reservations,
        conversations,
        engaged,
        resolved,
        ordered,
        cancelled,
        event_to_reservation: Some(latency(event_to_reservation)),
    }
}

fn latency(figures: Latency) -> pb::LatencyFigures {
    let Latency { n, p50, p95, p99 } = figures;
    pb::LatencyFigures {
        n,
        p50: p50.map(wire_duration),
        p95: p95.map(wire_duration),
        p99: p99.map(wire_duration),
    }
}

fn block_count(count: BlockCount) -> pb::BlockReasonCount {
    let BlockCount {
        reason,
        primary_count,
        other_count,
    } = count;
    pb::BlockReasonCount {
        reason: proto::block::v1::BlockReason::from(reason).into(),
        primary_count,
        other_count,
    }
}

fn offer_figures(figures: OfferFigures) -> pb::OfferFigures {
    let OfferFigures {
        refused,
        held,
        redeemed,
        released,
        expired,
        reversed,
        held_amount,
        redeemed_amount,
    } = figures;
    pb::OfferFigures {
        refused,
        held,
        redeemed,
        released,
        expired,
        reversed,
        held_amount: amount(held_amount),
        redeemed_amount: amount(redeemed_amount),
    }
}

/// A batch has at most 1,000 facts, so nothing is cut.
fn small(count: u64) -> u32 {
    u32::try_from(count).unwrap_or(u32::MAX)
}
