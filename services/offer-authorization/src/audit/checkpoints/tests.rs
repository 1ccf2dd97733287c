//! What is kept, thinned and told of checkpoints.

use tempfile::TempDir;
use testkit::builders::tenant;

use super::*;

const NOW: i64 = 1_770_000_000_000;

fn opened() -> (TempDir, Checkpoints) {
    let folder = tempfile::tempdir().unwrap();
    let keys = TokenKeys::open(&folder.path().join("keys")).unwrap();
    let checkpoints = Checkpoints::open(&folder.path().join("kept"), keys).unwrap();
    (folder, checkpoints)
}

fn at(number: i64, at_ms: i64) -> Checkpoint {
    Checkpoint {
        tenant: tenant(),
        number,
        hash: format!("hash of {number}"),
        at_ms,
    }
}

fn file_of(checkpoints: &Checkpoints, tenant: &TenantId) -> PathBuf {
    checkpoints
        .folder
        .join(format!("audit-checkpoints.{tenant}.jws"))
}

fn numbers(checkpoints: &Checkpoints) -> Vec<i64> {
    let kept = checkpoints.kept().unwrap().checkpoints.into_iter();
    kept.map(|checkpoint| checkpoint.number).collect()
}

#[tokio::test]
async fn each_tenant_has_a_file_of_its_own() {
    let (_folder, checkpoints) = opened();
    let other = Checkpoint {
        tenant: TenantId::parse("other.shop").unwrap(),
        ..at(7, NOW)
    };
    checkpoints.write(at(1, NOW)).await.unwrap();
    checkpoints.write(other.clone()).await.unwrap();

    let names = checkpoints.files().unwrap();
    let tenants: Vec<_> = names.into_values().flatten().collect();
    assert_eq!(tenants, [tenant(), other.tenant.clone()]);
    assert_eq!(checkpoints.kept().unwrap().checkpoints, [at(1, NOW), other]);
}

#[tokio::test]
async fn replicas_keep_one_checkpoint_of_one_end() {
    let (_folder, checkpoints) = opened();
    let replica = checkpoints.clone();
    checkpoints.write(at(5, NOW)).await.unwrap();

    replica.write(at(5, NOW + 1)).await.unwrap();
    replica.write(at(4, NOW + 2)).await.unwrap();
    assert_eq!(numbers(&checkpoints), [5]);

    let changed = Checkpoint {
        hash: "another".to_owned(),
        ..at(5, NOW)
    };
    replica.write(changed).await.unwrap();
    replica.write(at(6, NOW + 3)).await.unwrap();
    assert_eq!(numbers(&checkpoints), [5, 5, 6], "another hash is evidence");
}

#[tokio::test]
async fn a_torn_line_is_told_and_takes_no_other_with_it() {
    let (_folder, checkpoints) = opened();
    checkpoints.write(at(1, NOW)).await.unwrap();
    let path = file_of(&checkpoints, &tenant());
    let whole = fs::read_to_string(&path).unwrap();
    let (torn, _) = whole.split_at(whole.len() / 2);
    fs::write(&path, format!("{whole}{torn}")).unwrap();

    checkpoints.write(at(2, NOW)).await.unwrap();

    let kept = checkpoints.kept().unwrap();
    assert_eq!(kept.checkpoints, [at(1, NOW), at(2, NOW)]);
    let [unsigned] = kept.unsigned.try_into().unwrap();
    assert_eq!((unsigned.line, unsigned.concerns(&tenant())), (2, true));
    assert!(!unsigned.concerns(&TenantId::parse("other").unwrap()));
}

#[tokio::test]
async fn the_file_that_tenants_had_together_still_counts() {
    let (_folder, checkpoints) = opened();
    let line = checkpoints.sign(&at(3, NOW)).unwrap();
    let path = checkpoints.folder.join("audit-checkpoints.jws");
    fs::write(path, format!("{line}\nnobody's\n")).unwrap();

    let kept = checkpoints.kept().unwrap();

    assert_eq!(kept.checkpoints, [at(3, NOW)]);
    assert!(
        kept.unsigned[0].concerns(&tenant()),
        "it may be about anybody"
    );
}

#[tokio::test]
async fn a_large_file_keeps_fewer_of_what_is_old() {
    let (_folder, checkpoints) = opened();
    let path = file_of(&checkpoints, &tenant());
    let minutes = 5_000;
    let lines = (1..=minutes).map(|number| {
        let before = (minutes - number) * 60_000;
        checkpoints.sign(&at(number, NOW - before)).unwrap()
    });
    let text = lines.collect::<Vec<_>>().join("\n");
    assert!(text.len() > MOST_BYTES);
    fs::write(&path, format!("torn\n{text}\n")).unwrap();

    checkpoints.write(at(minutes + 1, NOW)).await.unwrap();

    let kept = checkpoints.kept().unwrap();
    assert_eq!(kept.unsigned.len(), 1, "what nobody signed is evidence");
    let kept: Vec<i64> = kept.checkpoints.iter().map(|seen| seen.number).collect();
    assert!(kept.is_sorted());
    assert!(
        kept.ends_with(&[minutes - 1, minutes, minutes + 1]),
        "all of an hour"
    );
    let hours = minutes / 60;
    let expected = 60 + usize::try_from(hours).unwrap();
    assert!(
        kept.len().abs_diff(expected) <= 2,
        "{} of {minutes}",
        kept.len()
    );
    assert!(fs::metadata(&path).unwrap().len() < u64::try_from(MOST_BYTES / 2).unwrap());
}

#[test]
fn the_older_the_longer_is_the_time_of_one_checkpoint() {
    let length = |age| time_of(NOW - age, NOW).0;

    assert_eq!(length(HOUR_MS - 1), 1);
    assert_eq!(length(HOUR_MS), HOUR_MS);
    assert_eq!(length(30 * DAY_MS), DAY_MS);
    assert_eq!(length(365 * DAY_MS), MONTH_MS);
    assert_eq!(length(-5), 1, "a clock that went back");
}

#[test]
fn a_folder_that_cannot_be_written_is_told_at_the_start() {
    let folder = tempfile::tempdir().unwrap();
    let keys = TokenKeys::open(&folder.path().join("keys")).unwrap();
    let file = folder.path().join("file");
    fs::write(&file, b"").unwrap();

    let refused = Checkpoints::open(&file.join("kept"), keys.clone());
    assert!(matches!(refused, Err(CheckpointError::Folder { .. })));

    let opened = Checkpoints::open(&folder.path().join("kept"), keys).unwrap();
    assert_eq!(
        fs::read_dir(&opened.folder).unwrap().count(),
        0,
        "no probe is left"
    );
}
