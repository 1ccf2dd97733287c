//! Closed sets that only this service knows, with the same members on the wire. Both matches are exhaustive, so a member
//! that is added on one side only does not compile.

use proto::field::Unspecified;
use proto::session::v1 as pb;

use crate::event::{CheckoutStep, CostKind, FaultKind, PageKind};

macro_rules! same_words {
    ($( $wire:path => $ours:path { $($word:ident),+ $(,)? } )+) => { $(
        impl TryFrom<$wire> for $ours {
            type Error = Unspecified;

            fn try_from(wire: $wire) -> Result<Self, Unspecified> {
                type Wire = $wire;
                match wire {
                    Wire::Unspecified => Err(Unspecified),
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
    )+ };
}

same_words! {
    pb::PageKind => PageKind {
        Browse, Compare, Cart, Checkout, Policy, OrderStatus, CancelOrder, Other,
    }
    pb::CheckoutStep => CheckoutStep {
        Account, Address, Delivery, Payment, Review,
    }
    pb::CostKind => CostKind {
        Shipping, Tax, Total,
    }
    pb::FaultKind => FaultKind {
        Error, Slow,
    }
}
