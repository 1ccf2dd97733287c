//! Signs of an information block: what a shopper looks at, again and again, before anything is decided.

use domain::cart::Configurable;
use domain::id::Sku;
use domain::signal::SignalKind;
use domain::time::{Timestamp, later};

use super::window::Window;
use super::{SignalSettings, State};
use crate::event::{Browse, FaultKind, PageKind, ProductView};

/// What was looked at lately.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Browsing {
    policy: Window,
    compare: Window,
    searches: Window,
    order_status: Window,
    look: Option<Look>,
}

/// A configurable product that is on the screen.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Look {
    sku: Sku,
    since: Timestamp,
    noted: Noted,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Noted {
    No,
    Yes,
}

impl Browsing {
    /// When the look at the product on the screen becomes long; `None` once that was noted.
    pub(super) fn long_look(&self, settings: &SignalSettings) -> Option<Timestamp> {
        self.look
            .as_ref()
            .filter(|look| look.noted == Noted::No)
            .map(|look| later(look.since, settings.long_dwell))
    }
}

impl State {
    pub(super) fn browse(&mut self, act: &Browse, at: Timestamp, settings: &SignalSettings) {
        match act {
            Browse::PageViewed(kind) => self.view_page(*kind, at, settings),
            Browse::ProductViewed(view) => self.view_product(view, at, settings),
            Browse::ProductConfigured(_) | Browse::HelpOpened => {}
            Browse::Searched { .. } => self.search(at, settings),
            Browse::FaqViewed { .. } => self.view_policy(at, settings),
            Browse::PageFault { kind, .. } => self.note_if_selling(sign_of(*kind), at),
            Browse::ExitIntent => {
                self.step_back(at);
                self.note_if_selling(SignalKind::ExitIntent, at);
            }
        }
    }

    /// Notes that the look at the product on the screen has become long.
    pub(super) fn note_long_look(&mut self, at: Timestamp) {
        if let Some(look) = &mut self.browsing.look {
            look.noted = Noted::Yes;
            self.signals
                .note_lasting(SignalKind::LongDwellConfigurable, look.since, at);
        }
    }

    /// Turns away from the product on the screen. Says whether its look was long and noted as such.
    pub(super) fn end_look(&mut self, of: Option<&Sku>) -> bool {
        self.signals.cease(SignalKind::LongDwellConfigurable);
        self.browsing
            .look
            .take()
            .is_some_and(|look| look.noted == Noted::Yes && of.is_none_or(|sku| *sku == look.sku))
    }

    /// Something was opened or taken, so the searches led somewhere.
    pub(super) fn end_search(&mut self) {
        self.browsing.searches.clear();
    }

    pub(super) fn note_if_selling(&mut self, kind: SignalKind, at: Timestamp) {
        if self.is_selling() {
            self.signals.note(kind, at);
        }
    }

    fn view_page(&mut self, kind: PageKind, at: Timestamp, settings: &SignalSettings) {
        self.page_entered_at = self.page.as_ref().map(|_| at);
        self.end_look(None);
        match kind {
            PageKind::Browse | PageKind::Cart => self.leave_checkout(at),
            PageKind::Compare => {
                self.leave_checkout(at);
                let window = &mut self.browsing.compare;
                if window.reaches(settings.compare_views, settings.compare_window, at) {
                    self.note_if_selling(SignalKind::RepeatedCompare, at);
                }
            }
            PageKind::Checkout => self.enter_checkout(at),
            PageKind::Policy => self.view_policy(at, settings),
            PageKind::OrderStatus => {
                let window = &mut self.browsing.order_status;
                let (count, span) = (settings.order_status_views, settings.order_status_window);
                if window.reaches(count, span, at) {
                    self.signals.note(SignalKind::OrderStatusRepeat, at);
                }
            }
            PageKind::CancelOrder => self.signals.note(SignalKind::CancelPageViewed, at),
            PageKind::Other => {}
        }
    }

    /// An entry opens a look; a departure tells how long one was, which is a sign unless time has noted it before.
    fn view_product(&mut self, view: &ProductView, at: Timestamp, settings: &SignalSettings) {
        self.end_search();
        let noted = self.end_look(Some(&view.sku));
        match view.dwell {
            None => {
                self.page_entered_at = self.page.as_ref().map(|_| at);
                self.leave_checkout(at);
                if view.configurable == Configurable::Yes && self.is_selling() {
                    self.browsing.look = Some(Look {
                        sku: view.sku.clone(),
                        since: at,
                        noted: Noted::No,
                    });
                }
            }
            Some(dwell) => {
                let long = dwell >= settings.long_dwell;
                if long && !noted && view.configurable == Configurable::Yes && self.is_selling() {
                    self.signals
                        .note_lasted(SignalKind::LongDwellConfigurable, at, dwell);
                }
            }
        }
    }

    fn search(&mut self, at: Timestamp, settings: &SignalSettings) {
        self.end_look(None);
        self.leave_checkout(at);
        let window = &mut self.browsing.searches;
        if window.reaches(settings.search_count, settings.search_window, at) {
            self.note_if_selling(SignalKind::SearchLoop, at);
        }
    }

    fn view_policy(&mut self, at: Timestamp, settings: &SignalSettings) {
        let window = &mut self.browsing.policy;
        if window.reaches(settings.policy_views, settings.policy_window, at) {
            self.note_if_selling(SignalKind::PolicyHunting, at);
        }
    }
}

fn sign_of(fault: FaultKind) -> SignalKind {
    match fault {
        FaultKind::Error => SignalKind::PageFault,
        FaultKind::Slow => SignalKind::SlowPage,
    }
}
