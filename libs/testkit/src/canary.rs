//! Personal values must not leak into logs, spans, statuses or files. A test plants unique texts where such values go
//! and searches everything that came out. The search ignores case, because headers and labels are often folded.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Mutex;

use platform::ids::{IdSource, SystemIds};

/// The texts that a test has planted and where they went in.
#[derive(Debug, Default)]
pub struct Canaries {
    planted: Mutex<Vec<Canary>>,
}

#[derive(Debug, Clone)]
struct Canary {
    field: String,
    text: String,
}

impl Canaries {
    pub fn new() -> Self {
        Self::default()
    }

    /// A text found nowhere else, to be put into `field`. Lower case letters, digits and hyphens: valid almost anywhere.
    pub fn plant(&self, field: &str) -> String {
        let text = format!("canary-{}", SystemIds.next_uuid());
        self.watch(field, &text);
        text
    }

    /// Also searches for a text of the test's own, such as a card number or a token.
    pub fn watch(&self, field: &str, text: &str) {
        assert!(text.len() >= 8, "a short canary is found by chance");
        self.planted.lock().unwrap().push(Canary {
            field: field.to_owned(),
            text: text.to_ascii_lowercase(),
        });
    }

    /// Fails when `bytes` hold a planted text; `place` says whose bytes they are.
    #[track_caller]
    pub fn assert_absent(&self, place: &str, bytes: impl AsRef<[u8]>) {
        if let Some(field) = self.found_in(bytes.as_ref()) {
            panic!("the value of `{field}` leaked into {place}");
        }
    }

    /// Fails when a file below `folder` holds a planted text.
    #[track_caller]
    pub fn assert_absent_below(&self, folder: &Path) {
        for file in files_below(folder) {
            self.assert_absent(&file.display().to_string(), fs::read(&file).unwrap());
        }
    }

    fn found_in(&self, bytes: &[u8]) -> Option<String> {
        let folded = bytes.to_ascii_lowercase();
        let planted = self.planted.lock().unwrap();
        assert!(!planted.is_empty(), "no canary has been planted");
        planted
            .iter()
            .find(|canary| contains(&folded, canary.text.as_bytes()))
            .map(|canary| canary.field.clone())
    }
}

/// Whether `needle` occurs in `haystack`, byte for byte.
pub fn contains(haystack: &[u8], needle: &[u8]) -> bool {
    haystack
        .windows(needle.len())
        .any(|window| window == needle)
}

fn files_below(folder: &Path) -> Vec<PathBuf> {
    let mut files = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            files.extend(files_below(&path));
        } else {
            files.push(path);
        }
    }
    files
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn silence_passes() {
        let canaries = Canaries::new();
        canaries.plant("email");

        canaries.assert_absent("the log", "nothing personal");
    }

    #[test]
    #[should_panic(expected = "the value of `email` leaked into the log")]
    fn a_leak_names_the_field_and_the_place_whatever_its_case() {
        let canaries = Canaries::new();
        let email = canaries.plant("email");

        canaries.assert_absent("the log", format!("to={}", email.to_uppercase()));
    }

    #[test]
    #[should_panic(expected = "leaked into")]
    fn files_are_searched_in_folders_too() {
        let canaries = Canaries::new();
        let email = canaries.plant("email");
        let folder = tempfile::tempdir().unwrap();
        fs::create_dir(folder.path().join("deep")).unwrap();
        fs::write(folder.path().join("deep/store.db"), email).unwrap();

        canaries.assert_absent_below(folder.path());
    }
}
