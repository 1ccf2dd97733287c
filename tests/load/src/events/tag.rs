//! Recorded sessions, each told as the storefront tag (`deploy/storefront`) tells one. A recording names the products that
//! were looked at, put in the cart and bought, and when. The pages around them are made up, by one rule for all sessions;
//! what the tag tells of a page, and when, is as its sources have it.

use std::sync::Arc;
use std::time::Duration;

use proto::convert::time::wire_duration;
use proto::session::v1 as pb;
use proto::session::v1::event::Payload;
use proto::session::v1::{CheckoutStep, CostKind, FaultKind, PageKind};

use super::live::usd;
use super::{Act, Step};

/// The page on which a visit begins is in view for so long.
const LANDING: Duration = Duration::from_secs(10);
/// How long the last page is, of which no recording tells: the median of REES46 from one look to the next.
const LAST_PAGE: Duration = Duration::from_secs(33);
/// Who looks for longer than this chooses an option of the product then, ...
const CHOOSING: Duration = Duration::from_secs(15);
/// ... leaves mouse and keyboard alone until the tag says so, ...
const IDLE: Duration = Duration::from_mins(1);
/// ... and has gone to another tab.
const AWAY: Duration = Duration::from_mins(3);

/// Of so many pages one is slow to load, and one fails.
const PAGES_TO_A_SLOW_ONE: usize = 100;
const PAGES_TO_A_FAULT: usize = 400;
/// Of so many lists one is what a search found.
const LISTS_TO_A_SEARCH: usize = 3;
/// Of so many checkouts one has a form refused.
const CHECKOUTS_TO_A_REFUSAL: usize = 4;

/// The sessions with all that the tag tells of each.
pub(super) fn told(sessions: &[Arc<[Act]>]) -> Vec<Arc<[Act]>> {
    let mut tag = Tag::default();
    sessions.iter().map(|acts| tag.visit(acts)).collect()
}

/// What has been told of the visit at hand, and how much of each kind there was in all.
#[derive(Debug, Default)]
struct Tag {
    told: Vec<Act>,
    pages: usize,
    lists: usize,
    checkouts: usize,
}

/// From when until when something is in view, since the visit began.
#[derive(Debug, Clone, Copy)]
struct Span {
    from: Duration,
    until: Duration,
}

impl Span {
    fn length(self) -> Duration {
        self.until.saturating_sub(self.from)
    }

    /// Up to the end of so many sixths of it.
    fn sixths(self, sixths: u32) -> Duration {
        self.from + self.length() * sixths / 6
    }
}

impl Tag {
    fn visit(&mut self, acts: &[Act]) -> Arc<[Act]> {
        let landing = Span {
            from: Duration::ZERO,
            until: LANDING,
        };
        self.page(landing, PageKind::Browse);
        for (place, act) in acts.iter().enumerate() {
            let next = acts.get(place + 1);
            let from = LANDING + act.after;
            let until = next.map_or(from + LAST_PAGE, |next| LANDING + next.after);
            self.act(act, Span { from, until }, next);
        }
        // What a slow page tells may come after it was left.
        let mut told = std::mem::take(&mut self.told);
        told.sort_by_key(|act| act.after);
        told.into()
    }

    /// A recorded act, and the pages until the next one.
    fn act(&mut self, act: &Act, span: Span, next: Option<&Act>) {
        let step = act.step.clone();
        self.told.push(Act {
            after: span.from,
            step,
        });
        match &act.step {
            Step::View { sku, price } => {
                let until = next.map_or(span.until, |_| span.sixths(4));
                self.look(sku, *price, Span { until, ..span });
                self.on_the_way(
                    Span {
                        from: until,
                        ..span
                    },
                    next,
                );
            }
            Step::Cart { .. } => {
                let (from, until) = (span.sixths(2), span.sixths(4));
                self.page(Span { from, until }, PageKind::Cart);
                self.on_the_way(
                    Span {
                        from: until,
                        ..span
                    },
                    next,
                );
            }
            Step::Purchase { .. } => self.page(span, PageKind::Other),
            Step::Told(_) => {}
        }
    }

    /// What is told of a product in view, and when it is left.
    fn look(&mut self, sku: &str, price: i64, span: Span) {
        let sku = sku.to_owned();
        if span.length() >= CHOOSING {
            let chosen = pb::ProductConfigured { sku: sku.clone() };
            let at = span.from + CHOOSING;
            self.tell(at, Payload::ProductConfigured(chosen));
        }
        if span.length() >= IDLE {
            self.tell(span.from + IDLE, noted("idle", "after_ms", IDLE));
        }
        if span.length() >= AWAY {
            let away = span.from + AWAY;
            self.tell(away, Payload::ExitIntent(pb::ExitIntent {}));
        }
        let left = pb::ProductViewed {
            sku,
            price: Some(usd(price)),
            configurable: false,
            dwell: Some(wire_duration(span.length())),
        };
        self.tell(span.until, Payload::ProductViewed(left));
    }

