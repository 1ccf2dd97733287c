//! What a character is to a card number: a digit of some script, a separator, or neither.

/// The zero of every script with decimal digits (category `Nd` of Unicode 17); nine more digits follow each.
///
/// Sorted. Superscript, circled and other compatibility digits are no decimal digits and are left out.
const ZEROS: [u32; 77] = [
    0x00030, 0x00660, 0x006F0, 0x007C0, 0x00966, 0x009E6, 0x00A66, 0x00AE6, 0x00B66, 0x00BE6,
    0x00C66, 0x00CE6, 0x00D66, 0x00DE6, 0x00E50, 0x00ED0, 0x00F20, 0x01040, 0x01090, 0x017E0,
    0x01810, 0x01946, 0x019D0, 0x01A80, 0x01A90, 0x01B50, 0x01BB0, 0x01C40, 0x01C50, 0x0A620,
    0x0A8D0, 0x0A900, 0x0A9D0, 0x0A9F0, 0x0AA50, 0x0ABF0, 0x0FF10, 0x104A0, 0x10D30, 0x10D40,
    0x11066, 0x110F0, 0x11136, 0x111D0, 0x112F0, 0x11450, 0x114D0, 0x11650, 0x116C0, 0x116D0,
    0x116DA, 0x11730, 0x118E0, 0x11950, 0x11BF0, 0x11C50, 0x11D50, 0x11DA0, 0x11DE0, 0x11F50,
    0x16130, 0x16A60, 0x16AC0, 0x16B50, 0x16D70, 0x1CCF0, 0x1D7CE, 0x1D7D8, 0x1D7E2, 0x1D7EC,
    0x1D7F6, 0x1E140, 0x1E2F0, 0x1E4F0, 0x1E5F1, 0x1E950, 0x1FBF0,
];

/// What a character is to a card number.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Glyph {
    /// A digit, 0 to 9.
    Digit(u8),
    /// Something that may stand between the digits of one number.
    Separator,
    /// Anything else: the number is over.
    Other,
}

pub(super) fn glyph(character: char) -> Glyph {
    if let Some(digit) = decimal_digit(character) {
        return Glyph::Digit(digit);
    }
    if is_separator(character) {
        return Glyph::Separator;
    }
    Glyph::Other
}

fn decimal_digit(character: char) -> Option<u8> {
    let code = u32::from(character);
    let following = ZEROS.partition_point(|&zero| zero <= code);
    let zero = ZEROS.get(following.checked_sub(1)?)?;
    let digit = code.checked_sub(*zero).filter(|&digit| digit < 10)?;
    u8::try_from(digit).ok()
}

fn is_separator(character: char) -> bool {
    character.is_whitespace()
        || matches!(
            character,
            '-' | '.' | '/' | '_' | '+'
            // soft hyphen, middle dot, zero-width characters and marks of direction, dashes, word joiner
            | '\u{00AD}' | '\u{00B7}' | '\u{200B}'..='\u{200F}' | '\u{2010}'..='\u{2015}' | '\u{202A}'..='\u{202E}'
            | '\u{2060}' | '\u{2066}'..='\u{2069}'
            // bullet, fraction slash, minus, division slash, full-width forms, byte order mark
            | '\u{2022}' | '\u{2044}' | '\u{2212}' | '\u{2215}' | '\u{FE63}' | '\u{FF0B}' | '\u{FF0D}'..='\u{FF0F}'
            | '\u{FF3F}' | '\u{FEFF}'
        )
}
