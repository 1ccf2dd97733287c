//! What can be wrong with a value, by its kind and by what it means.

use prost_reflect::{DynamicMessage, Kind, ReflectMessage, Value};
use uuid::Uuid;

use crate::shop::request_id;
use crate::slots::Slot;

/// Something that is wrong with a field, or may be.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Fault {
    /// A message or a member of a oneof that is not there.
    Missing,
    /// A text or a list with nothing in it, an item with nothing in it, a number at zero.
    Empty,
    EmptyItem,
    Zero,
    /// An enum at zero, and at a number that nobody knows.
    Unspecified,
    UnknownEnum,
    /// The id of another kind of thing, and one of nothing.
    WrongPrefix,
    UnknownId,
    /// 10 KiB of text.
    Long,
    ControlCharacter,
    /// A text found nowhere else.
    Canary,
    /// More items than any list takes.
    TooMany,
    /// Numbers beyond what is sensible.
    Negative,
    Huge,
    NotFinite,
    /// An amount in another currency than those beside it, and in none.
    OtherCurrency,
    NoCurrency,
    /// Instants of other ages, and parts of an instant or span that are none.
    Year1600,
    Year9000,
    Nanos,
}

const YEAR_1600: i64 = -11_676_096_000;
const YEAR_9000: i64 = 221_845_392_000;
const TEN_THOUSAND_YEARS: i64 = 315_576_000_001;

impl Fault {
    /// Whether the value alone is wrong, whatever stands beside it: then the refusal names this field and no other.
    pub(super) fn is_plain(self) -> bool {
        match self {
            Self::Missing
            | Self::Empty
            | Self::EmptyItem
            | Self::Unspecified
            | Self::UnknownEnum
            | Self::WrongPrefix
            | Self::Long
            | Self::ControlCharacter
            | Self::TooMany
            | Self::Negative
            | Self::NotFinite
            | Self::NoCurrency
            | Self::Nanos => true,
            Self::Zero
            | Self::UnknownId
            | Self::Canary
            | Self::Huge
            | Self::OtherCurrency
            | Self::Year1600
            | Self::Year9000 => false,
        }
    }

    /// Whether the value is the one that stands for none, which is right where the contract asks for none.
    pub(super) fn is_absence(self) -> bool {
        matches!(
            self,
            Self::Missing | Self::Empty | Self::Zero | Self::Unspecified
        )
    }
}

/// The faults that a place can have, each with the value that has it; none clears the field.
pub(super) fn faults_of(slot: &Slot, value: &Value) -> Vec<(Fault, Option<Value>)> {
    if slot.is_whole_list() {
        return of_list(slot, value);
    }
    let (parent, name) = (
        slot.field().parent_message(),
        slot.field().name().to_owned(),
    );
    match (parent.full_name(), name.as_str()) {
        ("google.protobuf.Timestamp", "seconds") => of_numbers([
            (Fault::Year1600, Value::I64(YEAR_1600)),
            (Fault::Year9000, Value::I64(YEAR_9000)),
        ]),
        ("google.protobuf.Duration", "seconds") => of_numbers([
            (Fault::Negative, Value::I64(-1)),
            (Fault::Huge, Value::I64(TEN_THOUSAND_YEARS)),
        ]),
        ("google.protobuf.Timestamp" | "google.protobuf.Duration", _) => of_numbers([
            (Fault::Nanos, Value::I32(-1)),
            (Fault::Nanos, Value::I32(1_000_000_000)),
        ]),
        ("rescate.money.v1.Money", "currency") => of_numbers([
            (Fault::OtherCurrency, Value::String("JPY".to_owned())),
            (Fault::NoCurrency, Value::String("XQZ".to_owned())),
        ])
        .into_iter()
        .chain(of_text(value))
        .collect(),
        _ => of_kind(slot, value),
    }
}

fn of_numbers<const N: usize>(faults: [(Fault, Value); N]) -> Vec<(Fault, Option<Value>)> {
    faults.map(|(fault, value)| (fault, Some(value))).into()
}

fn of_kind(slot: &Slot, value: &Value) -> Vec<(Fault, Option<Value>)> {
    match value {
        Value::String(_) => of_text(value),
        Value::EnumNumber(_) => of_numbers([
            (Fault::Unspecified, Value::EnumNumber(0)),
            (Fault::UnknownEnum, Value::EnumNumber(9_999)),
        ]),
        Value::U32(_) => of_numbers([
            (Fault::Zero, Value::U32(0)),
            (Fault::Huge, Value::U32(u32::MAX)),
        ]),
        Value::U64(_) => of_numbers([
            (Fault::Zero, Value::U64(0)),
            (Fault::Huge, Value::U64(u64::MAX)),
        ]),
        Value::I64(_) => of_numbers([
            (Fault::Negative, Value::I64(-1)),
            (Fault::Zero, Value::I64(0)),
            (Fault::Huge, Value::I64(i64::MAX)),
        ]),
        Value::F64(_) => of_numbers([
            (Fault::NotFinite, Value::F64(f64::NAN)),
            (Fault::NotFinite, Value::F64(f64::INFINITY)),
            (Fault::Huge, Value::F64(-1e300)),
        ]),
        // An item of a list cannot be taken away, only emptied.
        Value::Message(message) if slot.field().is_list() => {
            let empty = DynamicMessage::new(message.descriptor());
            vec![(Fault::EmptyItem, Some(Value::Message(empty)))]
        }
        Value::Message(_) => vec![(Fault::Missing, None)],
        _ => Vec::new(),
    }
}

fn of_text(value: &Value) -> Vec<(Fault, Option<Value>)> {
    let text = value.as_str().unwrap_or_default();
    let mut texts = vec![
        (Fault::Long, "a".repeat(10 * 1024)),
        (Fault::ControlCharacter, format!("{text}\u{7}{text}")),
        (Fault::Canary, format!("canary-{}", request_id())),
    ];
    if !text.is_empty() {
        texts.push((Fault::Empty, String::new()));
    }
    if Uuid::try_parse(text).is_ok() {
        texts.push((Fault::WrongPrefix, format!("req_{text}")));
    }
    if let Some((prefix, id)) = text.split_once('_')
        && Uuid::try_parse(id).is_ok()
    {
        texts.push((Fault::WrongPrefix, format!("zzz_{id}")));
        texts.push((Fault::UnknownId, format!("{prefix}_{}", request_id())));
    }
    let value = |(fault, text)| (fault, Some(Value::String(text)));
    texts.into_iter().map(value).collect()
}

fn of_list(slot: &Slot, value: &Value) -> Vec<(Fault, Option<Value>)> {
    let items = value.as_list().unwrap_or_default();
    let item = match slot.field().kind() {
        // Empty ones, so that the message as a whole is not too large to be read.
        Kind::Message(message) => Value::Message(DynamicMessage::new(message)),
        kind => items
            .first()
            .cloned()
            .unwrap_or_else(|| Value::default_value(&kind)),
    };
    let many = Value::List(vec![item; 1_001]);
    let mut faults = vec![(Fault::TooMany, Some(many))];
    if !items.is_empty() {
        faults.push((Fault::Empty, Some(Value::List(Vec::new()))));
    }
    faults
}
