//! Payment card numbers: found so that they can be refused, in every text that enters the system.
//!
//! A number counts as one when its length, its issuer range and its Luhn digit all fit, however it is grouped and in
//! whatever script its digits are written. Letters end a number.
//! Deliberately absent: numbers hidden on purpose (spelled out, or inside a longer run of digits).

mod digits;
mod issuer;

use uuid::Uuid;

use self::digits::{Glyph, glyph};

/// Fewest digits of a card number.
const MIN_DIGITS: usize = 13;
/// Most digits of a card number.
const MAX_DIGITS: usize = 19;
/// Characters of a UUID in its canonical form.
const UUID_LENGTH: usize = 36;
/// Digits of an article number.
const ARTICLE_DIGITS: usize = 13;

/// Whether the text holds what looks like a payment card number.
///
/// Spaces, hyphens, dots, slashes, underscores, plus signs and what Unicode has like them may stand between digits;
/// digits of any script count. A candidate begins and ends at such a separator or at something else than a digit.
/// Thirteen digits that are a valid article number (EAN) are taken for one: shops name their goods so, and no issuer
/// has handed out cards of that length for decades.
///
/// A UUID at the end of a text is no card number, whatever its digits: half of the shops number their orders so, and one in
/// some ten thousand would be refused otherwise. It must have a letter to be told from a number in five groups.
pub fn contains_card_number(text: &str) -> bool {
    if !may_hold_digits_enough(text) {
        return false;
    }
    let text = before_uuid(text);
    let mut run = Run::default();
    for character in text.chars() {
        match glyph(character) {
            Glyph::Digit(digit) => run.push(digit),
            Glyph::Separator => run.separate(),
            Glyph::Other => {
                if run.holds_card_number() {
                    return true;
                }
                run.clear();
            }
        }
    }
    run.holds_card_number()
}

/// Whether there are bytes enough for the digits of a card number, at least one for each: most texts are done with here.
fn may_hold_digits_enough(text: &str) -> bool {
    let may_be_of_digit = |byte: &u8| byte.is_ascii_digit() || !byte.is_ascii();
    text.bytes().filter(may_be_of_digit).count() >= MIN_DIGITS
}

/// The text without a UUID in its canonical form at its end.
fn before_uuid(text: &str) -> &str {
    let is_uuid = |text: &str| {
        text.contains(|character: char| character.is_ascii_alphabetic())
            && Uuid::try_parse(text).is_ok()
    };
    text.len()
        .checked_sub(UUID_LENGTH)
        .and_then(|at| text.split_at_checked(at))
        .filter(|(_, end)| is_uuid(end))
        .map_or(text, |(before, _)| before)
}

/// Digits with nothing but separators between them.
#[derive(Default)]
struct Run {
    digits: Vec<u8>,
    /// Position in `digits` at which each group begins.
    starts: Vec<usize>,
    in_group: bool,
}

impl Run {
    fn push(&mut self, digit: u8) {
        if !self.in_group {
            self.starts.push(self.digits.len());
            self.in_group = true;
        }
        self.digits.push(digit);
    }

    fn separate(&mut self) {
        self.in_group = false;
    }

    fn clear(&mut self) {
        self.digits.clear();
        self.starts.clear();
        self.in_group = false;
    }

    fn holds_card_number(&self) -> bool {
        if self.digits.len() < MIN_DIGITS {
            return false;
        }
        let ends = || self.starts.iter().copied().chain([self.digits.len()]);
        self.starts.iter().enumerate().any(|(group, &start)| {
            ends()
                .skip(group)
                .skip_while(|&end| end < start.saturating_add(MIN_DIGITS))
                .take_while(|&end| end <= start.saturating_add(MAX_DIGITS))
                .filter_map(|end| self.digits.get(start..end))
                .any(is_card_number)
        })
    }
}

fn is_card_number(candidate: &[u8]) -> bool {
    issuer::issues(candidate) && luhn_holds(candidate) && !is_article_number(candidate)
}

/// The check of an EAN: every second digit from the right three times, the rest once, divisible by ten.
fn is_article_number(digits: &[u8]) -> bool {
    let from_the_right = || digits.iter().rev().copied().map(u32::from);
    let once = from_the_right().step_by(2);
    let thrice = from_the_right()
        .skip(1)
        .step_by(2)
        .map(|digit| digit.saturating_mul(3));
    digits.len() == ARTICLE_DIGITS && divisible_by_ten(once.chain(thrice))
}

/// The Luhn check: every second digit from the right doubled, the digits of all added up, divisible by ten.
fn luhn_holds(digits: &[u8]) -> bool {
    let from_the_right = || digits.iter().rev().copied().map(u32::from);
    let plain = from_the_right().step_by(2);
    let doubled = from_the_right().skip(1).step_by(2).map(doubled_digit);
    divisible_by_ten(plain.chain(doubled))
}

fn divisible_by_ten(weighted: impl Iterator<Item = u32>) -> bool {
    weighted.fold(0, u32::saturating_add).is_multiple_of(10)
}

/// Twice the digit, and the two digits of that added up: 7 gives 14 gives 5.
fn doubled_digit(digit: u32) -> u32 {
    let twice = digit.saturating_mul(2);
    if twice > 9 {
        twice.saturating_sub(9)
    } else {
        twice
    }
}

#[cfg(test)]
mod tests;
