//! Nobody unproven, and nobody without the right, reaches a handler.

use std::collections::HashMap;
use std::sync::Arc;

use http::{HeaderMap, Request, Response, header};
use proto::error::v1::ErrorReason;
use tonic::body::Body;
use tracing::{Span, debug};

use super::around::{Middleware, Next};
use crate::auth::{Access, Caller, InvalidToken, Table, Verifier};
use crate::methods;
use crate::status::{self, Fault, Kind};

/// One text, whatever is wrong: the difference would help only whoever forges tokens.
const REFUSAL: &str = "a valid bearer token is required";
/// Only whoever holds a genuine token is told.
const REVOKED: &str = "the token is revoked";

#[derive(Debug, Clone)]
pub(super) struct AccessLayer {
    verifier: Verifier,
    table: Arc<HashMap<&'static str, Access>>,
}

impl AccessLayer {
    pub(super) fn new(verifier: Verifier, table: &Table) -> Self {
        Self {
            verifier,
            table: Arc::new(table.iter().copied().collect()),
        }
    }

    async fn admit(
        &self,
        path: &str,
        headers: &HeaderMap,
        proven: Option<Caller>,
    ) -> Result<Caller, Fault> {
        let caller = match proven {
            Some(caller) => caller,
            None => self.prove(headers).await?,
        };
        Span::current().record("rescate.tenant", caller.tenant().as_str());
        let admitted = self
            .table
            .get(path)
            .is_some_and(|access| access.admits(&caller));
        if admitted {
            Ok(caller)
        } else {
            Err(Fault::new(
                Kind::Forbidden,
                "the token does not allow this call",
            ))
        }
    }

    async fn prove(&self, headers: &HeaderMap) -> Result<Caller, Fault> {
        let token = bearer(headers)?;
        self.verifier.verify(token).await.map_err(|failure| {
            debug!(error = %status::chain(&failure), "token refused");
            match failure {
                InvalidToken::Revoked => {
                    Fault::new(Kind::Unauthenticated, REVOKED).because(ErrorReason::TokenRevoked)
                }
                InvalidToken::Oversize
                | InvalidToken::Header(_)
                | InvalidToken::Forbidden
                | InvalidToken::UnknownKey
                | InvalidToken::Signature(_)
                | InvalidToken::Claims(_) => refused(ErrorReason::TokenInvalid),
            }
        })
    }
}

impl Middleware for AccessLayer {
    async fn handle<N: Next>(self, mut request: Request<Body>, next: N) -> Response<Body> {
        if methods::is_infrastructure(request.uri().path()) {
            return next.run(request).await;
        }
        // A call out of a batch brings the caller that the batch has proven. Extensions never come over the wire.
        let proven = Caller::in_extensions(request.extensions()).cloned();
        let path = request.uri().path();
        match self.admit(path, request.headers(), proven).await {
            Ok(caller) => {
                // What is not there cannot be logged or sent on.
                request.headers_mut().remove(header::AUTHORIZATION);
                request.extensions_mut().insert(caller);
                let revocations = self.verifier.revocations().clone();
                request.extensions_mut().insert(revocations);
                next.run(request).await
            }
            Err(fault) => fault.to_status().into_http(),
        }
    }
}

fn bearer(headers: &HeaderMap) -> Result<&str, Fault> {
    let mut values = headers.get_all(header::AUTHORIZATION).iter();
    let value = values
        .next()
        .ok_or_else(|| refused(ErrorReason::TokenMissing))?;
    let token = value
        .to_str()
        .ok()
        .and_then(|text| text.split_once(' '))
        .filter(|(scheme, _)| scheme.eq_ignore_ascii_case("bearer"))
        .map(|(_, token)| token);
    match (token, values.next()) {
        (Some(token), None) => Ok(token),
        _ => Err(refused(ErrorReason::TokenInvalid)),
    }
}

fn refused(reason: ErrorReason) -> Fault {
    Fault::new(Kind::Unauthenticated, REFUSAL).because(reason)
}
