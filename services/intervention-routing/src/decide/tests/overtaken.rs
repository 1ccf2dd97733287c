//! What a newer moment does to what is open.

use domain::experiment::Arm;
use domain::fact::CancelReason;
use domain::id::AgentId;
use domain::phase::RiskPhase;
use testkit::builders::{a_cart, partner, tenant};
use testkit::ids::nth;

use super::*;
use crate::intervention::{AssignedAgent, Intervention, Origin, State};

fn decided_on(moment: &Moment, state: State) -> Intervention {
    let assessment = an_assessment().of(moment).build();
    let tenant = tenant();
    let origin = Origin {
        tenant: &tenant,
        moment,
        assessment: &assessment,
        now: start(),
    };
    let play = a_play("cost-shock", 500);
    Intervention::decided(nth(901), &origin, &play, Arm::Treatment, state)
}

fn with_agent(intervention: Intervention) -> Intervention {
    Intervention {
        agent: Some(AssignedAgent {
            partner: partner(),
            agent: AgentId::parse("ana").unwrap(),
        }),
        ..intervention
    }
}

fn next(moment: MomentBuilder) -> Moment {
    moment.with_id(nth(902)).build()
}

#[test]
fn what_has_not_changed_holds() {
    let moment = a_moment().build();
    let later = next(a_moment());

    for state in [State::Scheduled, State::Shown, State::Accepted] {
        let open = decided_on(&moment, state);
        assert_eq!(overtaken(&open, &later, &rules()), Overtaken::Holds);
    }
}

#[test]
fn another_cart_makes_what_nobody_answered_stale() {
    let later = next(a_moment().with_cart(a_cart().with_version(99)));
    let stale = Overtaken::Ends(CancelReason::Stale);

    let judge = |state| overtaken(&decided_on(&a_moment().build(), state), &later, &rules());

    assert_eq!(judge(State::Scheduled), stale);
    assert_eq!(judge(State::Shown), stale);
    assert_eq!(judge(State::Accepted), Overtaken::Goes);
    assert_eq!(judge(State::Declined), Overtaken::Holds);
}

#[test]
fn another_page_makes_it_stale_unless_tolerated() {
    let later = next(a_moment().with_page("/cart"));
    let open = decided_on(&a_moment().build(), State::Shown);
    let tolerant = Rules {
        page_change: PageChange::Tolerated,
        ..rules()
    };

    assert_eq!(
        overtaken(&open, &later, &rules()),
        Overtaken::Ends(CancelReason::Stale)
    );
    assert_eq!(overtaken(&open, &later, &tolerant), Overtaken::Holds);
}

#[test]
fn an_order_ends_what_sells_but_never_a_conversation() {
    let later = next(a_moment().with_kind(MomentKind::OrderPlaced));
    let ordered = Overtaken::Ends(CancelReason::Ordered);
    let moment = a_moment().build();

    for state in [State::Scheduled, State::Shown, State::Accepted] {
        assert_eq!(
            overtaken(&decided_on(&moment, state), &later, &rules()),
            ordered
        );
    }
    let talking = with_agent(decided_on(&moment, State::Engaged));
    assert_eq!(overtaken(&talking, &later, &rules()), Overtaken::Goes);
}

#[test]
fn help_after_the_order_outlives_the_order() {
    let moment = a_moment().with_kind(MomentKind::StatusAnxiety).build();
    let open = decided_on(&moment, State::Shown);
    let later = next(a_moment().with_kind(MomentKind::ShipmentMilestone));

    assert_eq!(overtaken(&open, &later, &rules()), Overtaken::Holds);
}

/// A moment that happened before the one that was decided on.
fn late() -> MomentBuilder {
    let before = domain::time::earlier(start(), Duration::from_secs(1));
    a_moment()
        .with_occurred_at(before)
        .with_cart(a_cart().with_version(99))
}

#[test]
fn a_moment_that_comes_late_ends_nothing() {
    let open = decided_on(&a_moment().build(), State::Shown);

    assert_eq!(overtaken(&open, &next(late()), &rules()), Overtaken::Holds);
}

#[test]
fn an_order_counts_however_late_it_is_heard_of() {
    let open = decided_on(&a_moment().build(), State::Shown);
    let after_order = Intervention {
        phase: RiskPhase::PostClickAnxiety,
        ..open.clone()
    };

    for late in [
        late().with_kind(MomentKind::OrderPlaced),
        late().with_order("ORDER-1"),
    ] {
        let late = next(late);
        let ordered = Overtaken::Ends(CancelReason::Ordered);
        assert_eq!(overtaken(&open, &late, &rules()), ordered);
        assert_eq!(overtaken(&after_order, &late, &rules()), Overtaken::Holds);
    }
}

#[test]
fn a_call_dies_with_its_cart_until_an_agent_has_it() {
    let call = Intervention {
        channel: Channel::Call,
        ..decided_on(&a_moment().build(), State::Accepted)
    };
    let other_page = next(a_moment().with_page("/cart"));
    let other_cart = next(a_moment().with_cart(a_cart().with_version(99)));
    let judge = |call: &Intervention, moment| overtaken(call, moment, &rules());

    assert_eq!(judge(&call, &other_page), Overtaken::Goes);
    let stale = Overtaken::Ends(CancelReason::Stale);
    assert_eq!(judge(&call, &other_cart), stale);
    assert_eq!(judge(&with_agent(call), &other_cart), Overtaken::Goes);
}
