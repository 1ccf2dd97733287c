//! Recorded sessions: the slice of the REES46 stream that lies in this repository, and the timelines of `RetailRocket`
//! where somebody has them. Without those, sessions of the same lengths are made up, and the figures say so.

use std::collections::HashMap;
use std::io::Read;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use clap::ValueEnum;
use csv::{Reader, StringRecord};
use domain::time::{Timestamp, elapsed};
use flate2::read::MultiGzDecoder;
use proto::session::v1::event::Payload;
use testkit::rees46::{self, Row};

use super::tag;
use crate::error::LoadError;

/// Below the data folder: 50,275 events of 18,548 sessions with a cart.
const TIMELINES: &str = "retailrocket/timelines.csv.gz";

/// Timelines hold no prices; every line costs this much, in minor units.
const UNPRICED: i64 = 2_500;

/// From one step to the next where a session is made up: the mean of REES46.
const MADE_UP_PAUSE: Duration = Duration::from_mins(1);

/// What a shopper did.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Step {
    View {
        sku: String,
        price: i64,
    },
    Cart {
        sku: String,
        price: i64,
    },
    Purchase {
        price: i64,
    },
    /// What the storefront tag tells beside.
    Told(Box<Payload>),
}

/// A step, and when the shopper took it.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Act {
    /// Since the first one of the session.
    pub(crate) after: Duration,
    pub(crate) step: Step,
}

/// Which recorded sessions are sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Mix {
    /// One of each kind in turn: about half of the sessions have a cart, and lead to messages.
    Carts,
    /// Those of REES46 as they came: one in thirteen has a cart.
    Shop,
    /// The same, each with all that the storefront tag tells of the pages around.
    Tag,
}

/// Sessions of two shops, as sequences of acts.
#[derive(Debug)]
pub(crate) struct Recordings {
    /// All kinds of sessions; few have a cart.
    browsing: Vec<Arc<[Act]>>,
    /// Sessions with a cart.
    carts: Vec<Arc<[Act]>>,
    /// Where they are from.
    pub(crate) source: &'static str,
}

impl Recordings {
    /// Reads what there is of a mix.
    pub(crate) fn read(data: Option<&Path>, mix: Mix) -> Result<Self, LoadError> {
        let browsing = slice_of_rees46();
        let alone = match mix {
            Mix::Carts => None,
            Mix::Shop => Some((browsing.clone(), "rees46 slice")),
            Mix::Tag => Some((
                tag::told(&browsing),
                "rees46 slice, with MADE UP pages around each look as the storefront tag tells them",
            )),
        };
        if let Some((sessions, source)) = alone {
            return Ok(Self {
                carts: sessions.clone(),
                browsing: sessions,
                source,
            });
        }
        let file = data.map(|data| data.join(TIMELINES));
        let (carts, source) = match file.filter(|file| file.is_file()) {
            Some(file) => {
                let bytes = std::fs::read(&file).map_err(LoadError::at(file))?;
                let carts = timelines(MultiGzDecoder::new(bytes.as_slice()))?;
                (carts, "rees46 slice and retailrocket timelines")
            }
            None => (
                made_up(),
                "rees46 slice and SYNTHETIC cart sessions: RESCATE_LOAD_DATA names no folder with \
                 retailrocket/timelines.csv.gz",
            ),
        };
        Ok(Self {
            browsing,
            carts,
            source,
        })
    }

    /// Sessions of two views each, of which nobody has to be told.
    pub(crate) fn views() -> Self {
        let view = Step::View {
            sku: "quiet".to_owned(),
            price: UNPRICED,
        };
        let sessions = vec![paced([view.clone(), view])];
        Self {
            browsing: sessions.clone(),
            carts: sessions,
            source: "two views each",
        }
    }

    /// The `n`th session, for ever: one of each kind in turn, so that about half have a cart.
    pub(crate) fn nth(&self, n: usize) -> Arc<[Act]> {
        let kind = if n.is_multiple_of(2) {
            &self.browsing
        } else {
            &self.carts
        };
        let place = (n / 2) % kind.len().max(1);
        kind.get(place).cloned().unwrap_or_default()
    }
}

fn slice_of_rees46() -> Vec<Arc<[Act]>> {
    let mut sessions = Sessions::default();
    for row in rees46::rows(rees46::SLICE) {
        let Row {
            act, sku, price, ..
        } = row;
        let step = match act {
            rees46::Act::View => Step::View { sku, price },
            rees46::Act::Cart => Step::Cart { sku, price },
            rees46::Act::Purchase => Step::Purchase { price },
        };
        let at = elapsed(Timestamp::UNIX_EPOCH, row.at);
        sessions.add(&row.session, at, step);
    }
    sessions.finish()
}

