//! What a shopper looks at before anything is decided, and for how long.

use domain::cart::Configurable;
use domain::id::Sku;
use domain::signal::SignalKind;
use domain::time::{Timestamp, later};

use super::{SignalSettings, State};
use crate::event::{Browse, PageKind, ProductView};
use crate::packed::{pack_fields, pack_members};

/// A configurable product that is on the screen.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Look {
    sku: Sku,
    since: Timestamp,
    noted: Noted,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Noted {
    No,
    Yes,
}

impl Look {
    /// When the look becomes long; `None` once that was noted.
    pub(super) fn becomes_long(&self, settings: &SignalSettings) -> Option<Timestamp> {
        (self.noted == Noted::No).then(|| later(self.since, settings.long_dwell))
    }
}

impl State {
    pub(super) fn browse(&mut self, act: &Browse, at: Timestamp, settings: &SignalSettings) {
        match act {
            Browse::PageViewed(kind) => self.view_page(*kind, at),
            Browse::ProductViewed(view) => self.view_product(view, at, settings),
            Browse::Searched { .. } => {
                self.end_look(None, at);
                self.leave_checkout(at);
            }
            Browse::ExitIntent => self.step_back(at),
            Browse::ProductConfigured(_)
            | Browse::HelpOpened
            | Browse::FaqViewed { .. }
            | Browse::PageFault { .. } => {}
        }
    }

    /// Notes that the look at the product on the screen has become long.
    pub(super) fn note_long_look(&mut self, at: Timestamp) {
        if let Some(look) = &mut self.look {
            look.noted = Noted::Yes;
            self.signals
                .note_lasting(SignalKind::LongDwellConfigurable, look.since, at);
        }
    }

    /// Turns away from the product on the screen. Says whether its look was long and noted as such.
    pub(super) fn end_look(&mut self, of: Option<&Sku>, at: Timestamp) -> bool {
        self.signals.cease(SignalKind::LongDwellConfigurable, at);
        self.look
            .take()
            .is_some_and(|look| look.noted == Noted::Yes && of.is_none_or(|sku| *sku == look.sku))
    }

    fn view_page(&mut self, kind: PageKind, at: Timestamp) {
        self.page_entered_at = self.page.as_ref().map(|_| at);
        self.end_look(None, at);
        match kind {
            PageKind::Browse | PageKind::Cart | PageKind::Compare => self.leave_checkout(at),
            PageKind::Checkout => self.enter_checkout(at),
            PageKind::Policy | PageKind::OrderStatus | PageKind::CancelOrder | PageKind::Other => {}
        }
    }

    /// An entry opens a look; a departure tells how long one was, which is a sign unless time has noted it before.
    fn view_product(&mut self, view: &ProductView, at: Timestamp, settings: &SignalSettings) {
        self.end_search();
        self.trail.look(view, at);
        let noted = self.end_look(Some(&view.sku), at);
        let doubtful = view.configurable == Configurable::Yes && self.is_selling();
        match view.dwell {
            None => {
                self.page_entered_at = self.page.as_ref().map(|_| at);
                self.leave_checkout(at);
                self.look = doubtful.then(|| Look {
                    sku: view.sku.clone(),
                    since: at,
                    noted: Noted::No,
                });
            }
            Some(dwell) => {
                if doubtful && !noted && dwell >= settings.long_dwell {
                    self.signals
                        .note_lasted(SignalKind::LongDwellConfigurable, at, dwell);
                }
            }
        }
    }
}

pack_fields! {
    Look { sku, since, noted }
}

pack_members! {
    Noted { No, Yes }
}
