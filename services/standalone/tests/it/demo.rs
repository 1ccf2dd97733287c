//! `rescate demo`: every scripted shopper is treated as they must be, every promise holds, and it takes less than a minute.

use std::collections::BTreeMap;
use std::process::Output;

use serde_json::Value;
use testkit::otlp::Receiver;
use tokio::process::Command;

/// What each scripted shopper must come to, beside what the demo itself checks.
const ENDINGS: [(&str, &str); 9] = [
    ("shipping-shock", "resolved"),
    ("rejected-coupon", "resolved"),
    ("declined-card", "resolved"),
    ("warranty-doubt", "resolved"),
    ("delivery-doubt", "resolved"),
    ("paid-cart", "cancelled: ordered"),
    ("no-consent", "blocked: consent_missing"),
    ("held-out", "held_out"),
    ("no-authority", "blocked: not_empowered"),
];

/// Runs the demo with its traces going to `receiver`.
async fn demo(receiver: &Receiver) -> Output {
    Command::new(env!("CARGO_BIN_EXE_rescate"))
        .args(["demo", "--json", "--otlp"])
        .arg(receiver.endpoint())
        .output()
        .await
        .unwrap()
}

#[tokio::test]
async fn the_demo_shows_every_risk_phase_and_all_its_checks_hold() {
    let receiver = Receiver::start().await;
    let output = demo(&receiver).await;
    let told = String::from_utf8_lossy(&output.stderr).into_owned();
    let report: Value = serde_json::from_slice(&output.stdout)
        .unwrap_or_else(|fault| panic!("no report ({fault}): {told}"));

    every_check_holds(&report);
    assert!(output.status.success(), "{told}");
    shoppers_end_as_scripted(&report);
    money_is_booked(&report);
    the_trained_model_decided(&report["models"]);
    one_recovery_is_told(&report["recovery"]);
    its_trace_leads_through_all_services(&report["recovery"], &receiver);
    assert_eq!(report["replay"]["accepted"], 4_782);
    assert!(report["about"]["seconds"].as_f64().unwrap() < 60.0);
    assert!(told.contains("recorded events are durable"), "{told}");
}

fn every_check_holds(report: &Value) {
    let checks = report["checks"].as_array().unwrap();
    let broken: Vec<&Value> = checks
        .iter()
        .filter(|check| check["held"] != true)
        .collect();
    assert!(checks.len() > 20 && broken.is_empty(), "{broken:#?}");
}

fn shoppers_end_as_scripted(report: &Value) {
    let scenes: BTreeMap<&str, &Value> = report["scenes"]
        .as_array()
        .unwrap()
        .iter()
        .map(|scene| (scene["name"].as_str().unwrap(), scene))
        .collect();
    for (name, ending) in ENDINGS {
        assert_eq!(scenes[name]["outcomes"][0], ending, "{name}");
    }
    for phase in [
        "information_block",
        "transactional_friction",
        "post_click_anxiety",
    ] {
        assert!(
            scenes.values().any(|scene| scene["phase"] == phase),
            "{phase}"
        );
    }
    let shown = |name: &str| scenes[name]["page"].as_array().unwrap().len();
    assert_eq!(
        (
            shown("held-out"),
            shown("no-consent"),
            shown("no-authority")
        ),
        (0, 0, 0)
    );
}

fn money_is_booked(report: &Value) {
    let programmes = report["offers"]["programmes"].as_array().unwrap();
    let used: i64 = programmes
        .iter()
        .map(|line| line["used"].as_i64().unwrap())
        .sum();
    assert!(used > 0, "{programmes:?}");
    for line in programmes {
        assert!(line["used"].as_i64() <= line["limit"].as_i64(), "{line}");
    }
    let latency = report["latency"].as_array().unwrap();
    let reserved = latency
        .iter()
        .find(|line| line["what"].as_str().unwrap().starts_with("event to agent"));
    assert!(reserved.unwrap()["n"].as_i64().unwrap() >= 5);
}

fn the_trained_model_decided(models: &Value) {
    let told: Vec<(&str, &str, bool)> = models
        .as_array()
        .unwrap()
        .iter()
        .map(|line| {
            let decided = line["decided"].as_u64().unwrap() > 0;
            (
                line["model"].as_str().unwrap(),
                line["state"].as_str().unwrap(),
                decided,
            )
        })
        .collect();
    assert_eq!(
        told,
        [
            ("retailrocket", "champion", true),
            ("rescate.scorecard", "shadow", false),
        ]
    );
}

fn one_recovery_is_told(story: &Value) {
    let trace = story["trace_id"].as_str().unwrap();
    assert!(
        trace.len() == 32 && trace.chars().all(|digit| digit.is_ascii_hexdigit()),
        "{trace}"
    );
    let steps = story["steps"].as_array().unwrap();
    for service in [
        "session-tracking",
        "risk-scoring",
        "intervention-routing",
        "offer-authorization",
    ] {
        assert!(steps.iter().any(|step| step["by"] == service), "{service}");
    }
    let times: Vec<i64> = steps
        .iter()
        .map(|step| step["after_ms"].as_i64().unwrap())
        .collect();
    assert!(times.is_sorted(), "{times:?}");
}

/// The trace that the report names holds what every service did, the late calls of desk and checkout among it.
fn its_trace_leads_through_all_services(story: &Value, receiver: &Receiver) {
    let spans = receiver.in_trace(story["trace_id"].as_str().unwrap());
    for service in [
        "session-tracking",
        "risk-scoring",
        "intervention-routing",
        "offer-authorization",
        "kpi",
    ] {
        assert!(
            spans.iter().any(|span| span.service == service),
            "{service} is not in the trace"
        );
    }
    for step in [
        "accept_invitation",
        "accept_reservation",
        "offers.redeem",
        "RecordCause",
    ] {
        assert!(
            spans.iter().any(|span| span.name.ends_with(step)),
            "{step} is not in the trace"
        );
    }
}
