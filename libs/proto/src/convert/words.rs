//! Closed sets of words: enums that have the same members on the wire and in `domain`, plus the wire's unset value.
//!
//! The members are listed once for both directions. Both matches are exhaustive, so a member that is added on one side
//! only does not compile.

use crate::field::{self, InvalidField, WireField};

/// Both conversions of closed sets, and their reading and writing as a field that must be set. It is exported for the
/// sets that one service alone knows: `same_words! { pb::Colour => Colour { Red, Green } }`.
#[macro_export]
macro_rules! same_words {
    ($( $wire:path => $ours:path { $($word:ident),+ $(,)? } )+) => { $(
        impl TryFrom<$wire> for $ours {
            type Error = $crate::field::Unspecified;

            fn try_from(wire: $wire) -> Result<Self, $crate::field::Unspecified> {
                type Wire = $wire;
                match wire {
                    Wire::Unspecified => Err($crate::field::Unspecified),
                    $( Wire::$word => Ok(Self::$word), )+
                }
            }
        }

        impl From<$ours> for $wire {
            fn from(word: $ours) -> Self {
                type Ours = $ours;
                match word {
                    $( Ours::$word => Self::$word, )+
                }
            }
        }

        impl $crate::field::WireField<i32> for $ours {
            fn from_wire(field: &str, wire: i32) -> Result<Self, $crate::field::InvalidField> {
                $crate::field::enumerated::<$wire, _>(field, wire)
            }

            fn into_wire(self) -> i32 {
                <$wire>::from(self).into()
            }
        }
    )+ };
}

/// [`same_words!`] for sets that messages share, which may be absent or repeated.
macro_rules! shared_words {
    ($( $wire:path => $ours:path { $($word:ident),+ $(,)? } )+) => { $(
        same_words! { $wire => $ours { $($word),+ } }

        impl WireField<Option<i32>> for Option<$ours> {
            fn from_wire(field: &str, wire: Option<i32>) -> Result<Self, InvalidField> {
                wire.map(|number| field::read(field, number)).transpose()
            }

            fn into_wire(self) -> Option<i32> {
                self.map(WireField::into_wire)
            }
        }

        impl WireField<Vec<i32>> for Vec<$ours> {
            fn from_wire(field: &str, wire: Vec<i32>) -> Result<Self, InvalidField> {
                field::enumerations::<$wire, _>(field, &wire)
            }

            fn into_wire(self) -> Vec<i32> {
                self.into_iter().map(WireField::into_wire).collect()
            }
        }
    )+ };
}

shared_words! {
    crate::cause::v1::RiskPhase => domain::phase::RiskPhase {
        InformationBlock, TransactionalFriction, PostClickAnxiety,
    }
    crate::cause::v1::Cause => domain::cause::Cause {
        ProductDoubt, PolicyDoubt, UnexpectedCost, PromoCode, PaymentFriction, AccountOrForm, TechnicalFault,
        DeliveryDoubt, OrderChange, BuyersRemorse, Distraction, Unknown,
    }
    crate::cause::v1::SignalKind => domain::signal::SignalKind {
        LongDwellConfigurable, PolicyHunting, RepeatedCompare, SearchLoop, CartIdle, ShippingShock, TaxShock,
        TotalShock, CouponRejected, PaymentDeclined, FormRetry, AddressEdited, PageFault, SlowPage, CheckoutIdle,
        ExitIntent, LastPageStall, OrderStatusRepeat, CancelPageViewed, ShipmentLate, ShipmentStalled,
        ShipmentException, DeliveryFailed, DeliveredUnconfirmed,
    }
    crate::channel::v1::Channel => domain::channel::Channel {
        OnPage, Chat, Call, Email, Sms,
    }
    crate::consent::v1::Purpose => domain::consent::Purpose {
        ProactiveHelp, Marketing, OrderUpdates,
    }
    crate::consent::v1::ConsentState => domain::consent::ConsentState {
        Unknown, Requested, Confirmed, Withdrawn,
    }
    crate::block::v1::BlockReason => domain::block::BlockReason {
        Page, OpeningHours, QuietHours, ZoneUnknown, ConsentMissing, FrequencyCap, CoolDown, ExistingContact,
        HigherPriorityPlay, NoAgent, Pacing, NotEmpowered, Budget, Margin, Progressing, Stale, Ordered, Holdout,
        KillSwitch,
    }
    crate::remedy::v1::RemedyKind => domain::remedy::RemedyKind {
        Information, Fix, WaiveShipping, CutShipping, PercentOff, AmountOff, ExtendedWarranty, Perk, PriceMatch,
        Compensation,
    }
    crate::remedy::v1::OfferRefusal => domain::offer::OfferRefusal {
        AgentNotAssigned, RemedyNotAllowed, CauseNotEligible, AboveAuthority, AuthorityExpired, MarginUnknown,
        MarginFloor, BudgetExhausted, PurseExhausted, UsageLimit, CartChanged, CartEmpty, CurrencyMismatch,
        ProgrammeInactive, OutsidePeriod, NeedsApproval, OwnRequest, SameApprover, NotWorthwhile,
    }
    crate::order::v1::OrderState => domain::order::OrderState {
        Placed, Changed, Cancelled,
    }
    crate::order::v1::ShipmentStatus => domain::order::ShipmentStatus {
        Pending, InfoReceived, InTransit, OutForDelivery, Delivered, ConfirmedByBuyer, FailedAttempt,
        AvailableForPickup, Exception, Expired,
    }
    crate::moment::v1::MomentKind => domain::moment::MomentKind {
        CartAdded, CheckoutEntered, Friction, ExitIntent, IdleInCheckout, IdleCart, OrderPlaced, OrderChanged,
        OrderCancelled, ShipmentMilestone, ShipmentTrouble, StatusAnxiety, BackOrderReady, DeliveryRevised,
    }
    crate::moment::v1::Progress => domain::moment::Progress {
        Progressing, Hesitating,
    }
    crate::fact::v1::Ending => domain::fact::Ending {
        Ordered, Abandoned, NoCart,
    }
    crate::fact::v1::FollowUp => domain::fact::FollowUp {
        Desirable, Undesirable, Unrelated,
    }
    crate::fact::v1::Arm => domain::experiment::Arm {
        Treatment, Holdout,
    }
    crate::fact::v1::InvitationAnswer => domain::fact::InvitationAnswer {
        Accepted, Declined, Ignored,
    }
    crate::fact::v1::CancelReason => domain::fact::CancelReason {
        Ordered, Stale, Superseded, Requested, NoAgent,
    }
    crate::fact::v1::ReservationEnding => domain::fact::ReservationEnding {
        Accepted, Rejected, TimedOut, Rescinded, Cancelled,
    }
    crate::fact::v1::Resolution => domain::fact::Resolution {
        Resolved, Unresolved, Left,
    }
}
