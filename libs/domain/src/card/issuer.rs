//! Issuer ranges with the lengths that are issued in them; anything else is not a card, whatever its check digit.

use std::ops::RangeInclusive;

/// A range of first six digits and the lengths of the numbers in it.
struct Range {
    prefix: RangeInclusive<u32>,
    lengths: &'static [usize],
}

const fn range(prefix: RangeInclusive<u32>, lengths: &'static [usize]) -> Range {
    Range { prefix, lengths }
}

const LONG: &[usize] = &[16, 17, 18, 19];
const ANY: &[usize] = &[13, 14, 15, 16, 17, 18, 19];
const DINERS: &[usize] = &[14, 16, 19];
const USUAL: &[usize] = &[16];

const RANGES: [Range; 40] = [
    // Visa
    range(400_000..=499_999, &[13, 16, 19]),
    // Mastercard
    range(222_100..=272_099, &[16]),
    range(510_000..=559_999, &[16]),
    // American Express
    range(340_000..=349_999, &[15]),
    range(370_000..=379_999, &[15]),
    // Diners Club
    range(300_000..=305_999, DINERS),
    range(309_500..=309_599, DINERS),
    range(360_000..=369_999, DINERS),
    range(380_000..=399_999, DINERS),
    // JCB
    range(352_800..=358_999, LONG),
    // Discover
    range(601_100..=601_199, LONG),
    range(644_000..=659_999, LONG),
    // UnionPay
    range(620_000..=629_999, LONG),
    range(810_000..=817_199, LONG),
    // Maestro
    range(501_800..=501_899, ANY),
    range(502_000..=502_099, ANY),
    range(503_800..=503_899, ANY),
    range(561_200..=561_299, ANY),
    range(589_300..=589_399, ANY),
    range(630_400..=630_499, ANY),
    range(639_000..=639_099, ANY),
    range(675_900..=675_999, ANY),
    range(676_100..=676_399, ANY),
    // Mir
    range(220_000..=220_499, LONG),
    // Elo, beyond what it shares with the ranges above
    range(504_175..=504_175, USUAL),
    range(506_699..=506_778, USUAL),
    range(509_000..=509_999, USUAL),
    range(636_297..=636_297, USUAL),
    range(636_368..=636_368, USUAL),
    // Hiper and Hipercard
    range(606_282..=606_282, USUAL),
    range(637_095..=637_095, USUAL),
    range(637_374..=637_374, USUAL),
    range(637_433..=637_433, USUAL),
    range(637_568..=637_568, USUAL),
    range(637_599..=637_599, USUAL),
    range(637_609..=637_612, USUAL),
    // Cabal
    range(589_657..=589_657, USUAL),
    range(604_201..=604_400, USUAL),
    // Naranja
    range(589_562..=589_562, USUAL),
    // Dankort
    range(501_900..=501_999, USUAL),
];

/// Whether an issuer hands out numbers that begin like this and have this length.
pub(super) fn issues(digits: &[u8]) -> bool {
    let Some(first_six) = digits.first_chunk::<6>() else {
        return false;
    };
    let prefix = first_six.iter().fold(0_u32, |prefix, &digit| {
        prefix.saturating_mul(10).saturating_add(u32::from(digit))
    });
    RANGES
        .iter()
        .any(|range| range.prefix.contains(&prefix) && range.lengths.contains(&digits.len()))
}
