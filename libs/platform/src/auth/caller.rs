//! The proven caller of a call.

use domain::id::{AgentId, PartnerId, SessionId, TenantId};
use http::Extensions;
use jiff::Timestamp;
use tonic::{Request, Status};

use super::{Role, Scopes};
use crate::status::{Fault, Kind};

/// Who calls, as a token proved it. Everything is read under its tenant.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Caller {
    pub(super) tenant: TenantId,
    pub(super) subject: String,
    pub(super) kind: CallerKind,
    pub(super) scopes: Scopes,
    pub(super) act: Option<String>,
    pub(super) token_id: String,
    /// The key that signed the token.
    pub(super) key_id: String,
    pub(super) issued_at: Timestamp,
    pub(super) expires_at: Timestamp,
}

/// A kind of caller, with what its tokens are bound to.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum CallerKind {
    /// The systems of the shop.
    Platform,
    /// The browser of one shopper.
    Storefront {
        /// The only session it may act for.
        session: SessionId,
    },
    /// An agent of a partner.
    Agent {
        /// Whose tasks and queues it may see.
        partner: PartnerId,
        /// The agent; the subject of the token.
        agent: AgentId,
    },
    /// Who may approve for a partner.
    Supervisor {
        /// Whose tasks and offers it may see.
        partner: PartnerId,
        /// The supervisor; the subject of the token.
        agent: AgentId,
    },
    /// The checkout of the shop.
    Checkout,
    /// Who runs plays, models and programmes.
    Operator,
    /// Another service of the suite.
    Service,
}

impl CallerKind {
    /// The kind without what it is bound to.
    pub fn role(&self) -> Role {
        match self {
            Self::Platform => Role::Platform,
            Self::Storefront { .. } => Role::Storefront,
            Self::Agent { .. } => Role::Agent,
            Self::Supervisor { .. } => Role::Supervisor,
            Self::Checkout => Role::Checkout,
            Self::Operator => Role::Operator,
            Self::Service => Role::Service,
        }
    }
}

impl Caller {
    /// The caller of a request. The server has put it there; a request without one never reaches a handler, so its
    /// absence is our fault and not the caller's.
    pub fn of<T>(request: &Request<T>) -> Result<&Self, Status> {
        Self::in_extensions(request.extensions())
            .ok_or_else(|| Fault::new(Kind::Internal, "request without caller").to_status())
    }

    /// The caller that a token of `grant` would prove.
    #[cfg(test)]
    pub(crate) fn of_grant(grant: &super::Grant, now: Timestamp) -> Self {
        let claims = grant.claims("issuer", now, uuid::Uuid::nil());
        claims
            .into_caller("key", now, 0)
            .expect("a grant is well-formed")
    }

    pub(crate) fn in_extensions(extensions: &Extensions) -> Option<&Self> {
        extensions.get()
    }

    /// The tenant; it comes from the token alone.
    pub fn tenant(&self) -> &TenantId {
        &self.tenant
    }

    /// Who the token was given to. Part of the key of stored answers, never logged: it may name a person.
    pub fn subject(&self) -> &str {
        &self.subject
    }

    /// The kind of caller.
    pub fn kind(&self) -> &CallerKind {
        &self.kind
    }

    /// What the token allows.
    pub fn scopes(&self) -> &Scopes {
        &self.scopes
    }

    /// The service that acts for the subject, if another does.
    pub fn acting_service(&self) -> Option<&str> {
        self.act.as_deref()
    }

    /// The id of the token.
    pub fn token_id(&self) -> &str {
        &self.token_id
    }

    /// When the token ends, and with it any stream it opened.
    pub fn expires_at(&self) -> Timestamp {
        self.expires_at
    }

    /// The partner, for callers that belong to one. They see its queues, tasks and agents only.
    pub fn partner(&self) -> Option<&PartnerId> {
        match &self.kind {
            CallerKind::Agent { partner, .. } | CallerKind::Supervisor { partner, .. } => {
                Some(partner)
            }
            CallerKind::Platform
            | CallerKind::Storefront { .. }
            | CallerKind::Checkout
            | CallerKind::Operator
            | CallerKind::Service => None,
        }
    }

    /// The agent or supervisor, for callers that are one.
    pub fn agent(&self) -> Option<&AgentId> {
        match &self.kind {
            CallerKind::Agent { agent, .. } | CallerKind::Supervisor { agent, .. } => Some(agent),
            CallerKind::Platform
            | CallerKind::Storefront { .. }
            | CallerKind::Checkout
            | CallerKind::Operator
            | CallerKind::Service => None,
        }
    }

    /// The session that a storefront token is bound to.
    pub fn session(&self) -> Option<SessionId> {
        match &self.kind {
            CallerKind::Storefront { session } => Some(*session),
            CallerKind::Platform
            | CallerKind::Agent { .. }
            | CallerKind::Supervisor { .. }
            | CallerKind::Checkout
            | CallerKind::Operator
            | CallerKind::Service => None,
        }
    }
}
