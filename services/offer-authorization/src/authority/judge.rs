//! One offer against everything it must pass, with all reasons at once and the most that would pass.

use std::cmp::{Ordering, Reverse};

use domain::cart::Cart;
use domain::money::{MAX_MINOR_UNITS, Money};
use domain::offer::OfferRefusal;
use domain::time::Timestamp;

use super::question::{AuthorityQuestion, PolicyName};
use super::weigh::{Seek, Verdict};
use crate::amounts::{Worth, most_within_margin, most_worthwhile, natural_limit};
use crate::floors::{FloorLimit, FloorOf, MarginFloors};
use crate::programme::Programme;

/// An offer that somebody wants to make.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Question<'a> {
    /// What of it is for the policy to decide.
    pub(crate) asked: AuthorityQuestion<'a>,
    /// The cart, whose value the policy is told.
    pub(crate) cart: &'a Cart,
    /// What it has to bring in, where that is tested.
    pub(crate) worth: Option<&'a Worth>,
    /// What parts of the cart have to keep, whatever programme it draws on.
    pub(crate) floors: &'a MarginFloors,
    /// Whether the most is of interest also when the amount passes.
    pub(crate) seek: Seek,
}

/// A programme that the offer could draw on, with the room that its counters showed.
#[derive(Debug, Clone)]
pub(crate) struct Candidate {
    pub(crate) programme: Programme,
    /// What is left of the budget.
    pub(crate) budget: Money,
    /// What is left of the purses of agent and partner.
    pub(crate) purse: PurseRoom,
    /// How many more offers the person may have; `None` when the person is not known yet.
    pub(crate) uses: Option<u32>,
}

impl Candidate {
    /// The same candidate for somebody with these purses.
    #[must_use]
    pub(crate) fn with_purse(&self, purse: PurseRoom) -> Self {
        Self {
            purse,
            ..self.clone()
        }
    }
}

/// What is left of the purses that an offer draws on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum PurseRoom {
    /// Nobody set one.
    Unlimited,
    /// The least that is left of those that are set.
    Left(Money),
    /// One is set, in another currency than the offer.
    OtherCurrency,
}

impl PurseRoom {
    /// Whether more could be granted from it.
    pub(crate) fn is_more_than(self, other: Self) -> bool {
        match (self, other) {
            (Self::Unlimited, Self::Left(_) | Self::OtherCurrency)
            | (Self::Left(_), Self::OtherCurrency) => true,
            (Self::Left(one), Self::Left(other)) => {
                matches!(one.compare(other), Ok(Ordering::Greater))
            }
            (Self::Unlimited | Self::Left(_), Self::Unlimited) | (Self::OtherCurrency, _) => false,
        }
    }
}

/// What became of a question.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Judgement {
    /// Every reason against it, in the order of their declaration; empty when it may be granted.
    pub(crate) reasons: Vec<OfferRefusal>,
    /// Those of them that another policy would not change.
    pub(crate) others: Vec<OfferRefusal>,
    /// The most that would pass, when any amount would. Not told of an amount that passes, unless it was sought.
    pub(crate) most: Option<Money>,
    /// When the authority ends that it would be granted under.
    pub(crate) authority_until: Option<Timestamp>,
    /// The policies that allow it, or forbid it.
    pub(crate) decided_by: Vec<PolicyName>,
    /// The margin floors that it would break.
    pub(crate) broken_floors: Vec<FloorLimit>,
}

impl Judgement {
    /// Whether it may be granted.
    pub(crate) fn passes(&self) -> bool {
        self.reasons.is_empty()
    }

    /// An offer that no programme knows.
    pub(crate) fn refusing(reason: OfferRefusal) -> Self {
        Self::default().and(vec![reason])
    }

    /// The same judgement with further reasons, which no amount and no other policy would change.
    #[must_use]
    pub(crate) fn and(self, further: Vec<OfferRefusal>) -> Self {
        if further.is_empty() {
            return self;
        }
        Self {
            reasons: in_order([self.reasons, further.clone()].concat()),
            others: in_order([self.others, further].concat()),
            most: None,
            ..self
        }
    }

    /// Whether nothing stands against it but that the grantor may not do it alone: nobody gives more than there is to give.
    pub(crate) fn needs_only_approval(&self) -> bool {
        let of_grantor = [OfferRefusal::AboveAuthority, OfferRefusal::NeedsApproval];
        let mut reasons = self.reasons.iter();
        !self.passes()
            && self.others.is_empty()
            && reasons.all(|reason| of_grantor.contains(reason))
    }

    /// The same judgement under an authority that ends then at the latest.
    #[must_use]
    pub(crate) fn ending_by(self, end: Option<Timestamp>) -> Self {
        let ends = [self.authority_until, end];
        Self {
            authority_until: ends.into_iter().flatten().min(),
            ..self
        }
    }
}

/// Judges an offer on one programme, by what the policy says to the question.
pub(crate) fn judge(
    verdict: &Verdict<'_>,
    question: Question<'_>,
    candidate: &Candidate,
) -> Judgement {
    let AuthorityQuestion {
        remedy,
        amount,
        now,
        ..
    } = question.asked;
    let mut findings = Findings::new(amount);
    if question.cart.is_empty() {
        findings.refuse(OfferRefusal::CartEmpty);
    }
    for refusal in candidate.programme.refusals(now) {
        findings.refuse(refusal);
    }
    if candidate.uses == Some(0) {
        findings.refuse(OfferRefusal::UsageLimit);
    }
    if let Some(natural) = natural_limit(remedy, question.cart) {
        findings.limit(natural, OfferRefusal::AboveAuthority);
    }
    let currency = question.cart.currency();
    if candidate.programme.currency == currency && amount.currency() == currency {
        findings.weigh_money(question, candidate);
    } else {
        findings.refuse(OfferRefusal::CurrencyMismatch);
    }
    // Last, since it looks for the most only within all other limits.
    findings.weigh_authority(verdict, question.seek);
    findings.into_judgement()
}

