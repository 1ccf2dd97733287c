//! What a consumer has seen, recorded in the transaction of the effect: a message that comes again changes nothing.

use domain::id::RequestId;
use domain::time::Timestamp;
use sea_orm::sea_query::{OnConflict, Query};
use sea_orm::{ConnectionTrait, DbErr};
use storage::{Database, StoreError, Tx, column};
use tracing::Instrument;

const TABLE: &str = "inbox";

/// Records that `consumer` takes effect of this message in `tx`, and says whether it does so for the first time.
/// Of two at once, the second waits for the first and answers `false`, or `true` when that one was rolled back.
///
/// # Errors
/// The database refuses.
pub async fn first_time(
    tx: &Tx,
    consumer: &'static str,
    message_id: RequestId,
    now: Timestamp,
) -> Result<bool, StoreError> {
    let span = tracing::info_span!(
        "process",
        otel.name = format!("process {consumer}"),
        otel.kind = "consumer",
        messaging.system = "rescate",
        messaging.operation.type = "process",
        messaging.consumer.group.name = consumer,
        messaging.message.id = %message_id,
        rescate.duplicate = tracing::field::Empty,
    );
    async {
        let insert = Query::insert()
            .into_table(TABLE)
            .columns(["message_id", "consumer", "received_at"])
            .values([
                message_id.uuid().as_bytes().to_vec().into(),
                consumer.into(),
                column::millis(now).into(),
            ])
            .map_err(|error| DbErr::Custom(error.to_string()))?
            .on_conflict(OnConflict::new().do_nothing().to_owned())
            .to_owned();
        let first = tx.execute(&insert).await?.rows_affected() == 1;
        tracing::Span::current().record("rescate.duplicate", !first);
        Ok(first)
    }
    .instrument(span)
    .await
}

/// Forgets the messages taken before `limit` and says how many those were. The limit lies well before the oldest
/// message that may still come again.
///
/// # Errors
/// As [`Database::forget_before`].
pub async fn forget_before(database: &Database, limit: Timestamp) -> Result<u64, StoreError> {
    database.forget_before(TABLE, "received_at", limit).await
}