/// Rows of `session_key, seq, offset_ms, event`, session by session.
fn timelines(input: impl Read) -> Result<Vec<Arc<[Act]>>, LoadError> {
    let mut sessions = Sessions::default();
    for (row, record) in Reader::from_reader(input).into_records().enumerate() {
        let record = record?;
        let (after, step) = timeline_step(&record).ok_or(LoadError::Row { row })?;
        sessions.add(record.get(0).unwrap_or_default(), after, step);
    }
    Ok(sessions.finish())
}

/// Products are not named there: each row is one of its own.
fn timeline_step(record: &StringRecord) -> Option<(Duration, Step)> {
    let sku = format!("{}-{}", record.get(0)?, record.get(1)?);
    let price = UNPRICED;
    let step = match record.get(3)? {
        "view" => Step::View { sku, price },
        "addtocart" => Step::Cart { sku, price },
        "transaction" => Step::Purchase { price },
        _ => return None,
    };
    Some((Duration::from_millis(record.get(2)?.parse().ok()?), step))
}

/// Sessions of the lengths that the timelines have: 2.7 events in the mean, one in five with a purchase.
fn made_up() -> Vec<Arc<[Act]>> {
    let step = |(n, letter): (usize, char)| {
        let (sku, price) = (format!("sku-{n}"), UNPRICED);
        match letter {
            'c' => Step::Cart { sku, price },
            'p' => Step::Purchase { price },
            _ => Step::View { sku, price },
        }
    };
    ["c", "vc", "vcv", "vvcv", "vcp"]
        .map(|session| paced(session.chars().enumerate().map(step)))
        .to_vec()
}

/// Steps at an even pace.
fn paced(steps: impl IntoIterator<Item = Step>) -> Arc<[Act]> {
    let at = |(n, step)| Act {
        after: MADE_UP_PAUSE * n,
        step,
    };
    (0..).zip(steps).map(at).collect()
}

/// Acts by session, in the order in which sessions begin.
#[derive(Default)]
struct Sessions {
    places: HashMap<String, usize>,
    recorded: Vec<Recorded>,
}

struct Recorded {
    /// By the clock of the recording.
    begun: Duration,
    acts: Vec<Act>,
}

impl Sessions {
    /// Takes a step, by the clock of the recording.
    fn add(&mut self, session: &str, at: Duration, step: Step) {
        let next = self.recorded.len();
        let place = *self.places.entry(session.to_owned()).or_insert(next);
        if place == next {
            let acts = Vec::new();
            self.recorded.push(Recorded { begun: at, acts });
        }
        if let Some(recorded) = self.recorded.get_mut(place) {
            let after = at.saturating_sub(recorded.begun);
            recorded.acts.push(Act { after, step });
        }
    }

    fn finish(self) -> Vec<Arc<[Act]>> {
        let sessions = self.recorded.into_iter();
        sessions.map(|recorded| recorded.acts.into()).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_slice_of_rees46_is_read_whole() {
        let sessions = slice_of_rees46();

        assert_eq!(sessions.len(), 1_176);
        assert_eq!(sessions.iter().map(|acts| acts.len()).sum::<usize>(), 4_782);
        let first = Step::View {
            sku: "3900821".to_owned(),
            price: 3_320,
        };
        assert_eq!(sessions[0][0].step, first);
        for acts in &sessions {
            assert_eq!(acts[0].after, Duration::ZERO);
            assert!(acts.is_sorted_by_key(|act| act.after));
        }
        let longest = sessions.iter().filter_map(|acts| Some(acts.last()?.after));
        assert!(longest.max() > Some(Duration::from_mins(1)));
    }

    #[test]
    fn timelines_are_read_by_session() {
        let text = "session_key,seq,offset_ms,event\n6_1,0,0,addtocart\n7_1,0,5,view\n7_1,1,9,transaction\n";

        let sessions = timelines(text.as_bytes()).unwrap();

        assert_eq!(sessions.len(), 2);
        let bought = Act {
            after: Duration::from_millis(4),
            step: Step::Purchase { price: UNPRICED },
        };
        assert_eq!(sessions[1][1], bought);
    }

    #[test]
    fn a_shop_has_few_carts() {
        let recordings = Recordings::read(None, Mix::Shop).unwrap();
        let has_cart = |acts: &Arc<[Act]>| {
            let is_cart = |act: &Act| matches!(act.step, Step::Cart { .. });
            acts.iter().any(is_cart)
        };
        let sessions = 2 * recordings.browsing.len();
        let carts = (0..sessions).filter(|n| has_cart(&recordings.nth(*n)));
        let percent = carts.count() * 100 / sessions;
        assert!((5..15).contains(&percent), "{percent} %");
    }

    #[test]
    fn what_is_made_up_says_so() {
        let recordings = Recordings::read(None, Mix::Carts).unwrap();

        assert!(recordings.source.contains("SYNTHETIC"));
        assert!(!recordings.nth(1).is_empty());
    }
}
