//! `rescate token`: development tokens, signed by the keys of a data folder.

use std::path::PathBuf;
use std::time::Duration;

use clap::{Args, ValueEnum};
use domain::id::{AgentId, PartnerId, SessionId, TenantId};
use platform::auth::{CallerKind, DevelopmentKeys, Grant, KeyError};
use platform::clock::{Clock, SystemClock};
use platform::ids::{IdSource, SystemIds};
use thiserror::Error;

use crate::output::line;
use crate::suite::{self, ISSUER, SERVICES, SuiteError, default_tenant};

/// Print a development token for one role.
///
/// The token is good for all five services of the suite that runs on the same data folder. Those of agents and supervisors
/// live 15 minutes, all others an hour. A call carries it in its metadata, as `authorization: Bearer TOKEN`.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  rescate token --role platform                                     send events, read everything
  rescate token --role agent --partner acme-bpo --agent ana         open a desk
  rescate token --role storefront --session ses_9333dfbd-b87a-4708-9857-6336556b0fcc
                                                                    the browser of one shopper
  TOKEN=$(rescate token --role operator)                            keep it for the next calls")]
pub(crate) struct TokenArguments {
    /// Who the token is for.
    #[arg(long, value_enum)]
    role: RoleName,
    /// Folder of the suite, with its keys.
    #[arg(long, default_value = "rescate-data", value_name = "FOLDER")]
    data: PathBuf,
    /// Tenant of the caller.
    #[arg(long, default_value = default_tenant(), value_parser = TenantId::parse)]
    tenant: TenantId,
    /// Partner of an agent or supervisor.
    #[arg(
        long,
        required_if_eq_any([("role", "agent"), ("role", "supervisor")]),
        value_parser = PartnerId::parse
    )]
    partner: Option<PartnerId>,
    /// Name of an agent or supervisor.
    #[arg(
        long,
        required_if_eq_any([("role", "agent"), ("role", "supervisor")]),
        value_parser = AgentId::parse
    )]
    agent: Option<AgentId>,
    /// Shopping session of a storefront: `ses_` and a UUID.
    #[arg(long, required_if_eq("role", "storefront"), value_parser = SessionId::parse)]
    session: Option<SessionId>,
    /// Seconds to live, at most what the role allows.
    #[arg(long, value_parser = clap::value_parser!(u64).range(1..))]
    seconds: Option<u64>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum RoleName {
    /// The systems of the shop: sends events, reads everything.
    Platform,
    /// The browser of one shopper.
    Storefront,
    /// An agent of a partner.
    Agent,
    /// Who approves what an agent may not grant.
    Supervisor,
    /// The checkout of the shop: redeems offers.
    Checkout,
    /// Who runs plays, programmes and models.
    Operator,
}

/// Why no token could be made.
#[derive(Debug, Error)]
pub(crate) enum TokenError {
    #[error("`--{0}` is needed for this role")]
    Missing(&'static str),
    #[error("the keys cannot be used")]
    Keys(#[from] KeyError),
    #[error("the data folder cannot be used")]
    Data(#[source] Box<SuiteError>),
}

/// Prints a token.
pub(crate) fn run(arguments: &TokenArguments) -> Result<(), TokenError> {
    let keys = suite::keys(&arguments.data).map_err(|source| TokenError::Data(Box::new(source)))?;
    let life = arguments.seconds.map(Duration::from_secs);
    line(mint(&keys, &arguments.tenant, arguments.caller()?, life)?);
    Ok(())
}

/// A token for all services of a suite, for as long as its role allows or less.
pub fn mint(
    keys: &DevelopmentKeys,
    tenant: &TenantId,
    caller: CallerKind,
    life: Option<Duration>,
) -> Result<String, KeyError> {
    let mut grant = Grant::new("", tenant.clone(), "rescate-cli", caller);
    grant.audiences = SERVICES
        .iter()
        .map(|(name, _)| (*name).to_owned())
        .collect();
    if let Some(life) = life {
        grant.life = life.min(grant.life);
    }
    let (now, id) = (SystemClock.now(), SystemIds.next_uuid());
    keys.signing_key().mint(ISSUER, &grant, now, id)
}

impl TokenArguments {
    fn caller(&self) -> Result<CallerKind, TokenError> {
        Ok(match self.role {
            RoleName::Platform => CallerKind::Platform,
            RoleName::Checkout => CallerKind::Checkout,
            RoleName::Operator => CallerKind::Operator,
            RoleName::Storefront => CallerKind::Storefront {
                session: self.session.ok_or(TokenError::Missing("session"))?,
            },
            RoleName::Agent => CallerKind::Agent {
                partner: self.partner()?,
                agent: self.agent()?,
            },
            RoleName::Supervisor => CallerKind::Supervisor {
                partner: self.partner()?,
                agent: self.agent()?,
            },
        })
    }

    fn partner(&self) -> Result<PartnerId, TokenError> {
        let given = self.partner.clone();
        given.ok_or(TokenError::Missing("partner"))
    }

    fn agent(&self) -> Result<AgentId, TokenError> {
        let given = self.agent.clone();
        given.ok_or(TokenError::Missing("agent"))
    }
}
