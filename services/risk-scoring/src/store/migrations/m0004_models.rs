//! Registered models, which never change, and the champion of each tenant that has chosen one.

use sea_orm::sea_query::{Index, Table};
use sea_orm_migration::MigrationTrait;
use storage::schema::{Migration, count, json, millis, text};

pub(super) fn migration() -> Box<dyn MigrationTrait> {
    let models = Table::create()
        .table("models")
        .col(text("tenant"))
        .col(text("name"))
        .col(count("version"))
        .col(text("description"))
        .col(json("scorecard"))
        .col(millis("registered_at"))
        .primary_key(Index::create().col("tenant").col("name").col("version"))
        .take();
    let champions = Table::create()
        .table("champions")
        .col(text("tenant").primary_key())
        .col(text("name"))
        .col(count("version"))
        .col(millis("activated_at"))
        .take();
    Migration::named("m0004_models")
        .create_table(models)
        .create_table(champions)
        .boxed()
}
