//! What a refused caller sees, whether the call was refused as a whole or one item of its batch.

use std::borrow::Cow;
use std::time::Duration;

use platform::status::{reason_of, retry_after_of};
use prost_reflect::{DynamicMessage, Value};
use proto::error::v1::ErrorReason;
use tonic::{Code, Status};
use tonic_types::StatusExt;

/// A refusal, as the caller sees it.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Refusal {
    pub(crate) code: Code,
    /// The reason of the `ErrorInfo`; absent when there is none, or none of ours.
    pub(crate) reason: Option<ErrorReason>,
    /// The fields at fault.
    pub(crate) fields: Vec<String>,
    pub(crate) retry_after: Option<Duration>,
    /// Everything that was said, to be searched.
    pub(crate) words: String,
}

impl From<Status> for Refusal {
    fn from(status: Status) -> Self {
        let details = status.get_error_details();
        let violations = details
            .bad_request()
            .map(|bad| bad.field_violations.clone());
        Self {
            code: status.code(),
            reason: reason_of(&status),
            fields: violations
                .into_iter()
                .flatten()
                .map(|violation| violation.field)
                .collect(),
            retry_after: retry_after_of(&status),
            words: format!("{}\n{details:?}\n{:?}", status.message(), status.metadata()),
        }
    }
}

impl Refusal {
    /// The refusal of the first item of a batch that was refused by itself: `RecordEvents`, `StreamEvents`, `RecordFacts`.
    /// `items` is the repeated field that the batch came in.
    pub(crate) fn of_item(answer: &DynamicMessage, items: &str) -> Option<Self> {
        let rejected = answer.get_field_by_name("rejected")?.into_owned();
        let first = rejected.as_list()?.first()?.as_message()?.clone();
        // On a stream the item stands beside the number of its batch.
        let item = match first.get_field_by_name("event").as_deref() {
            Some(Value::Message(item)) => item.clone(),
            _ => first,
        };
        let part = |name: &str| item.get_field_by_name(name).map(Cow::into_owned);
        let field = part("field")?.as_str()?.to_owned();
        let index = part("index")?.as_u32()?;
        let reason = part("reason")?.as_enum_number()?;
        Some(Self {
            code: Code::InvalidArgument,
            reason: ErrorReason::try_from(reason).ok(),
            fields: vec![format!("{items}[{index}].{field}")],
            retry_after: None,
            words: format!("{item:?}"),
        })
    }

    /// Whether the refused call may be sent again as it is, as the refusal asks.
    pub(crate) fn pause(&self) -> Option<Duration> {
        let passing = [Code::Aborted, Code::Unavailable, Code::ResourceExhausted];
        self.retry_after.filter(|_| passing.contains(&self.code))
    }
}
