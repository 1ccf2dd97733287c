//! The claims of a token: how they are written, and how they are parsed into a caller.

use std::time::Duration;

use domain::id::{AgentId, PartnerId, SessionId, TenantId};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::{Caller, CallerKind, Role, Scopes};

/// Longest `sub` and `jti`, in bytes.
const MAX_TEXT: usize = 128;

/// What a token says. Strict in types: a number in quotes or a fraction is refused.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct Claims {
    pub(super) iss: String,
    pub(super) aud: Audience,
    pub(super) sub: String,
    pub(super) exp: i64,
    pub(super) iat: i64,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) nbf: Option<i64>,
    pub(super) jti: String,
    pub(super) tenant: String,
    pub(super) scope: String,
    pub(super) kind: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) partner: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) session: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) act: Option<Actor>,
}

/// One audience or several. A token for several is for people and tools; services get one for each.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(untagged)]
pub(super) enum Audience {
    One(String),
    Several(Vec<String>),
}

/// Who acts for the subject (RFC 8693). Its scope, when given, narrows the rights.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct Actor {
    pub(super) sub: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) scope: Option<String>,
}

/// Which rule a token breaks; for the log, never for the caller.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(crate) enum InvalidClaims {
    #[error("claim `{0}` is malformed")]
    Malformed(&'static str),
    #[error("kind is unknown, or its claims do not fit it")]
    Kind,
    #[error("token has expired")]
    Expired,
    #[error("token is not valid yet")]
    NotYet,
    #[error("token lives too long")]
    LongLife,
}

/// A token to be made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Grant {
    /// The services it is for.
    pub audiences: Vec<String>,
    /// Its tenant.
    pub tenant: TenantId,
    /// Who it is for. Agents and supervisors are their own subject.
    pub subject: String,
    /// What it is bound to.
    pub kind: CallerKind,
    /// What it allows.
    pub scopes: Scopes,
    /// How long it lives, at most what its role allows.
    pub life: Duration,
}

impl Grant {
    /// A token with everything its role allows, for as long as allowed.
    pub fn new(audience: &str, tenant: TenantId, subject: &str, kind: CallerKind) -> Self {
        let subject = match &kind {
            CallerKind::Agent { agent, .. } | CallerKind::Supervisor { agent, .. } => {
                agent.as_str()
            }
            CallerKind::Platform
            | CallerKind::Storefront { .. }
            | CallerKind::Checkout
            | CallerKind::Operator
            | CallerKind::Service => subject,
        };
        Self {
            audiences: vec![audience.to_owned()],
            tenant,
            subject: subject.to_owned(),
            scopes: kind.role().scopes(),
            life: kind.role().max_life(),
            kind,
        }
    }

    pub(super) fn claims(&self, issuer: &str, now: Timestamp, id: Uuid) -> Claims {
        let (partner, session) = match &self.kind {
            CallerKind::Agent { partner, .. } | CallerKind::Supervisor { partner, .. } => {
                (Some(partner.as_str().to_owned()), None)
            }
            CallerKind::Storefront { session } => (None, Some(session.to_string())),
            CallerKind::Platform
            | CallerKind::Checkout
            | CallerKind::Operator
            | CallerKind::Service => (None, None),
        };
        let life = self.life.min(self.kind.role().max_life());
        let iat = now.as_second();
        let aud = match self.audiences.as_slice() {
            [one] => Audience::One(one.clone()),
            several => Audience::Several(several.to_vec()),
        };
        Claims {
            iss: issuer.to_owned(),
            aud,
            sub: self.subject.clone(),
            exp: iat.saturating_add(i64::try_from(life.as_secs()).unwrap_or(0)),
            iat,
            nbf: None,
            jti: id.to_string(),
            tenant: self.tenant.as_str().to_owned(),
            scope: self.scopes.to_string(),
            kind: self.kind.role().as_str().to_owned(),
            partner,
            session,
            act: None,
        }
    }
}

