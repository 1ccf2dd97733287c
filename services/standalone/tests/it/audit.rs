//! `rescate audit`: a trail is proven and exported beside a suite that runs, and what was done to an export is found.

use std::path::Path;
use std::process::{Command as StdCommand, Output};
use std::time::Duration;

use platform::auth::{CallerKind, DevelopmentKeys};
use platform::client::connect_with_token;
use proto::offers::v1 as pb;
use proto::offers::v1::offer_program_service_client::OfferProgramServiceClient;
use standalone::token::mint;
use testkit::builders::usd;
use testkit::process::Child;
use tokio::process::Command;

const START_LIMIT: Duration = Duration::from_mins(1);
const REQUEST_ID: &str = "9333dfbd-b87a-4708-9857-6336556b0fcc";

async fn audit(arguments: &[&str], data: &Path) -> Output {
    Command::new(env!("CARGO_BIN_EXE_rescate"))
        .arg("audit")
        .args(arguments)
        .arg("--data")
        .arg(data)
        .output()
        .await
        .unwrap()
}

/// A suite, and the address of offer-authorization.
async fn up(data: &Path) -> (Child, String) {
    let mut command = StdCommand::new(env!("CARGO_BIN_EXE_rescate"));
    command.args(["up", "--free-ports", "--data"]).arg(data);
    let suite = Child::spawn(Command::from(command));
    let ready = suite
        .line(START_LIMIT, |line| line.starts_with("rescate is ready"))
        .await;
    let offers = ready
        .split_whitespace()
        .find_map(|word| word.strip_prefix("offer-authorization="));
    (suite, offers.unwrap().to_owned())
}

/// A change that is noted.
async fn set_a_purse(uri: &str, data: &Path) {
    let keys = DevelopmentKeys::create_or_load(&data.join("keys")).unwrap();
    let tenant = "demo-shop".parse().unwrap();
    let token = mint(&keys, &tenant, CallerKind::Operator, None).unwrap();
    let client = connect_with_token(uri, &token).unwrap();
    let request = pb::SetPurseRequest {
        request_id: REQUEST_ID.to_owned(),
        purse: Some(pb::Purse {
            partner_id: "acme-bpo".to_owned(),
            daily_limit: Some(usd(5_000).into()),
            ..pb::Purse::default()
        }),
    };
    let mut programmes = OfferProgramServiceClient::new(client);
    programmes.set_purse(request).await.unwrap();
}

fn text(output: &[u8]) -> String {
    String::from_utf8(output.to_vec()).unwrap()
}

#[tokio::test]
async fn a_trail_is_proven_and_exported_while_the_suite_runs() {
    let folder = tempfile::tempdir().unwrap();
    let (_suite, offers) = up(folder.path()).await;
    set_a_purse(&offers, folder.path()).await;

    let proven = audit(&["verify"], folder.path()).await;
    let export = audit(&["export"], folder.path()).await;

    let told = text(&proven.stdout);
    assert!(proven.status.success(), "{told}");
    assert!(told.starts_with("demo-shop: sound, 1 entries"), "{told}");
    let export = text(&export.stdout);
    assert_eq!(export.lines().count(), 3, "{export}");
    let file = folder.path().join("trail.jsonl");
    let path = file.to_str().unwrap();
    std::fs::write(&file, &export).unwrap();
    let sound = audit(&["verify", "--export", path], folder.path()).await;
    assert!(sound.status.success(), "{}", text(&sound.stdout));
    std::fs::write(&file, export.replace("5000", "9000")).unwrap();
    let forged = audit(&["verify", "--export", path], folder.path()).await;
    assert_eq!(forged.status.code(), Some(1));
    let told = text(&forged.stdout);
    assert!(
        told.contains("NOT SOUND") && told.contains("entry 1 was changed"),
        "{told}"
    );
}

#[tokio::test]
async fn a_folder_without_a_suite_is_named() {
    let folder = tempfile::tempdir().unwrap();

    let refused = audit(&["verify"], folder.path()).await;

    assert_eq!(refused.status.code(), Some(1));
    let told = text(&refused.stderr);
    assert!(told.contains("there is no suite in"), "{told}");
}
