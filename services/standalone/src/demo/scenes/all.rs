//! The scripted shoppers themselves, in the order of their entrance.

use domain::block::BlockReason;
use domain::cause::Cause;
use domain::channel::Channel;
use domain::experiment::Arm;
use domain::fact::CancelReason;
use domain::remedy::RemedyKind;
use proto::routing::v1::InterventionState;

use super::beats::{
    BUYS, CARD_DECLINED, CODE_REFUSED, DELIVERY_DOUBT, FORM_REFUSED, LARGE_SHIPPING_SHOCK, LEAVES,
    MAKES_UP_THEIR_MIND, PAGE_FAILED, POLICY_DOUBT, SHIPPING_SHOCK, WARRANTY_DOUBT,
};
use super::{End, Hour, MoneyEnd, Profile, Scene, Then};
use crate::demo::chat::Wish;
use crate::demo::script::{Act, after};

const CHAT: &[Channel] = &[Channel::Chat];
const RESOLVED: &[End] = &[End::Is(InterventionState::Resolved)];
const NOT_EMPOWERED: &[End] = &[End::Blocked(BlockReason::NotEmpowered)];
const NO_CONSENT: &[End] = &[End::Blocked(BlockReason::ConsentMissing)];
const HELD_OUT: &[End] = &[End::Is(InterventionState::HeldOut)];
const QUIET: &[End] = &[End::Blocked(BlockReason::QuietHours)];
const MOVES_AHEAD: &[End] = &[End::Blocked(BlockReason::Progressing)];
const NOTICED: &[End] = &[End::Is(InterventionState::Shown)];
const TOO_LATE: &[End] = &[End::Cancelled(CancelReason::Ordered)];
const LEFT_ALONE: &[End] = &[
    End::Is(InterventionState::Declined),
    End::Blocked(BlockReason::CoolDown),
];

const ENGLISH: Profile = Profile {
    language: "en",
    hour: Hour::Day,
    agreed: CHAT,
    score: 5,
    arm: Arm::Treatment,
};

/// A shopper who is only told by what happens and what comes of it.
const fn scene(name: &'static str, about: &'static str, cause: Cause) -> Scene {
    Scene {
        name,
        about,
        cause,
        shopper: ENGLISH,
        beats: SHIPPING_SHOCK,
        then: Then::SeesNothing(LEAVES),
        ends: RESOLVED,
        money: MoneyEnd::Untouched,
    }
}

