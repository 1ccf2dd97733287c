//! The numbers that the product's definitions print beside their formulas.

use domain::money::BasisPoints;

use super::{Ratio, chi_squared_p_value, needed_per_arm, reduction_interval, split_chi_squared};

#[track_caller]
fn near(found: f64, printed: f64, half_of_last_digit: f64) {
    assert!(
        (found - printed).abs() <= half_of_last_digit,
        "{found} is not {printed}"
    );
}

#[test]
fn nine_thousand_treated_at_66_percent_against_a_thousand_at_70() {
    let treatment = Ratio {
        numerator: 5_940,
        denominator: 9_000,
    };
    let holdout = Ratio {
        numerator: 700,
        denominator: 1_000,
    };

    let (t, c) = (treatment.value().unwrap(), holdout.value().unwrap());
    let interval = reduction_interval(treatment, holdout).unwrap();

    near(100.0 * (1.0 - t / c), 5.7, 0.05);
    near(100.0 * interval.low, 1.6, 0.05);
    near(100.0 * interval.high, 9.7, 0.05);
    near(100.0 * (c - t), 4.0, 1e-9);
    near((c - t) * 9_000.0, 360.0, 1e-9);
    near(100.0 * ((1.0 - t) / (1.0 - c) - 1.0), 13.3, 0.05);
}

#[test]
fn a_split_of_9130_to_870_breaks_a_plan_of_90_to_10() {
    let chi_squared = split_chi_squared(9_130, 870, BasisPoints::new(1_000).unwrap()).unwrap();

    near(chi_squared, 18.8, 0.05);
    near(chi_squared_p_value(chi_squared), 0.000_01, 0.000_005);
}

#[test]
fn a_base_of_30_percent_needs_8400_persons_an_arm_to_see_2_points() {
    let base = Ratio {
        numerator: 300,
        denominator: 1_000,
    };

    assert_eq!(needed_per_arm(base), Some(8_400));
}
