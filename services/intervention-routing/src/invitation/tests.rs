//! Which moves each state of an invitation allows, and when.

use testkit::builders::{a_moment, an_assessment};
use testkit::ids::nth;

use super::*;
use crate::decide::tests::a_play;
use crate::intervention::State;
use crate::store::tests::an_intervention;
use crate::task::tests::after;

/// The `n`th invitation to a chat, of the `n`th intervention.
pub(crate) fn an_invitation(n: u64) -> Invitation {
    let brief = Brief::of(
        &a_play("cost-shock", 500),
        &a_moment().build(),
        &an_assessment().build(),
    );
    Invitation::prepared(
        nth(n),
        &an_intervention(n, State::Scheduled),
        Some(QueueId::parse("checkout").unwrap()),
        Text::parse("May we help?").unwrap(),
        brief,
    )
}

fn in_state(state: InvitationState) -> Invitation {
    Invitation {
        state,
        ..an_invitation(1)
    }
}

fn score() -> SurveyScore {
    SurveyScore::new(5).unwrap()
}

/// Name of a move, the move, the states that allow it, and where it leads.
type Move = (
    &'static str,
    fn(Invitation) -> Result<Invitation, Refused>,
    &'static [InvitationState],
    InvitationState,
);

fn all_moves() -> [Move; 9] {
    use InvitationState as To;
    const SHOWN: &[To] = &[To::Shown];
    const TAKEN: &[To] = &[To::Accepted, To::Joined];
    [
        ("shown", |it| it.shown(after(1)), &[To::Waiting], To::Shown),
        ("accepted", |it| it.accepted(after(1)), SHOWN, To::Accepted),
        ("declined", |it| it.declined(after(1)), SHOWN, To::Declined),
        ("ignored", |it| it.ignored(after(120)), SHOWN, To::Ignored),
        (
            "withdrawn",
            |it| it.withdrawn(after(1)),
            &InvitationState::WITHDRAWABLE,
            To::Withdrawn,
        ),
        ("joined", |it| it.joined(after(1)), TAKEN, To::Joined),
        (
            "unanswered",
            |it| it.unanswered(after(1)),
            TAKEN,
            To::Unanswered,
        ),
        ("asked", |it| it.asked(after(1)), &[To::Joined], To::Asked),
        (
            "answered",
            |it| it.answered(score(), after(1)),
            &[To::Asked],
            To::Answered,
        ),
    ]
}

#[test]
fn each_state_allows_its_moves_and_no_other() {
    for (name, make, allowed, to) in all_moves() {
        for from in InvitationState::ALL {
            let reached = make(in_state(*from)).map(|it| it.state);
            let expected = allowed.contains(from).then_some(to);
            assert_eq!(reached.ok(), expected, "{name} from {from}");
        }
    }
}

#[test]
fn an_invitation_is_neither_shown_nor_answered_after_its_time() {
    let expired = Refused::because("the invitation has expired");

    assert_eq!(an_invitation(1).shown(after(120)), Err(expired));
    let shown = an_invitation(1).shown(after(1)).unwrap();
    assert_eq!(shown.clone().accepted(after(120)), Err(expired));
    assert_eq!(shown.clone().declined(after(120)), Err(expired));
    assert!(shown.ignored(after(119)).is_err());
}

#[test]
fn a_notice_can_be_waved_away_but_not_accepted() {
    let notice = Invitation {
        queue: None,
        ..in_state(InvitationState::Shown)
    };

    assert!(notice.clone().accepted(after(1)).is_err());
    assert!(notice.declined(after(1)).is_ok());
}

#[test]
fn the_code_is_short_readable_and_of_this_invitation_alone() {
    let (one, other) = (an_invitation(1), an_invitation(2));

    let code = one.verification_code();

    assert_eq!(code.len(), 6);
    assert!(code.bytes().all(|letter| !b"ILOU".contains(&letter)));
    assert_eq!(code, one.verification_code());
    assert_ne!(code, other.verification_code());
}
