use std::time::Duration;

use super::*;
use crate::demo::checks::Check;
use crate::demo::report::figures;
use crate::demo::report::{About, Booking, FunnelLine, ModelLine, Offers};
use crate::demo::story::{Story, Told};
use crate::replay::Outcome;
use proto::kpi::v1::{GetExperimentResponse, KpiReport, NetTransactionScore};

fn kpis() -> KpiReport {
    let score = NetTransactionScore {
        answers: vec![0, 0, 1, 0, 2],
        n: 3,
        ..NetTransactionScore::default()
    };
    KpiReport {
        net_transaction_score: Some(score),
        ..KpiReport::default()
    }
}

fn offers() -> Offers {
    Offers {
        held: 1,
        redeemed: 0,
        refused: 0,
        refusals: Vec::new(),
        programmes: vec![Account {
            name: "rescue".to_owned(),
            limit: 20_000,
            held: 1_005,
            used: 0,
        }],
        purses: Vec::new(),
        ledger: vec![Booking {
            kind: "HOLD",
            programme: "rescue".to_owned(),
            remedy: "waive_shipping",
            amount: 1_005,
            by: "ana of norte-bpo".to_owned(),
        }],
    }
}

fn report() -> Report {
    Report {
        about: About {
            seconds: Duration::from_millis(41_250).as_secs_f64(),
            recorded_sessions: 7,
            recorded_visitors: 6,
            speed: 90,
            scripted_shoppers: 1,
            notes: vec!["A note.".to_owned()],
        },
        replay: Outcome::default(),
        models: vec![ModelLine {
            model: "trained".to_owned(),
            version: 2,
            kind: "boosted trees".to_owned(),
            state: "champion".to_owned(),
            decided: 31,
            description: String::new(),
        }],
        scenes: Vec::new(),
        funnel: vec![FunnelLine {
            step: "shown",
            all: 12,
            scripted: 2,
        }],
        causes: Vec::new(),
        block_reasons: Vec::new(),
        offers: offers(),
        kpis: figures::figures(&kpis(), &GetExperimentResponse::default()),
        latency: Vec::new(),
        recovery: Story {
            trace_id: "533bc25b8c84de948c0acc77e254421d".to_owned(),
            steps: vec![Told {
                after_ms: 1_041,
                by: "kpi",
                what: "counted".to_owned(),
            }],
            ..Story::default()
        },
        checks: vec![Check {
            scene: None,
            what: "no budget is overdrawn".to_owned(),
            held: false,
            detail: "rescue".to_owned(),
        }],
    }
}

#[test]
fn the_text_holds_what_the_data_hold() {
    let text = render(&report());

    for words in [
        "7 sessions and 6 visitors",
        "41.2 s in all",
        "trained v2  boosted trees  champion               31",
        "shown   12        10         2",
        "programme rescue  200.00 USD  10.05 USD  0.00 USD  189.95 USD",
        "hold    10.05 USD  waive_shipping  rescue     ana of norte-bpo",
        "answers: 1x 3, 2x 5",
        "n < 30",
        "+1.041 s  kpi",
        "533bc25b8c84de948c0acc77e254421d",
    ] {
        assert!(text.contains(words), "`{words}` is not in\n{text}");
    }
    assert!(text.lines().all(|line| line.chars().count() <= WIDTH + 30));
}

#[test]
fn a_check_that_does_not_hold_is_told_and_fails_the_demo() {
    let report = report();

    assert!(render(&report).contains("FAIL  no budget is overdrawn (rescue)"));
    assert!(render(&report).contains("1 of 1 DO NOT HOLD"));
    assert!(report.verdict().is_err());
}

#[test]
fn the_json_has_the_same_parts() {
    let json = serde_json::to_value(report()).unwrap();

    assert_eq!(json["funnel"][0]["all"], 12);
    assert_eq!(json["recovery"]["steps"][0]["after_ms"], 1_041);
    assert_eq!(json["checks"][0]["held"], false);
    assert!(json["kpis"]["net_transaction_score"]["value"].is_null());
}
