//! The contracts as descriptors, for reflection and for tests that walk all RPCs.
//!
//! Files are cut out of the compiled set as raw bytes and never decoded and encoded again, since that would drop
//! custom options.

use std::collections::BTreeSet;

use prost::Message;
use prost_types::FileDescriptorProto;

/// All contracts with their imports, as an encoded `google.protobuf.FileDescriptorSet` with comments.
pub const FILE_DESCRIPTOR_SET: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/rescate.fds.bin"));

/// A `FileDescriptorSet` whose files stay encoded.
#[derive(Clone, PartialEq, Message)]
struct EncodedFileSet {
    #[prost(bytes = "vec", repeated, tag = "1")]
    files: Vec<Vec<u8>>,
}

/// An encoded `FileDescriptorSet` of the files that define the named services, e.g.
/// `rescate.offers.v1.OfferAuthorizationService`, and of all files that those import. A name that no file defines adds
/// nothing.
pub fn descriptor_set_for(services: &[&str]) -> Vec<u8> {
    // INVARIANT: the bytes were encoded by our own build, so they decode.
    let all = EncodedFileSet::decode(FILE_DESCRIPTOR_SET).unwrap_or_default();
    let parsed: Vec<FileDescriptorProto> = all
        .files
        .iter()
        .map(|bytes| FileDescriptorProto::decode(bytes.as_slice()).unwrap_or_default())
        .collect();

    let wanted = with_imports(&parsed, services);
    let files = all
        .files
        .into_iter()
        .zip(&parsed)
        .filter(|(_, file)| wanted.contains(file.name()))
        .map(|(bytes, _)| bytes)
        .collect();
    EncodedFileSet { files }.encode_to_vec()
}

fn with_imports<'a>(files: &'a [FileDescriptorProto], services: &[&str]) -> BTreeSet<&'a str> {
    let mut wanted = BTreeSet::new();
    let mut open: Vec<&FileDescriptorProto> = files
        .iter()
        .filter(|file| defines_any(file, services))
        .collect();
    while let Some(file) = open.pop() {
        if wanted.insert(file.name()) {
            open.extend(
                files
                    .iter()
                    .filter(|other| file.dependency.iter().any(|name| name == other.name())),
            );
        }
    }
    wanted
}

fn defines_any(file: &FileDescriptorProto, services: &[&str]) -> bool {
    file.service.iter().any(|service| {
        let full_name = format!("{}.{}", file.package(), service.name());
        services.contains(&full_name.as_str())
    })
}
