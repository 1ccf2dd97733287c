use futures::FutureExt;
use sea_orm::ConnectionTrait;
use storage::StoreError;

use super::*;

async fn is_empty_and_writable(database: Database) {
    let created = database.write(|tx| {
        async move {
            tx.execute_unprepared("CREATE TABLE probe (id BIGINT PRIMARY KEY)")
                .await?;
            Ok::<_, StoreError>(())
        }
        .boxed()
    });
    created.await.unwrap();
}

crate::on_each_engine!(is_empty_and_writable);
