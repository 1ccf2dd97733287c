//! Bytes written by an earlier version stay readable. The files are never written anew to make a test pass: a
//! difference means that stored messages and old peers would be misread.

use std::fs;
use std::path::PathBuf;

use domain::assessment::Assessment;
use domain::fact::Fact;
use domain::moment::Moment;
use prost::Message;
use proto::{assessment, fact, moment};

use crate::values::{a_moment, an_assessment, facts};

fn golden(name: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
        .join("tests/golden")
        .join(name)
}

#[test]
fn a_moment_of_version_1_is_read() {
    let bytes = fs::read(golden("moment.binpb")).unwrap();
    let wire = moment::v1::Moment::decode(bytes.as_slice()).unwrap();

    // What was done with products was not told then.
    let expected = Moment {
        shopping: None,
        ..a_moment()
    };
    assert_eq!(Moment::try_from(wire), Ok(expected));
}

#[test]
fn an_assessment_of_version_1_is_read() {
    let bytes = fs::read(golden("assessment.binpb")).unwrap();
    let wire = assessment::v1::Assessment::decode(bytes.as_slice()).unwrap();

    // Tables of causes had no version then.
    let expected = Assessment {
        cause_table_version: None,
        ..an_assessment()
    };
    assert_eq!(Assessment::try_from(wire), Ok(expected));
}

/// One fact of every kind, each with its length before it.
#[test]
fn facts_of_version_1_are_read() {
    let bytes = fs::read(golden("facts.binpb")).unwrap();
    let mut rest = bytes.as_slice();

    for expected in facts() {
        let wire = fact::v1::Fact::decode_length_delimited(&mut rest).unwrap();
        assert_eq!(Fact::try_from(wire), Ok(expected));
    }
    assert!(rest.is_empty(), "no fact is left over");
}

#[test]
#[ignore = "writes the files of a new version; run by hand, and keep the old ones beside them"]
fn golden_files_are_written() {
    let moment = moment::v1::Moment::from(a_moment()).encode_to_vec();
    fs::write(golden("moment.binpb"), moment).unwrap();

    let assessment = assessment::v1::Assessment::from(an_assessment()).encode_to_vec();
    fs::write(golden("assessment.binpb"), assessment).unwrap();

    let facts: Vec<u8> = facts()
        .into_iter()
        .flat_map(|fact| fact::v1::Fact::from(fact).encode_length_delimited_to_vec())
        .collect();
    fs::write(golden("facts.binpb"), facts).unwrap();
}
