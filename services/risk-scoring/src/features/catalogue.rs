//! The feature catalogue: the name, unit and meaning of each feature, in English and in Spanish.
//!
//! Names are part of the contract: registered scorecards and stored factors hold them, so they are never changed.

mod signals;

use std::fmt;
use std::str::FromStr;

use domain::signal::SignalKind;
use serde::{Deserialize, Serialize};

use super::Tongue;

/// One line of the catalogue.
struct Entry {
    name: &'static str,
    unit: Unit,
    english: &'static str,
    spanish: &'static str,
}

/// What a feature is about.
enum Subject {
    Moment(Entry),
    Count(SignalKind),
    Dwell(SignalKind),
}

/// The name is not in the catalogue.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("must be a name of the feature catalogue")]
pub(crate) struct UnknownFeature;

/// What a value counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Unit {
    Minutes,
    Number,
    Percent,
    /// 1 when it holds, else 0.
    YesNo,
}

/// Which way a feature may move the risk, whatever the model.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Direction {
    /// More of it never lowers the risk.
    Raises,
    /// More of it never raises the risk.
    Lowers,
}

/// Declares the features that are not about one signal, each as a line: name, unit, English, Spanish.
macro_rules! catalogue {
    ($( $feature:ident = $name:literal, $unit:ident, $english:literal, $spanish:literal; )+) => {
        /// Something that a model may look at.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(try_from = "String", into = "String")]
        pub(crate) enum Feature {
            $( $feature, )+
            /// How often a signal was seen.
            Count(SignalKind),
            /// How long a signal lasted in total.
            Dwell(SignalKind),
        }

        const OF_MOMENTS: &[Feature] = &[$( Feature::$feature, )+];

        impl Feature {
            /// Its place among those of moments; behind all of them for what is about a signal.
            const fn place(self) -> usize {
                let mut place = 0;
                $(
                    if matches!(self, Self::$feature) {
                        return place;
                    }
                    place += 1;
                )+
                place
            }

            fn subject(self) -> Subject {
                match self {
                    $( Self::$feature => Subject::Moment(Entry {
                        name: $name,
                        unit: Unit::$unit,
                        english: $english,
                        spanish: $spanish,
                    }), )+
                    Self::Count(signal) => Subject::Count(signal),
                    Self::Dwell(signal) => Subject::Dwell(signal),
                }
            }
        }
    };
}

