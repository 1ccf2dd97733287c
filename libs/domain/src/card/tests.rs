//! What the card check promises: every issued number is found, harmless text hardly ever refused.

use proptest::prelude::*;
use proptest::sample::select;

use super::*;

/// Well-known test numbers of the issuers, all ranges and lengths.
const NUMBERS: [&str; 22] = [
    "4111111111111111",    // Visa
    "4222222222222",       // Visa, 13 digits
    "4000000000000000006", // Visa, 19 digits
    "5555555555554444",    // Mastercard
    "5105105105105100",    // Mastercard
    "2223003122003222",    // Mastercard, 2 series
    "2720992222222229",    // Mastercard, end of the 2 series
    "378282246310005",     // American Express
    "341111111111111",     // American Express
    "30569309025904",      // Diners Club
    "36227206271667",      // Diners Club
    "38520000023237",      // Diners Club
    "3530111333300000",    // JCB
    "3566002020360505",    // JCB
    "6011111111111117",    // Discover
    "6011000990139424",    // Discover
    "6445644564456445",    // Discover
    "6200000000000005",    // UnionPay
    "6205500000000000004", // UnionPay, 19 digits
    "6304000000000000",    // Maestro
    "6759649826438453",    // Maestro
    "5018000000000009",    // Maestro
];

fn zero_of(script: &str) -> u32 {
    match script {
        "ascii" => 0x30,
        "full-width" => 0xFF10,
        "arabic-indic" => 0x660,
        "extended arabic-indic" => 0x6F0,
        "devanagari" => 0x966,
        "mathematical bold" => 0x1D7CE,
        "kawi" => 0x11F50,
        "outlined" => 0x1CCF0,
        _ => panic!("a script of this test"),
    }
}

fn written_in(script: &str, number: &str) -> String {
    let digits = number.chars().filter_map(|digit| digit.to_digit(10));
    digits
        .filter_map(|digit| char::from_u32(zero_of(script) + digit))
        .collect()
}

fn grouped(number: &str, size: usize, separator: &str) -> String {
    let digits: Vec<char> = number.chars().collect();
    let groups: Vec<String> = digits
        .chunks(size)
        .map(|group| group.iter().collect())
        .collect();
    groups.join(separator)
}

fn with_check_digit(body: &str) -> String {
    (0..=9)
        .map(|check| format!("{body}{check}"))
        .find(|number| luhn_holds(&digits_of(number)))
        .expect("one of ten check digits fits")
}

fn digits_of(number: &str) -> Vec<u8> {
    number.bytes().map(|byte| byte - b'0').collect()
}

/// Prefixes of issuers, each with the length of a number that begins so.
const ISSUED: [(&str, usize); 47] = [
    ("4", 13),
    ("4", 16),
    ("4", 19),
    ("51", 16),
    ("55", 16),
    ("2221", 16),
    ("2720", 16),
    ("34", 15),
    ("37", 15),
    ("300", 14),
    ("305", 14),
    ("3095", 14),
    ("36", 14),
    ("38", 16),
    ("39", 14),
    ("3528", 16),
    ("3589", 19),
    ("6011", 16),
    ("644", 16),
    ("659", 19),
    ("62", 16),
    ("62", 17),
    ("62", 18),
    ("62", 19),
    ("8100", 16),
    ("5018", 13),
    ("5020", 14),
    ("5038", 15),
    ("5893", 16),
    ("6304", 17),
    ("6759", 18),
    ("6761", 19),
    ("6763", 16),
    ("36", 19),
    ("2200", 16),
    ("2204", 19),
    ("504175", 16),
    ("50672", 16),
    ("509", 16),
    ("636368", 16),
    ("606282", 16),
    ("637095", 16),
    ("637612", 16),
    ("589657", 16),
    ("6043", 16),
    ("589562", 16),
    ("5019", 16),
];

/// A number as an issuer would hand it out.
fn issued() -> impl Strategy<Value = String> {
    select(&ISSUED[..])
        .prop_flat_map(|(prefix, length)| {
            let filling = length - prefix.len() - 1;
            proptest::collection::vec(0..10_u8, filling).prop_map(move |digits| {
                let filling: String = digits.iter().map(u8::to_string).collect();
                with_check_digit(&format!("{prefix}{filling}"))
            })
        })
        .prop_filter("taken for an article", |number| {
            !is_article_number(&digits_of(number))
        })
}

#[test]
fn finds_the_well_known_test_numbers() {
    for number in NUMBERS {
        assert!(contains_card_number(number), "{number}");
    }
}

#[test]
fn finds_numbers_however_they_are_grouped() {
    for separator in [
        " ", "-", ".", "/", "_", "+", "  ", " - ", "\u{a0}", "\u{2011}", "\u{200b}", "\u{200e}",
        "\u{2069}", "－", "\t",
    ] {
        for size in 1..=7 {
            let number = grouped("4111111111111111", size, separator);
            assert!(contains_card_number(&number), "{number:?}");
        }
    }
    assert!(contains_card_number("3782 822463 10005"));
}

#[test]
fn finds_numbers_in_any_script() {
    for script in [
        "full-width",
        "arabic-indic",
        "extended arabic-indic",
        "devanagari",
        "mathematical bold",
        "kawi",
        "outlined",
    ] {
        let folded = written_in(script, "4111111111111111");
        assert!(contains_card_number(&folded), "{script}");
        let mixed = written_in(script, "41111111") + "11111111";
        assert!(contains_card_number(&mixed), "{script}, then ascii");
    }
}

#[test]
fn finds_numbers_between_other_words_and_numbers() {
    for text in [
        "my card is 4111 1111 1111 1111, thanks",
        "(4111111111111111)",
        "order 12 4111 1111 1111 1111 12/27 123",
        "https://shop.example/pay?card=4111-1111-1111-1111&x=1",
        "4111111111111111 4111111111111111",
    ] {
        assert!(contains_card_number(text), "{text}");
    }
}

