//! A migration as plain data: a name and the statements it runs. There is no way back, since a schema expands and
//! contracts one release later.

use sea_orm::prelude::async_trait::async_trait;
use sea_orm::sea_query::{
    IndexCreateStatement, IndexDropStatement, TableAlterStatement, TableCreateStatement,
    TableDropStatement,
};
use sea_orm::{ConnectionTrait, DbBackend, DbErr};
use sea_orm_migration::{MigrationName, MigrationTrait, SchemaManager};

/// One step of a schema's history. It runs once, in one transaction.
///
/// ```ignore
/// Migration::named("m20260115_000001_offers")
///     .create_table(Table::create().table("offers").col(text_id("offer_id").primary_key()).take())
///     .boxed()
/// ```
#[derive(Debug)]
pub struct Migration {
    name: &'static str,
    steps: Vec<Step>,
}

#[derive(Debug)]
enum Step {
    CreateTable(Box<TableCreateStatement>),
    AlterTable(TableAlterStatement),
    DropTable(TableDropStatement),
    CreateIndex(Box<IndexCreateStatement>),
    DropIndex(IndexDropStatement),
    Sql(&'static str),
    SqlOfEach {
        sqlite: &'static str,
        postgres: &'static str,
    },
}

impl Migration {
    /// Starts a migration. The name, `mYYYYMMDD_NNNNNN_subject`, is what the database remembers: it never changes.
    pub fn named(name: &'static str) -> Self {
        Self {
            name,
            steps: Vec::new(),
        }
    }

    #[must_use]
    pub fn create_table(self, table: TableCreateStatement) -> Self {
        self.then(Step::CreateTable(Box::new(table)))
    }

    #[must_use]
    pub fn alter_table(self, table: TableAlterStatement) -> Self {
        self.then(Step::AlterTable(table))
    }

    #[must_use]
    pub fn drop_table(self, table: TableDropStatement) -> Self {
        self.then(Step::DropTable(table))
    }

    #[must_use]
    pub fn create_index(self, index: IndexCreateStatement) -> Self {
        self.then(Step::CreateIndex(Box::new(index)))
    }

    #[must_use]
    pub fn drop_index(self, index: IndexDropStatement) -> Self {
        self.then(Step::DropIndex(index))
    }

    /// A statement that both engines understand, for what has no builder.
    #[must_use]
    pub fn sql(self, sql: &'static str) -> Self {
        self.then(Step::Sql(sql))
    }

    /// Statements of which each engine has its own form.
    #[must_use]
    pub fn sql_of_each(self, sqlite: &'static str, postgres: &'static str) -> Self {
        self.then(Step::SqlOfEach { sqlite, postgres })
    }

    /// As an element of the list that [`Database::migrate`](crate::Database::migrate) takes.
    pub fn boxed(self) -> Box<dyn MigrationTrait> {
        Box::new(self)
    }

    fn then(mut self, step: Step) -> Self {
        self.steps.push(step);
        self
    }
}

impl MigrationName for Migration {
    fn name(&self) -> &str {
        self.name
    }
}

#[expect(
    elided_lifetimes_in_paths,
    reason = "the trait is declared so, and async_trait needs the same shape"
)]
#[async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        for step in &self.steps {
            match step {
                Step::CreateTable(table) => manager.create_table(*table.clone()).await?,
                Step::AlterTable(table) => manager.alter_table(table.clone()).await?,
                Step::DropTable(table) => manager.drop_table(table.clone()).await?,
                Step::CreateIndex(index) => manager.create_index(*index.clone()).await?,
                Step::DropIndex(index) => manager.drop_index(index.clone()).await?,
                Step::Sql(sql) => {
                    manager.get_connection().execute_unprepared(sql).await?;
                }
                Step::SqlOfEach { sqlite, postgres } => {
                    let on_postgres = manager.get_database_backend() == DbBackend::Postgres;
                    let sql = if on_postgres { postgres } else { sqlite };
                    manager.get_connection().execute_unprepared(sql).await?;
                }
            }
        }
        Ok(())
    }
}
