use super::*;

#[derive(Debug, thiserror::Error)]
enum SampleError {
    #[error("offer `off_1` is unknown")]
    Unknown,
    #[error("row of juan@example.com is broken in /var/lib/x.db")]
    Broken(#[source] std::io::Error),
    #[error("database at 10.0.0.7 is away")]
    Away,
}

impl ServiceError for SampleError {
    fn kind(&self) -> Kind {
        match self {
            Self::Unknown => Kind::NotFound,
            Self::Broken(_) => Kind::Internal,
            Self::Away => Kind::Unavailable,
        }
    }
}

#[test]
fn an_error_carries_code_reason_and_text() {
    let status = to_status(&SampleError::Unknown);
    assert_eq!(status.code(), Code::NotFound);
    assert_eq!(status.message(), "offer `off_1` is unknown");
    let info = status.get_details_error_info().unwrap();
    assert_eq!(
        (info.reason.as_str(), info.domain.as_str()),
        ("NOT_FOUND", "rescate")
    );
    assert_eq!(reason_of(&status), Some(ErrorReason::NotFound));
}

#[test]
fn internal_text_never_leaves() {
    let broken = SampleError::Broken(std::io::Error::other("select * from offers"));
    for failure in [broken, SampleError::Away] {
        let status = to_status(&failure);
        let wire = format!("{status:?} {}", String::from_utf8_lossy(status.details()));
        for secret in ["juan", "/var", "select", "10.0.0.7"] {
            assert!(!wire.contains(secret), "{wire}");
        }
    }
}

#[test]
fn the_field_at_fault_is_named() {
    let status = to_status(&InvalidField {
        field: "cart.lines[3].sku".to_owned(),
        reason: ErrorReason::TooLong,
        description: "at most 64 bytes".to_owned(),
    });
    assert_eq!(status.code(), Code::InvalidArgument);
    assert_eq!(reason_of(&status), Some(ErrorReason::TooLong));
    let violations = status.get_details_bad_request().unwrap().field_violations;
    assert_eq!(violations[0].field, "cart.lines[3].sku");
}

#[test]
fn a_request_id_used_twice_is_an_invalid_argument() {
    let status = Fault::new(
        Kind::RequestIdReused,
        "`request_id` was used for another request",
    )
    .to_status();
    assert_eq!(status.code(), Code::InvalidArgument);
    assert_eq!(reason_of(&status), Some(ErrorReason::RequestIdReused));
    let details = status.get_error_details();
    let violations = &details.bad_request().unwrap().field_violations;
    assert_eq!(violations[0].field, "request_id");
}

#[test]
fn conflicts_and_limits_say_when_to_try_again() {
    let conflict = Fault::new(Kind::Conflict, "changed meanwhile").to_status();
    assert_eq!(retry_after_of(&conflict), Some(RETRY_AFTER));
    let limit = Fault::new(Kind::Exhausted, "too many calls")
        .because(ErrorReason::QuotaExceeded)
        .retry_after(Duration::from_secs(2))
        .quota("tenant calls per second")
        .to_status();
    assert_eq!(retry_after_of(&limit), Some(Duration::from_secs(2)));
    let quota = limit.get_details_quota_failure().unwrap();
    assert_eq!(quota.violations[0].subject, "tenant calls per second");
}

#[test]
fn streams_end_with_their_resume_token() {
    let status = Fault::new(Kind::Unavailable, "stopping")
        .resume("r1".to_owned())
        .to_status();
    let info = status.get_details_error_info().unwrap();
    assert_eq!(
        info.metadata.get("resume_token").map(String::as_str),
        Some("r1")
    );
}

#[test]
fn a_chain_is_one_line() {
    let broken = SampleError::Broken(std::io::Error::other("disk full"));
    assert!(chain(&broken).ends_with("x.db: disk full"));
}

#[test]
fn every_reason_has_a_name_on_the_wire() {
    for reason in (0..64).filter_map(|number| ErrorReason::try_from(number).ok()) {
        assert!(!reason_name(reason).starts_with(REASON_PREFIX));
    }
}