catalogue! {
    MinutesOnSite = "minutes_on_site", Minutes,
        "Time on the site",
        "Tiempo en el sitio";
    MinutesOnPage = "minutes_on_page", Minutes,
        "Time on this page, 0 when not known",
        "Tiempo en esta página, 0 si no se conoce";
    EventCount = "event_count", Number,
        "Events of this session, of all types",
        "Eventos de esta sesión, de todo tipo";
    CartLines = "cart_lines", Number,
        "Different articles in the cart",
        "Artículos distintos en el carrito";
    CartUnits = "cart_units", Number,
        "Units in the cart",
        "Unidades en el carrito";
    ExtraCostPercent = "extra_cost_percent", Percent,
        "Shipping and tax on top of the cart, 0 before they are seen",
        "Envío e impuestos sobre el carrito, 0 antes de verlos";
    EarlierSessions = "earlier_sessions", Number,
        "Earlier sessions of this person",
        "Sesiones anteriores de esta persona";
    EarlierCarts = "earlier_carts", Number,
        "Earlier sessions with a cart",
        "Sesiones anteriores con carrito";
    EarlierOrders = "earlier_orders", Number,
        "Earlier orders",
        "Pedidos anteriores";
    EarlierAbandonments = "earlier_abandonments", Number,
        "Carts left without an order before",
        "Carritos abandonados antes";
    ShopperKnown = "shopper_known", YesNo,
        "The shop knows this person",
        "La tienda conoce a esta persona";
    Progressing = "progressing", YesNo,
        "Moving towards the order",
        "Avanza hacia el pedido";
    CartJustFilled = "cart_just_filled", YesNo,
        "Has just added something to the cart",
        "Acaba de añadir algo al carrito";
    InCheckout = "in_checkout", YesNo,
        "Is in the checkout",
        "Está en el pago";
    AfterOrder = "after_order", YesNo,
        "Has placed the order",
        "Ya hizo el pedido";
    LocalEarlyHours = "local_early_hours", YesNo,
        "Between 2 and 8 o'clock local time, no when the zone is not known",
        "Entre las 2 y las 8 hora local, no si no se conoce la zona";
    MinutesShopping = "minutes_shopping", Minutes,
        "Time since the first look at a product or addition to the cart",
        "Tiempo desde la primera vista de producto o adición al carrito";
    ShoppingEvents = "shopping_events", Number,
        "Looks at products and additions to the cart",
        "Vistas de productos y adiciones al carrito";
    MinutesPerShoppingEvent = "minutes_per_shopping_event", Minutes,
        "Mean time between two looks or additions, missing before the second",
        "Tiempo medio entre dos vistas o adiciones, falta antes de la segunda";
    MinutesSinceShoppingEvent = "minutes_since_shopping_event", Minutes,
        "Time since the look or addition before, missing on the first",
        "Tiempo desde la vista o adición anterior, falta en la primera";
    CartAdditions = "cart_additions", Number,
        "Additions to the cart",
        "Adiciones al carrito";
    ShoppingEventsPerAddition = "shopping_events_per_addition", Number,
        "Looks and additions for each addition to the cart, missing before the first",
        "Vistas y adiciones por cada adición al carrito, falta antes de la primera";
    ProductsViewed = "products_viewed", Number,
        "Different products looked at or added, missing before the first",
        "Productos distintos vistos o añadidos, falta antes del primero";
    CartItemViews = "cart_item_views", Number,
        "Looks at products that are in the cart, missing before the first look or addition",
        "Vistas de productos que están en el carrito, falta antes de la primera vista o adición";
    EarlierOrderShare = "earlier_order_share", Number,
        "Share of earlier carts that became orders, with one of each added",
        "Parte de carritos anteriores que acabó en pedido, con uno de cada añadido";
    LocalHour = "local_hour", Number,
        "Local hour of the day, missing when the zone is not known",
        "Hora local del día, falta si no se conoce la zona";
    LocalWorkingHours = "local_working_hours", YesNo,
        "Between 8 and 14 o'clock local time, no when the zone is not known",
        "Entre las 8 y las 14 hora local, no si no se conoce la zona";
}

const COUNT: &str = "count.";
const DWELL: &str = "dwell_minutes.";

impl Feature {
    /// Number of features, each of which has a slot of its own.
    pub(crate) const SLOTS: usize = OF_MOMENTS.len() + 2 * SignalKind::ALL.len();

    /// Features that a moment need not know. Scorecards take 0 for a missing one, trees send it where each split says, and
    /// a logistic model takes what it states for it.
    pub(crate) const MAY_BE_MISSING: &[Self] = &[
        Self::MinutesShopping,
        Self::ShoppingEvents,
        Self::MinutesPerShoppingEvent,
        Self::MinutesSinceShoppingEvent,
        Self::CartAdditions,
        Self::ShoppingEventsPerAddition,
        Self::ProductsViewed,
        Self::CartItemViews,
        Self::LocalHour,
    ];

    /// Every feature, in the order of the slots.
    pub(crate) fn all() -> impl Iterator<Item = Self> {
        let of_signal = |signal: &SignalKind| [Self::Count(*signal), Self::Dwell(*signal)];
        OF_MOMENTS
            .iter()
            .copied()
            .chain(SignalKind::ALL.iter().flat_map(of_signal))
    }

    /// Its place among all features; the same in every release of one catalogue only, so it is never stored.
    pub(crate) fn slot(self) -> usize {
        let signal = |kind: SignalKind| {
            let place = SignalKind::ALL.iter().position(|listed| *listed == kind);
            OF_MOMENTS.len() + 2 * place.unwrap_or_default()
        };
        if let Self::Count(kind) = self {
            signal(kind)
        } else if let Self::Dwell(kind) = self {
            signal(kind) + 1
        } else {
            self.place()
        }
    }

