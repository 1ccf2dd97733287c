//! How deep a text goes, told before anything reads it by recursion: a few thousand brackets would end the process.
//!
//! Brackets nest, and so does whatever stands between or before operands: each of several operators in a row is read as one
//! within the next. Both are counted, for each policy, before the text is read. Strings and comments are passed over as
//! Cedar passes over them.

/// Most brackets in each other.
pub(super) const MAX_DEPTH: usize = 16;
/// Most characters of operators in one policy, each `if` and each `{` counted as one.
pub(super) const MAX_OPERATORS: usize = 160;

/// Where in a text a byte stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Place {
    Code,
    Comment,
    Text,
    /// Behind a backslash in a text.
    Escaped,
}

/// Whether no policy of a text goes too deep.
pub(super) fn is_bounded(text: &str) -> bool {
    let (mut place, mut depth, mut operators) = (Place::Code, 0_usize, 0_usize);
    let mut previous = b' ';
    for byte in text.bytes() {
        place = match (place, byte) {
            (Place::Code, b'"') | (Place::Escaped, _) => Place::Text,
            (Place::Code, b'/') if previous == b'/' => Place::Comment,
            (Place::Comment, b'\n') | (Place::Text, b'"') => Place::Code,
            (Place::Text, b'\\') => Place::Escaped,
            (place, _) => place,
        };
        if place == Place::Code {
            match byte {
                b'(' | b'[' | b'{' => depth = depth.saturating_add(1),
                b')' | b']' | b'}' => depth = depth.saturating_sub(1),
                b';' => operators = 0,
                _ => {}
            }
            // The end of a longer word counts too, which errs on the safe side.
            let is_if = previous == b'i' && byte == b'f';
            operators = operators.saturating_add(usize::from(is_if || is_operator(byte)));
        }
        if depth > MAX_DEPTH || operators > MAX_OPERATORS {
            return false;
        }
        previous = byte;
    }
    true
}

fn is_operator(byte: u8) -> bool {
    matches!(byte, b'&' | b'|' | b'+' | b'-' | b'*' | b'!' | b'.' | b'{')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn brackets_and_operators_are_counted_for_each_policy() {
        let nested = |count: usize| format!("{}{};", "(".repeat(count), ")".repeat(count));
        let long = |count: usize| format!("{};", "a+".repeat(count));

        assert!(is_bounded(&nested(MAX_DEPTH).repeat(100)));
        assert!(!is_bounded(&nested(MAX_DEPTH + 1)));
        assert!(is_bounded(&long(MAX_OPERATORS).repeat(100)));
        assert!(!is_bounded(&long(MAX_OPERATORS + 1)));
        assert!(!is_bounded(&"if a then b else ".repeat(MAX_OPERATORS + 1)));
        assert!(!is_bounded(&"when{a}".repeat(MAX_OPERATORS + 1)));
        assert!(is_bounded("permit (principal, action, resource);"));
    }

    #[test]
    fn texts_and_comments_hide_nothing() {
        let deep = "(".repeat(MAX_DEPTH + 1);
        for hidden in [
            format!("\"a\" {deep}"),
            format!("\"\\\"\" {deep}"),
            format!("// (\n{deep}"),
            format!("\"//\" {deep}"),
            "\";\"+".repeat(MAX_OPERATORS + 1),
            "// ;\n+".repeat(MAX_OPERATORS + 1),
        ] {
            assert!(!is_bounded(&hidden), "{hidden:.40}");
        }
        assert!(is_bounded(&format!("\"{deep}\" // {deep}\n;")));
    }
}
