//! Why an offer is refused. A refusal is an answer with all its reasons, never an error.

use crate::word::closed_enum;

closed_enum! {
    /// One reason to refuse an offer.
    pub enum OfferRefusal {
        /// The agent does not work on this intervention.
        AgentNotAssigned = "agent_not_assigned",
        /// The programme or the authority does not know the remedy.
        RemedyNotAllowed = "remedy_not_allowed",
        /// The remedy does not fit the cause.
        CauseNotEligible = "cause_not_eligible",
        /// More than the agent may grant.
        AboveAuthority = "above_authority",
        /// The authority has expired.
        AuthorityExpired = "authority_expired",
        /// The margin of the cart is not known.
        MarginUnknown = "margin_unknown",
        /// The margin left would be below the floor.
        MarginFloor = "margin_floor",
        /// The budget of the programme has no room.
        BudgetExhausted = "budget_exhausted",
        /// The purse of the agent or partner has no room.
        PurseExhausted = "purse_exhausted",
        /// The shopper has had as many as anyone may.
        UsageLimit = "usage_limit",
        /// The cart is not the one the offer was made for.
        CartChanged = "cart_changed",
        /// The cart is empty.
        CartEmpty = "cart_empty",
        /// The cart and the programme have different currencies.
        CurrencyMismatch = "currency_mismatch",
        /// The programme is not active.
        ProgrammeInactive = "programme_inactive",
        /// The programme has not begun or is over.
        OutsidePeriod = "outside_period",
        /// A supervisor must approve first.
        NeedsApproval = "needs_approval",
        /// Nobody approves what they asked for.
        OwnRequest = "own_request",
        /// Whoever approved it first does not approve it again.
        SameApprover = "same_approver",
        /// What it is expected to bring in is less than what it and the contact cost.
        NotWorthwhile = "not_worthwhile",
    }
}