/// The first judgement with the fewest reasons: the order of the candidates decides between those that pass.
pub(crate) fn first<T>(judged: impl IntoIterator<Item = (T, Judgement)>) -> Option<(T, Judgement)> {
    judged
        .into_iter()
        .min_by_key(|(_, judgement)| judgement.reasons.len())
}

/// Of the judgements with the fewest reasons, the first that allows the most.
pub(crate) fn largest<T>(
    judged: impl IntoIterator<Item = (T, Judgement)>,
) -> Option<(T, Judgement)> {
    judged.into_iter().min_by_key(|(_, judgement)| {
        let most = judgement.most.map_or(0, Money::minor_units);
        (judgement.reasons.len(), Reverse(most))
    })
}

/// Reasons as they are found, and the least of all limits.
struct Findings {
    amount: Money,
    of_policy: Vec<OfferRefusal>,
    others: Vec<OfferRefusal>,
    most: i64,
    is_sought: bool,
    authority_until: Option<Timestamp>,
    decided_by: Vec<PolicyName>,
    broken_floors: Vec<FloorLimit>,
}

impl Findings {
    fn new(amount: Money) -> Self {
        Self {
            amount,
            of_policy: Vec::new(),
            others: Vec::new(),
            most: MAX_MINOR_UNITS,
            is_sought: false,
            authority_until: None,
            decided_by: Vec::new(),
            broken_floors: Vec::new(),
        }
    }

    /// A reason that no amount would change.
    fn refuse(&mut self, reason: OfferRefusal) {
        self.others.push(reason);
        self.most = 0;
    }

    /// A limit on the amount.
    fn limit(&mut self, most: Money, reason: OfferRefusal) {
        if self.exceeds(most) {
            self.others.push(reason);
        }
    }

    /// Lowers what would pass. Another currency is a reason of its own, found elsewhere.
    fn exceeds(&mut self, most: Money) -> bool {
        self.most = self.most.min(most.minor_units());
        matches!(self.amount.compare(most), Ok(Ordering::Greater))
    }

    /// A limit that a margin floor sets.
    fn keep_floor(&mut self, floor: FloorLimit) {
        if self.exceeds(floor.most) {
            self.others.push(OfferRefusal::MarginFloor);
            self.broken_floors.push(floor);
        }
    }

    fn weigh_authority(&mut self, verdict: &Verdict<'_>, seek: Seek) {
        // Whoever is refused for anything is told what would pass, by the policy too.
        let seek = match seek {
            Seek::Answer if !self.others.is_empty() => Seek::Largest,
            seek @ (Seek::Answer | Seek::Room | Seek::Largest) => seek,
        };
        let weighed = verdict.weigh(self.most, seek);
        self.most = weighed.most.map_or(self.most, |most| self.most.min(most));
        self.is_sought = weighed.most.is_some();
        self.of_policy = weighed.refusals;
        self.authority_until = weighed.until;
        self.decided_by = weighed.decided_by;
    }

    /// Only for an amount, a cart and a programme of one currency.
    fn weigh_money(&mut self, question: Question<'_>, candidate: &Candidate) {
        let AuthorityQuestion {
            remedy, granted, ..
        } = question.asked;
        let Programme {
            id,
            margin_floor: least,
            ..
        } = &candidate.programme;
        match most_within_margin(question.cart, remedy, *least, granted) {
            Ok(Some(most)) => self.keep_floor(FloorLimit {
                of: FloorOf::Programme(id.clone()),
                least: *least,
                most,
            }),
            Ok(None) => self.refuse(OfferRefusal::MarginUnknown),
            Err(_) => self.refuse(OfferRefusal::CurrencyMismatch),
        }
        for floor in question.floors.limits(question.cart, remedy, granted) {
            self.keep_floor(floor);
        }
        self.limit(candidate.budget, OfferRefusal::BudgetExhausted);
        match candidate.purse {
            PurseRoom::Unlimited => {}
            PurseRoom::Left(room) => self.limit(room, OfferRefusal::PurseExhausted),
            PurseRoom::OtherCurrency => self.refuse(OfferRefusal::CurrencyMismatch),
        }
        if let Some(worth) = question.worth {
            match most_worthwhile(question.cart, worth, granted) {
                Ok(Some(most)) => self.limit(most, OfferRefusal::NotWorthwhile),
                // That the margin is not known was said above.
                Ok(None) => {}
                Err(_) => self.refuse(OfferRefusal::CurrencyMismatch),
            }
        }
    }

    fn into_judgement(self) -> Judgement {
        let most = Money::new(self.most, self.amount.currency());
        let reasons = [self.of_policy, self.others.clone()].concat();
        Judgement {
            reasons: in_order(reasons),
            others: in_order(self.others),
            most: most.ok().filter(|most| self.is_sought && !most.is_zero()),
            authority_until: self.authority_until,
            decided_by: self.decided_by,
            broken_floors: self.broken_floors,
        }
    }
}

fn in_order(mut reasons: Vec<OfferRefusal>) -> Vec<OfferRefusal> {
    reasons.sort_unstable();
    reasons.dedup();
    reasons
}
