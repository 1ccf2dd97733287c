//! One database per test on whichever server there is.

use std::sync::OnceLock;
use std::thread;
use std::time::Duration;

use platform::ids::{IdSource, SystemIds};
use sea_orm::{ConnectOptions, ConnectionTrait, Database, DatabaseConnection};

use super::{Cluster, environment};

const SERVER_URL: &str = "RESCATE_TEST_PG_URL";
const CONNECT_LIMIT: Duration = Duration::from_secs(10);

/// A database on a server that outlives it.
#[derive(Debug)]
pub(super) struct Created {
    admin_url: String,
    name: String,
}

impl Created {
    pub(super) async fn new(admin_url: String) -> Self {
        let name = format!("t_{}", SystemIds.next_uuid().simple());
        // From template0, to which nobody can be connected: template1 in use would refuse to be copied.
        execute(
            &admin_url,
            &format!("CREATE DATABASE {name} TEMPLATE template0"),
        )
        .await;
        Self { admin_url, name }
    }

    pub(super) fn url(&self) -> String {
        with_database(&self.admin_url, &self.name)
    }
}

impl Drop for Created {
    /// On a thread of its own, because the test's runtime may be the one that is ending. Best effort: what remains
    /// is empty space on a server for tests.
    fn drop(&mut self) {
        let admin_url = self.admin_url.clone();
        let drop_it = format!("DROP DATABASE IF EXISTS {} WITH (FORCE)", self.name);
        let dropped = thread::spawn(move || {
            tokio::runtime::Builder::new_current_thread()
                .enable_all()
                .build()
                .unwrap()
                .block_on(execute(&admin_url, &drop_it));
        });
        if dropped.join().is_err() {
            eprintln!("the scratch database {} was not dropped", self.name);
        }
    }
}

/// Where databases can be created, or `None` without a server. The own server of this process starts on first use.
pub(super) async fn admin_url() -> Option<String> {
    static OWN: OnceLock<Option<Cluster>> = OnceLock::new();

    if let Some(url) = environment(SERVER_URL) {
        return Some(url.into_string().expect("a URL"));
    }
    let start = tokio::task::spawn_blocking(|| OWN.get_or_init(Cluster::start).as_ref());
    start.await.unwrap().map(Cluster::url)
}

async fn execute(admin_url: &str, statement: &str) {
    let connection = connect(admin_url).await;
    connection.execute_unprepared(statement).await.unwrap();
    connection.close().await.unwrap();
}

async fn connect(url: &str) -> DatabaseConnection {
    let mut options = ConnectOptions::new(url.to_owned());
    options
        .max_connections(1)
        .connect_timeout(CONNECT_LIMIT)
        .acquire_timeout(CONNECT_LIMIT)
        .sqlx_logging(false);
    Database::connect(options)
        .await
        .unwrap_or_else(|error| panic!("the PostgreSQL server for tests does not answer: {error}"))
}

/// The same server and parameters, another database.
fn with_database(url: &str, name: &str) -> String {
    let (address, parameters) = url.split_once('?').unwrap_or((url, ""));
    let (scheme, rest) = address.split_once("://").expect("a URL");
    let authority = rest
        .split_once('/')
        .map_or(rest, |(authority, _)| authority);
    let question = if parameters.is_empty() { "" } else { "?" };
    format!("{scheme}://{authority}/{name}{question}{parameters}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_database_of_a_url_is_replaced() {
        let cases = [
            ("postgres://u@h:1", "postgres://u@h:1/t"),
            ("postgres://u:p@h:1/postgres", "postgres://u:p@h:1/t"),
            (
                "postgres://h/a?sslmode=disable",
                "postgres://h/t?sslmode=disable",
            ),
        ];
        for (given, expected) in cases {
            assert_eq!(with_database(given, "t"), expected);
        }
    }
}
