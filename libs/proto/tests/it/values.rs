//! Values with every field set, so that a conversion that drops one is found.

use std::time::Duration;

use domain::assessment::{Assessment, CauseFinding, Factor, FactorName, LogOdds, Probability};
use domain::block::{Block, BlockReason};
use domain::cart::{Cart, CartLine, CartParts, Configurable, Quantity};
use domain::cause::Cause;
use domain::channel::Channel;
use domain::consent::{Consent, ConsentState, Purpose};
use domain::experiment::Arm;
use domain::fact::{
    CancelReason, Ending, Fact, FactBody, FollowUp, InvitationAnswer, Pointless, ReservationEnding,
    Resolution, SurveyScore,
};
use domain::id::{
    AgentId, ExperimentId, IssueCode, ModelId, OrderId, PartnerId, PersonId, PlayId, QueueId, Sku,
    TypedId,
};
use domain::language::Language;
use domain::moment::{Moment, MomentKind, Progress, Shopping, VisitHistory};
use domain::money::{Currency, Money};
use domain::offer::OfferRefusal;
use domain::phase::RiskPhase;
use domain::remedy::RemedyKind;
use domain::signal::{Signal, SignalKind};
use domain::text::Text;
use domain::time::{Timestamp, Zone, from_millis};
use uuid::Uuid;

pub(crate) fn id<T: TypedId>(number: u128) -> T {
    T::from_uuid(Uuid::from_u128(
        0x0192_f0c1_0000_7000_8000_0000_0000_0000 + number,
    ))
}

pub(crate) fn at(second: i64) -> Timestamp {
    from_millis(1_770_000_000_000 + second * 1_000 + 7).unwrap()
}

pub(crate) fn usd(minor_units: i64) -> Money {
    Money::new(minor_units, Currency::USD).unwrap()
}

pub(crate) fn a_line(sku: &str, price: i64) -> CartLine {
    CartLine {
        sku: Sku::parse(sku).unwrap(),
        quantity: Quantity::new(2).unwrap(),
        unit_price: usd(price),
        margin: Some(usd(price / 3)),
        configurable: Configurable::Yes,
        category: None,
    }
}

pub(crate) fn a_cart() -> Cart {
    Cart::new(CartParts {
        version: 4,
        currency: Currency::USD,
        lines: vec![
            a_line("desk-oak-160", 48_900),
            CartLine {
                margin: None,
                configurable: Configurable::No,
                ..a_line("lamp-7", 5_950)
            },
        ],
        shipping: Some(usd(1_995)),
        tax: Some(usd(0)),
    })
    .unwrap()
}

pub(crate) fn a_signal(kind: SignalKind) -> Signal {
    Signal {
        kind,
        count: 3,
        first_seen: at(60),
        last_seen: at(95),
        dwell: Duration::from_millis(21_500),
    }
}

pub(crate) fn a_consent() -> Consent {
    Consent {
        channel: Channel::Chat,
        purpose: Purpose::ProactiveHelp,
        state: ConsentState::Confirmed,
        text_version: Text::parse("2026-01").unwrap(),
        source: Text::parse("checkout-form").unwrap(),
        zone: Some(Zone::parse("America/Chicago").unwrap()),
        recorded_at: at(-86_400),
    }
}

pub(crate) fn a_moment() -> Moment {
    Moment {
        id: id(1),
        session: id(2),
        visitor: id(3),
        shopper: Some(id(4)),
        kind: MomentKind::Friction,
        trigger: Some(SignalKind::ShippingShock),
        occurred_at: at(100),
        expires_at: at(220),
        phase: RiskPhase::TransactionalFriction,
        page: Some(Text::parse("/checkout/shipping").unwrap()),
        page_entered_at: Some(at(70)),
        cart: a_cart(),
        signals: vec![
            a_signal(SignalKind::ShippingShock),
            a_signal(SignalKind::CouponRejected),
        ],
        progress: Progress::Hesitating,
        history: VisitHistory {
            earlier_sessions: 5,
            earlier_carts: 3,
            earlier_orders: 2,
            earlier_abandonments: 1,
        },
        consents: vec![a_consent()].into(),
        zone: Some(Zone::parse("Europe/Madrid").unwrap()),
        language: Some(Language::ES),
        session_started_at: at(0),
        session_version: 17,
        event_count: 23,
        shopping: Some(Shopping {
            product_views: 9,
            cart_additions: 3,
            products_seen: 5,
            cart_item_views: 4,
            first_at: at(2),
            previous_at: Some(at(88)),
        }),
        order: Some(OrderId::parse("SO-1001").unwrap()),
    }
}

pub(crate) fn a_finding(cause: Cause, confidence: f64) -> CauseFinding {
    CauseFinding {
        cause,
        confidence: Probability::new(confidence).unwrap(),
        evidence: vec![SignalKind::ShippingShock, SignalKind::TotalShock],
    }
}

