//! The periods of budgets as messages.

use proto::convert::time::wire_timestamp;
use proto::field::WireField;
use proto::offers::v1 as pb;

use crate::budget::{BudgetPeriods, CarryOver, PeriodLength};

impl From<BudgetPeriods> for pb::BudgetPeriods {
    fn from(periods: BudgetPeriods) -> Self {
        let BudgetPeriods {
            length,
            carry_over,
            allowance,
            open: _,
        } = periods;
        let (carry_over, most) = match carry_over {
            CarryOver::Nothing => (pb::CarryOver::Nothing, None),
            CarryOver::All => (pb::CarryOver::All, None),
            CarryOver::AtMost(most) => (pb::CarryOver::AtMost, Some(most)),
        };
        Self {
            length: pb::BudgetPeriodLength::from(length).into(),
            carry_over: carry_over.into(),
            carry_over_max: most.and_then(WireField::into_wire),
            allowance: allowance.into_wire(),
            open_from: Some(wire_timestamp(periods.starts_at())),
            open_until: Some(wire_timestamp(periods.ends_at())),
        }
    }
}

impl From<PeriodLength> for pb::BudgetPeriodLength {
    fn from(length: PeriodLength) -> Self {
        match length {
            PeriodLength::Day => Self::Day,
            PeriodLength::Week => Self::Week,
            PeriodLength::Month => Self::Month,
        }
    }
}