impl Claims {
    /// Judges the claims at one instant. `iss` and `aud` were checked with the signature, by the key of this id.
    pub(super) fn into_caller(
        self,
        key_id: &str,
        now: Timestamp,
        leeway: i64,
    ) -> Result<Caller, InvalidClaims> {
        let role = Role::parse(&self.kind).ok_or(InvalidClaims::Kind)?;
        self.check_times(role, now.as_second(), leeway)?;
        let text = |name, text: &str| {
            let fits = !text.is_empty() && text.len() <= MAX_TEXT && text.is_ascii();
            fits.then_some(()).ok_or(InvalidClaims::Malformed(name))
        };
        text("sub", &self.sub)?;
        text("jti", &self.jti)?;
        let kind = kind(role, &self)?;
        let mut scopes = Scopes::parse(&self.scope);
        if let Some(narrower) = self.act.as_ref().and_then(|act| act.scope.as_deref()) {
            scopes = scopes.intersection(&Scopes::parse(narrower));
        }
        Ok(Caller {
            tenant: TenantId::parse(&self.tenant)
                .map_err(|_| InvalidClaims::Malformed("tenant"))?,
            expires_at: Timestamp::from_second(self.exp)
                .map_err(|_| InvalidClaims::Malformed("exp"))?,
            issued_at: Timestamp::from_second(self.iat)
                .map_err(|_| InvalidClaims::Malformed("iat"))?,
            key_id: key_id.to_owned(),
            subject: self.sub,
            kind,
            scopes,
            act: self.act.map(|act| act.sub),
            token_id: self.jti,
        })
    }

    fn check_times(&self, role: Role, now: i64, leeway: i64) -> Result<(), InvalidClaims> {
        if self.exp.saturating_add(leeway) <= now {
            return Err(InvalidClaims::Expired);
        }
        let earliest = now.saturating_add(leeway);
        if self.iat > earliest || self.nbf.is_some_and(|nbf| nbf > earliest) {
            return Err(InvalidClaims::NotYet);
        }
        let life = self.exp.saturating_sub(self.iat);
        let allowed = i64::try_from(role.max_life().as_secs()).unwrap_or(0);
        if (1..=allowed).contains(&life) {
            Ok(())
        } else {
            Err(InvalidClaims::LongLife)
        }
    }
}

/// A claim of another kind is refused, not ignored: nobody can say what its issuer meant.
fn kind(role: Role, claims: &Claims) -> Result<CallerKind, InvalidClaims> {
    let bound = (claims.partner.as_deref(), claims.session.as_deref());
    match (role, bound) {
        (Role::Platform, (None, None)) => Ok(CallerKind::Platform),
        (Role::Checkout, (None, None)) => Ok(CallerKind::Checkout),
        (Role::Operator, (None, None)) => Ok(CallerKind::Operator),
        (Role::Service, (None, None)) => Ok(CallerKind::Service),
        (Role::Storefront, (None, Some(session))) => {
            let session = SessionId::parse(session);
            let session = session.map_err(|_| InvalidClaims::Malformed("session"))?;
            Ok(CallerKind::Storefront { session })
        }
        (Role::Agent, (Some(partner), None)) => {
            let (partner, agent) = employment(partner, &claims.sub)?;
            Ok(CallerKind::Agent { partner, agent })
        }
        (Role::Supervisor, (Some(partner), None)) => {
            let (partner, agent) = employment(partner, &claims.sub)?;
            Ok(CallerKind::Supervisor { partner, agent })
        }
        _ => Err(InvalidClaims::Kind),
    }
}

fn employment(partner: &str, subject: &str) -> Result<(PartnerId, AgentId), InvalidClaims> {
    let partner = PartnerId::parse(partner).map_err(|_| InvalidClaims::Malformed("partner"))?;
    let agent = AgentId::parse(subject).map_err(|_| InvalidClaims::Malformed("sub"))?;
    Ok((partner, agent))
}
