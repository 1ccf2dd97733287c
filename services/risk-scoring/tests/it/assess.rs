//! One moment: what is answered, what is stored, who is told.

use domain::language::Language;
use domain::moment::MomentKind;
use domain::signal::SignalKind;
use domain::time::Zone;
use proto::cause::v1::{Cause, SignalKind as WireSignal};
use proto::fact::v1::fact::Body;
use proto::risk::v1 as pb;

use crate::world::{World, a_fresh_moment, assess_request, assessed};

fn sum(assessment: &proto::assessment::v1::Assessment) -> f64 {
    assessment
        .factors
        .iter()
        .fold(assessment.baseline_log_odds, |sum, factor| {
            sum + factor.log_odds
        })
}

fn explain(assessment_id: &str, language: &str) -> pb::ExplainAssessmentRequest {
    pb::ExplainAssessmentRequest {
        assessment_id: assessment_id.to_owned(),
        language: language.to_owned(),
    }
}

#[tokio::test]
async fn a_declined_payment_is_assessed_explained_proposed_and_told() {
    let world = World::start().await;
    let mut platform = world.platform();
    let moment = a_fresh_moment()
        .with_trigger(SignalKind::PaymentDeclined)
        .with_zone(Zone::parse("America/Mexico_City").unwrap().as_str())
        .with_language(Language::ES)
        .build();

    let assessment = assessed(&mut platform, moment.clone()).await;

    assert_eq!(assessment.moment_id, moment.id.to_string());
    assert_eq!(assessment.model_id, "rescate.scorecard");
    let likely = &assessment.causes[0];
    assert_eq!(likely.cause(), Cause::PaymentFriction);
    assert_eq!(likely.evidence, [i32::from(WireSignal::PaymentDeclined)]);
    let odds = assessment.abandonment / (1.0 - assessment.abandonment);
    assert!((odds.ln() - sum(&assessment)).abs() < 1e-9);

    let asked = explain(&assessment.assessment_id, "es");
    let explained = platform
        .explain_assessment(asked)
        .await
        .unwrap()
        .into_inner();
    assert_eq!(explained.assessment, Some(assessment.clone()));
    assert_eq!(explained.moment, Some(moment.clone().into()));
    let texts: Vec<&str> = explained
        .factors
        .iter()
        .map(|factor| factor.text.as_str())
        .collect();
    assert!(texts.contains(&"Pagos rechazados: 1"), "{texts:?}");
    assert!(explained.causes[0].text.starts_with("Se rechazó un pago"));

    let proposals = world.told().some_proposals(1).await;
    assert_eq!(proposals[0].moment, Some(moment.clone().into()));
    assert_eq!(proposals[0].assessment, Some(assessment.clone()));
    let facts = world.told().some_facts(1).await;
    assert_eq!(facts[0].session_id, Some(moment.session.to_string()));
    assert_eq!(facts[0].person_id, Some(moment.person().to_string()));
    let Some(Body::MomentAssessed(told)) = &facts[0].body else {
        panic!("{:?}", facts[0].body);
    };
    assert_eq!(told.assessment_id, assessment.assessment_id);
    assert_eq!(told.cause(), Cause::PaymentFriction);
    world.stop().await;
}

#[tokio::test]
async fn a_moment_that_comes_again_under_another_request_is_the_same() {
    let world = World::start().await;
    let mut platform = world.platform();
    let moment = a_fresh_moment().with_kind(MomentKind::CartAdded).build();

    let first = assessed(&mut platform, moment.clone()).await;
    let second = assessed(&mut platform, moment).await;

    assert_eq!(second, first);
    // A later one overtakes nothing: when it has been told, the second would have been too.
    assessed(&mut platform, a_fresh_moment()).await;
    assert_eq!(world.told().some_facts(2).await.len(), 2);
    assert_eq!(world.told().some_proposals(2).await.len(), 2);
    world.stop().await;
}

#[tokio::test]
async fn assessments_are_listed_for_a_session_and_in_pages() {
    let world = World::start().await;
    let mut platform = world.platform();
    let first = a_fresh_moment().build();
    let second = a_fresh_moment().with_session(first.session).build();
    let session = first.session.to_string();
    let first = assessed(&mut platform, first).await;
    let second = assessed(&mut platform, second).await;
    assessed(&mut platform, a_fresh_moment()).await;

    let list = pb::ListAssessmentsRequest {
        session_id: session,
        page_size: 1,
        ..Default::default()
    };
    let page = platform
        .list_assessments(list.clone())
        .await
        .unwrap()
        .into_inner();
    assert_eq!(page.assessments, [second]);
    let rest = pb::ListAssessmentsRequest {
        page_token: page.next_page_token,
        ..list
    };
    let page = platform.list_assessments(rest).await.unwrap().into_inner();
    assert_eq!(page.assessments, [first]);
    assert_eq!(page.next_page_token, "");

    let all = pb::ListAssessmentsRequest::default();
    let all = platform.list_assessments(all).await.unwrap().into_inner();
    assert_eq!(all.assessments.len(), 3);
    world.stop().await;
}

#[tokio::test]
async fn words_of_another_language_are_english() {
    let world = World::start().await;
    let mut platform = world.platform();
    let assessment = assessed(&mut platform, a_fresh_moment()).await;
    for language in ["", "en", "fr"] {
        let asked = explain(&assessment.assessment_id, language);
        let explained = platform
            .explain_assessment(asked)
            .await
            .unwrap()
            .into_inner();
        let texts: Vec<String> = explained
            .factors
            .into_iter()
            .map(|factor| factor.text)
            .collect();
        assert!(
            texts.contains(&"Is in the checkout: yes".to_owned()),
            "{texts:?}"
        );
        assert_eq!(explained.causes[0].text, "Nothing points anywhere");
    }
    world.stop().await;
}

#[tokio::test]
async fn the_service_tells_what_it_could_not_tell_before_once_it_is_back() {
    let mut world = World::start().await;
    let request = assess_request(a_fresh_moment());
    world
        .platform()
        .assess_session(request.clone())
        .await
        .unwrap();
    world.restart().await;

    let again = world.platform().assess_session(request).await.unwrap();

    let again = again.into_inner().assessment.unwrap();
    let proposals = world.told().some_proposals(1).await;
    assert_eq!(proposals[0].assessment, Some(again));
    world.stop().await;
}
