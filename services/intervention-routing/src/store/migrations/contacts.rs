//! What holds contacts apart: the contacts of a person, cool-downs, the arms of persons, and the guards that make
//! decisions take turns.

use sea_orm_migration::MigrationTrait;
use sea_orm_migration::sea_query::{Index, Table, TableCreateStatement};
use storage::schema::{Migration, millis, text, text_id};

pub(super) fn m0004_contacts() -> Box<dyn MigrationTrait> {
    let by_person = Index::create()
        .name("contacts_by_person")
        .table("contacts")
        .col("tenant")
        .col("person_id")
        .col("contacted_at")
        .take();
    Migration::named("m0004_contacts")
        .create_table(contacts())
        .create_index(by_person)
        .create_table(cool_downs())
        .create_table(arms())
        .create_table(guards())
        .boxed()
}

fn contacts() -> TableCreateStatement {
    Table::create()
        .table("contacts")
        .col(text("tenant"))
        .col(text_id("intervention_id"))
        .col(text_id("person_id"))
        .col(text("channel"))
        .col(millis("contacted_at"))
        .primary_key(
            Index::create()
                .col("tenant")
                .col("intervention_id")
                .col("person_id"),
        )
        .take()
}

fn cool_downs() -> TableCreateStatement {
    Table::create()
        .table("cool_downs")
        .col(text("tenant"))
        .col(text_id("person_id"))
        .col(millis("quiet_until"))
        .primary_key(Index::create().col("tenant").col("person_id"))
        .take()
}

fn arms() -> TableCreateStatement {
    Table::create()
        .table("arms")
        .col(text("tenant"))
        .col(text("experiment_id"))
        .col(text_id("person_id"))
        .col(text("arm"))
        .col(millis("assigned_at"))
        .primary_key(
            Index::create()
                .col("tenant")
                .col("experiment_id")
                .col("person_id"),
        )
        .take()
}

fn guards() -> TableCreateStatement {
    Table::create()
        .table("guards")
        .col(text("tenant"))
        .col(text("name"))
        .col(millis("taken_at"))
        .primary_key(Index::create().col("tenant").col("name"))
        .take()
}
