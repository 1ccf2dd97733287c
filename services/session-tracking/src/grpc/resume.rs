//! Resume tokens of `WatchSessions`: whose, the filter and the position, as text. Opaque to clients and not secret; a
//! token of another tenant or filter is refused, since its position says nothing about this one.

use domain::id::TenantId;
use proto::error::v1::ErrorReason;
use proto::field::InvalidField;

use crate::store::{Filter, Position};

/// Changes when the text changes shape, so that tokens of the old shape are refused instead of misread.
const FORMAT: &str = "2";
const ANY: &str = "any";

/// The tokens of the watches of one tenant with one filter.
pub(super) struct Tokens {
    prefix: String,
}

impl Tokens {
    pub(super) fn of(tenant: &TenantId, filter: Filter) -> Self {
        let Filter { phase, state } = filter;
        let phase = phase.map_or(ANY, |phase| phase.as_str());
        let state = state.map_or(ANY, |state| state.as_str());
        Self {
            prefix: format!("{FORMAT}.{tenant}.{phase}.{state}."),
        }
    }

    pub(super) fn write(&self, position: Position) -> String {
        let Position { known, head, told } = position;
        format!("{}{known}.{head}.{told}", self.prefix)
    }

    /// Reads a token; the empty one leads to the start.
    pub(super) fn read(&self, text: &str) -> Result<Position, InvalidField> {
        if text.is_empty() {
            return Ok(Position::default());
        }
        self.parse(text).ok_or_else(|| {
            let rule = "must be a token that this stream gave for the same filter";
            InvalidField::new("resume_token", ErrorReason::ResumeTokenInvalid, rule)
        })
    }

    fn parse(&self, text: &str) -> Option<Position> {
        let (known, numbers) = text.strip_prefix(&self.prefix)?.split_once('.')?;
        let (head, told) = numbers.split_once('.')?;
        Some(Position {
            known: known.parse().ok()?,
            head: head.parse().ok()?,
            told: told.parse().ok()?,
        })
    }
}

#[cfg(test)]
mod tests {
    use domain::phase::RiskPhase;

    use super::*;
    use crate::snapshot::SessionState;

    const POSITION: Position = Position {
        known: 7,
        head: 70,
        told: 9,
    };

    fn tokens(tenant: &str, filter: Filter) -> Tokens {
        Tokens::of(&TenantId::parse(tenant).unwrap(), filter)
    }

    #[test]
    fn a_token_leads_back_to_its_position() {
        let tokens = tokens(
            "acme",
            Filter {
                phase: Some(RiskPhase::TransactionalFriction),
                state: None,
            },
        );

        assert_eq!(tokens.read(&tokens.write(POSITION)), Ok(POSITION));
        assert_eq!(tokens.read(""), Ok(Position::default()));
    }

    #[test]
    fn a_token_of_another_tenant_or_filter_is_refused() {
        let all = Filter::default();
        let active = Filter {
            phase: None,
            state: Some(SessionState::Active),
        };
        let mine = tokens("acme", all);

        for text in [
            tokens("acme", active).write(POSITION),
            tokens("acme-2", all).write(POSITION),
            tokens("bolt", all).write(POSITION),
            "2.acme.any.any.7.x.9".to_owned(),
            "2.acme.any.any.7.9".to_owned(),
            "1.acme.any.any.7.70.9".to_owned(),
        ] {
            let fault = mine.read(&text).unwrap_err();
            assert_eq!(fault.reason, ErrorReason::ResumeTokenInvalid, "{text}");
        }
    }
}
