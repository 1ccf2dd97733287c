//! Training and serving see the same: a recorded session that is played to the suite makes a moment with the features that a
//! trainer reads off the record.
//!
//! Records tell how many products and looks there were, not which: skus are made up so that their numbers are those of the
//! record. Only first sessions are played, so that there is no history to be made up, too.

use std::collections::{BTreeMap, HashMap};
use std::path::{Path, PathBuf};
use std::time::Duration;

use csv::StringRecord;
use domain::id::{SessionId, VisitorId};
use domain::moment::Moment;
use domain::time::{Timestamp, earlier, to_millis};
use flate2::read::MultiGzDecoder;
use platform::ids::{IdSource, SystemIds};
use proto::convert::time::wire_timestamp;
use proto::risk::v1::{ExplainAssessmentRequest, ListAssessmentsRequest};
use proto::session::v1::event::Payload;
use proto::session::v1::{CartItemAdded, Event, ExitIntent, ProductViewed};
use risk_scoring::training::{Points, features_of, trained_features};
use testkit::eventually;
use testkit::messages::a_cart_line;

use crate::people::{PATIENCE, now, record};
use crate::shop::Shop;

/// The hours by which the clocks of the shoppers are taken to be ahead of the records.
const UTC_OFFSET_HOURS: i32 = -6;
/// Recorded moments that are played: enough for every shape, few enough for a debug build.
const PLAYED: usize = 120;
/// A session may have begun so long ago; events that are older come too late.
const LONGEST: Duration = Duration::from_secs(1_700);
/// Nothing may happen by itself meanwhile: the idle limits of the suite are longer than this.
const LONGEST_PAUSE: Duration = Duration::from_secs(550);

const DECISION_POINTS: &str = "\
session_key,visitorid,cutoff_k,view_count,addtocart_count,unique_items_count,seconds_since_first_event,seconds_since_last_cart,\
seconds_since_previous_event,repeated_views_of_cart_items,hour_of_day,abandoned,visitor_session_index
1_1,1,0,0,1,1,0.0,0.0,,0,13,1,1
2_1,2,0,3,1,2,140.5,0.0,20.25,2,23,0,1
2_1,2,1,4,1,2,200.0,59.5,59.5,3,23,0,1
3_1,3,1,2,2,3,31.007,0.0,1.007,1,2,1,1
";
const TIMELINES: &str = "\
session_key,seq,offset_ms,event
1_1,0,0,addtocart
2_1,0,0,view
2_1,1,100000,view
2_1,2,120250,view
2_1,3,140500,addtocart
2_1,4,200000,view
2_1,5,900000,transaction
3_1,0,0,view
3_1,1,10000,view
3_1,2,30000,addtocart
3_1,3,31007,addtocart
";

/// What a file tells of a decision point, besides its features.
struct Recorded {
    session: String,
    k: usize,
    products: usize,
    cart_item_views: usize,
    hour: i32,
    first_visit: bool,
}

/// One shopping event of a timeline.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Act {
    View,
    Add,
}

#[tokio::test]
async fn a_live_moment_has_the_features_of_the_recorded_one() {
    let folder = tempfile::tempdir().unwrap();
    let (points, timelines) = (
        folder.path().join("points.csv"),
        folder.path().join("timelines.csv"),
    );
    std::fs::write(&points, DECISION_POINTS).unwrap();
    std::fs::write(&timelines, TIMELINES).unwrap();

    assert_eq!(play(&points, &timelines).await, 4);
}

#[tokio::test]
async fn live_moments_of_real_shoppers_have_the_features_of_the_recorded_ones() {
    let Some(folder) = shopper_data() else {
        eprintln!(
            "SKIPPED: no shopper data; set RESCATE_DATA to the folder that holds `retailrocket`"
        );
        return;
    };
    let points = folder.join("decision_points.csv.gz");

    assert_eq!(
        play(&points, &folder.join("timelines.csv.gz")).await,
        PLAYED
    );
}

