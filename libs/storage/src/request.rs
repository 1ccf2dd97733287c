//! Request keys: the first answer to a request, stored in the transaction of its effect and given again to every replay.

use std::collections::HashSet;
use std::sync::Arc;

use domain::id::{RequestId, TenantId};
use domain::time::Timestamp;
use futures::FutureExt;
use futures::future::BoxFuture;
use sea_orm::sea_query::{Expr, ExprTrait, Query};
use sea_orm::{ConnectionTrait, DbErr, Value};
use serde::Serialize;
use serde::de::DeserializeOwned;
use sha2::{Digest, Sha256};

use crate::rows::Rows;
use crate::{Database, StoreError, Tx, column, shape};

const TABLE: &str = "request_keys";

/// What makes two requests the same one: who sent it, to which method, under which id, and with which body.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RequestKey {
    pub tenant: TenantId,
    /// The subject of the caller's token.
    pub client: String,
    /// The full gRPC path.
    pub method: &'static str,
    pub request_id: RequestId,
    /// [`RequestKey::body_hash`] of the encoded request.
    pub body_hash: [u8; 32],
}

/// What became of calls that came together.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Together<T> {
    /// All of them took effect.
    Done(T),
    /// None did: a request id among them has come before.
    Known,
}

impl RequestKey {
    /// The SHA-256 of an encoded request.
    pub fn body_hash(body: &[u8]) -> [u8; 32] {
        Sha256::digest(body).into()
    }
}

impl Database {
    /// [`write`](Self::write) for a call with a `request_id`: `work` takes effect at most once, and its first answer is
    /// given to each replay. An error of `work` stores nothing, so the same request may be sent again.
    ///
    /// # Errors
    /// `RequestIdReused` when the id came before with another body; `Busy` when the first call is still running after
    /// the lock timeout; else as [`write`](Self::write).
    pub async fn write_once<T, E, F>(
        &self,
        key: RequestKey,
        now: Timestamp,
        work: F,
    ) -> Result<T, E>
    where
        F: for<'t> Fn(&'t Tx) -> BoxFuture<'t, Result<T, E>> + Send + Sync + 'static,
        T: Serialize + DeserializeOwned + Send + Sync + 'static,
        E: From<StoreError> + Send + 'static,
    {
        let (key, work) = (Arc::new(key), Arc::new(work));
        self.write(move |tx| {
            let (key, work) = (Arc::clone(&key), Arc::clone(&work));
            async move {
                if let Some(answer) = open(tx, &key, now).await? {
                    let answer = serde_json::from_str(&answer).map_err(StoreError::Answer)?;
                    return Ok(answer);
                }
                let answer = work(tx).await?;
                settle(tx, &key, &column::json(&answer)?).await?;
                Ok(answer)
            }
            .boxed()
        })
        .await
    }

    /// [`write`](Self::write) for calls that came together, each with the answer that it gets: one that is known before
    /// the work is done, such as the id of what the work makes. All of them take effect, or none. When a request id has
    /// come before, nothing is done, and each call is one for [`write_once`](Self::write_once).
    ///
    /// # Errors
    /// `Conflict` when a call with one of the request ids ran at the same time; else as [`write`](Self::write).
    pub async fn write_together<A, T, E, F>(
        &self,
        calls: &[(RequestKey, A)],
        now: Timestamp,
        work: F,
    ) -> Result<Together<T>, E>
    where
        F: for<'t> Fn(&'t Tx) -> BoxFuture<'t, Result<T, E>> + Send + Sync + 'static,
        A: Serialize,
        T: Send + 'static,
        E: From<StoreError> + Send + 'static,
    {
        let answered = calls
            .iter()
            .map(|(key, answer)| Ok((key.clone(), column::json(answer)?)));
        let answered = Arc::new(answered.collect::<Result<Vec<_>, StoreError>>()?);
        let work = Arc::new(work);
        self.write(move |tx| {
            let (answered, work) = (Arc::clone(&answered), Arc::clone(&work));
            async move {
                match open_all(tx, &answered, now).await? {
                    Together::Done(()) => work(tx).await.map(Together::Done),
                    Together::Known => Ok(Together::Known),
                }
            }
            .boxed()
        })
        .await
    }

    /// Forgets the answers given before `limit` and says how many those were. A replay after that counts as new.
    ///
    /// # Errors
    /// As [`forget_before`](Self::forget_before).
    pub async fn forget_requests_before(&self, limit: Timestamp) -> Result<u64, StoreError> {
        self.forget_before(TABLE, "created_at", limit).await
    }
}

