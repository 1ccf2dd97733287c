//! The measuring program on a tiny load, in a debug build: that it runs, says everything it should, and loses nothing.
//! What the figures are is not looked at.
#![expect(
    clippy::unwrap_used,
    reason = "helpers of tests panic where a test would"
)]

use std::process::Command;

use serde_json::Value;

fn figures(arguments: &[&str]) -> Value {
    let output = Command::new(env!("CARGO_BIN_EXE_load"))
        .args(arguments)
        .output()
        .unwrap();
    let told = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{told}");
    serde_json::from_slice(&output.stdout).unwrap()
}

#[test]
fn ingest_measures_both_servers_and_loses_nothing() {
    let document = figures(&[
        "ingest",
        "--engine",
        "sqlite",
        "--case",
        "16x2",
        "--rounds",
        "1",
        "--seconds",
        "0.5",
        "--warm-up",
        "0",
        "--max-events",
        "2000",
        "--live-sessions",
        "50",
        "--settle",
        "0",
    ]);

    assert_eq!(document["scenario"], "ingest");
    let case = &document["figures"][0]["cases"][0];
    assert!(case["event_bytes"].as_f64().unwrap() > 200.0);
    for figure in [
        "share_of_bare",
        "server_cpu_us_per_event",
        "half_load_p99_times_bare",
    ] {
        assert!(case["summary"][figure].is_number(), "{figure} in {case}");
    }
    let round = &case["rounds"][0];
    let half = &round["half_load"];
    for run in [
        &round["bare_raw"],
        &round["bare"],
        &round["sessions"],
        &half["bare"],
        &half["sessions"],
    ] {
        assert!(run["sent"].as_u64().unwrap() > 0, "{run}");
        assert_eq!(run["accepted"], run["sent"], "{run}");
        assert!(run["ack_ms"]["count"].as_u64().unwrap() > 0, "{run}");
    }
    for run in [&round["sessions"], &half["sessions"]] {
        assert!(run["sessions_read_back"].as_u64().unwrap() > 0, "{run}");
    }
}

#[test]
fn assess_measures_both_servers_and_loses_nothing() {
    let document = figures(&[
        "assess",
        "--engine",
        "sqlite",
        "--streams",
        "2",
        "--window",
        "4",
        "--rounds",
        "1",
        "--seconds",
        "0.5",
        "--warm-up",
        "0",
        "--max-moments",
        "600",
    ]);

    assert_eq!(document["scenario"], "assess");
    let case = &document["figures"][0]["cases"][0];
    assert!(case["moment_bytes"].as_f64().unwrap() > 200.0);
    for figure in [
        "share_of_echo",
        "share_of_durable_echo",
        "server_cpu_us_per_moment",
        "p99_ms",
    ] {
        assert!(case["summary"][figure].is_number(), "{figure} in {case}");
    }
    let round = &case["rounds"][0];
    for run in ["echo", "durable_echo", "assessments"] {
        let run = &round[run];
        assert!(run["sent"].as_u64().unwrap() > 0, "{run}");
        assert!(run["answer_ms"]["count"].as_u64().unwrap() > 0, "{run}");
    }
    let ours = &round["assessments"];
    assert!(ours["read_back"].as_u64().unwrap() > 0, "{ours}");
    assert_eq!(ours["settled"]["complete"], true, "{ours}");
}

#[test]
fn offers_are_measured_on_one_budget_and_on_several() {
    let document = figures(&[
        "offers",
        "--engine",
        "sqlite",
        "--budgets",
        "1,3",
        "--callers",
        "4",
        "--rounds",
        "1",
        "--seconds",
        "0.5",
        "--warm-up",
        "0",
        "--max-offers",
        "300",
        "--settle",
        "0",
    ]);

    assert_eq!(document["scenario"], "offers");
    let cases = document["figures"][0]["cases"].as_array().unwrap();
    assert_eq!(cases.len(), 2);
    for case in cases {
        for figure in [
            "share_of_bare",
            "half_load_p99_times",
            "check_p50_times_empty",
        ] {
            assert!(case["summary"][figure].is_number(), "{figure} in {case}");
        }
        let round = &case["rounds"][0];
        for run in ["offers", "unloaded", "half_load"] {
            let run = &round[run];
            assert!(run["sent"].as_u64().unwrap() > 0, "{run}");
            assert!(run["answer_ms"]["count"].as_u64().unwrap() > 0, "{run}");
        }
        for latencies in ["commit_ms", "check_ms", "empty_call_ms"] {
            assert!(round[latencies]["count"].as_u64().unwrap() > 0, "{round}");
        }
        assert!(round["bare_per_second"].as_f64().unwrap() > 0.0, "{round}");
    }
}

#[test]
fn what_cannot_be_measured_is_said() {
    let output = Command::new(env!("CARGO_BIN_EXE_load"))
        .args(["ingest", "--engine", "postgres"])
        .output()
        .unwrap();

    let document: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(
        document["figures"][0]["skipped"],
        "--postgres names no server"
    );
    assert!(String::from_utf8_lossy(&output.stderr).contains("SKIPPED"));
}
