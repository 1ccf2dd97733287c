//! Margin floors of a shop by their definition, line by line.

use domain::cart::{CartLine, Category};
use domain::money::Money;
use domain::remedy::RemedyKind;

use super::random::Case;
use crate::floors::FloorScope;

/// Whether each article bears its share with those that fall under the same floor, in fractions of the cart.
pub(super) fn keeps_floors_of_the_shop(case: &Case, amount: i64) -> bool {
    let set = |category: Option<&Category>, remedy: Option<RemedyKind>| {
        let scope = FloorScope {
            category: category.cloned(),
            remedy,
        };
        let floor = case.floors.iter().find(|floor| floor.scope == scope);
        floor.map(|floor| floor.least.get())
    };
    let of_category = |line: &CartLine, remedy| {
        let category = line.category.as_ref()?;
        set(Some(category), remedy)
    };
    let asked = Some(case.remedy);
    let is_told_apart =
        |line: &&CartLine| of_category(line, asked).is_some() || of_category(line, None).is_some();
    let lines = || case.cart.lines().iter();
    let own = lines().filter(is_told_apart).map(|line| {
        let alike = |other: &&CartLine| other.category == line.category;
        let of_both = set(None, asked).max(of_category(line, None));
        let least = of_category(line, asked).or(of_both);
        (lines().filter(alike).collect::<Vec<_>>(), least)
    });
    let rest = lines().filter(|line| !is_told_apart(line)).collect();
    let rest = (rest, set(None, asked).or(set(None, None)));
    own.chain([rest]).all(|(lines, least)| {
        let Some(least) = least.map(i128::from) else {
            return true;
        };
        let sum = |of: fn(&CartLine) -> Money| {
            let of_lines = lines.iter();
            let units =
                of_lines.map(|line| of(line).minor_units() * i64::from(line.quantity.get()));
            i128::from(units.sum::<i64>())
        };
        let (value, margin) = (
            sum(|line| line.unit_price),
            sum(|line| line.margin.unwrap()),
        );
        let whole = i128::from(case.cart.value().minor_units());
        let [amount, granted] = [amount, case.granted.minor_units()].map(i128::from);
        let left = margin * whole - (amount + granted) * value;
        left >= 0 && left * 10_000 >= (whole - amount) * value * least
    })
}
