use std::convert::Infallible;
use std::sync::atomic::{AtomicU32, Ordering};

use domain::time::{earlier, later};
use testkit::builders::{other_tenant, tenant};
use testkit::clock::start;

use super::*;
use crate::cause::{CauseBasis, CauseTable};
use crate::model::BuiltIn;

const MOST: Duration = Duration::from_secs(1);

/// Counts its readings.
#[derive(Default)]
struct Library(AtomicU32);

impl Library {
    async fn read(&self) -> Result<Basis, Infallible> {
        self.0.fetch_add(1, Ordering::Relaxed);
        // Others have their turn meanwhile.
        tokio::task::yield_now().await;
        let causes = Arc::new(CauseTable::built_in().unwrap());
        Ok(Basis {
            champion: BuiltIn::load().unwrap().model,
            causes: CauseBasis::built_in(causes),
        })
    }

    fn readings(&self) -> u32 {
        self.0.load(Ordering::Relaxed)
    }
}

fn at(now: Timestamp) -> Fresh {
    Fresh { now, most: MOST }
}

async fn ask(residents: &Residents, library: &Library, now: Timestamp) -> Arc<Basis> {
    let Ok(basis) = residents.get(&tenant(), at(now), library.read()).await;
    basis
}

#[tokio::test]
async fn what_was_read_serves_until_it_is_too_old() {
    let (residents, library) = (Residents::new(), Library::default());
    for (millis, readings) in [(0, 1), (999, 1), (1_000, 2), (1_999, 2), (2_000, 3)] {
        ask(
            &residents,
            &library,
            later(start(), Duration::from_millis(millis)),
        )
        .await;
        assert_eq!(library.readings(), readings, "after {millis} ms");
    }
}

#[tokio::test]
async fn a_clock_that_is_set_back_keeps_nothing_for_ever() {
    let (residents, library) = (Residents::new(), Library::default());
    ask(&residents, &library, start()).await;
    ask(
        &residents,
        &library,
        earlier(start(), Duration::from_hours(1)),
    )
    .await;
    assert_eq!(library.readings(), 2);
}

#[tokio::test]
async fn one_reads_for_all_who_wait() {
    let (residents, library) = (Residents::new(), Library::default());
    let asked = (0..8).map(|_| ask(&residents, &library, start()));
    let found = futures::future::join_all(asked).await;
    assert_eq!((found.len(), library.readings()), (8, 1));
}

#[tokio::test]
async fn a_reading_that_a_change_overtakes_is_used_by_nobody_who_comes_later() {
    let (residents, library) = (Residents::new(), Library::default());
    let overtaken = async {
        let read = async {
            let basis = library.read().await;
            residents.forget(&tenant());
            basis
        };
        let Ok(basis) = residents.get(&tenant(), at(start()), read).await;
        basis
    };
    let before = overtaken.await;
    let after = ask(&residents, &library, start()).await;
    assert_eq!(library.readings(), 2);
    assert!(!Arc::ptr_eq(&before, &after));
}

#[tokio::test]
async fn a_failed_reading_leaves_nothing_and_is_made_again() {
    let (residents, library) = (Residents::new(), Library::default());
    let failed = residents
        .get(&tenant(), at(start()), async { Err("no store") })
        .await;
    assert_eq!(failed.unwrap_err(), "no store");
    ask(&residents, &library, start()).await;
    assert_eq!(library.readings(), 1);
}

#[tokio::test]
async fn tenants_of_whom_nobody_asks_make_room() {
    let (residents, library) = (Residents::new(), Library::default());
    ask(&residents, &library, start()).await;
    let next = later(start(), MOST);
    let Ok(_) = residents
        .get(&other_tenant(), at(next), library.read())
        .await;
    assert_eq!(residents.lock().len(), 1);
}