/// Inserts keys with their answers, unless an id among them has come before.
async fn open_all(
    tx: &Tx,
    answered: &[(RequestKey, String)],
    now: Timestamp,
) -> Result<Together<()>, StoreError> {
    let keys: Vec<&RequestKey> = answered.iter().map(|(key, _)| key).collect();
    if !known(tx, &keys).await?.is_empty() {
        return Ok(Together::Known);
    }
    let rows: Vec<Answered<'_>> = answered
        .iter()
        .map(|(key, answer)| Answered { key, answer, now })
        .collect();
    settle_all(tx, &rows).await?;
    Ok(Together::Done(()))
}

/// A request, the answer that it got, and when.
pub(crate) struct Answered<'a> {
    pub(crate) key: &'a RequestKey,
    pub(crate) answer: &'a str,
    pub(crate) now: Timestamp,
}

/// Those of these requests that have come before, by their ids.
pub(crate) async fn known(tx: &Tx, keys: &[&RequestKey]) -> Result<HashSet<RequestId>, StoreError> {
    let ids: Vec<String> = keys.iter().map(|key| key.request_id.to_string()).collect();
    let mut known = HashSet::new();
    for some in shape::names(&ids) {
        let select = Query::select()
            .columns(["request_id", "tenant", "client", "method"])
            .from(TABLE)
            .and_where(Expr::col("request_id").is_in(some))
            .to_owned();
        for row in tx.query_all(&select).await? {
            let column = |name| row.try_get::<String>("", name);
            let (id, tenant) = (column("request_id")?, column("tenant")?);
            let (client, method) = (column("client")?, column("method")?);
            let is_it = |key: &&&RequestKey| {
                key.request_id.to_string() == id
                    && key.tenant.as_str() == tenant
                    && key.client == client
                    && key.method == method
            };
            known.extend(keys.iter().find(is_it).map(|key| key.request_id));
        }
    }
    Ok(known)
}

/// Stores the answers to requests that have not come before.
pub(crate) async fn settle_all(tx: &Tx, answered: &[Answered<'_>]) -> Result<(), StoreError> {
    let new = answered
        .iter()
        .map(|Answered { key, answer, now }| values(key, answer, *now));
    KEYS.write(tx, new.collect()).await?;
    Ok(())
}

const KEYS: Rows<'_> = Rows {
    table: TABLE,
    columns: &[
        "request_id",
        "tenant",
        "client",
        "method",
        "body_hash",
        "answer",
        "created_at",
    ],
    on_conflict: "",
};

fn values(key: &RequestKey, answer: &str, now: Timestamp) -> Vec<Value> {
    vec![
        key.request_id.to_string().into(),
        key.tenant.as_str().into(),
        key.client.as_str().into(),
        key.method.into(),
        key.body_hash.to_vec().into(),
        answer.into(),
        column::millis(now).into(),
    ]
}

/// Claims the key. `None` means that this call is the first; else the stored answer. On PostgreSQL the insert waits for
/// a first call that is still running, up to the lock timeout; on SQLite the write lock has done so before.
async fn open(tx: &Tx, key: &RequestKey, now: Timestamp) -> Result<Option<String>, StoreError> {
    let unless_there = Rows {
        on_conflict: "ON CONFLICT DO NOTHING",
        ..KEYS
    };
    if unless_there.write(tx, vec![values(key, "", now)]).await? == 1 {
        return Ok(None);
    }
    let select = Query::select()
        .columns(["body_hash", "answer"])
        .from(TABLE)
        .and_where(is_key(key))
        .to_owned();
    let Some(row) = tx.query_one(&select).await? else {
        // Forgotten between the two statements: the caller's next attempt is the first again.
        return Err(StoreError::Busy(DbErr::RecordNotFound(
            "request key".to_owned(),
        )));
    };
    let body_hash: Vec<u8> = row.try_get("", "body_hash")?;
    if body_hash != key.body_hash {
        return Err(StoreError::RequestIdReused);
    }
    Ok(Some(row.try_get("", "answer")?))
}

async fn settle(tx: &Tx, key: &RequestKey, answer: &str) -> Result<(), StoreError> {
    let update = Query::update()
        .table(TABLE)
        .value("answer", answer)
        .and_where(is_key(key))
        .to_owned();
    tx.execute(&update).await?;
    Ok(())
}

fn is_key(key: &RequestKey) -> Expr {
    Expr::col("request_id")
        .eq(key.request_id.to_string())
        .and(Expr::col("tenant").eq(key.tenant.as_str()))
        .and(Expr::col("client").eq(key.client.as_str()))
        .and(Expr::col("method").eq(key.method))
}
