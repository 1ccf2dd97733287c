use domain::assessment::Probability;
use domain::time::from_millis;

use super::*;

fn judged(pairs: impl IntoIterator<Item = (f64, bool)>) -> Vec<Judged> {
    let one = |(predicted, abandoned): (f64, bool)| Judged {
        predicted: Probability::new(predicted).unwrap(),
        happened: if abandoned {
            Happened::Abandoned
        } else {
            Happened::Ordered
        },
    };
    pairs.into_iter().map(one).collect()
}

#[test]
fn a_day_is_due_an_hour_after_it_began() {
    let at = |hour: i64, minute: i64| {
        let millis = 20_000 * MILLIS_PER_DAY + hour * 3_600_000 + minute * 60_000;
        Day::due(from_millis(millis).unwrap())
    };
    assert_eq!(at(0, 59), Day::of(19_999));
    assert_eq!(at(1, 0), Day::of(20_000));
    assert_eq!(at(24, 59), Day::of(20_000));
    let start = Day::of(20_000).start().unwrap();
    assert_eq!(to_millis(start), 20_000 * MILLIS_PER_DAY);
}

#[test]
fn a_window_ends_where_its_day_begins_and_the_reference_where_the_window_does() {
    let start = Day::of(20_000).start().unwrap();
    let window = Span::before(start, 7);
    let reference = Span::before(window.from, 28);
    let days = |span: Span| (to_millis(span.until) - to_millis(span.from)) / MILLIS_PER_DAY;
    assert_eq!((window.until, days(window)), (start, 7));
    assert_eq!((reference.until, days(reference)), (window.from, 28));
}

#[test]
fn probabilities_that_hold_have_a_slope_of_one_and_no_gap() {
    // At each score as many of both outcomes as it says.
    let scores = (1..10_u32)
        .flat_map(|tenth| (0..100_u32).map(move |n| (f64::from(tenth) / 10.0, n < 10 * tenth)));
    let found = figures(&[], &[], &judged(scores.clone()), Vec::new());
    let held = found.held.unwrap();
    assert_eq!(held.n, 900);
    assert!(
        held.gap.abs() < 1e-9 && (held.slope.unwrap() - 1.0).abs() < 1e-6,
        "{held:?}"
    );
    assert!(held.calibration_error < 0.02, "{held:?}");

    // The same outcomes, told twice as surely.
    let sharper = scores.map(|(score, abandoned)| {
        let odds = (score / (1.0 - score)).powi(2);
        (odds / (1.0 + odds), abandoned)
    });
    let held = figures(&[], &[], &judged(sharper), Vec::new())
        .held
        .unwrap();
    assert!((held.slope.unwrap() - 0.5).abs() < 1e-3, "{held:?}");
}

#[test]
fn what_cannot_be_told_is_absent() {
    let found = figures(&[0.5; 199], &[0.5; 300], &[], Vec::new());
    assert_eq!((found.n, found.score_psi, found.held), (199, None, None));
    let alike = figures(&[], &[], &judged([(0.5, true), (0.7, true)]), Vec::new());
    assert_eq!(alike.held.unwrap().slope, None);
}

#[test]
fn features_drift_by_name_and_those_that_never_change_are_left_out() {
    let sessions = |minutes: f64| -> Vec<SessionFeatures> {
        (0..200_u32)
            .map(|n| {
                let on_site = minutes + f64::from(n % 20);
                [
                    (Feature::MinutesOnSite, on_site),
                    (Feature::CartUnits, f64::from(n % 5)),
                ]
                .into_iter()
                .collect()
            })
            .collect()
    };
    let drifts = of_features(&sessions(0.0), &sessions(15.0));
    let names: Vec<&str> = drifts.iter().map(|drift| drift.feature.as_str()).collect();
    assert_eq!(names, ["minutes_on_site", "cart_units"]);
    assert!(drifts[0].stability_index > 1.0 && drifts[1].stability_index < 1e-9);
    assert!(of_features(&sessions(0.0)[..100], &sessions(15.0)).is_empty());
}