pub(crate) fn an_assessment() -> Assessment {
    Assessment {
        id: id(11),
        moment: id(1),
        session: id(2),
        model: ModelId::parse("scorecard.v1").unwrap(),
        model_version: 3,
        abandonment: Probability::new(0.75).unwrap(),
        phase: RiskPhase::TransactionalFriction,
        causes: vec![
            a_finding(Cause::UnexpectedCost, 0.625),
            a_finding(Cause::PromoCode, 0.25),
        ],
        cause_table_version: Some(2),
        factors: vec![Factor {
            name: FactorName::parse("shipping share of cart").unwrap(),
            log_odds: LogOdds::new(-0.5).unwrap(),
        }],
        baseline_log_odds: LogOdds::new(0.875).unwrap(),
        margin_at_risk: Some(usd(16_300)),
        progress: Progress::Hesitating,
        assessed_at: at(101),
    }
}

pub(crate) fn a_fact(body: FactBody) -> Fact {
    Fact {
        id: id(21),
        occurred_at: at(130),
        session: Some(id(2)),
        person: Some(PersonId::Shopper(id(4))),
        intervention: Some(id(22)),
        partner: Some(PartnerId::parse("nearshore-one").unwrap()),
        agent: Some(AgentId::parse("agent.7").unwrap()),
        body,
    }
}

/// One fact of every kind.
pub(crate) fn facts() -> Vec<Fact> {
    let bodies = [shopper_bodies(), contact_bodies(), offer_bodies()].concat();
    bodies.into_iter().map(a_fact).collect()
}

fn shopper_bodies() -> Vec<FactBody> {
    vec![
        FactBody::SessionEnded {
            ending: Ending::Abandoned,
            phase_reached: Some(RiskPhase::TransactionalFriction),
            cart_value: Some(usd(109_700)),
        },
        FactBody::OrderPlaced {
            order: OrderId::parse("SO-1001").unwrap(),
            value: usd(109_700),
            margin: Some(usd(32_600)),
        },
        FactBody::OrderCancelled {
            order: OrderId::parse("SO-1001").unwrap(),
        },
        FactBody::MomentAssessed {
            assessment: id(11),
            model: ModelId::parse("scorecard.v1").unwrap(),
            abandonment: Probability::new(0.75).unwrap(),
            phase: RiskPhase::TransactionalFriction,
            cause: Cause::UnexpectedCost,
            moment_kind: MomentKind::Friction,
        },
        FactBody::EpisodeAssigned {
            experiment: ExperimentId::parse("holdout-2026").unwrap(),
            arm: Arm::Treatment,
            play: PlayId::parse("shipping-shock-chat").unwrap(),
            channel: Channel::Chat,
            cause: Cause::UnexpectedCost,
            phase: RiskPhase::TransactionalFriction,
            cart_value: usd(109_700),
        },
    ]
}

fn contact_bodies() -> Vec<FactBody> {
    vec![
        FactBody::ContactReceived {
            channel: Channel::Email,
            follow_up: FollowUp::Undesirable,
            issue: IssueCode::parse("wismo").unwrap(),
        },
        FactBody::InterventionBlocked {
            play: Some(PlayId::parse("shipping-shock-chat").unwrap()),
            block: Block::from_reasons([BlockReason::NoAgent, BlockReason::QuietHours]).unwrap(),
        },
        FactBody::InvitationShown,
        FactBody::InvitationAnswered {
            answer: InvitationAnswer::Accepted,
        },
        FactBody::InterventionCancelled {
            reason: CancelReason::Stale,
        },
        FactBody::ReservationCreated {
            since_event: Duration::from_millis(1_250),
            queue: QueueId::parse("chat-es").unwrap(),
        },
        FactBody::ReservationEnded {
            ending: ReservationEnding::Rescinded,
        },
        FactBody::ConversationStarted,
        FactBody::ShopperEngaged,
        FactBody::ContactWrapped {
            resolution: Resolution::Resolved,
            cause: Cause::PromoCode,
            handle_time: Duration::from_secs(312),
            pointless: Pointless::Yes,
        },
        FactBody::SurveyAnswered {
            score: SurveyScore::new(5).unwrap(),
        },
    ]
}

fn offer_bodies() -> Vec<FactBody> {
    let order = OrderId::parse("SO-1001").unwrap();
    let (offer, amount) = (id(31), usd(1_995));
    vec![
        FactBody::OfferRefused {
            reasons: vec![OfferRefusal::MarginFloor, OfferRefusal::AboveAuthority],
        },
        FactBody::OfferHeld {
            offer,
            remedy: RemedyKind::WaiveShipping,
            amount,
        },
        FactBody::OfferReleased { offer, amount },
        FactBody::OfferExpired { offer, amount },
        FactBody::OfferRedeemed {
            offer,
            order,
            amount,
        },
        FactBody::OfferReversed { offer, amount },
    ]
}