/// Plays recorded moments to a suite, compares each with its record, and says how many those were.
async fn play(points: &Path, timelines: &Path) -> usize {
    let records: Vec<Recorded> = rows(points).iter().map(Recorded::read).collect();
    let timelines = read_timelines(timelines);
    let points = Points::read(points, UTC_OFFSET_HOURS).unwrap();
    assert_eq!(points.len(), records.len());
    let shop = Shop::open().await;
    let mut played = 0;
    for (at, recorded) in records.iter().enumerate() {
        let Some(acts) = timelines
            .get(&recorded.session)
            .and_then(|acts| recorded.upto(acts))
        else {
            continue;
        };
        let moment = moment_of(&shop, recorded, acts).await;
        compare(
            &points.features(at),
            &features_of(&moment),
            &recorded.session,
        );
        played += 1;
        if played == PLAYED {
            break;
        }
    }
    shop.close().await;
    played
}

fn compare(recorded: &BTreeMap<String, f64>, live: &BTreeMap<String, f64>, session: &str) {
    for name in trained_features() {
        let (recorded, live) = (recorded.get(&name), live.get(&name));
        assert_eq!(live, recorded, "`{name}` of {session}");
    }
}

/// Plays the acts so that the last one is now, and reads the moment that it made.
async fn moment_of(shop: &Shop, recorded: &Recorded, acts: &[(Duration, Act)]) -> Moment {
    let session = SessionId::from_uuid(SystemIds.next_uuid());
    let visitor = VisitorId::from_uuid(SystemIds.next_uuid());
    let now = now();
    let (length, last) = *acts.last().unwrap();
    let event = |offset: Duration, payload: Payload| Event {
        event_id: format!("evt_{}", SystemIds.next_uuid()),
        session_id: session.to_string(),
        visitor_id: visitor.to_string(),
        shopper_id: None,
        occurred_at: Some(wire_timestamp(earlier(
            now,
            length.checked_sub(offset).unwrap(),
        ))),
        page: "/".to_owned(),
        time_zone: recorded.zone(now),
        language: String::new(),
        payload: Some(payload),
    };
    let skus = recorded.skus(acts);
    let shown = acts.iter().zip(&skus);
    let mut events: Vec<Event> = shown
        .map(|((offset, act), sku)| event(*offset, act.payload(sku)))
        .collect();
    if last == Act::View {
        // A look makes no moment, so that the shopper makes for the exit in the same instant.
        events.push(event(length, Payload::ExitIntent(ExitIntent {})));
    }
    record(shop, events).await;
    let asked = || ListAssessmentsRequest {
        session_id: session.to_string(),
        ..Default::default()
    };
    let found = eventually(PATIENCE, || async {
        let listed = shop.risk().list_assessments(asked()).await.unwrap();
        listed.into_inner().assessments.into_iter().next()
    });
    let explain = ExplainAssessmentRequest {
        assessment_id: found.await.assessment_id,
        language: String::new(),
    };
    let explained = shop.risk().explain_assessment(explain).await.unwrap();
    explained.into_inner().moment.unwrap().try_into().unwrap()
}

impl Recorded {
    fn read(row: &HashMap<String, String>) -> Self {
        let number = |name: &str| row[name].parse::<usize>().unwrap();
        Self {
            session: row["session_key"].clone(),
            k: number("cutoff_k"),
            products: number("unique_items_count"),
            cart_item_views: number("repeated_views_of_cart_items"),
            hour: i32::try_from(number("hour_of_day")).unwrap(),
            first_visit: number("visitor_session_index") == 1,
        }
    }

