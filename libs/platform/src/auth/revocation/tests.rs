//! Whom an entry means, and how fast a new list counts. Whole servers are in `server/tests/revoked.rs`.

use jiff::SignedDuration;
use tempfile::NamedTempFile;

use super::*;
use crate::auth::{CallerKind, Grant};
use crate::clock::{Clock, SystemClock};
use crate::testing::{AUDIENCE, agent, tenant};

fn caller(subject: &str) -> Caller {
    let grant = Grant::new(AUDIENCE, tenant("acme"), subject, CallerKind::Platform);
    Caller::of_grant(&grant, SystemClock.now())
}

fn ana() -> Caller {
    let grant = Grant::new(AUDIENCE, tenant("acme"), "", agent("ana"));
    Caller::of_grant(&grant, SystemClock.now())
}

fn list(entries: &str) -> Result<List, RevocationError> {
    List::parse(format!(r#"{{"revoked":[{entries}]}}"#).as_bytes())
}

fn names(entry: &str, caller: &Caller) -> bool {
    list(entry).unwrap().names(caller)
}

#[test]
fn an_entry_means_whom_all_of_it_is_true_of() {
    let (ana, shop) = (ana(), caller("shop"));
    let token = ana.token_id();
    for (entry, of_ana, of_shop) in [
        (format!(r#"{{"jti":"{token}","sub":"ana"}}"#), true, false),
        (r#"{"jti":"another"}"#.to_owned(), false, false),
        (r#"{"sub":"ana"}"#.to_owned(), true, false),
        (r#"{"sub":"ana","tenant":"acme"}"#.to_owned(), true, false),
        (r#"{"sub":"ana","tenant":"other"}"#.to_owned(), false, false),
        (r#"{"partner":"bpo-1"}"#.to_owned(), true, false),
        (r#"{"partner":"bpo-2"}"#.to_owned(), false, false),
        (r#"{"kid":"key"}"#.to_owned(), true, true),
        (r#"{"kid":"key","sub":"shop"}"#.to_owned(), false, true),
    ] {
        assert_eq!(names(&entry, &ana), of_ana, "{entry}");
        assert_eq!(names(&entry, &shop), of_shop, "{entry}");
    }
}

#[test]
fn what_was_issued_from_the_instant_on_is_good() {
    let shop = caller("shop");
    let entry = |instant: Timestamp| format!(r#"{{"issued_before":"{instant}"}}"#);

    assert!(!names(&entry(shop.issued_at), &shop));
    let later = shop.issued_at + SignedDuration::from_secs(1);
    assert!(names(&entry(later), &shop));
}

#[test]
fn a_list_that_is_wrong_is_refused_whole() {
    for entries in [
        r#"{"jit":"a"}"#,
        r#"{"tenant":""}"#,
        r#"{"issued_before":7}"#,
        "7",
    ] {
        let refused = list(entries);
        assert!(
            matches!(refused, Err(RevocationError::Malformed(_))),
            "{entries}"
        );
    }
    let everybody = list(r#"{"sub":"ana"},{"tenant":"acme"}"#);
    assert!(matches!(everybody, Err(RevocationError::Everybody(1))));
    let many = vec![r#"{"sub":"ana"}"#; MAX_ENTRIES + 1].join(",");
    assert!(matches!(list(&many), Err(RevocationError::TooMany)));
    assert_eq!(
        list(&vec![r#"{"sub":"ana"}"#; MAX_ENTRIES].join(","))
            .unwrap()
            .len(),
        MAX_ENTRIES
    );
}

fn write(file: &NamedTempFile, text: &str) {
    std::fs::write(file.path(), text).unwrap();
}

async fn followed(text: &str) -> (NamedTempFile, Revocations) {
    let file = NamedTempFile::new().unwrap();
    write(&file, text);
    let place = file.path().to_str().unwrap();
    let revocations = Revocations::follow(place).await.unwrap();
    (file, revocations)
}

/// Time is paused: what is waited for is one or two looks at the file, in no time.
#[tokio::test(start_paused = true)]
async fn the_last_good_list_counts_while_there_is_none() {
    let (file, revocations) = followed(r#"{"revoked":[{"sub":"ana"}]}"#).await;
    assert!(revocations.revoke(&ana()));

    write(&file, "{");
    tokio::time::sleep(3 * PAUSE).await;
    assert!(revocations.revoke(&ana()));

    write(&file, r#"{"revoked":[{"sub":"shop"}]}"#);
    revocations.revoked(&caller("shop")).await;
    assert!(!revocations.revoke(&ana()), "taken out of the list");
}

#[tokio::test]
async fn a_list_that_is_named_has_to_be_there() {
    let missing = Revocations::follow("/nowhere/revoked.json").await;
    assert!(matches!(missing, Err(RevocationError::Document(_))));
}

#[tokio::test]
async fn nobody_reads_on_once_nobody_looks() {
    let (sender, receiver) = watch::channel(Arc::default());
    let file = NamedTempFile::new().unwrap();
    let document = Document::at(file.path().to_str().unwrap()).unwrap();
    let reading = tokio::spawn(read_again(document, Vec::new(), sender));

    drop(Revocations(receiver));

    reading.await.unwrap();
}