    /// Pages on the way to the next act: the checkout before a purchase, else a list of products.
    fn on_the_way(&mut self, span: Span, next: Option<&Act>) {
        match next.map(|next| &next.step) {
            None => {}
            Some(Step::Purchase { price }) => self.check_out(span, *price),
            Some(Step::View { .. } | Step::Cart { .. } | Step::Told(_)) => {
                self.lists += 1;
                if self.lists.is_multiple_of(LISTS_TO_A_SEARCH) {
                    let found = pb::SearchPerformed { result_count: 24 };
                    self.tell(span.from, Payload::SearchPerformed(found));
                }
                self.page(span, PageKind::Browse);
            }
        }
    }

    fn check_out(&mut self, span: Span, price: i64) {
        self.checkouts += 1;
        self.enter(span.from, PageKind::Checkout);
        self.step(span.from, CheckoutStep::Account);
        self.step(span.sixths(1), CheckoutStep::Address);
        if self.checkouts.is_multiple_of(CHECKOUTS_TO_A_REFUSAL) {
            let field = "postal_code".to_owned();
            let refused = pb::FormError { field };
            self.tell(span.sixths(2), Payload::FormError(refused));
        }
        self.step(span.sixths(3), CheckoutStep::Delivery);
        self.cost(span.sixths(3), CostKind::Shipping, 490);
        self.step(span.sixths(4), CheckoutStep::Payment);
        self.step(span.sixths(5), CheckoutStep::Review);
        self.cost(span.sixths(5), CostKind::Total, price + 490);
        let method = "card".to_owned();
        let tried = pb::PaymentAttempted { method };
        self.tell(span.until, Payload::PaymentAttempted(tried));
        self.leave(span);
    }

    fn page(&mut self, span: Span, kind: PageKind) {
        self.enter(span.from, kind);
        self.leave(span);
    }

    fn enter(&mut self, at: Duration, kind: PageKind) {
        let viewed = pb::PageViewed { kind: kind.into() };
        self.tell(at, Payload::PageViewed(viewed));
        self.pages += 1;
        if self.pages.is_multiple_of(PAGES_TO_A_FAULT) {
            self.fault(at, FaultKind::Error, None);
        } else if self.pages.is_multiple_of(PAGES_TO_A_SLOW_ONE) {
            let load_time = Duration::from_secs(5);
            self.fault(at + load_time, FaultKind::Slow, Some(load_time));
        }
    }

    fn leave(&mut self, span: Span) {
        let dwell = noted("page_dwell", "visible_ms", span.length());
        self.tell(span.until, dwell);
    }

    fn fault(&mut self, at: Duration, kind: FaultKind, load_time: Option<Duration>) {
        let fault = pb::PageFault {
            kind: kind.into(),
            load_time: load_time.map(wire_duration),
        };
        self.tell(at, Payload::PageFault(fault));
    }

    fn step(&mut self, at: Duration, step: CheckoutStep) {
        let entered = pb::CheckoutStepEntered { step: step.into() };
        self.tell(at, Payload::CheckoutStepEntered(entered));
    }

    fn cost(&mut self, at: Duration, kind: CostKind, amount: i64) {
        let revealed = pb::CostRevealed {
            kind: kind.into(),
            amount: Some(usd(amount)),
        };
        self.tell(at, Payload::CostRevealed(revealed));
    }

    fn tell(&mut self, at: Duration, payload: Payload) {
        self.told.push(Act {
            after: at,
            step: Step::Told(Box::new(payload)),
        });
    }
}

/// What the contract has no event for.
fn noted(name: &str, attribute: &str, span: Duration) -> Payload {
    Payload::Custom(pb::CustomEvent {
        name: name.to_owned(),
        attributes: vec![pb::CustomAttribute {
            name: attribute.to_owned(),
            value: span.as_millis().to_string(),
        }],
    })
}

#[cfg(test)]
mod tests {
    use super::super::{Mix, Recordings};
    use super::*;

    #[test]
    fn a_session_is_told_in_order_with_all_that_was_recorded() {
        let recorded = Recordings::read(None, Mix::Shop).unwrap();
        let told = Recordings::read(None, Mix::Tag).unwrap();
        for number in 0..2_352 {
            let (recorded, told) = (recorded.nth(number), told.nth(number));
            assert!(told.is_sorted_by_key(|act| act.after));
            let steps = |acts: &[Act]| -> Vec<Step> {
                let steps = acts.iter().map(|act| act.step.clone());
                steps
                    .filter(|step| !matches!(step, Step::Told(_)))
                    .collect()
            };
            assert_eq!(steps(&told), steps(&recorded));
        }
    }

    #[test]
    fn a_session_has_as_many_events_as_a_tag_tells() {
        let told = Recordings::read(None, Mix::Tag).unwrap();
        let events: usize = (0..2_352).map(|number| told.nth(number).len()).sum();
        let mean = events / 2_352;
        assert!((20..=50).contains(&mean), "{mean}");
    }
}
