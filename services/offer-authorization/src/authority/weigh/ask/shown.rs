//! What there is for a policy to look at, and how Cedar takes it.

use cedar_policy::{Context, RestrictedExpression};
use domain::phase::RiskPhase;
use domain::time::Timestamp;

use super::super::super::question::AuthorityQuestion;
use super::{Facts, Unaskable, text};

/// Something that a policy can look at.
pub(super) enum Shown<'a> {
    Long(i64),
    Bool(bool),
    Text(&'a str),
    Texts(Vec<&'static str>),
    Instant(Timestamp),
}

/// An attribute of the context, with its value where there is one.
pub(super) type Fact<'a> = (&'static str, Option<Shown<'a>>);

/// What changes with the amount. The rest is told by [`beside_amount`].
pub(super) fn of_amount(question: AuthorityQuestion<'_>, facts: Facts) -> [Fact<'_>; 5] {
    let total = facts.amount.saturating_add(facts.granted);
    let value = question.cart_value.minor_units();
    let margin = question.circumstances.margin;
    let left = margin.map(|margin| margin.minor_units().saturating_sub(total));
    let left_bps = left.map(|left| share_down(left, value));
    [
        ("amount", Some(Shown::Long(facts.amount))),
        ("total", Some(Shown::Long(total))),
        ("total_bps", Some(Shown::Long(share_up(total, value)))),
        ("margin_left", left.map(Shown::Long)),
        ("margin_left_bps", left_bps.map(Shown::Long)),
    ]
}

/// What stays as it is whatever the amount.
pub(super) fn beside_amount(question: AuthorityQuestion<'_>, facts: Facts) -> [Fact<'_>; 12] {
    let Facts {
        amount: _,
        granted,
        cause,
        currency,
        approvals,
        now,
    } = facts;
    let circumstances = question.circumstances;
    let value = question.cart_value.minor_units();
    let history = circumstances.history;
    let held = circumstances.remedies_held.iter();
    let held = held.map(|remedy| remedy.as_str()).collect();
    let phase = cause.phase().map(RiskPhase::as_str);
    let channel = circumstances.channel;
    [
        ("granted", Some(Shown::Long(granted))),
        ("cart_value", Some(Shown::Long(value))),
        ("currency", Some(Shown::Text(currency.as_str()))),
        ("cause", Some(Shown::Text(cause.as_str()))),
        ("money_cause", Some(Shown::Bool(cause.is_money_cause()))),
        ("remedies_held", Some(Shown::Texts(held))),
        ("offers_had", Some(Shown::Long(history.had.into()))),
        ("offers_unused", Some(Shown::Long(history.unused.into()))),
        ("approvals", Some(Shown::Long(approvals.into()))),
        ("now", Some(Shown::Instant(now))),
        ("phase", phase.map(Shown::Text)),
        ("channel", channel.map(|it| Shown::Text(it.as_str()))),
    ]
}

/// What is shown, as Cedar takes it.
pub(super) fn context<'s>(
    shown: impl Iterator<Item = (&'static str, Shown<'s>)>,
) -> Result<Context, Unaskable> {
    let told = shown.map(|(name, shown)| {
        let value = match shown {
            Shown::Long(value) => RestrictedExpression::new_long(value),
            Shown::Bool(value) => RestrictedExpression::new_bool(value),
            Shown::Text(value) => text(value),
            Shown::Texts(values) => RestrictedExpression::new_set(values.into_iter().map(text)),
            Shown::Instant(value) => RestrictedExpression::new_datetime(format!("{value:.3}")),
        };
        (name.to_owned(), value)
    });
    Context::from_pairs(told).map_err(|_| Unaskable)
}

/// A share in basis points, rounded up: `total <= value * bps / 10000` to the minor unit is `share_up <= bps`. Of nothing,
/// anything is too much.
pub(super) fn share_up(total: i64, value: i64) -> i64 {
    let (total, value) = (i128::from(total), i128::from(value));
    if value <= 0 {
        return if total <= 0 { 0 } else { i64::MAX };
    }
    let scaled = total * 10_000;
    let up = scaled.div_euclid(value) + i128::from(scaled.rem_euclid(value) != 0);
    i64::try_from(up).unwrap_or(i64::MAX)
}

/// A share in basis points, rounded down. Of nothing, nothing is left.
pub(super) fn share_down(left: i64, value: i64) -> i64 {
    if value <= 0 {
        return 0;
    }
    let share = (i128::from(left) * 10_000).div_euclid(i128::from(value));
    let end = if share < 0 { i64::MIN } else { i64::MAX };
    i64::try_from(share).unwrap_or(end)
}
