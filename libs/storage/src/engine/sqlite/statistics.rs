//! What the planner of SQLite knows of the data. Left alone it takes each column of an index for about equally telling,
//! and would rather read all rows of a tenant in the order of a key than sort the two that an index finds. Measuring the
//! data instead would make plans depend on when it was done, so it is told once what holds for every table here: a tenant
//! has many rows, and what is asked for with it few.

use sea_orm::{ConnectionTrait, DatabaseConnection, DbErr, TransactionTrait};

/// Makes the table of statistics where there is none, and has this connection read what is in it. The others read it with
/// the schema, which has changed when there is anything new.
const READ: &str = "ANALYZE sqlite_schema";

/// The rows of a table, and how many of them have the same first column of the index, the same first two, and so on.
const TELL: &str = "
    INSERT INTO sqlite_stat1 (tbl, idx, stat)
    SELECT tbl, idx, CASE
        WHEN columns = 1 AND is_unique THEN '1000000 1'
        WHEN columns = 1 THEN '1000000 100000'
        ELSE '1000000 100000'
            || substr(' 10 10 10 10 10 10 10 10 10 10', 1, 3 * (columns - 2))
            || iif(is_unique, ' 1', ' 10')
    END
    FROM (
        SELECT tables.name AS tbl, list.name AS idx, list.[unique] AS is_unique,
            (SELECT COUNT(*) FROM pragma_index_info(list.name)) AS columns
        FROM sqlite_schema AS tables JOIN pragma_index_list(tables.name) AS list
        WHERE tables.type = 'table'
            AND (SELECT name FROM pragma_index_info(list.name) WHERE seqno = 0) = 'tenant'
    )";

/// Tells the planner the shape of all tables that there are.
pub(crate) async fn tell(writer: &DatabaseConnection) -> Result<(), DbErr> {
    let tx = writer.begin().await?;
    for sql in [READ, "DELETE FROM sqlite_stat1", TELL, READ] {
        tx.execute_unprepared(sql).await?;
    }
    tx.commit().await
}
