//! What desks may say.

use super::*;

fn said() -> pb::DeskPresence {
    pb::DeskPresence {
        presence: pb::Presence::Available.into(),
        capacity: 3,
        queue_ids: vec!["checkout".to_owned()],
        skills: Vec::new(),
        languages: vec!["en".to_owned(), "es".to_owned()],
    }
}

fn heard(presence: pb::DeskPresence) -> Result<DeskMessage, InvalidField> {
    let message = Some(Heard::Presence(presence));
    DeskMessage::try_from(pb::OpenDeskRequest { message })
}

#[track_caller]
fn refused(change: impl FnOnce(&mut pb::DeskPresence)) -> (String, ErrorReason) {
    let mut presence = said();
    change(&mut presence);
    let fault = heard(presence).unwrap_err();
    (fault.field, fault.reason)
}

fn many(n: usize) -> Vec<String> {
    (0..n).map(|n| format!("name-{n}")).collect()
}

#[test]
fn a_presence_reads_as_what_the_agent_can_do() {
    let DeskMessage::Presence(profile) = heard(said()).unwrap() else {
        panic!("a presence");
    };

    assert_eq!(
        (profile.presence, profile.capacity),
        (Presence::Available, 3)
    );
    assert_eq!((profile.queues.len(), profile.languages.len()), (1, 2));
}

#[test]
fn each_fault_of_a_presence_is_named() {
    use ErrorReason::{OutOfRange, Required, TooManyItems, UnknownEnum};
    let at = |field: &str, reason| (field.to_owned(), reason);

    assert_eq!(
        refused(|it| it.presence = 0),
        at("presence.presence", Required)
    );
    assert_eq!(
        refused(|it| it.presence = 99),
        at("presence.presence", UnknownEnum)
    );
    let by_server = i32::from(pb::Presence::NotResponding);
    assert_eq!(
        refused(|it| it.presence = by_server),
        at("presence.presence", OutOfRange)
    );
    assert_eq!(
        refused(|it| it.capacity = 0),
        at("presence.capacity", OutOfRange)
    );
    assert_eq!(
        refused(|it| it.capacity = 21),
        at("presence.capacity", OutOfRange)
    );
    assert_eq!(
        refused(|it| it.queue_ids.clear()),
        at("presence.queue_ids", Required)
    );
    assert_eq!(
        refused(|it| it.queue_ids = many(21)),
        at("presence.queue_ids", TooManyItems)
    );
    assert_eq!(
        refused(|it| it.skills = many(51)),
        at("presence.skills", TooManyItems)
    );
}

#[test]
fn each_fault_in_a_list_is_named_by_its_place() {
    use ErrorReason::{MalformedId, Required, UnknownLanguage};
    let at = |field: &str, reason| (field.to_owned(), reason);

    let shout = || vec!["fine".to_owned(), "NOT FINE".to_owned()];
    assert_eq!(
        refused(|it| it.skills = shout()),
        at("presence.skills[1]", MalformedId)
    );
    let klingon = vec!["tlh".to_owned()];
    assert_eq!(
        refused(|it| it.languages = klingon),
        at("presence.languages[0]", UnknownLanguage)
    );
    assert_eq!(
        refused(|it| it.languages.clear()),
        at("presence.languages", Required)
    );
}

#[test]
fn a_message_that_says_nothing_is_refused() {
    let fault = DeskMessage::try_from(pb::OpenDeskRequest { message: None }).unwrap_err();

    assert_eq!(fault.field, "message");
}

#[test]
fn a_decline_may_give_a_reason_of_64_bytes_without_a_card_number() {
    assert_eq!(decline_reason(""), Ok(None));
    assert_eq!(decline_reason("lunch").unwrap().unwrap().as_str(), "lunch");
    assert_eq!(
        decline_reason(&"x".repeat(65)).unwrap_err().reason,
        ErrorReason::TooLong
    );
    let card = decline_reason("4111 1111 1111 1111").unwrap_err();
    assert_eq!(
        (card.field.as_str(), card.reason),
        ("reason", ErrorReason::CardData)
    );
}

#[test]
fn a_wrap_up_needs_all_its_words_and_a_plausible_time() {
    let request = || pb::WrapUpRequest {
        request_id: String::new(),
        task_id: TaskId::from_uuid(uuid::Uuid::nil()).into_wire(),
        resolution: proto::fact::v1::Resolution::Resolved.into(),
        cause: proto::cause::v1::Cause::UnexpectedCost.into(),
        empowerment: pb::Empowerment::HadToRefuse.into(),
        handle_time: Some(prost_types::Duration {
            seconds: 240,
            nanos: 0,
        }),
    };
    let fault = |change: fn(&mut pb::WrapUpRequest)| {
        let mut request = request();
        change(&mut request);
        WrappedTask::try_from(request).unwrap_err().field
    };

    let wrapped = WrappedTask::try_from(request()).unwrap();
    assert_eq!(wrapped.end.pointless, Pointless::Yes);
    assert_eq!(wrapped.end.handle_time, Duration::from_mins(4));
    assert_eq!(fault(|it| it.resolution = 0), "resolution");
    assert_eq!(fault(|it| it.cause = 0), "cause");
    assert_eq!(fault(|it| it.empowerment = 0), "empowerment");
    assert_eq!(fault(|it| it.handle_time = None), "handle_time");
    let a_week = |it: &mut pb::WrapUpRequest| {
        it.handle_time = Some(prost_types::Duration {
            seconds: 604_800,
            nanos: 0,
        });
    };
    assert_eq!(fault(a_week), "handle_time");
    assert_eq!(fault(|it| it.task_id = "tsk_1".to_owned()), "task_id");
}
