//! What an agent does about a wish: explain first, fix second, concede last, and money only as far as the authority goes.

use std::time::Duration;

use domain::remedy::{RemedyKind, Rung};
use proto::field::WireField;
use proto::offers::v1::authorize_offer_request::Value;
use proto::offers::v1::check_authority_request::Grantor;
use proto::offers::v1::{
    ApproveOfferRequest, AuthorizeOfferRequest, AuthorizeOfferResponse, Caller,
    CheckAuthorityRequest, DecisionRefused, GrantableRemedy, GrantedOffer, RequestApprovalRequest,
    approve_offer_response, authorize_offer_response,
};
use proto::remedy::v1::OfferRefusal;
use tonic::Code;

use super::contact::Contact;
use crate::demo::chat::{Answer, Granted, Wish};
use crate::demo::script::money;
use crate::demo::{DemoError, failed, request_id};

/// How often an agent asks again while the record of the case is on its way.
const TRIES: u32 = 40;
const PAUSE: Duration = Duration::from_millis(100);

/// What an agent would ask offer-authorization for.
#[derive(Debug, Clone, PartialEq)]
struct Ask {
    remedy: RemedyKind,
    value: Value,
}

/// What came of asking.
enum Decided {
    Granted(Box<GrantedOffer>),
    Refused,
}

impl Wish {
    /// The rung of the ladder on which the wish is settled.
    const fn rung(self) -> Rung {
        match self {
            Self::LongerWarranty(_) => Rung::Explain,
            Self::WayAround => Rung::Fix,
            Self::CheaperShipping | Self::CodeHonoured(_) | Self::ParcelFound(_) => Rung::Concede,
        }
    }
}

impl Contact {
    /// Helps by the lowest rung that settles the wish.
    pub(super) async fn remedy(&mut self, wish: Wish) -> Result<Answer, DemoError> {
        let nothing = Answer { offer: None };
        let ask = match wish.rung() {
            Rung::Explain => warranty(wish),
            Rung::Fix => None,
            Rung::Concede => self.concession(wish).await?,
        };
        let Some(ask) = ask else {
            return Ok(nothing);
        };
        match self.ask(&ask).await? {
            Decided::Granted(granted) => Ok(Answer {
                offer: Some(in_hand(*granted)),
            }),
            Decided::Refused => Ok(nothing),
        }
    }

    /// The first concession of the play's ladder that this agent may make and that is enough.
    async fn concession(&mut self, wish: Wish) -> Result<Option<Ask>, DemoError> {
        if let Wish::CodeHonoured(share) = wish {
            return Ok(Some(Ask {
                remedy: RemedyKind::PercentOff,
                value: Value::DiscountBps(share),
            }));
        }
        let request = CheckAuthorityRequest {
            grantor: Some(Grantor::Caller(Caller {})),
            cause: self
                .task
                .causes
                .first()
                .map(|found| found.cause)
                .unwrap_or_default(),
            cart: self.task.cart.clone(),
            ladder: self.task.remedy_ladder.clone(),
            ..CheckAuthorityRequest::default()
        };
        let checked = self.offers.check_authority(request).await;
        let checked = checked.map_err(failed("authority cannot be checked"))?;
        let shipping = self
            .task
            .cart
            .as_ref()
            .and_then(|cart| cart.shipping.clone());
        let shipping = shipping.map_or(0, |shipping| shipping.minor_units);
        Ok(choose(&checked.into_inner().remedies, wish, shipping))
    }

    /// Asks for an offer, and for a supervisor's approval when it needs one.
    async fn ask(&mut self, ask: &Ask) -> Result<Decided, DemoError> {
        let mut tries = 0;
        loop {
            let answer = self.offers.authorize_offer(self.request(ask)).await;
            tries += 1;
            let answer = match answer {
                Ok(answer) => answer.into_inner(),
                Err(status) if status.code() == Code::NotFound && tries < TRIES => {
                    tokio::time::sleep(PAUSE).await;
                    continue;
                }
                Err(status) => return Err(failed("an offer cannot be asked for")(status)),
            };
            if is_early(&answer) && tries < TRIES {
                tokio::time::sleep(PAUSE).await;
                continue;
            }
            return self.decided(answer).await;
        }
    }

    fn request(&self, ask: &Ask) -> AuthorizeOfferRequest {
        AuthorizeOfferRequest {
            request_id: request_id(),
            intervention_id: self.task.intervention_id.clone(),
            remedy: ask.remedy.into_wire(),
            value: Some(ask.value.clone()),
            cart_version: self.task.cart.as_ref().map_or(0, |cart| cart.version),
        }
    }

