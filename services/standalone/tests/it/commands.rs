//! `rescate token`, `rescate up` and `rescate replay` as a user runs them.

use std::net::TcpListener;
use std::path::Path;
use std::process::{Command as StdCommand, Output};
use std::time::Duration;

use serde_json::Value;
use testkit::process::Child;
use tokio::process::Command;

const START_LIMIT: Duration = Duration::from_mins(1);
const STOP_LIMIT: Duration = Duration::from_secs(25);

const RECORDING: &str = "\
event_time,event_type,product_id,category_id,category_code,brand,price,user_id,user_session
2019-10-01T00:00:00Z,view,7,1,,,33.20,5,9333dfbd-b87a-4708-9857-6336556b0fcc
2019-10-01T00:00:04Z,cart,7,1,,,33.20,5,9333dfbd-b87a-4708-9857-6336556b0fcc
2019-10-01T00:00:09Z,purchase,7,1,,,33.20,5,9333dfbd-b87a-4708-9857-6336556b0fcc
";

async fn rescate(arguments: &[&str], data: &Path) -> Output {
    Command::new(env!("CARGO_BIN_EXE_rescate"))
        .args(arguments)
        .arg("--data")
        .arg(data)
        .output()
        .await
        .unwrap()
}

/// What the command says on standard error when it fails.
async fn told_by_failing(arguments: &[&str], data: &Path) -> String {
    let output = rescate(arguments, data).await;
    assert_eq!(output.status.code(), Some(1));
    String::from_utf8(output.stderr).unwrap()
}

/// A suite on free ports that stops at once, and the address of session-tracking.
async fn up(data: &Path) -> (Child, String) {
    let mut command = StdCommand::new(env!("CARGO_BIN_EXE_rescate"));
    command.args(["up", "--free-ports", "--data"]).arg(data);
    for service in ["SESSIONS", "RISK", "ROUTING", "OFFERS", "KPI"] {
        command.env(format!("RESCATE_{service}__SERVER__DRAIN_ACCEPT_MS"), "0");
    }
    let suite = Child::spawn(Command::from(command));
    let ready = suite
        .line(START_LIMIT, |line| line.starts_with("rescate is ready"))
        .await;
    let sessions = ready
        .split_whitespace()
        .find_map(|word| word.strip_prefix("session-tracking="));
    (suite, sessions.unwrap().to_owned())
}

#[tokio::test]
async fn a_token_is_printed_for_each_role() {
    let folder = tempfile::tempdir().unwrap();
    let agent = ["--partner", "acme-bpo", "--agent", "ana"];
    let session = ["--session", "ses_9333dfbd-b87a-4708-9857-6336556b0fcc"];
    for (role, rest) in [
        ("platform", [].as_slice()),
        ("checkout", &[]),
        ("operator", &[]),
        ("storefront", &session),
        ("agent", &agent),
        ("supervisor", &agent),
    ] {
        let arguments = [["token", "--role", role].as_slice(), rest].concat();
        let output = rescate(&arguments, folder.path()).await;
        let token = String::from_utf8(output.stdout).unwrap();

        assert!(output.status.success(), "{role}");
        assert_eq!(token.trim().split('.').count(), 3, "{role}: {token}");
        assert_eq!(token.lines().count(), 1, "{role}");
    }
}

#[tokio::test]
async fn a_token_of_an_agent_needs_a_partner() {
    let folder = tempfile::tempdir().unwrap();

    let output = rescate(&["token", "--role", "agent"], folder.path()).await;

    let told = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(2), "{told}");
    assert!(
        told.contains("--partner") && output.stdout.is_empty(),
        "{told}"
    );
}

#[tokio::test]
async fn a_failure_is_told_although_nothing_is_logged() {
    let folder = tempfile::tempdir().unwrap();
    for (filter, why) in [("off", "cannot be opened"), ("a=b=c", "log filter")] {
        let replay = ["--log", filter, "replay", "absent.csv"];
        let told = told_by_failing(&replay, folder.path()).await;
        assert!(told.starts_with("error: ") && told.contains(why), "{told}");
    }
}

#[tokio::test]
async fn a_port_that_is_taken_is_named() {
    let folder = tempfile::tempdir().unwrap();
    // Whoever else has it is as good.
    let _taken = TcpListener::bind("127.0.0.1:7101");

    let told = told_by_failing(&["up"], folder.path()).await;

    assert!(
        told.contains("`127.0.0.1:7101`") && told.contains("is a suite running already?"),
        "{told}"
    );
}

#[tokio::test]
async fn a_suite_that_is_told_to_stop_says_so_and_ends_well() {
    let folder = tempfile::tempdir().unwrap();
    let (mut suite, _sessions) = up(folder.path()).await;

    let status = suite.terminate(STOP_LIMIT).await;

    assert!(status.success(), "{}", suite.text());
    suite
        .line(STOP_LIMIT, |line| line.starts_with("stopping"))
        .await;
}

