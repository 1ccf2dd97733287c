//! Batches as bytes: taken off the wire without a copy, with no more read of them than an acknowledgement needs.

use std::hint::black_box;

use bytes::{Buf, Bytes};
use platform::status::{Fault, Kind};
use prost::Message as _;
use prost::encoding::{WireType, decode_key, decode_varint};
use proto::session::v1::{StreamEventsRequest, StreamEventsResponse};
use tonic::Status;
use tonic::codec::{DecodeBuf, Decoder};
use tonic_prost::ProstEncoder;

use super::Decoding;

/// One batch as it came.
#[derive(Debug)]
pub(super) struct Received {
    pub(super) number: u64,
    pub(super) events: u32,
    pub(super) bytes: Bytes,
}

/// Bytes in, acknowledgements out.
#[derive(Debug)]
pub(super) struct Codec(pub(super) Decoding);

impl tonic::codec::Codec for Codec {
    type Encode = StreamEventsResponse;
    type Decode = Received;
    type Encoder = ProstEncoder<StreamEventsResponse>;
    type Decoder = BatchDecoder;

    fn encoder(&mut self) -> Self::Encoder {
        ProstEncoder::default()
    }

    fn decoder(&mut self) -> BatchDecoder {
        BatchDecoder(self.0)
    }
}

#[derive(Debug)]
pub(super) struct BatchDecoder(Decoding);

impl Decoder for BatchDecoder {
    type Item = Received;
    type Error = Status;

    fn decode(&mut self, source: &mut DecodeBuf<'_>) -> Result<Option<Received>, Status> {
        let bytes = source.copy_to_bytes(source.remaining());
        let read = match self.0 {
            Decoding::Raw => skim(bytes.clone()),
            Decoding::Typed => decode(bytes.clone()),
        };
        let broken = |_| Fault::new(Kind::Invalid, "no batch of events").to_status();
        let (number, events) = read.map_err(broken)?;
        Ok(Some(Received {
            number,
            events,
            bytes,
        }))
    }
}

fn decode(bytes: Bytes) -> Result<(u64, u32), prost::DecodeError> {
    let StreamEventsRequest { batch, events } = StreamEventsRequest::decode(bytes)?;
    let count = u32::try_from(events.len()).unwrap_or(u32::MAX);
    // As if somebody looked at them.
    black_box(events);
    Ok((batch, count))
}

/// The number is a varint, each event a length and so many bytes.
fn skim(mut bytes: Bytes) -> Result<(u64, u32), prost::DecodeError> {
    let (mut number, mut events) = (0, 0);
    while bytes.has_remaining() {
        let (_field, kind) = decode_key(&mut bytes)?;
        let value = decode_varint(&mut bytes)?;
        if kind == WireType::Varint {
            number = value;
        } else {
            events += 1;
            let length = usize::try_from(value).unwrap_or(usize::MAX);
            bytes.advance(length.min(bytes.remaining()));
        }
    }
    Ok((number, events))
}

#[cfg(test)]
mod tests {
    use proto::session::v1::Event;

    use super::*;

    #[test]
    fn both_ways_find_the_same() {
        let event = Event {
            event_id: "evt_1".to_owned(),
            ..Event::default()
        };
        let request = StreamEventsRequest {
            batch: 300,
            events: vec![event; 5],
        };
        let bytes = Bytes::from(request.encode_to_vec());

        assert_eq!(skim(bytes.clone()).unwrap(), (300, 5));
        assert_eq!(decode(bytes).unwrap(), (300, 5));
    }
}
