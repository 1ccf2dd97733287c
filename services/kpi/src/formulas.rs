//! The statistics behind the figures, each with its formula and where it comes from.
//!
//! Every function takes counts and integer sums and works in floats only from there on, so that no order of adding can
//! change a digit. Nothing here knows what a fact, a partner or a currency is. Undefined is `None`, never a `NaN`.

mod count;
mod erlang;
mod revenue;
mod score;
mod share;
mod split;
mod student;

pub(crate) use erlang::{InvalidDemand, Staffing, StaffingDemand, StaffingTarget, staff};
pub(crate) use revenue::{Sample, incremental};
pub(crate) use score::{Answers, point_biserial};
pub(crate) use share::{Interval, Ratio, difference_interval, needed_per_arm, reduction_interval};
pub(crate) use split::{TRUSTED_P_VALUE, chi_squared_p_value, split_chi_squared};

/// The 97.5 % quantile of the standard normal distribution, which makes 95 % intervals.
const Z: f64 = 1.959_963_984_540_054;

#[cfg(test)]
mod worked_examples;
