//! Opening, migrating and reading back.

use sea_orm_migration::MigrationTrait;
use storage::schema::Migration;
use storage::{Database, StoreError};
use testkit::scratch::{self, Scratch};

use crate::support::{one, open};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn replicas_migrate_in_turns() {
    let Some(scratch) = scratch::postgres().await else {
        return;
    };
    let replicas = (0..3).map(|_| open(&scratch));
    let replicas = futures::future::join_all(replicas).await;
    let count = "SELECT COUNT(*) FROM seaql_migrations";
    for replica in &replicas {
        replica.check().await.unwrap();
        assert_eq!(one(replica, count).await, Some(2));
    }
}

async fn a_broken_migration_leaves_nothing(scratch: Scratch) {
    let database = Database::open(&scratch.config()).await.unwrap();
    let broken: Vec<Box<dyn MigrationTrait>> = vec![
        Migration::named("m1")
            .sql("CREATE TABLE half (id BIGINT)")
            .sql("NO SUCH STATEMENT")
            .boxed(),
    ];
    let outcome = database.migrate(broken).await;
    assert!(matches!(outcome, Err(StoreError::Migration(_))));
    let fixed: Vec<Box<dyn MigrationTrait>> = vec![
        Migration::named("m1")
            .sql("CREATE TABLE half (id BIGINT)")
            .boxed(),
    ];
    database.migrate(fixed).await.unwrap();
}

on_each_engine!(a_broken_migration_leaves_nothing);
