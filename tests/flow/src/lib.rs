//! Flows that cross services; all of it is in `tests/it`.
