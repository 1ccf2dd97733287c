//! Tables of this service, private to the store.

pub(super) mod assessment;
pub(super) mod cause_choice;
pub(super) mod cause_label;
pub(super) mod cause_table;
pub(super) mod champion;
pub(super) mod model;
pub(super) mod model_day;
pub(super) mod outcome;
pub(super) mod score;
