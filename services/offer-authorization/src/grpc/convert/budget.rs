//! The periods of budgets from the wire.

use domain::money::{Money, MoneyError};
use domain::time::Timestamp;
use proto::error::v1::ErrorReason;
use proto::field::{self, FieldFault, InvalidField};
use proto::offers::v1 as pb;

use super::positive;
use crate::budget::{BudgetPeriods, CarryOver, PeriodLength};
use crate::day::Day;

/// The word for carrying over, of which one comes with an amount.
enum Carried {
    Nothing,
    All,
    AtMost,
}

/// Reads the periods of a programme that starts then with this budget. The first is the one in which it starts.
pub(super) fn periods(
    wire: Option<pb::BudgetPeriods>,
    budget: Money,
    starts_at: Timestamp,
) -> Result<Option<BudgetPeriods>, InvalidField> {
    let Some(wire) = wire else {
        return Ok(None);
    };
    let read = || -> Result<BudgetPeriods, InvalidField> {
        let pb::BudgetPeriods {
            length,
            carry_over,
            carry_over_max,
            allowance,
            open_from,
            open_until,
        } = wire;
        super::set_by_server("allowance", allowance)?;
        let _open_from: Option<Timestamp> = field::read("open_from", open_from)?;
        let _open_until: Option<Timestamp> = field::read("open_until", open_until)?;
        let length: PeriodLength =
            field::enumerated::<pb::BudgetPeriodLength, _>("length", length)?;
        Ok(BudgetPeriods {
            length,
            carry_over: carried(carry_over, carry_over_max, budget)?,
            allowance: budget,
            open: length.first_day(Day::of(starts_at)),
        })
    };
    read()
        .map(Some)
        .map_err(|fault| fault.within("budget_periods"))
}

fn carried(
    word: i32,
    most: Option<proto::money::v1::Money>,
    budget: Money,
) -> Result<CarryOver, InvalidField> {
    let word = field::enumerated::<pb::CarryOver, _>("carry_over", word)?;
    match (word, most) {
        (Carried::Nothing, None) => Ok(CarryOver::Nothing),
        (Carried::All, None) => Ok(CarryOver::All),
        (Carried::Nothing | Carried::All, Some(_)) => {
            let description = "must be absent when nothing or all is carried over";
            let reason = ErrorReason::OutOfRange;
            Err(InvalidField::new("carry_over_max", reason, description))
        }
        (Carried::AtMost, most) => {
            let most = positive("carry_over_max", most)?;
            if most.currency() == budget.currency() {
                return Ok(CarryOver::AtMost(most));
            }
            let fault = MoneyError::CurrencyMismatch;
            let path = "carry_over_max.currency";
            Err(InvalidField::new(path, fault.reason(), fault.description()))
        }
    }
}

impl TryFrom<pb::BudgetPeriodLength> for PeriodLength {
    type Error = field::Unspecified;

    fn try_from(length: pb::BudgetPeriodLength) -> Result<Self, field::Unspecified> {
        match length {
            pb::BudgetPeriodLength::Unspecified => Err(field::Unspecified),
            pb::BudgetPeriodLength::Day => Ok(Self::Day),
            pb::BudgetPeriodLength::Week => Ok(Self::Week),
            pb::BudgetPeriodLength::Month => Ok(Self::Month),
        }
    }
}

impl TryFrom<pb::CarryOver> for Carried {
    type Error = field::Unspecified;

    fn try_from(carry_over: pb::CarryOver) -> Result<Self, field::Unspecified> {
        match carry_over {
            pb::CarryOver::Unspecified => Err(field::Unspecified),
            pb::CarryOver::Nothing => Ok(Self::Nothing),
            pb::CarryOver::All => Ok(Self::All),
            pb::CarryOver::AtMost => Ok(Self::AtMost),
        }
    }
}
