//! The scripted shoppers, as data: who they are, what they do, and what must come out of it.
//!
//! Everybody has looked around for more than a minute before the scene begins, so that rules about time on the site hold
//! as they would on any day. What follows happens at the speed of the shop.

mod all;
mod beats;

use domain::block::BlockReason;
use domain::cause::Cause;
use domain::channel::Channel;
use domain::experiment::Arm;
use domain::fact::CancelReason;
use domain::remedy::RemedyKind;
use proto::routing::v1::InterventionState;

use super::chat::Wish;
use super::script::Beat;

pub(super) use all::SCENES;
pub(super) use beats::WINDOW_SHOPPING;

/// One scripted shopper.
#[derive(Debug, Clone, Copy)]
pub(super) struct Scene {
    /// Short name.
    pub(super) name: &'static str,
    /// What the shopper goes through, in one line.
    pub(super) about: &'static str,
    /// The cause that the suite must find.
    pub(super) cause: Cause,
    pub(super) shopper: Profile,
    /// What happens; the last call makes the moment that matters.
    pub(super) beats: &'static [Beat],
    /// What the shopper does about help.
    pub(super) then: Then,
    /// The first interventions of the session, in order.
    pub(super) ends: &'static [End],
    /// What must have come of money.
    pub(super) money: MoneyEnd,
}

/// Who somebody is.
#[derive(Debug, Clone, Copy)]
pub(super) struct Profile {
    pub(super) language: &'static str,
    pub(super) hour: Hour,
    /// Channels on which the shopper agreed to be helped.
    pub(super) agreed: &'static [Channel],
    /// What the shopper says of the contact, 1 to 5.
    pub(super) score: u32,
    /// The arm that the hash of the experiment must give the shopper; the demo looks for an id for which it does.
    pub(super) arm: Arm,
}

/// Time of day where the shopper is; the demo looks for a zone where it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Hour {
    Day,
    Night,
}

/// What a shopper does about help.
#[derive(Debug, Clone, Copy)]
pub(super) enum Then {
    /// Accepts the invitation, says what is wanted, and buys.
    Talks(Wish),
    /// Accepts, and has bought before: keeps the order.
    TalksAboutOrder(Wish),
    /// Is called, says what is wanted, and buys.
    IsCalled(Wish),
    /// Pays while the invitation is on the page.
    PaysFirst,
    /// Says no, and meets more trouble.
    Declines(&'static [Beat]),
    /// Reads the notice on the page.
    Reads,
    /// Is shown nothing, and buys or not.
    SeesNothing(&'static [Beat]),
}

/// How an intervention must end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum End {
    Is(InterventionState),
    Blocked(BlockReason),
    Cancelled(CancelReason),
}

/// What must have come of money.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum MoneyEnd {
    /// No offer was asked for.
    Untouched,
    /// An offer of this kind was redeemed.
    Redeemed(RemedyKind),
    /// As `Redeemed`, after a supervisor approved it.
    Approved(RemedyKind),
    /// An offer was asked for and refused; none was made.
    Refused,
}

#[cfg(test)]
mod tests;
