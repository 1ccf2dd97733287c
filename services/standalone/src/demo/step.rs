//! The steps from a moment to its end, by which the funnel is counted.

use proto::fact::v1::fact::Body;
use proto::fact::v1::{Arm, InvitationAnswer, Resolution};
use proto::kpi::v1::Funnel;

/// A step from the moment to the order.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Step {
    Assessed,
    Qualified,
    HeldOut,
    Blocked,
    Shown,
    Accepted,
    Declined,
    Cancelled,
    Reserved,
    Conversed,
    Engaged,
    Resolved,
}

impl Step {
    pub(super) const ALL: [Self; 12] = [
        Self::Assessed,
        Self::Qualified,
        Self::HeldOut,
        Self::Blocked,
        Self::Shown,
        Self::Accepted,
        Self::Declined,
        Self::Cancelled,
        Self::Reserved,
        Self::Conversed,
        Self::Engaged,
        Self::Resolved,
    ];

    pub(super) const fn words(self) -> &'static str {
        match self {
            Self::Assessed => "moments assessed",
            Self::Qualified => "qualified for a play",
            Self::HeldOut => "held out",
            Self::Blocked => "blocked with a reason",
            Self::Shown => "invitation or notice shown",
            Self::Accepted => "accepted",
            Self::Declined => "declined",
            Self::Cancelled => "cancelled before help",
            Self::Reserved => "agent reserved",
            Self::Conversed => "conversation begun",
            Self::Engaged => "shopper engaged",
            Self::Resolved => "resolved, by the agent's word",
        }
    }

    /// What the KPI service counts.
    pub(super) const fn counted(self, funnel: &Funnel) -> u64 {
        match self {
            Self::Assessed => funnel.assessed_moments,
            Self::Qualified => funnel.qualified,
            Self::HeldOut => funnel.held_out,
            Self::Blocked => funnel.blocked,
            Self::Shown => funnel.shown,
            Self::Accepted => funnel.accepted,
            Self::Declined => funnel.declined,
            Self::Cancelled => funnel.cancelled,
            Self::Reserved => funnel.reservations,
            Self::Conversed => funnel.conversations,
            Self::Engaged => funnel.engaged,
            Self::Resolved => funnel.resolved,
        }
    }

    /// Whether a fact is one of this step.
    pub(super) fn is(self, body: &Body) -> bool {
        match self {
            Self::Assessed => matches!(body, Body::MomentAssessed(_)),
            Self::Qualified => matches!(body, Body::EpisodeAssigned(_)),
            Self::HeldOut => {
                matches!(body, Body::EpisodeAssigned(drawn) if drawn.arm() == Arm::Holdout)
            }
            Self::Blocked => matches!(body, Body::InterventionBlocked(_)),
            Self::Shown => matches!(body, Body::InvitationShown(_)),
            Self::Accepted => answered(body, InvitationAnswer::Accepted),
            Self::Declined => answered(body, InvitationAnswer::Declined),
            Self::Cancelled => matches!(body, Body::InterventionCancelled(_)),
            Self::Reserved => matches!(body, Body::ReservationCreated(_)),
            Self::Conversed => matches!(body, Body::ConversationStarted(_)),
            Self::Engaged => matches!(body, Body::ShopperEngaged(_)),
            Self::Resolved => {
                matches!(body, Body::ContactWrapped(end) if end.resolution() == Resolution::Resolved)
            }
        }
    }
}

fn answered(body: &Body, answer: InvitationAnswer) -> bool {
    matches!(body, Body::InvitationAnswered(given) if given.answer() == answer)
}
