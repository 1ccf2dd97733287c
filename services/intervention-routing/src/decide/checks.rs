//! The checks of one play that need nothing but what is stored. All are taken, so that all reasons are known.

use domain::block::BlockReason;
use domain::channel::Channel;
use domain::consent::{Consents, Purpose};
use domain::moment::Progress;
use domain::phase::RiskPhase;
use domain::time::later;

use super::{Contact, Situation, Step, StepName};
use crate::config::Outreach;
use crate::play::Play;

/// Every check with its verdict, in order.
pub(super) fn all(play: &Play, situation: &Situation<'_>) -> Vec<Step> {
    vec![
        kill_switch(situation),
        consent(play, situation),
        hours(play, situation),
        page(situation),
        caps(situation),
        cool_down(situation),
        contact(situation),
        progress(situation),
        freshness(play, situation),
    ]
}

fn kill_switch(situation: &Situation<'_>) -> Step {
    match situation.rules.outreach {
        Outreach::Running => Step::passed(StepName::KillSwitch, "plays run"),
        Outreach::Stopped => Step::refused(
            StepName::KillSwitch,
            BlockReason::KillSwitch,
            "an operator stopped all contacts",
        ),
    }
}

/// Whether a person agreed to be contacted on a channel in a phase. Whoever agreed to be helped there is also helped
/// there after the order.
pub(crate) fn consented(consents: &Consents, channel: Channel, phase: RiskPhase) -> bool {
    consents.allows(channel, purpose(phase)) || consents.allows(channel, Purpose::ProactiveHelp)
}

fn purpose(phase: RiskPhase) -> Purpose {
    match phase {
        RiskPhase::PostClickAnxiety => Purpose::OrderUpdates,
        RiskPhase::InformationBlock | RiskPhase::TransactionalFriction => Purpose::ProactiveHelp,
    }
}

fn consent(play: &Play, situation: &Situation<'_>) -> Step {
    let channel = play.rule.channel;
    let phase = situation.assessment.phase;
    let purpose = purpose(phase);
    if consented(&situation.moment.consents, channel, phase) {
        return Step::passed(
            StepName::Consent,
            format!("{purpose} on {channel} is confirmed"),
        );
    }
    Step::refused(
        StepName::Consent,
        BlockReason::ConsentMissing,
        format!("{purpose} on {channel} is not confirmed"),
    )
}

fn hours(play: &Play, situation: &Situation<'_>) -> Step {
    let reaches_out = match play.rule.channel {
        Channel::Call | Channel::Email | Channel::Sms => true,
        Channel::OnPage | Channel::Chat => false,
    };
    if !reaches_out {
        return Step::passed(
            StepName::Hours,
            "the shopper is on the page, so no hour is quiet",
        );
    }
    let Some(zone) = &situation.moment.zone else {
        return Step::refused(
            StepName::Hours,
            BlockReason::ZoneUnknown,
            "the time zone is not known, so quiet hours cannot be kept",
        );
    };
    if situation.rules.call_hours.contains(zone, situation.now) {
        return Step::passed(StepName::Hours, "inside the hours of contact");
    }
    Step::refused(
        StepName::Hours,
        BlockReason::QuietHours,
        "outside the hours of contact",
    )
}

fn page(situation: &Situation<'_>) -> Step {
    let page = situation.moment.page.as_ref();
    if situation.rules.silences(page) {
        return Step::refused(
            StepName::Page,
            BlockReason::Page,
            "nothing is shown on this page",
        );
    }
    Step::passed(StepName::Page, "the page allows it")
}

fn caps(situation: &Situation<'_>) -> Step {
    let had = situation.record.contacts_in_window;
    let cap = situation.rules.contact_cap;
    let detail = format!("{had} of at most {cap} contacts in the window");
    if had >= cap {
        return Step::refused(StepName::Caps, BlockReason::FrequencyCap, detail);
    }
    Step::passed(StepName::Caps, detail)
}

fn cool_down(situation: &Situation<'_>) -> Step {
    match situation.record.quiet_until {
        Some(until) if situation.now < until => Step::refused(
            StepName::CoolDown,
            BlockReason::CoolDown,
            format!("the person is left alone until {until}"),
        ),
        Some(_) | None => Step::passed(StepName::CoolDown, "no cool-down runs"),
    }
}

fn contact(situation: &Situation<'_>) -> Step {
    match situation.record.contact {
        Contact::None => Step::passed(StepName::Contact, "nobody is in contact with the person"),
        Contact::Open => Step::refused(
            StepName::Contact,
            BlockReason::ExistingContact,
            "an intervention of the person is open",
        ),
    }
}

fn progress(situation: &Situation<'_>) -> Step {
    match situation.assessment.progress {
        Progress::Hesitating => Step::passed(StepName::Progress, "the shopper hesitates"),
        Progress::Progressing => Step::refused(
            StepName::Progress,
            BlockReason::Progressing,
            "the shopper makes progress and is not interrupted",
        ),
    }
}

fn freshness(play: &Play, situation: &Situation<'_>) -> Step {
    let stale_at = later(situation.moment.occurred_at, play.rule.stale_after);
    let ends = situation.moment.expires_at.min(stale_at);
    let newest = situation.record.newest_session_version;
    if newest.is_some_and(|newest| situation.moment.session_version < newest) {
        let detail = "a later state of the session has been decided on";
        return Step::refused(StepName::Freshness, BlockReason::Stale, detail);
    }
    if situation.now < ends {
        return Step::passed(
            StepName::Freshness,
            format!("the moment holds until {ends}"),
        );
    }
    Step::refused(
        StepName::Freshness,
        BlockReason::Stale,
        format!("the moment held until {ends}"),
    )
}
