//! Tables of bad input: each row spoils one field of a good request, and says which field is named for which reason.

use proto::error::v1::ErrorReason;
use tonic::{Code, Status};

use crate::grpc::{assert_hides, assert_refused};

/// A card number. No field takes it, and no answer repeats it.
pub const CARD: &str = "4111111111111111";

/// How a request is spoilt, why it is refused then, and the field that is named.
pub type Row<T> = (fn(&mut T), ErrorReason, &'static str);

/// The good request, spoilt.
pub fn spoilt<T: Clone>(good: &T, spoil: fn(&mut T)) -> T {
    let mut request = good.clone();
    spoil(&mut request);
    request
}

/// Fails unless the call was refused for one field and one reason, without a word of what was sent.
#[track_caller]
pub fn assert_invalid(refused: &Status, reason: ErrorReason, field: &str) {
    assert_refused(refused, Code::InvalidArgument, reason, Some(field));
    assert_hides(refused, CARD);
}
