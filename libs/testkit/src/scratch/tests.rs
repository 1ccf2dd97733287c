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

#[test]
fn a_dropped_sqlite_database_leaves_no_file() {
    let scratch = sqlite();
    let folder = scratch.folder().unwrap().to_owned();

    drop(scratch);

    assert!(!folder.exists());
}

#[tokio::test]
async fn two_databases_of_one_server_are_apart() {
    let Some(first) = postgres().await else {
        return;
    };
    let second = postgres().await.unwrap();

    for scratch in [&first, &second] {
        is_empty_and_writable(scratch.open().await).await;
    }
}
