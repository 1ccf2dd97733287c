//! Resume tokens of `WatchSessions`: the filter and the position, as text. Opaque to clients and not secret; a token of
//! another filter is refused, since its position says nothing about this one.

use proto::error::v1::ErrorReason;
use proto::field::InvalidField;

use crate::service::Position;
use crate::store::Filter;

/// Changes when the text changes shape, so that tokens of the old shape are refused instead of misread.
const FORMAT: &str = "1";
const ANY: &str = "any";

pub(super) fn write(filter: Filter, position: Position) -> String {
    let Position { seen, told } = position;
    format!("{}.{seen}.{told}", prefix(filter))
}

pub(super) fn read(text: &str, filter: Filter) -> Result<Position, InvalidField> {
    parse(text, filter).ok_or_else(|| {
        let rule = "must be a token that this stream gave for the same filter";
        InvalidField::new("resume_token", ErrorReason::ResumeTokenInvalid, rule)
    })
}

fn prefix(filter: Filter) -> String {
    let Filter { phase, state } = filter;
    let phase = phase.map_or(ANY, |phase| phase.as_str());
    let state = state.map_or(ANY, |state| state.as_str());
    format!("{FORMAT}.{phase}.{state}")
}

fn parse(text: &str, filter: Filter) -> Option<Position> {
    let numbers = text.strip_prefix(&prefix(filter))?.strip_prefix('.')?;
    let (seen, told) = numbers.split_once('.')?;
    Some(Position {
        seen: seen.parse().ok()?,
        told: told.parse().ok()?,
    })
}

#[cfg(test)]
mod tests {
    use domain::phase::RiskPhase;

    use super::*;
    use crate::snapshot::SessionState;

    const POSITION: Position = Position { seen: 7, told: 9 };

    #[test]
    fn a_token_leads_back_to_its_position() {
        let filter = Filter {
            phase: Some(RiskPhase::TransactionalFriction),
            state: None,
        };

        assert_eq!(read(&write(filter, POSITION), filter), Ok(POSITION));
    }

    #[test]
    fn a_token_of_another_filter_is_refused() {
        let all = Filter::default();
        let active = Filter {
            phase: None,
            state: Some(SessionState::Active),
        };

        for (text, filter) in [
            (write(all, POSITION), active),
            (write(active, POSITION), all),
            ("1.any.any.x.9".to_owned(), all),
            ("0.any.any.7.9".to_owned(), all),
        ] {
            let fault = read(&text, filter).unwrap_err();
            assert_eq!(fault.reason, ErrorReason::ResumeTokenInvalid, "{text}");
        }
    }
}
