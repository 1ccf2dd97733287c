//! Payment card numbers that no bank has issued: right in range, length and check digit, each written in another way.

use std::iter::Cycle;
use std::slice::Iter;

use rand::rngs::StdRng;
use rand::seq::IndexedRandom;
use rand::{Rng, SeedableRng};

/// Beginnings of the numbers of each issuer, with their lengths.
const RANGES: [(&str, &[usize]); 28] = [
    ("4", &[13, 16, 19]),
    ("2221", &[16]),
    ("2500", &[16]),
    ("2720", &[16]),
    ("51", &[16]),
    ("55", &[16]),
    ("34", &[15]),
    ("37", &[15]),
    ("300", &[14, 16]),
    ("305", &[14, 16]),
    ("36", &[14, 16]),
    ("38", &[14, 16]),
    ("3528", &[16, 17, 18, 19]),
    ("3589", &[16, 17, 18, 19]),
    ("6011", &[16, 17, 18, 19]),
    ("644", &[16, 17, 18, 19]),
    ("659", &[16, 17, 18, 19]),
    ("62", &[16, 17, 18, 19]),
    ("8171", &[16, 17, 18, 19]),
    ("5018", &[14, 15, 16, 17, 18, 19]),
    ("5020", &[14, 15, 16, 17, 18, 19]),
    ("5038", &[14, 15, 16, 17, 18, 19]),
    ("5893", &[14, 15, 16, 17, 18, 19]),
    ("6304", &[14, 15, 16, 17, 18, 19]),
    ("6390", &[14, 15, 16, 17, 18, 19]),
    ("6759", &[14, 15, 16, 17, 18, 19]),
    ("6761", &[14, 15, 16, 17, 18, 19]),
    ("6763", &[14, 15, 16, 17, 18, 19]),
];

type Hand = fn(&str) -> String;

/// Ways to write a number; each stays below the 64 bytes that the shortest texts may have.
const HANDS: [Hand; 8] = [
    |digits| digits.to_owned(),
    |digits| grouped(digits, " "),
    |digits| grouped(digits, "-"),
    |digits| grouped(digits, "."),
    |digits| in_script(digits, FULL_WIDTH),
    |digits| in_script(digits, ARABIC),
    |digits| format!("call me, card {digits} is mine"),
    |digits| format!("card: {}.", grouped(digits, " ")),
];

const FULL_WIDTH: u32 = 0xFF10;
const ARABIC: u32 = 0x660;

/// A number and how somebody typed it.
#[derive(Debug, Clone)]
pub(crate) struct Card {
    pub(crate) digits: String,
    pub(crate) text: String,
}

/// Numbers without end, the same for the same seed.
pub(crate) struct Cards {
    random: StdRng,
    hands: Cycle<Iter<'static, Hand>>,
}

impl Cards {
    pub(crate) fn seeded(seed: u64) -> Self {
        Self {
            random: StdRng::seed_from_u64(seed),
            hands: HANDS.iter().cycle(),
        }
    }

    fn number(&mut self) -> String {
        let (prefix, lengths) = RANGES.choose(&mut self.random).unwrap();
        let length = lengths.choose(&mut self.random).unwrap();
        let mut body = (*prefix).to_owned();
        while body.len() < length - 1 {
            body.push(char::from(b'0' + self.random.random_range(0..10)));
        }
        let check = check_digit(&body);
        format!("{body}{check}")
    }
}

impl Iterator for Cards {
    type Item = Card;

    fn next(&mut self) -> Option<Card> {
        let digits = loop {
            let number = self.number();
            // Thirteen digits that are an article number as well are taken for one.
            if !is_article(&number) {
                break number;
            }
        };
        let text = self.hands.next()?(&digits);
        Some(Card { digits, text })
    }
}

impl Card {
    /// Whether the number stands in a text, in whatever script and however it is grouped.
    pub(crate) fn stands_in(&self, text: &str) -> bool {
        let digits: String = text.chars().filter_map(digit).collect();
        digits.contains(&self.digits)
    }
}

/// The digit that makes the number pass the check of Luhn.
fn check_digit(body: &str) -> u32 {
    let from_the_right = body.bytes().rev().map(|byte| u32::from(byte - b'0'));
    let weigh = |(place, digit): (usize, u32)| {
        let product = if place.is_multiple_of(2) {
            digit * 2
        } else {
            digit
        };
        product / 10 + product % 10
    };
    let sum: u32 = from_the_right.enumerate().map(weigh).sum();
    (10 - sum % 10) % 10
}

/// The check of an EAN: every second digit from the right three times.
fn is_article(number: &str) -> bool {
    let digits = number.bytes().rev().map(|byte| u32::from(byte - b'0'));
    let sum: u32 = digits
        .enumerate()
        .map(|(place, digit)| {
            if place.is_multiple_of(2) {
                digit
            } else {
                digit * 3
            }
        })
        .sum();
    number.len() == 13 && sum.is_multiple_of(10)
}

fn grouped(digits: &str, separator: &str) -> String {
    let digits: Vec<char> = digits.chars().collect();
    let groups: Vec<String> = digits.chunks(4).map(String::from_iter).collect();
    groups.join(separator)
}

fn in_script(digits: &str, zero: u32) -> String {
    let written = digits.bytes().map(|byte| zero + u32::from(byte - b'0'));
    written.filter_map(char::from_u32).collect()
}

/// A digit of one of the scripts of this test, as an ASCII digit.
fn digit(character: char) -> Option<char> {
    [u32::from('0'), FULL_WIDTH, ARABIC]
        .into_iter()
        .find_map(|zero| {
            u32::from(character)
                .checked_sub(zero)
                .filter(|digit| *digit < 10)
        })
        .and_then(|digit| char::from_digit(digit, 10))
}

#[test]
fn a_number_is_found_again_however_it_is_written() {
    let well_known = ["411111111111111", "37828224631000", "601111111111111"];
    assert_eq!(well_known.map(check_digit), [1, 5, 7]);
    let cards: Vec<Card> = Cards::seeded(1).take(1_000).collect();
    for (card, other) in cards.iter().zip(cards.iter().skip(1)) {
        assert!(card.stands_in(&format!("no {}!", card.text)), "{card:?}");
        assert!(!card.stands_in(&other.text), "{card:?} {other:?}");
        assert!(card.text.len() <= 64, "{card:?}");
    }
}
