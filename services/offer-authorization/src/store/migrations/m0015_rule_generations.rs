//! A number for each tenant that rises with each change of its rules: programmes, purses, standings, margin floors and what
//! policy decides. Whoever keeps rules in memory reads this one number to know whether they are still good. The database
//! itself raises it, so that no release, and nobody by hand, changes a rule and forgets to.

use sea_orm::sea_query::Table;
use sea_orm_migration::MigrationTrait;
use storage::schema::{Migration, count, text};

const SQLITE: &str = include_str!("m0015_sqlite.sql");
const POSTGRES: &str = include_str!("m0015_postgres.sql");

pub(super) fn migration() -> Box<dyn MigrationTrait> {
    let generations = Table::create()
        .table("rule_generations")
        .col(text("tenant").primary_key().take())
        .col(count("number"))
        .take();
    Migration::named("m0015_rule_generations")
        .create_table(generations)
        .sql_of_each(SQLITE, POSTGRES)
        .boxed()
}
