//! Aligned columns and wrapped lines.

use std::fmt::Write;

use super::WIDTH;

const GAP: &str = "  ";

/// On which side of its column a cell stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Align {
    Left,
    Right,
}

/// Rows under a header, indented; each column as wide as its widest cell.
pub(super) fn columns(
    header: &[&str],
    align: &[Align],
    rows: impl Iterator<Item = Vec<String>>,
) -> String {
    let header: Vec<String> = header.iter().map(|cell| (*cell).to_owned()).collect();
    let rows: Vec<Vec<String>> = std::iter::once(header).chain(rows).collect();
    let widths: Vec<usize> = (0..align.len())
        .map(|column| {
            let cells = rows.iter().filter_map(|row| row.get(column));
            cells.map(|cell| cell.chars().count()).max().unwrap_or(0)
        })
        .collect();
    let mut text = String::new();
    for row in &rows {
        let cells = row.iter().zip(&widths).zip(align);
        let mut line = String::new();
        for ((cell, width), align) in cells {
            // Writing to a string cannot fail.
            let _ = match align {
                Align::Left => write!(line, "{GAP}{cell:<width$}"),
                Align::Right => write!(line, "{GAP}{cell:>width$}"),
            };
        }
        text.push_str(line.trim_end());
        text.push('\n');
    }
    text
}

/// Text behind a lead, wrapped at words; later lines stand below the first one's text.
pub(super) fn wrapped(lead: &str, text: &str) -> String {
    let indent = lead.chars().count();
    let mut lines = String::new();
    let mut line = lead.to_owned();
    let mut is_empty = true;
    for word in text.split_whitespace() {
        if !is_empty && line.chars().count() + 1 + word.chars().count() > WIDTH {
            lines.push_str(line.trim_end());
            lines.push('\n');
            line = " ".repeat(indent);
            is_empty = true;
        }
        if !is_empty {
            line.push(' ');
        }
        line.push_str(word);
        is_empty = false;
    }
    lines.push_str(line.trim_end());
    lines.push('\n');
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_are_as_wide_as_their_widest_cell() {
        let rows = [
            vec!["ab".to_owned(), "1".to_owned()],
            vec!["c".to_owned(), "100".to_owned()],
        ];

        let text = columns(&["", "n"], &[Align::Left, Align::Right], rows.into_iter());

        assert_eq!(text, "        n\n  ab    1\n  c   100\n");
    }

    #[test]
    fn long_text_stands_below_itself() {
        let text = wrapped("  - ", &"word ".repeat(40));

        assert!(text.lines().all(|line| line.chars().count() <= WIDTH));
        assert!(
            text.lines()
                .skip(1)
                .all(|line| line.starts_with("    word"))
        );
        assert_eq!(text.matches("word").count(), 40);
    }
}
