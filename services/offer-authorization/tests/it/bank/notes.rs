//! Notes of what was sent, what was answered, and how calls failed.

use std::sync::Mutex;

use proto::offers::v1 as pb;
use tonic::Code;

/// An offer that was asked for, and perhaps used.
#[derive(Debug, Clone)]
pub(super) struct Sent {
    pub(super) case: pb::RecordCaseRequest,
    pub(super) ask: pb::AuthorizeOfferRequest,
    /// The offer, if the answer came.
    pub(super) offer: Option<String>,
    /// How it was redeemed, if it was tried.
    pub(super) redeem: Option<pb::RedeemOfferRequest>,
    /// The redemption, if the answer came.
    pub(super) redemption: Option<String>,
    /// What replays answered.
    proof: Option<Answers>,
}

/// What is answered to the requests about an offer.
#[derive(Debug, Clone)]
pub(super) struct Answers {
    pub(super) offer: String,
    /// Of an offer that somebody tried to redeem.
    pub(super) redemption: Option<String>,
}

impl Sent {
    pub(super) fn of(case: pb::RecordCaseRequest, ask: pb::AuthorizeOfferRequest) -> Self {
        Self {
            case,
            ask,
            offer: None,
            redeem: None,
            redemption: None,
            proof: None,
        }
    }
}

/// Where something that was sent is noted.
#[derive(Debug, Clone, Copy)]
pub(super) struct Place(usize);

/// What was sent, with its tenants, in order; and the codes of the calls that failed.
#[derive(Debug, Default)]
pub(crate) struct Notes {
    sent: Mutex<Vec<(String, Sent)>>,
    ends: Mutex<Vec<Code>>,
}

impl Notes {
    /// Notes what is about to be sent.
    pub(super) fn sent(&self, tenant: &str, sent: Sent) -> Place {
        let mut all = self.sent.lock().unwrap();
        all.push((tenant.to_owned(), sent));
        Place(all.len() - 1)
    }

    pub(super) fn granted(&self, place: Place, offer: String) {
        self.change(place, |sent| sent.offer = Some(offer));
    }

    /// Notes a redemption that is about to be sent.
    pub(super) fn redeeming(&self, place: Place, redeem: pb::RedeemOfferRequest) {
        self.change(place, |sent| sent.redeem = Some(redeem));
    }

    pub(super) fn redeemed(&self, place: Place, redemption: String) {
        self.change(place, |sent| sent.redemption = Some(redemption));
    }

    fn change(&self, place: Place, change: impl FnOnce(&mut Sent)) {
        change(&mut self.sent.lock().unwrap()[place.0].1);
    }

    pub(super) fn of(&self, tenant: &str) -> Vec<Sent> {
        let all = self.sent.lock().unwrap();
        let own = all.iter().filter(|(of, _)| of == tenant);
        own.map(|(_, sent)| sent.clone()).collect()
    }

    pub(super) fn unproven_of(&self, tenant: &str) -> Vec<(Place, Sent)> {
        let all = self.sent.lock().unwrap();
        let own = all.iter().zip(0..).filter(|((of, _), _)| of == tenant);
        let unproven = own.filter(|((_, sent), _)| sent.proof.is_none());
        unproven
            .map(|((_, sent), place)| (Place(place), sent.clone()))
            .collect()
    }

    /// Notes what replays answered, which is what was answered first.
    pub(super) fn prove(&self, place: Place, answers: Answers) {
        self.change(place, |sent| {
            let first = sent.offer.as_ref();
            assert!(
                first.is_none_or(|first| *first == answers.offer),
                "{sent:?}: {answers:?}"
            );
            let first = sent.redemption.as_ref();
            let again = answers.redemption.as_ref();
            assert!(first.is_none() || first == again, "{sent:?}: {answers:?}");
            sent.proof = Some(answers);
        });
    }

    pub(super) fn answers_of(&self, tenant: &str) -> Vec<Answers> {
        let own = self.of(tenant).into_iter();
        own.map(|sent| sent.proof.unwrap()).collect()
    }

    /// Everything has to be proven once more.
    pub(crate) fn forget_proofs(&self) {
        let mut all = self.sent.lock().unwrap();
        for (_, sent) in all.iter_mut() {
            sent.proof = None;
        }
    }

    pub(super) fn granted_of(&self, tenant: &str) -> usize {
        let own = self.of(tenant);
        own.iter().filter(|sent| sent.offer.is_some()).count()
    }

    /// Offers whose answer came, and redemptions whose answer came.
    pub(crate) fn acknowledged(&self) -> (usize, usize) {
        let all = self.sent.lock().unwrap();
        let count = |is: fn(&Sent) -> bool| all.iter().filter(|(_, sent)| is(sent)).count();
        (
            count(|sent| sent.offer.is_some()),
            count(|sent| sent.redemption.is_some()),
        )
    }

    /// Notes how a call failed.
    pub(super) fn end(&self, code: Code) {
        self.ends.lock().unwrap().push(code);
    }

    /// How calls have failed so far.
    pub(crate) fn ends(&self) -> Vec<Code> {
        self.ends.lock().unwrap().clone()
    }
}
