//! Decision points: recorded sessions right at some of their events, with what became of them.
//!
//! A row knows only what had happened up to its event; what a visitor did before is taken from the visitor's earlier sessions
//! in the same file. Features come from the same function as those of a live moment.

mod parquet;
mod row;
mod table;
mod text;

use std::collections::{BTreeMap, HashMap};
use std::path::Path;
use std::time::Duration;

use domain::moment::{MomentKind, Progress, VisitHistory};
use domain::phase::RiskPhase;

use super::by_name;
use crate::features::{SessionFeatures, Shopped, Snapshot};
use crate::statistics::Happened;

pub(super) use row::Row;
pub use row::{Place, PointsError};

const HOURS_PER_DAY: i32 = 24;

/// A decision point with its outcome.
#[derive(Debug, Clone)]
pub(crate) struct Point {
    /// Name of the session in the file.
    pub(crate) session: Box<str>,
    /// Name of the visitor, who must not be in two folds.
    pub(crate) visitor: Box<str>,
    /// Events after the first cart.
    pub(crate) k: u32,
    pub(crate) features: SessionFeatures,
    pub(crate) happened: Happened,
}

/// The decision points of a file.
#[derive(Debug, Clone)]
pub struct Points {
    pub(crate) all: Vec<Point>,
    /// SHA-256 of the rows; empty for points that are of no file.
    pub(crate) sha256: String,
    /// Hours that the shoppers' clocks were taken to be ahead of the file's.
    pub(crate) utc_offset_hours: i32,
}

impl Points {
    /// Reads a file of CSV, plain or gzip, or Parquet, by the ending of its name. `hour_of_day` is in UTC; where the shoppers
    /// live it is `utc_offset_hours` later.
    ///
    /// # Errors
    /// [`PointsError`] names the first column at fault, with its line or row.
    pub fn read(path: &Path, utc_offset_hours: i32) -> Result<Self, PointsError> {
        let rows = table::rows(path)?;
        Ok(Self {
            sha256: table::digest(&rows)?,
            ..Self::of(&rows, utc_offset_hours)?
        })
    }

    /// Rows that were checked.
    fn of(rows: &[Row], utc_offset_hours: i32) -> Result<Self, PointsError> {
        let histories = histories(rows);
        let point = |row: &Row| {
            let history = histories.get(row.session_key.as_str()).copied();
            row.point(history.unwrap_or_default(), utc_offset_hours)
        };
        let all: Vec<Point> = rows.iter().map(point).collect();
        let ended = |wanted| all.iter().any(|point| point.happened == wanted);
        if ended(Happened::Abandoned) && ended(Happened::Ordered) {
            return Ok(Self {
                all,
                sha256: String::new(),
                utc_offset_hours,
            });
        }
        Err(PointsError::OneOutcome)
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.all.len()
    }

    /// Whether there are none, which reading refuses.
    pub fn is_empty(&self) -> bool {
        self.all.is_empty()
    }

    /// The session of a point, by its position, and the number of events after its first cart; `None` beyond the last.
    pub fn place(&self, at: usize) -> Option<(&str, u32)> {
        let point = self.all.get(at)?;
        Some((&point.session, point.k))
    }

    /// The features of a point by name, by its position; what is missing is not in it, and nothing is beyond the last.
    pub fn features(&self, at: usize) -> BTreeMap<String, f64> {
        let features = self.all.get(at).map(|point| by_name(&point.features));
        features.unwrap_or_default()
    }

    /// Points of some visitors only, chosen by name, so that a sample is the same on each run.
    pub(crate) fn of_visitors(&self, belongs: impl Fn(&str) -> bool) -> Self {
        let all = self.all.iter().filter(|point| belongs(&point.visitor));
        Self {
            all: all.cloned().collect(),
            sha256: self.sha256.clone(),
            utc_offset_hours: self.utc_offset_hours,
        }
    }
}

impl Row {
    fn point(&self, before: Before, utc_offset_hours: i32) -> Point {
        let local = i32::from(self.hour_of_day)
            .saturating_add(utc_offset_hours)
            .rem_euclid(HOURS_PER_DAY);
        let just_filled = self.seconds_since_last_cart <= 0.0;
        let snapshot = Snapshot {
            on_site: span(self.seconds_since_first_event),
            on_page: Duration::ZERO,
            shopped: Some(Shopped {
                views: self.view_count,
                additions: self.addtocart_count,
                products: self.unique_items_count,
                cart_item_views: self.repeated_views_of_cart_items,
                since_first: span(self.seconds_since_first_event),
                since_previous: self.seconds_since_previous_event.map(span),
            }),
            // The recording knows no other events, and tells additions in place of what lay in the cart: no model is trained
            // on these three.
            events: self.view_count.saturating_add(self.addtocart_count),
            cart_lines: self.addtocart_count,
            cart_units: self.addtocart_count,
            extra_cost_percent: 0.0,
            history: VisitHistory {
                earlier_sessions: self.visitor_session_index - 1,
                earlier_carts: before.orders + before.abandonments,
                earlier_orders: before.orders,
                earlier_abandonments: before.abandonments,
            },
            shopper_known: false,
            // The data know neither a checkout nor a sign of hesitation.
            progress: Progress::Progressing,
            phase: RiskPhase::InformationBlock,
            kind: just_filled.then_some(MomentKind::CartAdded),
            local_hour: u8::try_from(local).ok(),
            signals: &[],
        };
        Point {
            session: self.session_key.as_str().into(),
            visitor: self.visitorid.as_str().into(),
            k: self.cutoff_k,
            features: SessionFeatures::of(&snapshot),
            happened: self.happened(),
        }
    }

    fn happened(&self) -> Happened {
        match self.abandoned {
            0 => Happened::Ordered,
            _ => Happened::Abandoned,
        }
    }
}

/// What a visitor had done before a session.
#[derive(Debug, Clone, Copy, Default)]
struct Before {
    orders: u32,
    abandonments: u32,
}

/// Earlier carts of each visitor, by session. The outcome of a session is that of its earliest decision point.
fn histories(rows: &[Row]) -> HashMap<&str, Before> {
    let mut sessions: HashMap<&str, &Row> = HashMap::new();
    for row in rows {
        let known = sessions.entry(&row.session_key).or_insert(row);
        if row.cutoff_k < known.cutoff_k {
            *known = row;
        }
    }
    let mut sessions: Vec<&Row> = sessions.into_values().collect();
    let place = |row: &&Row| {
        (
            row.visitorid.clone(),
            row.visitor_session_index,
            row.session_key.clone(),
        )
    };
    sessions.sort_by_cached_key(place);
    let mut histories = HashMap::new();
    for visits in sessions.chunk_by(|one, other| one.visitorid == other.visitorid) {
        let mut before = Before::default();
        for session in visits {
            histories.insert(session.session_key.as_str(), before);
            match session.happened() {
                Happened::Ordered => before.orders += 1,
                Happened::Abandoned => before.abandonments += 1,
            }
        }
    }
    histories
}

/// A span that was checked.
fn span(seconds: f64) -> Duration {
    Duration::try_from_secs_f64(seconds).unwrap_or_default()
}

#[cfg(test)]
mod tests;
