//! Closed sets that only the events know.

use proto::same_words;
use proto::session::v1 as pb;

use crate::event::{CheckoutStep, CostKind, FaultKind, PageKind};

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