/// All scripted shoppers, in the order of their entrance. The first is the one whose recovery is told.
pub(in crate::demo) const SCENES: &[Scene] = &[
    Scene {
        then: Then::Talks(Wish::CheaperShipping),
        money: MoneyEnd::Redeemed(RemedyKind::WaiveShipping),
        ..scene(
            "shipping-shock",
            "sees the shipping cost and turns to leave; an agent waives it",
            Cause::UnexpectedCost,
        )
    },
    Scene {
        shopper: Profile {
            language: "es",
            score: 4,
            ..ENGLISH
        },
        beats: CODE_REFUSED,
        then: Then::Talks(Wish::CodeHonoured(1_500)),
        money: MoneyEnd::Approved(RemedyKind::PercentOff),
        ..scene(
            "rejected-coupon",
            "a code worth 15 % is refused; above the agent's limit, a supervisor approves",
            Cause::PromoCode,
        )
    },
    Scene {
        beats: CARD_DECLINED,
        then: Then::Talks(Wish::WayAround),
        ..scene(
            "declined-card",
            "the card is declined; an agent finds another way to pay, without money",
            Cause::PaymentFriction,
        )
    },
    Scene {
        shopper: Profile {
            score: 3,
            ..ENGLISH
        },
        beats: WARRANTY_DOUBT,
        then: Then::Talks(Wish::LongerWarranty(2_000)),
        money: MoneyEnd::Refused,
        ..scene(
            "warranty-doubt",
            "studies a camera and its warranty; money for a doubt is refused, an answer helps",
            Cause::ProductDoubt,
        )
    },
    Scene {
        beats: DELIVERY_DOUBT,
        then: Then::TalksAboutOrder(Wish::ParcelFound(500)),
        money: MoneyEnd::Redeemed(RemedyKind::Compensation),
        ..scene(
            "delivery-doubt",
            "looks at a paid order again and again; an agent explains and makes up for it",
            Cause::DeliveryDoubt,
        )
    },
    Scene {
        then: Then::PaysFirst,
        ends: TOO_LATE,
        ..scene(
            "paid-cart",
            "pays while the invitation is on the page: it is taken back",
            Cause::UnexpectedCost,
        )
    },
    Scene {
        shopper: Profile {
            agreed: &[],
            ..ENGLISH
        },
        ends: NO_CONSENT,
        ..scene(
            "no-consent",
            "never agreed to be helped: nothing is shown",
            Cause::UnexpectedCost,
        )
    },
    Scene {
        shopper: Profile {
            arm: Arm::Holdout,
            ..ENGLISH
        },
        then: Then::SeesNothing(BUYS),
        ends: HELD_OUT,
        ..scene(
            "held-out",
            "belongs to the 10 % who are left alone to measure the rest; buys anyway",
            Cause::UnexpectedCost,
        )
    },
    Scene {
        shopper: Profile {
            language: "fr",
            ..ENGLISH
        },
        ends: NOT_EMPOWERED,
        ..scene(
            "no-authority",
            "the one French-speaking agent may grant nothing: better silence than a no",
            Cause::UnexpectedCost,
        )
    },
    Scene {
        then: Then::Declines(&[after(300, &[Act::CardDeclined])]),
        ends: LEFT_ALONE,
        ..scene(
            "no-thanks",
            "says no to help, then the card is declined: left alone for a day",
            Cause::UnexpectedCost,
        )
    },
    Scene {
        shopper: Profile {
            agreed: &[Channel::OnPage],
            ..ENGLISH
        },
        beats: POLICY_DOUBT,
        then: Then::Reads,
        ends: NOTICED,
        ..scene(
            "policy-doubt",
            "hunts through the help pages; a notice on the page answers, without an agent",
            Cause::PolicyDoubt,
        )
    },
    Scene {
        shopper: Profile {
            agreed: &[Channel::OnPage],
            ..ENGLISH
        },
        beats: MAKES_UP_THEIR_MIND,
        then: Then::SeesNothing(BUYS),
        ends: MOVES_AHEAD,
        ..scene(
            "moving-ahead",
            "read the same pages and then filled the cart: not interrupted",
            Cause::PolicyDoubt,
        )
    },
    Scene {
        shopper: Profile {
            agreed: &[Channel::Call],
            ..ENGLISH
        },
        beats: LARGE_SHIPPING_SHOCK,
        then: Then::IsCalled(Wish::CheaperShipping),
        money: MoneyEnd::Redeemed(RemedyKind::WaiveShipping),
        ..scene(
            "large-cart-call",
            "a cart of 649.00 USD is about to be left: called, by consent and in daytime",
            Cause::UnexpectedCost,
        )
    },
    Scene {
        shopper: Profile {
            agreed: &[Channel::Call],
            hour: Hour::Night,
            ..ENGLISH
        },
        beats: LARGE_SHIPPING_SHOCK,
        ends: QUIET,
        ..scene(
            "large-cart-night",
            "the same cart where it is night: nobody calls",
            Cause::UnexpectedCost,
        )
    },
    Scene {
        beats: FORM_REFUSED,
        then: Then::Talks(Wish::WayAround),
        ..scene(
            "form-retry",
            "a form refuses the address twice; an agent fills it in with the shopper",
            Cause::AccountOrForm,
        )
    },
    Scene {
        shopper: Profile {
            language: "es",
            score: 4,
            ..ENGLISH
        },
        beats: PAGE_FAILED,
        then: Then::Talks(Wish::WayAround),
        ..scene(
            "page-fault",
            "the last page fails; an agent finishes the order with the shopper",
            Cause::TechnicalFault,
        )
    },
];