    /// Whether a moment may leave it open.
    pub(crate) fn may_be_missing(self) -> bool {
        Self::MAY_BE_MISSING.contains(&self)
    }

    /// Reads a name of the catalogue.
    pub(crate) fn parse(name: &str) -> Result<Self, UnknownFeature> {
        let signal = |word: &str| SignalKind::parse(word).map_err(|_| UnknownFeature);
        if let Some(word) = name.strip_prefix(COUNT) {
            return signal(word).map(Self::Count);
        }
        if let Some(word) = name.strip_prefix(DWELL) {
            return signal(word).map(Self::Dwell);
        }
        OF_MOMENTS
            .iter()
            .copied()
            .find(|feature| feature.to_string() == name)
            .ok_or(UnknownFeature)
    }

    /// What its value counts.
    pub(crate) fn unit(self) -> Unit {
        match self.subject() {
            Subject::Moment(entry) => entry.unit,
            Subject::Count(_) => Unit::Number,
            Subject::Dwell(_) => Unit::Minutes,
        }
    }

    /// Which way it may move the risk in any model; `None` where data may say either.
    pub(crate) fn direction(self) -> Option<Direction> {
        match self.subject() {
            Subject::Count(_) | Subject::Dwell(_) => Some(Direction::Raises),
            Subject::Moment(_) => (self == Self::Progressing).then_some(Direction::Lowers),
        }
    }

    /// Which way training lets it move the risk, so that a handful of odd visitors cannot turn it around.
    #[cfg(feature = "training")]
    pub(crate) fn trained_direction(self) -> Option<Direction> {
        if self == Self::EarlierAbandonments {
            return Some(Direction::Raises);
        }
        if [Self::EarlierOrders, Self::EarlierOrderShare].contains(&self) {
            return Some(Direction::Lowers);
        }
        self.direction()
    }

    /// What it means.
    pub(crate) fn meaning(self, tongue: Tongue) -> String {
        match self.subject() {
            Subject::Moment(entry) => tongue.pick(entry.english, entry.spanish).to_owned(),
            Subject::Count(signal) => signals::meaning(signal, tongue).to_owned(),
            Subject::Dwell(signal) => {
                let lasted = tongue.pick("how long it lasted", "cuánto duró");
                format!("{} ({lasted})", signals::meaning(signal, tongue))
            }
        }
    }

    /// A value in words: `Payments declined: 2`.
    pub(crate) fn in_words(self, value: Option<f64>, tongue: Tongue) -> String {
        let Some(value) = value else {
            let missing = tongue.pick("not known", "no se conoce");
            return format!("{}: {missing}", self.meaning(tongue));
        };
        let value = match self.unit() {
            Unit::YesNo if value >= 1.0 => tongue.pick("yes", "sí").to_owned(),
            Unit::YesNo => "no".to_owned(),
            Unit::Number => rounded(value),
            Unit::Minutes => format!("{} min", rounded(value)),
            Unit::Percent => format!("{} %", rounded(value)),
        };
        format!("{}: {value}", self.meaning(tongue))
    }
}

impl fmt::Display for Feature {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.subject() {
            Subject::Moment(entry) => out.write_str(entry.name),
            Subject::Count(signal) => write!(out, "{COUNT}{signal}"),
            Subject::Dwell(signal) => write!(out, "{DWELL}{signal}"),
        }
    }
}

impl FromStr for Feature {
    type Err = UnknownFeature;

    fn from_str(name: &str) -> Result<Self, UnknownFeature> {
        Self::parse(name)
    }
}

impl TryFrom<String> for Feature {
    type Error = UnknownFeature;

    fn try_from(name: String) -> Result<Self, UnknownFeature> {
        Self::parse(&name)
    }
}

impl From<Feature> for String {
    fn from(feature: Feature) -> Self {
        feature.to_string()
    }
}

/// One decimal, or none where it is 0.
fn rounded(value: f64) -> String {
    let text = format!("{value:.1}");
    text.strip_suffix(".0")
        .map_or_else(|| text.clone(), str::to_owned)
}
