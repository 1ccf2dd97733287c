//! The KPIs as the kpi service told them, each with what it is made of and how sure it is.

use proto::kpi::v1::{
    AbandonmentReduction, FirstContactResolution, GetExperimentResponse, Interval, KpiReport,
    NetTransactionScore, Ratio, RecoveredRevenue,
};
use proto::money::v1::Money;
use serde::Serialize;

/// All figures.
#[derive(Debug, Serialize)]
pub(in crate::demo) struct Figures {
    pub(in crate::demo) definition_version: String,
    pub(in crate::demo) currency: String,
    /// Share of episodes that are older than the horizon.
    pub(in crate::demo) mature_share: Option<f64>,
    pub(in crate::demo) proactive_chat_conversion_rate: Share,
    pub(in crate::demo) abandonment_reduction_rate: Reduction,
    pub(in crate::demo) first_contact_resolution: Resolution,
    pub(in crate::demo) net_transaction_score: Score,
    pub(in crate::demo) recovered_revenue: Revenue,
    pub(in crate::demo) pointless_contacts: Share,
    pub(in crate::demo) undesirable_follow_ups: Share,
    /// p of the split against its plan; below 0.001 the experiment is not to be trusted.
    pub(in crate::demo) split_p_value: Option<f64>,
}

/// A share with its Wilson interval.
#[derive(Debug, Default, Serialize)]
pub(in crate::demo) struct Share {
    pub(in crate::demo) numerator: u64,
    pub(in crate::demo) denominator: u64,
    pub(in crate::demo) value: Option<f64>,
    pub(in crate::demo) interval: Option<(f64, f64)>,
}

#[derive(Debug, Default, Serialize)]
pub(in crate::demo) struct Reduction {
    pub(in crate::demo) rate: Option<f64>,
    pub(in crate::demo) interval: Option<(f64, f64)>,
    pub(in crate::demo) treatment: Share,
    pub(in crate::demo) holdout: Share,
}

#[derive(Debug, Default, Serialize)]
pub(in crate::demo) struct Resolution {
    pub(in crate::demo) declared: Share,
    pub(in crate::demo) confirmed: Share,
    pub(in crate::demo) observed: Share,
}

#[derive(Debug, Default, Serialize)]
pub(in crate::demo) struct Score {
    /// Absent below 30 answers.
    pub(in crate::demo) value: Option<f64>,
    pub(in crate::demo) interval: Option<(f64, f64)>,
    pub(in crate::demo) n: u64,
    /// Answers by score, 1 to 5.
    pub(in crate::demo) answers: Vec<u64>,
    pub(in crate::demo) response_rate: Share,
}

/// Amounts in minor units.
#[derive(Debug, Default, Serialize)]
pub(in crate::demo) struct Revenue {
    pub(in crate::demo) incremental: Option<f64>,
    pub(in crate::demo) interval: Option<(f64, f64)>,
    pub(in crate::demo) credited: i64,
    pub(in crate::demo) treatment_persons: u64,
    pub(in crate::demo) holdout_persons: u64,
}

pub(super) fn figures(report: &KpiReport, experiment: &GetExperimentResponse) -> Figures {
    let report = report.clone();
    Figures {
        definition_version: report.definition_version,
        currency: report.currency,
        mature_share: report.mature_share,
        proactive_chat_conversion_rate: share(report.proactive_chat_conversion_rate),
        abandonment_reduction_rate: report
            .abandonment_reduction
            .map(reduction)
            .unwrap_or_default(),
        first_contact_resolution: report
            .first_contact_resolution
            .map(resolution)
            .unwrap_or_default(),
        net_transaction_score: report.net_transaction_score.map(score).unwrap_or_default(),
        recovered_revenue: report.recovered_revenue.map(revenue).unwrap_or_default(),
        pointless_contacts: share(report.pointless_contacts),
        undesirable_follow_ups: share(report.undesirable_follow_ups),
        split_p_value: experiment.split_p_value,
    }
}

fn share(ratio: Option<Ratio>) -> Share {
    let ratio = ratio.unwrap_or_default();
    Share {
        numerator: ratio.numerator,
        denominator: ratio.denominator,
        value: ratio.value,
        interval: interval(ratio.interval),
    }
}

fn interval(interval: Option<Interval>) -> Option<(f64, f64)> {
    interval.map(|Interval { low, high }| (low, high))
}

fn reduction(figure: AbandonmentReduction) -> Reduction {
    Reduction {
        rate: figure.rate,
        interval: interval(figure.rate_interval),
        treatment: share(figure.treatment),
        holdout: share(figure.holdout),
    }
}

fn resolution(figure: FirstContactResolution) -> Resolution {
    Resolution {
        declared: share(figure.declared),
        confirmed: share(figure.confirmed),
        observed: share(figure.observed),
    }
}

fn score(figure: NetTransactionScore) -> Score {
    Score {
        value: figure.score,
        interval: interval(figure.interval),
        n: figure.n,
        answers: figure.answers,
        response_rate: share(figure.response_rate),
    }
}

fn revenue(figure: RecoveredRevenue) -> Revenue {
    let minor = |money: Option<Money>| money.map_or(0, |money| money.minor_units);
    Revenue {
        incremental: figure.incremental_minor_units,
        interval: interval(figure.incremental_interval),
        credited: minor(figure.credited_revenue),
        treatment_persons: figure.treatment_n,
        holdout_persons: figure.holdout_n,
    }
}
