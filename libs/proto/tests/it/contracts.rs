//! The descriptors: what reflection shows, and rules of the contracts that the linter does not know.

use std::collections::BTreeSet;

use prost::Message;
use prost_types::{FileDescriptorProto, FileDescriptorSet};
use proto::error::v1::ErrorReason;
use proto::{FILE_DESCRIPTOR_SET, descriptor_set_for, reason_name};

fn files(bytes: &[u8]) -> Vec<FileDescriptorProto> {
    FileDescriptorSet::decode(bytes).unwrap().file
}

fn services(files: &[FileDescriptorProto]) -> BTreeSet<String> {
    files
        .iter()
        .flat_map(|file| {
            file.service
                .iter()
                .map(|service| format!("{}.{}", file.package(), service.name()))
        })
        .collect()
}

/// Each file stands after what it imports, as reflection clients and `DescriptorPool`s expect.
fn assert_closed(files: &[FileDescriptorProto]) {
    let mut seen = BTreeSet::new();
    for file in files {
        for import in &file.dependency {
            let name = file.name();
            assert!(
                seen.contains(import.as_str()),
                "`{name}` comes before `{import}`"
            );
        }
        seen.insert(file.name());
    }
}

#[test]
fn the_whole_set_holds_its_imports() {
    assert_closed(&files(FILE_DESCRIPTOR_SET));
}

fn package(service: &str) -> &str {
    service.rsplit_once('.').unwrap().0
}

/// A file may import another one of its package, and with it a service of the same server; never one of another server.
#[test]
fn a_service_is_described_with_its_imports_and_without_other_servers() {
    let all = services(&files(FILE_DESCRIPTOR_SET));
    assert!(!all.is_empty());

    for service in &all {
        let own = files(&descriptor_set_for(&[service.as_str()]));

        assert_closed(&own);
        assert!(services(&own).contains(service));
        for described in services(&own) {
            assert_eq!(package(&described), package(service));
        }
    }
}

#[test]
fn two_services_share_their_imports() {
    let all = services(&files(FILE_DESCRIPTOR_SET));
    let two: Vec<&str> = all.iter().map(String::as_str).take(2).collect();

    let own = files(&descriptor_set_for(&two));

    assert_closed(&own);
    let names: BTreeSet<&str> = own.iter().map(FileDescriptorProto::name).collect();
    assert_eq!(names.len(), own.len(), "each file once");
}

#[test]
fn an_unknown_service_describes_nothing() {
    assert!(descriptor_set_for(&["rescate.nothing.v1.NothingService"]).is_empty());
}

#[test]
fn every_error_reason_shows_an_example() {
    let files = files(FILE_DESCRIPTOR_SET);
    let file = files
        .iter()
        .find(|file| file.package() == "rescate.error.v1")
        .unwrap();
    let comments: Vec<&str> = file
        .source_code_info
        .as_ref()
        .unwrap()
        .location
        .iter()
        .map(prost_types::source_code_info::Location::leading_comments)
        .collect();

    for value in &file.enum_type[0].value {
        let reason = ErrorReason::try_from(value.number()).unwrap();
        let example = format!(
            r#"{{"reason": "{}", "domain": "rescate"}}"#,
            reason_name(reason)
        );
        let shown = comments.iter().any(|comment| comment.contains(&example));
        let never_sent = reason == ErrorReason::Unspecified;
        assert!(shown || never_sent, "`{}` has no example", value.name());
    }
}
