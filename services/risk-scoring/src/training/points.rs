//! Decision points: recorded sessions right at some of their events, with what became of them.
//!
//! A row knows only what had happened up to its event; what a visitor did before is taken from the visitor's earlier sessions
//! in the same file. Features come from the same function as those of a live moment.

use std::collections::HashMap;
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::time::Duration;

use domain::moment::{MomentKind, Progress, VisitHistory};
use domain::phase::RiskPhase;
use flate2::read::MultiGzDecoder;
use serde::Deserialize;
use sha2::{Digest, Sha256};

use crate::features::{SessionFeatures, Snapshot};
use crate::statistics::Happened;

const HOURS_PER_DAY: i32 = 24;

/// Why a file holds no decision points.
#[derive(Debug, thiserror::Error)]
pub enum PointsError {
    #[error("`{}` cannot be read", path.display())]
    Open {
        path: PathBuf,
        #[source]
        source: io::Error,
    },
    #[error("the file is not CSV with the columns of decision points")]
    Csv(#[from] csv::Error),
    #[error("row {row}: `{column}` {expected}")]
    Row {
        /// From 1, the header not counted.
        row: usize,
        column: &'static str,
        expected: &'static str,
    },
    #[error("there are no rows, or all of them ended alike")]
    OneOutcome,
}

/// A row as it stands in the file. Columns that no feature is made of are not read.
#[derive(Debug, Clone, Deserialize)]
pub(super) struct Row {
    pub(super) session_key: String,
    pub(super) visitorid: String,
    pub(super) cutoff_k: u32,
    pub(super) view_count: u32,
    pub(super) addtocart_count: u32,
    pub(super) unique_items_count: u32,
    pub(super) seconds_since_first_event: f64,
    pub(super) seconds_since_last_cart: f64,
    pub(super) seconds_since_previous_event: Option<f64>,
    pub(super) repeated_views_of_cart_items: u32,
    pub(super) hour_of_day: u8,
    pub(super) abandoned: u8,
    pub(super) visitor_session_index: u32,
}

/// A decision point with its outcome.
#[derive(Debug, Clone)]
pub(crate) struct Point {
    /// Number of the visitor, by first appearance: who must not be in two folds.
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
    /// SHA-256 of the file; empty for points that are of no file.
    pub(crate) sha256: String,
}

impl Points {
    /// Reads a file of CSV, plain or gzip. `hour_of_day` is in UTC; where the shoppers live it is `utc_offset_hours` later.
    ///
    /// # Errors
    /// [`PointsError`] names the first row at fault.
    pub fn read(path: &Path, utc_offset_hours: i32) -> Result<Self, PointsError> {
        let open = |source| PointsError::Open {
            path: path.to_owned(),
            source,
        };
        let bytes = std::fs::read(path).map_err(open)?;
        let gzip = path.extension().is_some_and(|ending| ending == "gz");
        let text: Box<dyn Read> = if gzip {
            Box::new(MultiGzDecoder::new(bytes.as_slice()))
        } else {
            Box::new(bytes.as_slice())
        };
        let rows: Result<Vec<Row>, csv::Error> =
            csv::Reader::from_reader(text).into_deserialize().collect();
        let digest = Sha256::digest(&bytes);
        Ok(Self {
            sha256: format!("{digest:x}"),
            ..Self::of(&rows?, utc_offset_hours)?
        })
    }

    pub(super) fn of(rows: &[Row], utc_offset_hours: i32) -> Result<Self, PointsError> {
        for (index, row) in rows.iter().enumerate() {
            row.check().map_err(|(column, expected)| PointsError::Row {
                row: index + 1,
                column,
                expected,
            })?;
        }
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

    /// Points of some visitors only: one in `every`, chosen by name, so that a sample is the same on each run.
    pub(crate) fn of_visitors(&self, belongs: impl Fn(&str) -> bool) -> Self {
        let all = self.all.iter().filter(|point| belongs(&point.visitor));
        Self {
            all: all.cloned().collect(),
            sha256: self.sha256.clone(),
        }
    }
}

impl Row {
    /// The first column at fault. A missing value is refused but where the catalogue lets it be missing.
    fn check(&self) -> Result<(), (&'static str, &'static str)> {
        let span = |column, seconds: f64| {
            let usable = Duration::try_from_secs_f64(seconds).is_ok();
            let refused = (column, "must be a number of seconds, 0 or more");
            usable.then_some(()).ok_or(refused)
        };
        span("seconds_since_first_event", self.seconds_since_first_event)?;
        span("seconds_since_last_cart", self.seconds_since_last_cart)?;
        if let Some(seconds) = self.seconds_since_previous_event {
            span("seconds_since_previous_event", seconds)?;
        }
        if self.hour_of_day >= 24 {
            return Err(("hour_of_day", "must be 0 to 23"));
        }
        if self.abandoned > 1 {
            return Err(("abandoned", "must be 0 or 1"));
        }
        if self.addtocart_count == 0 {
            return Err(("addtocart_count", "must be 1 or more"));
        }
        if self.visitor_session_index == 0 {
            return Err(("visitor_session_index", "must be 1 or more"));
        }
        Ok(())
    }

    fn point(&self, before: Before, utc_offset_hours: i32) -> Point {
        let local = i32::from(self.hour_of_day)
            .saturating_add(utc_offset_hours)
            .rem_euclid(HOURS_PER_DAY);
        let just_filled = self.seconds_since_last_cart <= 0.0;
        let snapshot = Snapshot {
            on_site: span(self.seconds_since_first_event),
            on_page: Duration::ZERO,
            since_event: self.seconds_since_previous_event.map(span),
            events: self.view_count.saturating_add(self.addtocart_count),
            products_viewed: Some(self.unique_items_count),
            cart_item_views: Some(self.repeated_views_of_cart_items),
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
