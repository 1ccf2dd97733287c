//! What only a clock that a test moves can show.

use domain::id::RequestId;
use storage::RequestKey;
use testkit::builders::{a_moment, tenant};
use testkit::clock::FakeClock;
use testkit::ids::{SequentialIds, nth, nth_uuid};
use testkit::scratch;

use super::*;
use crate::error::RiskError;
use crate::store::migrations;

pub(super) fn service(database: storage::Database, clock: &FakeClock) -> Service {
    let tables = Tables {
        built_in: BuiltIn::load().unwrap(),
        causes: CauseTable::built_in().unwrap(),
    };
    let store = Store::new(database, tables.built_in.clone());
    let sources = Sources {
        clock: clock.shared(),
        ids: SequentialIds::new().shared(),
    };
    let settings = Settings {
        moments: MomentsConfig {
            max_ahead_ms: 0,
            max_age_hours: 48,
        },
        models: ModelsConfig {
            max_versions: 1,
            max_shadows: 1,
            max_judged: 100,
            preview_staleness_ms: 1_000,
        },
        drift: DriftConfig {
            check_interval_ms: 1_000,
            window_days: 1,
            reference_days: 2,
            max_score_psi: 0.25,
            max_feature_psi: 0.25,
            max_calibration_gap: 0.05,
            min_calibration_slope: 0.7,
            max_calibration_slope: 1.4,
            min_known: 50,
        },
    };
    Service::new(store, tables, sources, settings)
}

/// The key of the `n`th request.
pub(super) fn key(n: u64) -> RequestKey {
    RequestKey {
        tenant: tenant(),
        client: "session-tracking".to_owned(),
        method: "/rescate.risk.v1.RiskScoringService/AssessSession",
        request_id: RequestId::from_uuid(nth_uuid(n)),
        body_hash: RequestKey::body_hash(&n.to_be_bytes()),
    }
}

#[tokio::test]
async fn a_moment_keeps_its_assessment_when_it_has_grown_old() {
    let scratch = scratch::sqlite();
    let clock = FakeClock::new();
    let service = service(scratch.migrated(migrations()).await, &clock);
    let moment = a_moment().build();
    let first = service.assess(key(1), moment.clone()).await.unwrap();
    clock.advance(Duration::from_hours(49));

    let replayed = service.assess(key(1), moment.clone()).await.unwrap();
    let sent_again = service.assess(key(2), moment).await.unwrap();

    assert_eq!((&replayed, &sent_again), (&first, &first));
    let unknown = a_moment().with_id(nth(77)).build();
    let refused = service.assess(key(3), unknown).await.unwrap_err();
    let RiskError::Invalid(fault) = refused else {
        panic!("{refused:?}");
    };
    assert_eq!(fault.field, "moment.occurred_at");
    assert_eq!(fault.reason, ErrorReason::TimeTooOld);
}
