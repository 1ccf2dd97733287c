//! Sizes that every generated server is given, so that a hostile message stays cheap.
//!
//! They are small because a decoded message may take 56 times the memory of its bytes on the wire.

/// Largest request of an ordinary RPC, in bytes.
pub const DECODE: usize = 64 * 1024;
/// Largest request of an RPC that takes a batch of events or facts, in bytes.
pub const DECODE_BATCH: usize = 256 * 1024;
/// Largest answer, in bytes.
pub const ENCODE: usize = 1024 * 1024;
/// Most items in one batch of events or facts.
pub const BATCH_ITEMS: usize = 1_000;
/// Batch calls that one service works on at once.
pub const BATCH_CALLS: usize = 8;
/// Most calls in one batch of calls.
pub const DELIVERIES: usize = 64;
/// Most items of any other repeated field.
pub const REPEATED_ITEMS: usize = 200;
/// Largest string without a limit of its own, in bytes.
pub const TEXT: usize = 1024;
/// Largest id, in bytes.
pub const ID: usize = 64;
/// Largest set of request headers, in bytes.
pub const METADATA: u32 = 16 * 1024;
/// Largest bearer token, in bytes.
pub const TOKEN: usize = 8 * 1024;

/// Applies [`DECODE`] and [`ENCODE`] to a generated server: `limited!(KpiServiceServer::new(service))`.
#[macro_export]
macro_rules! limited {
    ($server:expr) => {
        $server
            .max_decoding_message_size($crate::limits::DECODE)
            .max_encoding_message_size($crate::limits::ENCODE)
    };
}

/// Applies [`DECODE_BATCH`] and [`ENCODE`] to a generated server that takes batches, and accepts gzip there.
#[macro_export]
macro_rules! limited_batch {
    ($server:expr) => {
        $server
            .accept_compressed(::tonic::codec::CompressionEncoding::Gzip)
            .max_decoding_message_size($crate::limits::DECODE_BATCH)
            .max_encoding_message_size($crate::limits::ENCODE)
    };
}