    async fn decided(&mut self, answer: AuthorizeOfferResponse) -> Result<Decided, DemoError> {
        use authorize_offer_response::Decision;
        match answer.decision {
            Some(Decision::Granted(granted)) => Ok(Decided::Granted(Box::new(granted))),
            Some(Decision::ApprovalNeeded(needed)) => {
                let offer = needed.offer.unwrap_or_default().offer_id;
                self.approval(offer).await
            }
            Some(Decision::Refused(_)) | None => Ok(Decided::Refused),
        }
    }

    /// The agent asks, the supervisor beside the desk answers.
    async fn approval(&mut self, offer_id: String) -> Result<Decided, DemoError> {
        use approve_offer_response::Decision;
        let request = RequestApprovalRequest {
            request_id: request_id(),
            offer_id: offer_id.clone(),
        };
        let asked = self.offers.request_approval(request).await;
        asked.map_err(failed("approval cannot be asked for"))?;
        let request = ApproveOfferRequest {
            request_id: request_id(),
            offer_id,
        };
        let approved = self.supervisor.approve_offer(request).await;
        let approved = approved.map_err(failed("an offer cannot be approved"))?;
        match approved.into_inner().decision {
            Some(Decision::Granted(granted)) => Ok(Decided::Granted(Box::new(granted))),
            // Only one supervisor sits beside the desks of the demo, whose grants ask for no second one.
            Some(Decision::SecondApprovalNeeded(_) | Decision::Refused(_)) | None => {
                Ok(Decided::Refused)
            }
        }
    }
}

/// The shopper only has a question, but asks for a gift with it, and the agent tries.
fn warranty(wish: Wish) -> Option<Ask> {
    let Wish::LongerWarranty(worth) = wish else {
        return None;
    };
    Some(Ask {
        remedy: RemedyKind::ExtendedWarranty,
        value: Value::Amount(money(worth)),
    })
}

/// The first remedy of the ladder that is enough, with the amount to ask for.
fn choose(grantable: &[GrantableRemedy], wish: Wish, shipping: i64) -> Option<Ask> {
    grantable.iter().find_map(|remedy| {
        let kind = RemedyKind::from_wire("kind", remedy.kind).ok()?;
        let most = remedy.max_amount.as_ref()?.minor_units;
        let amount = wanted(kind, wish, shipping).filter(|amount| (1..=most).contains(amount))?;
        Some(Ask {
            remedy: kind,
            value: Value::Amount(money(amount)),
        })
    })
}

/// What a remedy must be worth to settle the wish; `None` when it does not settle it.
fn wanted(kind: RemedyKind, wish: Wish, shipping: i64) -> Option<i64> {
    match (wish, kind) {
        (
            Wish::CheaperShipping,
            RemedyKind::WaiveShipping | RemedyKind::CutShipping | RemedyKind::AmountOff,
        ) => Some(shipping),
        (Wish::ParcelFound(amount), RemedyKind::Compensation) => Some(amount),
        _ => None,
    }
}

/// Whether offers do not know yet that this agent has the task.
fn is_early(answer: &AuthorizeOfferResponse) -> bool {
    let Some(authorize_offer_response::Decision::Refused(DecisionRefused { reasons, .. })) =
        &answer.decision
    else {
        return false;
    };
    reasons
        .iter()
        .any(|reason| reason.reason() == OfferRefusal::AgentNotAssigned)
}

fn in_hand(granted: GrantedOffer) -> Granted {
    let amount = granted.offer.and_then(|offer| offer.amount);
    Granted {
        token: granted.offer_token,
        minor_units: amount.map_or(0, |amount| amount.minor_units),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn may(kind: RemedyKind, most: Option<i64>) -> GrantableRemedy {
        GrantableRemedy {
            kind: kind.into_wire(),
            max_amount: most.map(money),
            ..GrantableRemedy::default()
        }
    }

    #[test]
    fn the_first_concession_that_is_enough_is_asked_for() {
        let grantable = [
            may(RemedyKind::Information, None),
            may(RemedyKind::WaiveShipping, Some(1_000)),
            may(RemedyKind::AmountOff, Some(2_000)),
        ];
        let asked = |shipping| choose(&grantable, Wish::CheaperShipping, shipping);

        assert_eq!(asked(990).unwrap().remedy, RemedyKind::WaiveShipping);
        assert_eq!(asked(1_500).unwrap().remedy, RemedyKind::AmountOff);
        assert_eq!(asked(2_001), None);
        assert_eq!(asked(0), None);
    }

    #[test]
    fn a_parcel_is_not_made_up_for_by_shipping() {
        let grantable = [may(RemedyKind::WaiveShipping, Some(1_000))];

        assert_eq!(choose(&grantable, Wish::ParcelFound(500), 990), None);
    }
}