    /// What had happened by the decision point; `None` where that cannot be played.
    fn upto<'a>(&self, acts: &'a [(Duration, Act)]) -> Option<&'a [(Duration, Act)]> {
        let first_add = acts.iter().position(|(_, act)| *act == Act::Add)?;
        let upto = acts.get(..=first_add + self.k)?;
        let long = upto.last().is_some_and(|(length, _)| *length > LONGEST);
        let paused = upto
            .windows(2)
            .any(|pair| pair[1].0.checked_sub(pair[0].0).unwrap() > LONGEST_PAUSE);
        (self.first_visit && !long && !paused).then_some(upto)
    }

    /// Skus of which as many differ, and as many looks are at the cart's, as the record says.
    fn skus(&self, acts: &[(Duration, Act)]) -> Vec<String> {
        let of = |wanted: Act| acts.iter().filter(|(_, act)| *act == wanted).count();
        let (views, adds) = (of(Act::View), of(Act::Add));
        let elsewhere = views - self.cart_item_views;
        let in_cart = adds.min(self.products - elsewhere.min(1));
        let others = (self.products - in_cart).max(1);
        assert!(
            in_cart >= 1 && others <= elsewhere.max(1),
            "{} is a record",
            self.session
        );
        let (mut looked, mut added) = (0, 0);
        let sku = |(_, act): &(Duration, Act)| {
            let counted = match act {
                Act::View => &mut looked,
                Act::Add => &mut added,
            };
            let n = *counted;
            *counted += 1;
            match act {
                Act::Add => format!("cart-{}", n % in_cart),
                Act::View if n < self.cart_item_views => format!("cart-{}", n % in_cart),
                Act::View => format!("other-{}", (n - self.cart_item_views) % others),
            }
        };
        acts.iter().map(sku).collect()
    }

    /// A zone in which it is now as late as it was there. `Etc/GMT+6` lies six hours behind.
    fn zone(&self, now: Timestamp) -> String {
        let utc = i32::try_from(to_millis(now).div_euclid(3_600_000).rem_euclid(24)).unwrap();
        let ahead = (self.hour + UTC_OFFSET_HOURS - utc).rem_euclid(24);
        match ahead {
            0 => "Etc/GMT".to_owned(),
            1..=12 => format!("Etc/GMT-{ahead}"),
            _ => format!("Etc/GMT+{}", 24 - ahead),
        }
    }
}

impl Act {
    fn payload(self, sku: &str) -> Payload {
        match self {
            Self::View => Payload::ProductViewed(ProductViewed {
                sku: sku.to_owned(),
                price: None,
                configurable: false,
                dwell: None,
            }),
            Self::Add => {
                let mut line = a_cart_line();
                sku.clone_into(&mut line.sku);
                Payload::CartItemAdded(CartItemAdded { line: Some(line) })
            }
        }
    }
}

/// The timelines up to the first purchase, by session.
fn read_timelines(file: &Path) -> HashMap<String, Vec<(Duration, Act)>> {
    let mut timelines: HashMap<String, Vec<(Duration, Act)>> = HashMap::new();
    for row in rows(file) {
        let act = match row["event"].as_str() {
            "view" => Act::View,
            "addtocart" => Act::Add,
            _ => continue,
        };
        let offset = Duration::from_millis(row["offset_ms"].parse().unwrap());
        timelines
            .entry(row["session_key"].clone())
            .or_default()
            .push((offset, act));
    }
    timelines
}

/// The rows of a file by the names of their columns.
fn rows(file: &Path) -> Vec<HashMap<String, String>> {
    let bytes = std::fs::read(file).unwrap();
    let gzip = file.extension().is_some_and(|ending| ending == "gz");
    let text: Box<dyn std::io::Read> = if gzip {
        Box::new(MultiGzDecoder::new(bytes.as_slice()))
    } else {
        Box::new(bytes.as_slice())
    };
    let mut reader = csv::Reader::from_reader(text);
    let names = reader.headers().unwrap().clone();
    let by_name = |row: StringRecord| {
        let cells = names.iter().zip(&row);
        cells
            .map(|(name, cell)| (name.to_owned(), cell.to_owned()))
            .collect()
    };
    reader
        .into_records()
        .map(|row| by_name(row.unwrap()))
        .collect()
}

/// The recordings that tests may use: below `RESCATE_DATA`, else in a folder beside the checkout.
#[expect(
    clippy::disallowed_methods,
    reason = "where test data lie is no setting of a service"
)]
fn shopper_data() -> Option<PathBuf> {
    let folder = std::env::var_os("RESCATE_DATA").map_or_else(
        || PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../../../shared/data")),
        PathBuf::from,
    );
    let folder = folder.join("retailrocket");
    folder.join("timelines.csv.gz").exists().then_some(folder)
}