#[test]
fn a_wrong_check_digit_is_no_card_number() {
    assert!(!contains_card_number("4111111111111112"));
    assert!(!contains_card_number("4111 1111 1111 1121"));
}

#[test]
fn a_range_without_an_issuer_is_no_card_number() {
    for body in [
        "000000000000000",
        "170000000000000",
        "900000000000000",
        "272100000000000",
    ] {
        assert!(!contains_card_number(&with_check_digit(body)), "{body}");
    }
}

#[test]
fn an_article_number_is_no_card_number() {
    // Both checks hold for one in ten of the numbers that begin like a Visa card.
    let articles = (0..1_000_u64).map(|number| (400_638_000_000 + number * 7).to_string());
    let both = articles
        .map(|article| with_check_digit(&article))
        .filter(|number| is_article_number(&digits_of(number)))
        .inspect(|number| assert!(!contains_card_number(number), "{number}"));
    assert!(both.count() > 50);
    assert!(contains_card_number("4222222222222"), "no article number");
}

#[test]
fn letters_and_other_signs_end_a_number() {
    assert!(!contains_card_number("41111111a11111111"));
    assert!(!contains_card_number("4111:1111:1111:1111"));
}

#[test]
fn too_short_and_too_long_are_no_card_numbers() {
    assert!(!contains_card_number(&with_check_digit("41111111111")));
    assert!(!contains_card_number(&"4".repeat(20)));
    assert!(!contains_card_number(""));
}

proptest! {
    #[test]
    fn finds_every_issued_number(number in issued(), size in 1..8_usize, separator in select(vec!["", " ", "-", "."])) {
        let text = grouped(&number, size, separator);
        prop_assert!(contains_card_number(&text));
        prop_assert!(contains_card_number(&format!("x{text}y")), "among letters");
        prop_assert!(contains_card_number(&written_in("full-width", &number)));
    }

    #[test]
    fn a_changed_digit_is_never_luhn_valid(number in issued(), position in 0..13_usize, change in 1..10_u8) {
        let mut digits = digits_of(&number);
        digits[position] = (digits[position] + change) % 10;
        prop_assert!(!luhn_holds(&digits));
    }

    #[test]
    fn never_panics(text in "\\PC{0,80}") {
        contains_card_number(&text);
    }
}

/// `SplitMix64`: reproducible numbers for the harmless strings.
struct Numbers(u64);

impl Numbers {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    fn below(&mut self, bound: u64) -> u64 {
        self.next() % bound
    }
}

fn uuid(numbers: &mut Numbers) -> Uuid {
    let random = u128::from(numbers.next()) << 64 | u128::from(numbers.next());
    uuid::Builder::from_random_bytes(random.to_be_bytes()).into_uuid()
}

/// What shops, clocks and carriers write where a card number might be.
fn harmless(numbers: &mut Numbers, kind: u64) -> String {
    let millis = 1_577_836_800_000 + numbers.below(400_000_000_000);
    let instant = || {
        jiff::Timestamp::from_millisecond(i64::try_from(millis).expect("an instant"))
            .expect("an instant")
    };
    match kind {
        0 => uuid(numbers).to_string(),
        1 => format!("ses_{}", uuid(numbers)),
        2 => millis.to_string(),
        3 => (millis * 1_000 + numbers.below(1_000)).to_string(),
        4 => instant().to_string(),
        5 => instant().strftime("%Y-%m-%d %H:%M:%S").to_string(),
        6 => format!(
            "ORD-{}-{:08}",
            2020 + numbers.below(10),
            numbers.below(100_000_000)
        ),
        7 => format!("#{}", 100_000 + numbers.below(900_000_000)),
        8 => format!(
            "1{:02}-{:07}-{:07}",
            numbers.below(100),
            numbers.below(10_000_000),
            numbers.below(10_000_000)
        ),
        9 => (5_000_000_000_000 + numbers.below(2_000_000_000_000)).to_string(),
        10 => format!(
            "/product/{}?size={}&v={}",
            numbers.below(10_000_000),
            numbers.below(50),
            millis / 1_000
        ),
        11 => format!(
            "+34 6{:02} {:03} {:03}",
            numbers.below(100),
            numbers.below(1_000),
            numbers.below(1_000)
        ),
        _ => format!("{:012}", numbers.below(1_000_000_000_000)),
    }
}

#[test]
fn false_alarms_stay_below_one_in_a_thousand() {
    let mut numbers = Numbers(7);
    let mut alarms = [0_u32; 13];
    for turn in 0..100_000_u64 {
        let kind = turn % 13;
        if contains_card_number(&harmless(&mut numbers, kind)) {
            alarms[usize::try_from(kind).expect("small")] += 1;
        }
    }
    assert!(alarms.iter().sum::<u32>() <= 100, "{alarms:?}");
}

#[test]
fn a_uuid_is_no_card_number_but_what_stands_before_it_may_be() {
    // Its first groups are a number that Luhn and an issuer agree to.
    let uuid = "41111111-1111-4008-8aaa-000000000000";
    let digits = "4111 1111-1111-1111";
    assert!(contains_card_number(uuid.trim_end_matches('0')));

    for harmless in [
        uuid.to_owned(),
        format!("ORDER-{uuid}"),
        format!("Bestellung ñ {uuid}"),
    ] {
        assert!(!contains_card_number(&harmless), "{harmless}");
    }
    for refused in [format!("{digits} {uuid}"), format!("{uuid} {digits}")] {
        assert!(contains_card_number(&refused), "{refused}");
    }
}
