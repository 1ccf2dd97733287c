//! The word under which a kind of fact is stored, so that a query can pick kinds without decoding.

use domain::fact::FactBody;

macro_rules! kinds {
    ($( $kind:ident = $word:literal ),+ $(,)?) => {
        /// A kind of fact.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
        pub(crate) enum FactKind {
            $( $kind, )+
        }

        impl FactKind {
            #[cfg(test)]
            pub(crate) const ALL: &'static [Self] = &[$( Self::$kind, )+];

            /// The stable text form.
            pub(crate) const fn as_str(self) -> &'static str {
                match self {
                    $( Self::$kind => $word, )+
                }
            }

            pub(crate) const fn of(body: &FactBody) -> Self {
                match body {
                    $( FactBody::$kind { .. } => Self::$kind, )+
                }
            }
        }
    };
}

kinds! {
    SessionEnded = "session_ended",
    OrderPlaced = "order_placed",
    OrderCancelled = "order_cancelled",
    ContactReceived = "contact_received",
    MomentAssessed = "moment_assessed",
    EpisodeAssigned = "episode_assigned",
    InterventionBlocked = "intervention_blocked",
    InvitationShown = "invitation_shown",
    InvitationAnswered = "invitation_answered",
    InterventionCancelled = "intervention_cancelled",
    ReservationCreated = "reservation_created",
    ReservationEnded = "reservation_ended",
    ConversationStarted = "conversation_started",
    ShopperEngaged = "shopper_engaged",
    ContactWrapped = "contact_wrapped",
    SurveyAnswered = "survey_answered",
    OfferRefused = "offer_refused",
    OfferHeld = "offer_held",
    OfferReleased = "offer_released",
    OfferExpired = "offer_expired",
    OfferRedeemed = "offer_redeemed",
    OfferReversed = "offer_reversed",
}
