//! `domain` stays free of I/O: what it pulls in, directly or not, contains no runtime, database or wire format.

use std::collections::BTreeSet;

use super::Finding;

const FORBIDDEN: [&str; 7] = [
    "tonic", "prost", "sea-orm", "sqlx", "tokio", "hyper", "reqwest",
];

/// `tree` is what `cargo tree --prefix none --format {p}` says of `domain`: a line per package, `name vVERSION …`.
pub(super) fn of_tree(tree: &str) -> Vec<Finding> {
    let names: BTreeSet<&str> = tree
        .lines()
        .filter_map(|line| line.split_whitespace().next())
        .collect();
    FORBIDDEN
        .iter()
        .filter(|name| names.contains(*name))
        .map(|name| {
            Finding::new(
                "libs/domain/Cargo.toml",
                format!("`domain` must not pull in `{name}`"),
            )
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_and_their_formats_are_fine() {
        assert_eq!(
            of_tree("domain v0.1.0 (/a/libs/domain)\nserde v1.0.228\njiff v0.2.1"),
            []
        );
    }

    #[test]
    fn a_runtime_below_another_package_is_found() {
        let found = of_tree("domain v0.1.0 (/a)\nsome-client v1.0.0\ntokio v1.54.0 (*)");
        assert_eq!(found.len(), 1);
        assert!(found[0].to_string().contains("`tokio`"));
    }

    #[test]
    fn a_name_that_only_begins_alike_is_fine() {
        assert_eq!(of_tree("tokio-like v1.0.0"), []);
    }
}