#[tokio::test]
async fn a_replay_without_a_suite_says_what_is_missing() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("events.csv");
    std::fs::write(&file, RECORDING).unwrap();
    let free = TcpListener::bind("127.0.0.1:0").unwrap().local_addr();
    let uri = format!("http://{}", free.unwrap());

    let replay = ["replay", file.to_str().unwrap(), "--to", &uri];
    let with_token = [replay.as_slice(), &["--token", "a.b.c"]].concat();

    let nowhere = told_by_failing(&replay, folder.path()).await;
    let not_running = told_by_failing(&with_token, folder.path()).await;

    assert!(nowhere.contains("is no folder of a suite"), "{nowhere}");
    assert!(!folder.path().join("keys").exists());
    for words in [uri.as_str(), "is the suite running?", "0 of 3"] {
        assert!(not_running.contains(words), "{words} in {not_running}");
    }
}

#[tokio::test]
async fn a_recording_is_replayed_into_a_running_suite_and_a_second_time_changes_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    let file = folder.path().join("events.csv");
    std::fs::write(&file, RECORDING).unwrap();
    let (_suite, uri) = up(&data).await;
    let replay = [
        "replay",
        file.to_str().unwrap(),
        "--speed",
        "max",
        "--json",
        "--to",
        &uri,
    ];

    let first = outcome(&rescate(&replay, &data).await);
    let second = outcome(&rescate(&replay, &data).await);

    assert_eq!((&first["sent"], &first["accepted"]), (&3.into(), &3.into()));
    assert_eq!(
        (&second["accepted"], &second["duplicates"]),
        (&0.into(), &3.into())
    );
}

#[tokio::test]
async fn a_file_that_is_no_recording_is_refused_with_its_place() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("events.csv");
    std::fs::write(&file, RECORDING.replace("purchase", "dance")).unwrap();

    let told = told_by_failing(&["replay", file.to_str().unwrap()], folder.path()).await;

    assert!(
        told.contains("row 2: `event_type` must be view, cart or purchase"),
        "{told}"
    );
}

fn outcome(output: &Output) -> Value {
    let told = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{told}");
    serde_json::from_slice(&output.stdout).unwrap()
}

const POINTS: &str = concat!(
    env!("CARGO_MANIFEST_DIR"),
    "/../risk-scoring/tests/data/points/points.csv"
);
const SHIPPED: &str = concat!(
    env!("CARGO_MANIFEST_DIR"),
    "/../risk-scoring/models/retailrocket.json"
);

/// Runs `rescate model`.
async fn model(arguments: &[&str]) -> Output {
    let output = Command::new(env!("CARGO_BIN_EXE_rescate"))
        .arg("model")
        .args(arguments)
        .output();
    output.await.unwrap()
}

#[tokio::test]
async fn a_model_is_trained_judged_and_drawn() {
    let folder = tempfile::tempdir().unwrap();
    let place = |name: &str| folder.path().join(name).to_str().unwrap().to_owned();
    let (file, page, samples) = (
        place("model.json"),
        place("report.html"),
        place("samples.json"),
    );
    for kind in ["trees", "logistic"] {
        let train = ["train", "--points", POINTS, "--out", &file, "--kind", kind];
        let few = ["--trees", "10", "--folds", "2", "--json"];
        let samples = ["--samples", &samples];
        let figures = outcome(&model(&[train.as_slice(), &samples, &few].concat()).await);
        assert_eq!(figures["views"][0]["view"], "whole", "{kind}");

        let judge = ["evaluate", "--points", POINTS, "--model", &file, "--json"];
        let judged = outcome(&model(&judge).await);
        let pooled = &judged["views"][0]["pooled"];
        assert_eq!(pooled["n"], 1_808, "{kind}");
        assert!(pooled["auc"].as_f64().unwrap() > 0.6, "{kind}: {pooled}");
        assert_eq!(pooled["reliability"].as_array().unwrap().len(), 10);
    }
    let draw = [
        "report", "--points", POINTS, "--model", &file, "--out", &page,
    ];
    assert!(model(&draw).await.status.success());
    let drawn = std::fs::read_to_string(page).unwrap();
    assert!(drawn.contains("Reliability"));

    let rows: Value = serde_json::from_slice(&std::fs::read(samples).unwrap()).unwrap();
    assert_eq!(rows.as_array().unwrap().len(), 20);
    assert!(rows[0]["expected"].is_f64() && rows[0]["values"]["shopping_events"].is_f64());
}

#[tokio::test]
async fn what_is_wrong_with_a_model_or_its_rows_is_told() {
    let folder = tempfile::tempdir().unwrap();
    let nowhere = folder.path().join("no/model.json");
    let nowhere = nowhere.to_str().unwrap();
    let train = |points| ["train", "--points", points, "--out", nowhere];
    let judge = |points, model| ["evaluate", "--points", points, "--model", model];
    let draw = [
        "report", "--points", POINTS, "--model", SHIPPED, "--out", nowhere,
    ];
    for (wrong, told) in [
        (
            &judge(POINTS, POINTS)[..],
            "must be JSON of the format that is named; see line 1, column 1",
        ),
        (
            &judge(SHIPPED, SHIPPED),
            "there must be one column `session_key`",
        ),
        (&train("nowhere.csv"), "cannot be read"),
        (&train(POINTS), "model.json` cannot be read or written"),
        (&draw, "model.json` cannot be read or written"),
    ] {
        let output = model(wrong).await;
        assert_eq!(output.status.code(), Some(1));
        let all = String::from_utf8(output.stderr).unwrap();
        assert!(all.contains(told), "{all}");
    }
}
