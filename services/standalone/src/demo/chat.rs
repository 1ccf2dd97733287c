//! The chat tool of the shop, as far as the demo needs one: it joins a shopper and an agent who found each other through
//! the suite. What they say to each other is no part of the suite and never passes through it.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use tokio::sync::oneshot;

/// What a shopper asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Wish {
    /// Less for shipping.
    CheaperShipping,
    /// What the rejected code promised, in basis points of the cart.
    CodeHonoured(u32),
    /// A way around whatever is broken: another payment method, a form filled in together.
    WayAround,
    /// An answer, and a longer warranty for nothing, in minor units of its worth.
    LongerWarranty(i64),
    /// Word of the parcel, and something for the wait, in minor units.
    ParcelFound(i64),
}

impl Wish {
    /// Whether the shopper buys once the wish is met; a parcel is on its way already.
    pub(super) const fn ends_in_order(self) -> bool {
        match self {
            Self::CheaperShipping
            | Self::CodeHonoured(_)
            | Self::WayAround
            | Self::LongerWarranty(_) => true,
            Self::ParcelFound(_) => false,
        }
    }
}

/// What the agent could do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Answer {
    /// Token of an offer for the checkout, when money helped.
    pub(super) offer: Option<Granted>,
}

/// An offer in the shopper's hands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Granted {
    pub(super) token: String,
    pub(super) minor_units: i64,
}

/// The shopper's end of a conversation.
#[derive(Debug)]
pub(super) struct ShopperEnd {
    pub(super) wish: oneshot::Sender<Wish>,
    pub(super) answer: oneshot::Receiver<Answer>,
    pub(super) goodbye: oneshot::Sender<()>,
}

/// The agent's end of a conversation.
#[derive(Debug)]
pub(super) struct AgentEnd {
    pub(super) wish: oneshot::Receiver<Wish>,
    pub(super) answer: oneshot::Sender<Answer>,
    pub(super) goodbye: oneshot::Receiver<()>,
}

/// Conversations that wait for their agent, by session.
#[derive(Debug, Default)]
pub(super) struct Chats(Mutex<HashMap<String, AgentEnd>>);

impl Chats {
    /// Makes a conversation for a session.
    pub(super) fn open(&self, session: &str) -> ShopperEnd {
        let (wish, wish_heard) = oneshot::channel();
        let (answer_said, answer) = oneshot::channel();
        let (goodbye, goodbye_heard) = oneshot::channel();
        let agent = AgentEnd {
            wish: wish_heard,
            answer: answer_said,
            goodbye: goodbye_heard,
        };
        self.lock().insert(session.to_owned(), agent);
        ShopperEnd {
            wish,
            answer,
            goodbye,
        }
    }

    /// Takes the agent's end; `None` when there is none, or somebody has it.
    pub(super) fn join(&self, session: &str) -> Option<AgentEnd> {
        self.lock().remove(session)
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, HashMap<String, AgentEnd>> {
        // Nobody panics while holding the lock; and if they did, the map is whole.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn what_one_says_the_other_hears_and_nobody_else_can_join() {
        let chats = Chats::default();
        let shopper = chats.open("ses_1");
        let agent = chats.join("ses_1").unwrap();
        assert!(chats.join("ses_1").is_none());

        shopper.wish.send(Wish::WayAround).unwrap();
        assert_eq!(agent.wish.await, Ok(Wish::WayAround));
        agent.answer.send(Answer { offer: None }).unwrap();
        assert_eq!(shopper.answer.await, Ok(Answer { offer: None }));
    }
}
