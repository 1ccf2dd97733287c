//! The RPCs of the suite as its descriptors tell them: names for spans, and which ones are streams.

use std::collections::HashMap;
use std::sync::LazyLock;

use prost::Message;
use prost_types::FileDescriptorSet;

/// One RPC.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Method {
    /// `rescate.offers.v1.OfferAuthorizationService`
    pub(crate) service: String,
    /// `RedeemOffer`
    pub(crate) name: String,
    pub(crate) shape: Shape,
}

/// How many messages an RPC has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Shape {
    /// One in, one out.
    Unary,
    /// Any other.
    Stream,
}

static METHODS: LazyLock<HashMap<String, Method>> = LazyLock::new(|| {
    // INVARIANT: the bytes were encoded by our own build, so they decode.
    let set = FileDescriptorSet::decode(proto::FILE_DESCRIPTOR_SET).unwrap_or_default();
    let mut methods = HashMap::new();
    for file in &set.file {
        for service in &file.service {
            let full_name = format!("{}.{}", file.package(), service.name());
            for method in &service.method {
                let streams = method.client_streaming() || method.server_streaming();
                let shape = if streams { Shape::Stream } else { Shape::Unary };
                let path = format!("/{full_name}/{}", method.name());
                let service = full_name.clone();
                let name = method.name().to_owned();
                methods.insert(
                    path,
                    Method {
                        service,
                        name,
                        shape,
                    },
                );
            }
        }
    }
    methods
});

/// Reads the descriptors now: milliseconds that no call should pay for.
pub(crate) fn prepare() {
    LazyLock::force(&METHODS);
}

/// The RPC at a path; `None` when the contracts know none.
pub(crate) fn find(path: &str) -> Option<&'static Method> {
    METHODS.get(path)
}

/// All paths, for tests that must miss none.
#[cfg(test)]
pub(crate) fn paths() -> impl Iterator<Item = &'static str> {
    METHODS.keys().map(String::as_str)
}

/// The shape of the RPC at a path. Health and reflection are not ours, but some of their calls are streams.
pub(crate) fn shape(path: &str) -> Shape {
    match find(path) {
        Some(method) => method.shape,
        None if path.starts_with("/grpc.reflection.") || path.ends_with(".Health/Watch") => {
            Shape::Stream
        }
        None => Shape::Unary,
    }
}

/// Whether a path belongs to the server itself: health and reflection.
pub(crate) fn is_infrastructure(path: &str) -> bool {
    path.starts_with("/grpc.health.v1.Health/") || path.starts_with("/grpc.reflection.")
}
