//! Carts; amounts are in minor units of the cart's currency, so that a test can change the currency alone.

use domain::cart::{Cart, CartLine, CartParts, Category, Configurable, Quantity};
use domain::id::Sku;
use domain::money::{Currency, Money};

/// A cart of USD 120.00, of which USD 40.00 are margin, in its first version.
pub fn a_cart() -> CartBuilder {
    CartBuilder {
        version: 1,
        currency: Currency::USD,
        lines: vec![Line::of_value(12_000)],
        origin: Origin::Default,
        shipping: None,
        tax: None,
    }
}

#[derive(Debug, Clone)]
#[must_use = "nothing is made until `build`"]
pub struct CartBuilder {
    version: u64,
    currency: Currency,
    lines: Vec<Line>,
    origin: Origin,
    shipping: Option<i64>,
    tax: Option<i64>,
}

#[derive(Debug, Clone)]
struct Line {
    sku: String,
    quantity: u32,
    unit_price: i64,
    margin: Option<i64>,
    configurable: Configurable,
    category: Option<Category>,
}

/// Whether the lines are still those that every cart starts with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Origin {
    Default,
    Test,
}

impl Line {
    /// One unit at this price, a third of it margin.
    fn of_value(minor_units: i64) -> Self {
        Self {
            sku: "SKU-1".to_owned(),
            quantity: 1,
            unit_price: minor_units,
            margin: Some(minor_units / 3),
            configurable: Configurable::No,
            category: None,
        }
    }
}

impl CartBuilder {
    pub fn with_version(mut self, version: u64) -> Self {
        self.version = version;
        self
    }

    pub fn with_currency(mut self, currency: Currency) -> Self {
        self.currency = currency;
        self
    }

    /// One article of this price, a third of it margin, and nothing else.
    pub fn with_value(mut self, minor_units: i64) -> Self {
        self.lines = vec![Line::of_value(minor_units)];
        self.origin = Origin::Test;
        self
    }

    /// A further line, a third of its price margin; the first call replaces the line that every cart starts with.
    pub fn with_line(mut self, sku: &str, quantity: u32, unit_price: i64) -> Self {
        if self.origin == Origin::Default {
            self.lines.clear();
            self.origin = Origin::Test;
        }
        self.lines.push(Line {
            sku: sku.to_owned(),
            quantity,
            ..Line::of_value(unit_price)
        });
        self
    }

    /// The margin of one unit of the last line.
    pub fn with_margin(mut self, minor_units: i64) -> Self {
        self.last_line().margin = Some(minor_units);
        self
    }

    /// The margin of the last line, and so of the cart, is not known.
    pub fn without_margin(mut self) -> Self {
        self.last_line().margin = None;
        self
    }

    /// The last line is made to the shopper's choice.
    pub fn with_configurable(mut self) -> Self {
        self.last_line().configurable = Configurable::Yes;
        self
    }

    /// The last line is an article of this category.
    pub fn with_category(mut self, name: &str) -> Self {
        self.last_line().category = Some(Category::parse(name).unwrap());
        self
    }

    pub fn with_shipping(mut self, minor_units: i64) -> Self {
        self.shipping = Some(minor_units);
        self
    }

    pub fn with_tax(mut self, minor_units: i64) -> Self {
        self.tax = Some(minor_units);
        self
    }

    /// Nothing in it.
    pub fn emptied(mut self) -> Self {
        self.lines.clear();
        self.origin = Origin::Test;
        self
    }

    pub fn build(self) -> Cart {
        let money = |minor_units| Money::new(minor_units, self.currency).unwrap();
        let lines = self.lines.iter().map(|line| CartLine {
            sku: Sku::parse(&line.sku).unwrap(),
            quantity: Quantity::new(line.quantity).unwrap(),
            unit_price: money(line.unit_price),
            margin: line.margin.map(money),
            configurable: line.configurable,
            category: line.category.clone(),
        });
        Cart::new(CartParts {
            version: self.version,
            currency: self.currency,
            lines: lines.collect(),
            shipping: self.shipping.map(money),
            tax: self.tax.map(money),
        })
        .unwrap()
    }

    fn last_line(&mut self) -> &mut Line {
        self.lines.last_mut().expect("a line")
    }
}

impl From<CartBuilder> for Cart {
    fn from(builder: CartBuilder) -> Self {
        builder.build()
    }
}
