//! Files stay short enough to proofread, and modules are named after their concept. Function lengths are clippy's.

use super::Finding;
use crate::workspace::Source;

/// Lines of one file, its tests and comments included.
const MAX_LINES: usize = 400;

pub(super) fn of_file(source: &Source) -> Option<Finding> {
    if source.path.ends_with("/mod.rs") {
        return Some(Finding::new(
            &source.path,
            "a module lives in `name.rs` beside `name/`",
        ));
    }
    let lines = source.text.lines().count();
    (lines > MAX_LINES).then(|| {
        Finding::new(
            &source.path,
            format!("has {lines} lines; split by concept to at most {MAX_LINES}"),
        )
    })
}

#[cfg(test)]
mod tests {
    use super::super::fixtures::source;
    use super::*;

    #[test]
    fn the_limit_itself_is_fine() {
        assert_eq!(
            of_file(&source("libs/a/src/b.rs", &"x\n".repeat(400))),
            None
        );
    }

    #[test]
    fn a_line_more_is_found() {
        assert!(of_file(&source("libs/a/src/b.rs", &"x\n".repeat(401))).is_some());
    }

    #[test]
    fn a_file_named_mod_is_found() {
        assert!(of_file(&source("libs/a/src/b/mod.rs", "")).is_some());
    }
}
