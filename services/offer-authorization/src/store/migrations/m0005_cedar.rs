//! Policies in Cedar, activated at an instant, and named in what they grant.

use sea_orm::sea_query::{Index, Table, TableCreateStatement};
use sea_orm_migration::MigrationTrait;
use storage::schema::{Migration, count, json_null, millis, sequence, text, text_null};

pub(super) fn migration() -> Box<dyn MigrationTrait> {
    let cedar = Table::alter()
        .table("policies")
        .add_column(text_null("cedar"))
        .take();
    let decided_by = Table::alter()
        .table("offers")
        .add_column(json_null("decided_by"))
        .take();
    let by_tenant = Index::create()
        .name("policy_activations_by_tenant")
        .table("policy_activations")
        .col("tenant")
        .col("starts_at")
        .col("seq")
        .take();
    let by_person = Index::create()
        .name("offers_by_person")
        .table("offers")
        .col("tenant")
        .col("person_id")
        .col("created_at")
        .take();
    Migration::named("m0005_cedar")
        .alter_table(cedar)
        .alter_table(decided_by)
        .create_table(policy_activations())
        .create_index(by_tenant)
        .create_index(by_person)
        // `active_policies` is left alone for a release: whoever rolls back finds what was active then.
        .sql(
            "INSERT INTO policy_activations (tenant, version, starts_at)
             SELECT tenant, version, activated_at FROM active_policies",
        )
        .boxed()
}

fn policy_activations() -> TableCreateStatement {
    Table::create()
        .table("policy_activations")
        .col(sequence("seq"))
        .col(text("tenant"))
        .col(count("version"))
        .col(millis("starts_at"))
        .take()
}
