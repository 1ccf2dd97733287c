//! Names of error reasons as they stand in `google.rpc.ErrorInfo`.

use crate::error::v1::ErrorReason;

/// The `domain` of each `ErrorInfo` that Rescate sends.
pub const ERROR_DOMAIN: &str = "rescate";

const PREFIX: &str = "ERROR_REASON_";

/// The name of a reason without the prefix that its enum demands, e.g. `CARD_DATA`.
pub fn reason_name(reason: ErrorReason) -> &'static str {
    let name = reason.as_str_name();
    name.strip_prefix(PREFIX).unwrap_or(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reason_is_named_without_its_prefix() {
        assert_eq!(reason_name(ErrorReason::CardData), "CARD_DATA");
        assert_eq!(
            reason_name(ErrorReason::RequestIdReused),
            "REQUEST_ID_REUSED"
        );
    }
}
